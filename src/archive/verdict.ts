/** The verdict of an archive, computed again from its tables. */
import type { PlanEnd } from '../core/page-info.ts';
import type { Place } from '../core/page-request.ts';
import { factsOf, type Pagination } from '../core/pagination.ts';
import type { Verdict } from '../core/summary.ts';
import { counted } from '../core/units.ts';
import type { PageCounts } from './archive-types.ts';
import { makeFindings, nameOf, unexpected } from './findings.ts';
import type { RunRow } from './kept-run.ts';
import { compareReadings, findShifted, type KeyFacts, scanKeys } from './key-scan.ts';
import { scanPages } from './page-scan.ts';
import { PLACE, RECHECK_PLACE } from './schema.ts';
import type { Connection } from './sqlite.ts';

export interface VerdictOptions {
  /** Records there must be, or null where nobody says. */
  readonly expect?: number | null;
}

export function computeVerdict(
  connection: Connection,
  run: RunRow,
  { expect = null }: VerdictOptions,
): Verdict {
  const counts = countPages(connection);
  const tally = readTally(connection);
  const { stored, failed, beyondEnd } = counts;
  if (tally.stored !== stored || tally.failed !== failed || tally.beyondEnd !== beyondEnd) {
    throw connection.damaged('the pages in it are not as many as it says');
  }
  const { pagination, planEnd, planCount } = run;
  return pagination === null
    ? computeListVerdict(connection, planCount, counts, expect)
    : computePagedVerdict(connection, pagination, planEnd, counts, expect);
}

/**
 * Complete means: the plan's length is known, each of its positions is stored, and there is nothing
 * else. A position cannot be there twice, since the place is the table's key; so as many stored
 * positions below the plan's length as the plan has pages are all of them.
 */
function computeListVerdict(
  connection: Connection,
  planned: number | null,
  { stored, failed, beyondEnd }: PageCounts,
  expect: number | null,
): Verdict {
  // Branch 0 alone has a length, and there a place is its position.
  const [inPlan] = connection
    .query<[number]>(`SELECT count(*) FROM page WHERE state = 'stored' AND place < ?`)
    .get(planned ?? 0)!;
  const pending = planned === null ? null : Math.max(0, planned - stored - failed);
  const reasons: string[] = [];
  if (planned === null) reasons.push('the end of the list was not reached');
  if (failed > 0) reasons.push(`${counted(failed, 'page')} failed`);
  if (pending !== null && pending > 0) reasons.push(`${counted(pending, 'page')} did not come`);
  if (planned !== null && inPlan < stored) {
    reasons.push(`${counted(stored - inPlan, 'page does', 'pages do')} not belong to the list`);
  }
  if (expect !== null) {
    const came = countRecords(connection);
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
    notes: [],
    records: null,
  };
}

/** A page of which no records were asked for is one. */
function countRecords(connection: Connection): number {
  return connection
    .query<[number]>(
      `SELECT coalesce(sum(coalesce(content.records, 1)), 0) FROM page
         JOIN content ON content.id = page.content WHERE page.state = 'stored'`,
    )
    .get()![0];
}

/** The verdict of a list that pages by itself: its pages, its records and what the server said of them. */
function computePagedVerdict(
  connection: Connection,
  pagination: Pagination,
  planEnd: PlanEnd | null,
  { stored, failed, beyondEnd }: PageCounts,
  expect: number | null,
): Verdict {
  const pages = scanPages(connection, pagination, planEnd?.ends ?? [], planEnd?.dropped);
  // As CouchDB does: each page begins with the record that the one before ended with.
  const sharesBoundaries =
    factsOf(pagination).mayShareBoundaries === true &&
    pages.boundaries > 0 &&
    pages.sharedBoundaries === pages.boundaries;
  const isReadTwice = pages.readAgain > 0 || pagination.overlap > 0;
  const keys = readKeys(connection, pagination, sharesBoundaries, isReadTwice);
  const fetched = pages.records - (sharesBoundaries ? pages.boundaries : 0);
  const isEndKnown = planEnd !== null && planEnd.reason !== 'broken';
  const planned = isEndKnown ? stored + failed + pages.missingPages : null;
  const restarts = planEnd?.restarts ?? [];
  const findings = makeFindings({
    pagination,
    planEnd,
    planned,
    failed,
    fetched,
    pages,
    keys,
    // Of a list that was not read to its end there is nothing to compare with.
    givenUp: isEndKnown ? compareReadings(connection, restarts) : [],
    expect,
    numberOf: createNumbering(connection),
  });
  return {
    name: nameOf(findings),
    planned,
    stored,
    failed,
    pending: planned === null ? null : pages.missingPages,
    beyondEnd,
    end: planEnd?.reason ?? null,
    reasons: findings.map(({ text }) => text),
    notes: [...(planEnd?.dropped ?? []).map(({ why }) => why), ...pages.notes],
    records: {
      fetched,
      totalAtStart: pages.totalAtStart,
      totalAtEnd: pages.totalAtEnd,
      unique: keys?.unique ?? null,
      duplicates: keys?.duplicates ?? 0,
      sharedKeys: (keys?.shared ?? []).map(({ first, second, keys }) => ({ first, second, keys })),
      gaps: pages.gaps,
      changed: pages.secondReadings
        .filter(({ isChanged, isGone }) => isChanged || isGone)
        .map(({ place }) => place),
      restarts: restarts.map(({ position, status }) => ({ page: position + 1, status })),
    },
  };
}

function readKeys(
  connection: Connection,
  pagination: Pagination,
  sharesBoundaries: boolean,
  isReadTwice: boolean,
): KeyFacts | null {
  if (pagination.key !== null) {
    return scanKeys(connection, pagination, sharesBoundaries, isReadTwice);
  }
  if (!isReadTwice) return null;
  const shifted = findShifted(connection, pagination);
  return { unique: null, duplicates: 0, shared: [], shifted };
}

/** How a page is called: its number among the pages of the plan, from 1. */
function createNumbering(connection: Connection): (place: Place) => number {
  const count = connection.query<[number]>(
    `SELECT count(*) FROM page WHERE place <= ${PLACE} AND state <> 'beyond-end'`,
  );
  return ({ branch, position }) => count.get(branch, position)![0];
}

/** How many pages there are, as it is kept up to date while they are stored. */
export function readTally(connection: Connection): PageCounts {
  const row = connection
    .query<[number, number, number]>('SELECT stored, failed, beyond_end FROM tally')
    .get();
  return { stored: row?.[0] ?? 0, failed: row?.[1] ?? 0, beyondEnd: row?.[2] ?? 0 };
}

/** Counted from the pages themselves. */
export function countPages(connection: Connection): PageCounts {
  const [stored, failed, beyondEnd] = connection
    .query<[number, number, number]>(
      `SELECT count(*) FILTER (WHERE state = 'stored'), count(*) FILTER (WHERE state = 'failed'),
         count(*) FILTER (WHERE state = 'beyond-end') FROM page WHERE place < ${RECHECK_PLACE}`,
    )
    .get()!;
  return { stored, failed, beyondEnd };
}
