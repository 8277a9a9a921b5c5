import type { DatabaseSync } from 'node:sqlite';
import type { PlanEnd, Restart } from '../core/page-info.ts';
import type { Place } from '../core/page-request.ts';
import { factsOf, type Pagination } from '../core/pagination.ts';
import type { Verdict } from '../core/summary.ts';
import type { PageCounts } from './archive-types.ts';
import { makeFindings, nameOf } from './findings.ts';
import { findShifted, type KeyFacts, passOverKeys } from './key-scan.ts';
import { passOverPages } from './page-scan.ts';
import { type GivenUpReading, passOverReadings } from './reading-scan.ts';
import { PLACE } from './schema.ts';
import { archiveError, query } from './sqlite.ts';

export interface PagedRun {
  readonly pagination: Pagination;
  /** Null where the end was not reached. */
  readonly planEnd: PlanEnd | null;
  readonly counts: PageCounts;
  readonly expect: number | null;
}

/** The verdict of a list that pages by itself: its pages, its records and what the server said of them. */
export function computePagedVerdict(database: DatabaseSync, run: PagedRun, path: string): Verdict {
  const { pagination, planEnd, counts, expect } = run;
  const pages = passOverPages(database, pagination, planEnd?.ends ?? [], path);
  // As CouchDB does: each page begins with the record that the one before ended with.
  const sharesBoundaries =
    factsOf(pagination).mayShareBoundaries === true &&
    pages.boundaries > 0 &&
    pages.sharedBoundaries === pages.boundaries;
  const isReadTwice = pages.readAgain > 0 || pagination.overlap > 0;
  const keys = readKeys(database, pagination, sharesBoundaries, isReadTwice, path);
  const fetched = pages.records - (sharesBoundaries ? pages.boundaries : 0);
  const { stored, failed, beyondEnd } = counts;
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
    givenUp: isEndKnown ? readReadings(database, restarts, path) : [],
    expect,
    numberOf: createNumbering(database),
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
  database: DatabaseSync,
  pagination: Pagination,
  sharesBoundaries: boolean,
  isReadTwice: boolean,
  path: string,
): KeyFacts | null {
  if (pagination.key === null && !isReadTwice) return null;
  try {
    if (pagination.key === null) {
      const shifted = findShifted(database, pagination);
      return { unique: null, duplicates: 0, shared: [], shifted };
    }
    return passOverKeys(database, pagination, sharesBoundaries, isReadTwice);
  } catch (error) {
    // SQL unpacks the keys: what it cannot unpack is no mistake of ours.
    throw archiveError(error, path, true);
  }
}

function readReadings(
  database: DatabaseSync,
  restarts: readonly Restart[],
  path: string,
): readonly GivenUpReading[] {
  if (restarts.length === 0) return [];
  try {
    return passOverReadings(database, restarts);
  } catch (error) {
    throw archiveError(error, path, true);
  }
}

/** How a page is called: its number among the pages of the plan, from 1. */
function createNumbering(database: DatabaseSync): (place: Place) => number {
  const count = query<[number]>(
    database,
    `SELECT count(*) FROM page WHERE place <= ${PLACE} AND state <> 'beyond-end'`,
  );
  return ({ branch, position }) => count.get(branch, position)![0];
}
