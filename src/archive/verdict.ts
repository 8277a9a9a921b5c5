import type { DatabaseSync } from 'node:sqlite';
import type { Verdict } from '../core/summary.ts';
import { readTally } from './page-store.ts';
import { damaged, query } from './sqlite.ts';

/**
 * Complete means: the plan's length is known, each of its positions is stored, and there is nothing
 * else. A position cannot be there twice, since the place is the table's key; so as many stored
 * positions below the plan's length as the plan has pages are all of them.
 */
export function computeVerdict(
  database: DatabaseSync,
  planned: number | null,
  path: string,
): Verdict {
  const [stored, failed, beyondEnd, inPlan] = query<[number, number, number, number]>(
    database,
    // Branch 0 alone has a length so far, and there a place is its position.
    `SELECT count(*) FILTER (WHERE state = 'stored'), count(*) FILTER (WHERE state = 'failed'),
       count(*) FILTER (WHERE state = 'beyond-end'),
       count(*) FILTER (WHERE state = 'stored' AND place < ?) FROM page`,
  ).get(planned ?? 0)!;
  const tally = readTally(database);
  if (tally.stored !== stored || tally.failed !== failed || tally.beyondEnd !== beyondEnd) {
    throw damaged(path, 'the pages in it are not as many as it says');
  }
  const complete = planned !== null && stored === planned && inPlan === planned && failed === 0;
  return {
    name: complete ? 'complete' : 'incomplete',
    planned,
    stored,
    failed,
    pending: planned === null ? null : Math.max(0, planned - stored - failed),
  };
}
