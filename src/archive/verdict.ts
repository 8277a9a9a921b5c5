import type { DatabaseSync } from 'node:sqlite';
import type { Verdict } from '../core/summary.ts';
import { counted } from '../core/units.ts';
import type { PageCounts } from './archive-types.ts';
import { unexpected } from './findings.ts';
import { countPages, readTally } from './page-store.ts';
import { computePagedVerdict } from './paged-verdict.ts';
import type { RunRow } from './run-row.ts';
import { damaged, query } from './sqlite.ts';

export interface VerdictOptions {
  /** Records there must be, or null where nobody says. */
  readonly expect?: number | null;
}

export function computeVerdict(
  database: DatabaseSync,
  run: RunRow,
  { expect = null }: VerdictOptions,
  path: string,
): Verdict {
  const counts = countPages(database);
  const tally = readTally(database);
  const { stored, failed, beyondEnd } = counts;
  if (tally.stored !== stored || tally.failed !== failed || tally.beyondEnd !== beyondEnd) {
    throw damaged(path, 'the pages in it are not as many as it says');
  }
  const { pagination, planEnd, planCount } = run;
  return pagination === null
    ? computeListVerdict(database, planCount, counts, expect)
    : computePagedVerdict(database, { pagination, planEnd, counts, expect }, path);
}

/**
 * Complete means: the plan's length is known, each of its positions is stored, and there is nothing
 * else. A position cannot be there twice, since the place is the table's key; so as many stored
 * positions below the plan's length as the plan has pages are all of them.
 */
function computeListVerdict(
  database: DatabaseSync,
  planned: number | null,
  { stored, failed, beyondEnd }: PageCounts,
  expect: number | null,
): Verdict {
  const [inPlan] = query<[number]>(
    database,
    // Branch 0 alone has a length, and there a place is its position.
    `SELECT count(*) FROM page WHERE state = 'stored' AND place < ?`,
  ).get(planned ?? 0)!;
  const pending = planned === null ? null : Math.max(0, planned - stored - failed);
  const reasons: string[] = [];
  if (planned === null) reasons.push('the end of the list was not reached');
  if (failed > 0) reasons.push(`${counted(failed, 'page')} failed`);
  if (pending !== null && pending > 0) reasons.push(`${counted(pending, 'page')} did not come`);
  if (planned !== null && inPlan < stored) {
    reasons.push(`${counted(stored - inPlan, 'page does', 'pages do')} not belong to the list`);
  }
  if (expect !== null) {
    const came = countRecords(database);
    if (came !== expect) reasons.push(unexpected(expect, came));
  }
  return {
    name: reasons.length === 0 ? 'complete' : 'incomplete',
    planned,
    stored,
    failed,
    pending,
    beyondEnd,
    end: planned === null ? null : 'list',
    reasons,
    records: null,
  };
}

/** A page of which no records were asked for is one. */
function countRecords(database: DatabaseSync): number {
  return query<[number]>(
    database,
    `SELECT coalesce(sum(coalesce(content.records, 1)), 0) FROM page
       JOIN content ON content.id = page.content WHERE page.state = 'stored'`,
  ).get()![0];
}
