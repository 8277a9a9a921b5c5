import type { PlanEnd } from '../core/page-info.ts';
import type { Pagination } from '../core/pagination.ts';
import { formatCount } from '../core/units.ts';
import type { Coverage } from './coverage.ts';
import { LOWEST_CEILING, type PageGrid } from './page-grid.ts';
import type { Totals } from './totals.ts';

/** What is known when nothing is left to ask for. */
export interface FanOutFacts {
  readonly pagination: Pagination;
  readonly branch: number;
  readonly grid: PageGrid;
  readonly totals: Totals;
  readonly coverage: Coverage;
  /** The first position that was not asked for. */
  readonly next: number;
  /** What the last pages came to where the end was looked for. */
  readonly found: 'statement' | 'repetition' | 'failure' | null;
}

/** So many empty pages in a row are not the end of a list that is said to go on. */
export const MOST_TRAILING_PAGES = 16;
/** Refusals that say nothing of whether the page would be there. */
const vagueStatuses = new Set([400, 422]);

export function fanOutEnd(facts: FanOutFacts): PlanEnd {
  const { branch, coverage, grid, totals } = facts;
  const { received } = coverage;
  const reached = Math.max(1, coverage.end, coverage.failedEnd);
  const end = (reason: PlanEnd['reason'], detail: string | null, position = reached): PlanEnd => ({
    reason,
    detail,
    ends: [{ branch, position }],
  });

  if (facts.found === 'failure') {
    return end('broken', 'the pages that would show where the list ends failed');
  }
  if (facts.found === 'repetition' && coverage.isOnePage) {
    const param = facts.pagination.param ?? 'the range';
    const detail = `page 2 holds the same records as page 1, so the server seems to ignore ${param}`;
    return end('stuck', detail, coverage.end);
  }
  if (facts.found !== 'statement') {
    const ceiling = findCeiling(facts);
    if (ceiling !== null) return end('ceiling', ceiling.detail, ceiling.position);
  }
  if (facts.found === 'statement') return end('stated', null);
  const byTotals = totals.isLowerBound ? null : grid.endBy(totals);
  if (byTotals !== null && byTotals > facts.next) {
    const said = grid.isPaged && totals.pages !== null ? totals.pages : totals.records;
    const unit = said === totals.records ? 'records' : 'pages';
    const detail = `the pages after ${formatCount(received)} records are empty, though the server speaks of ${formatCount(said ?? 0)} ${unit}`;
    return end('past-end', detail);
  }
  if (byTotals !== null) {
    const isPages = grid.isPaged && totals.pages !== null;
    return end(isPages ? 'stated' : 'total', null, Math.max(reached, byTotals));
  }
  if (totals.records === received && !totals.isLowerBound) {
    return end('total', null);
  }
  if (facts.found === 'repetition' && !facts.pagination.repeatIsEnd) {
    return end('loop', `after ${formatCount(received)} records, pages came again`);
  }
  return end('past-end', null);
}

function findCeiling(facts: FanOutFacts): { position: number; detail: string } | null {
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

  const past = [...coverage.trailing].filter(([, kind]) => kind !== 'repeated');
  const refusals = past.map(([, kind]) => kind).filter((kind) => typeof kind === 'object');
  const position = Math.min(...past.map(([from]) => from));
  if (past.length === 0 || grid.ordinalOf(position) < LOWEST_CEILING) return null;
  const depth = grid.isPaged ? coverage.received : coverage.end;
  const status = refusals.find((kind) => kind.status !== null)?.status ?? null;
  const how =
    refusals.length === 0 ? 'are empty' : `are refused${status === null ? '' : ` (${status})`}`;
  const detail = `pages after the first ${formatCount(depth)} records ${how}, and ${there}`;
  const isSaid = totals.exceeds(depth);
  const isClear = refusals.length > 0 || past.length >= MOST_TRAILING_PAGES;
  // Without a total, a round depth and a refusal that does not say "not there" point to a limit.
  const isLikely =
    total === null && depth % 1000 === 0 && status !== null && vagueStatuses.has(status);
  return (isSaid && isClear) || isLikely
    ? { position: Math.max(position, coverage.end), detail }
    : null;
}
