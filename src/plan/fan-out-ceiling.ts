/** Where a server stops although its list goes on, or may go on. */
import { likelyCeiling, vagueStatuses } from '../core/depth.ts';
import { gone } from '../core/page-request.ts';
import { formatCount } from '../core/units.ts';
import { type FanOutFacts, MOST_TRAILING_PAGES } from './fan-out-coverage.ts';

interface Ceiling {
  readonly position: number;
  readonly detail: string;
}

/** Null where none shows. */
export function findCeiling(facts: FanOutFacts): Ceiling | null {
  return findStated(facts) ?? findLikely(facts);
}

/** So many pages that fail behind the last one, all of them, are no chance. */
const FAILED_IN_A_ROW = 3;

function findStated(facts: FanOutFacts): Ceiling | null {
  const { coverage, grid, totals, pagination } = facts;
  const total = totals.records === null ? null : formatCount(totals.records);
  const least = totals.isLowerBound ? 'at least ' : '';
  const there = total === null ? 'there may be more' : `there are said to be ${least}${total}`;

  if (pagination.ceiling !== null && facts.next >= grid.ceiling) {
    const isPassed =
      total === null
        ? coverage.end >= grid.ceiling
        : totals.exceeds(pagination.ceiling - grid.skipped.records);
    if (isPassed) {
      const detail = `the server gives the first ${formatCount(pagination.ceiling)} records, and ${there}`;
      return { position: Math.max(grid.ceiling, coverage.end), detail };
    }
  }

  const refusals = coverage.kindsBehind.filter((kind) => typeof kind === 'object');
  const isUnread =
    facts.found === 'unchecked' ||
    coverage.failedEnd >= coverage.end + FAILED_IN_A_ROW * grid.stride;
  if (
    isUnread &&
    totals.exceeds(coverage.received) &&
    grid.isDeep(coverage.end, coverage.end + grid.stride)
  ) {
    const detail = `pages after the first ${formatCount(coverage.received)} records do not come, and ${there}`;
    return { position: Math.max(coverage.end, coverage.failedEnd), detail };
  }
  const [position, first] = coverage.firstTrailing ?? [0, null];
  const to = typeof first === 'object' && first !== null ? first.to : position + grid.stride;
  if (first === null || !grid.isDeep(position, to)) return null;
  const depth = grid.isPaged ? coverage.received : coverage.end;
  const status = refusals.find((kind) => kind.status !== null)?.status ?? null;
  const how =
    refusals.length === 0 ? 'are empty' : `are refused${status === null ? '' : ` (${status})`}`;
  const detail = `pages after the first ${formatCount(depth)} records ${how}, and ${there}`;
  const { pageInfo } = coverage.newest;
  const isSaid = totals.exceeds(depth) || (total === null && pageInfo?.more === true);
  // A server that counts the pages that it gives, and records beyond them, says how far it goes.
  const isStated =
    grid.isPaged && totals.pages === coverage.end && (pageInfo?.records ?? 0) >= grid.pageRecords;
  const isClear =
    refusals.length > 0 || coverage.kindsBehind.length >= MOST_TRAILING_PAGES || isStated;
  return isSaid && isClear ? { position: Math.max(position, coverage.end), detail } : null;
}

/**
 * Nothing is stated, and a page is refused at a depth where servers stop: it may be a limit, or a list
 * may happen to end there. "There is no such page" counts only behind a full page.
 */
function findLikely(facts: FanOutFacts): Ceiling | null {
  const { coverage, grid, totals, isLastFull } = facts;
  const [position, first] = coverage.firstTrailing ?? [0, null];
  if (totals.records !== null || first === null || typeof first !== 'object') return null;
  const status = first.status ?? 0;
  const isAbsent = gone.has(status);
  if (isAbsent ? !isLastFull || totals.pages !== null : !vagueStatuses.has(status)) return null;
  const { end, newest, received } = coverage;
  const depth = {
    from: grid.ordinalOf(newest.position),
    at: grid.isPaged ? grid.skipped.records + received : grid.ordinalOf(end),
    to: grid.ordinalOf(first.to),
    pages: grid.isPaged ? grid.skipped.pages + end : grid.ordinalOf(end) / grid.wholePage,
    isAbsent,
  };
  const limit = likelyCeiling(depth);
  if (limit === null) return null;
  const came = formatCount(received);
  const detail = `after ${came} records the server refuses (${status}) to give more, and it states no end: as many servers stop at ${limit}, there may be more`;
  return { position: Math.max(position, end), detail };
}
