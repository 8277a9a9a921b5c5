/** What the answers of a fan-out cover, and where its list ends. */
import type { PageInfo, PlanEnd } from '../core/page-info.ts';
import type { Pagination } from '../core/pagination.ts';
import { formatCount } from '../core/units.ts';
import { LOWEST_CEILING, type PageGrid, type Totals } from './page-grid.ts';

/** A position past the last page with records: empty, refused, or with records that had come before. */
export type Trailing = 'empty' | 'repeated' | Refusal;

export interface Refusal {
  readonly status: number | null;
  /** The page should reach up to this position, exclusive. */
  readonly to: number;
}

/** What the answers so far cover: how far records reach, and which pages came after the last of them. */
export class Coverage {
  readonly #grid: PageGrid;
  /** The position after the last record. */
  end = 0;
  /** The position after the last page that failed. */
  failedEnd = 0;
  /** New records in all pages. */
  received = 0;
  /** The page with records that is furthest on; no page info before the first. */
  newest = { position: 0, pageInfo: null as PageInfo | null };
  /** Past the last page with records. */
  readonly trailing = new Map<number, Trailing>();

  constructor(grid: PageGrid) {
    this.#grid = grid;
  }

  /** Adds a page with records; returns the refused pages before it, which must exist then. */
  accept(position: number, pageInfo: PageInfo): (readonly [position: number, refusal: Refusal])[] {
    const end = this.#grid.endOf(position, pageInfo);
    this.received += this.#grid.isPaged ? pageInfo.records : end - position;
    this.end = Math.max(this.end, end);
    if (position < this.newest.position) return [];
    this.newest = { position, pageInfo };
    const refused: (readonly [number, Refusal])[] = [];
    for (const [earlier, kind] of this.trailing) {
      if (earlier > position) continue;
      this.trailing.delete(earlier);
      if (typeof kind === 'object') refused.push([earlier, kind]);
    }
    return refused;
  }

  /** Adds the answers after the last page of a list; those with records had come before. */
  close(tail: readonly Answer[]): void {
    for (const { position, to, outcome, status } of tail) {
      if (outcome === 'records') this.trail(position, 'repeated');
      else if (outcome === 'empty') this.trail(position, 'empty');
      else if (outcome === 'refused') this.trail(position, { status, to });
    }
  }

  /** Adds a page without new records; false where a later page has records. */
  trail(position: number, kind: Trailing): boolean {
    if (position < this.newest.position) return false;
    this.trailing.set(position, kind);
    return true;
  }

  fail(position: number): void {
    this.failedEnd = Math.max(this.failedEnd, position + 1);
  }
}

/** What came of a request for a page. */
export interface Answer {
  readonly position: number;
  /** It should reach up to this position, exclusive. */
  readonly to: number;
  readonly outcome: 'records' | 'empty' | 'refused' | 'failed';
  readonly status: number | null;
  /** Null unless it was stored. */
  readonly pageInfo: PageInfo | null;
}

interface WindowReading {
  /** Pages of the list, in order, up to the last one with new records. */
  readonly pages: readonly Answer[];
  /** What follows them: empty, refused, failed, or pages that had come before. */
  readonly tail: readonly Answer[];
  /** Refused, although a later page has records: to be requested again. */
  readonly again: readonly Answer[];
}

/**
 * Where the list ends in a window of pages, all answered. Some servers answer past the end with the
 * last page or the first again, so records that came before show no more than an empty page does.
 *
 * @param answers in the order of their positions
 * @param before the last page before the window
 */
export function readWindow(
  answers: readonly Answer[],
  before: PageInfo,
  branch: number,
): WindowReading {
  const start = answers[0]?.position ?? 0;
  let last = -1;
  let previous = before;
  for (const [index, { outcome, pageInfo }] of answers.entries()) {
    if (outcome !== 'records' || pageInfo === null) continue;
    const seenAt = pageInfo.recordsSeenAt;
    const isOld = seenAt !== null && seenAt.branch === branch && seenAt.position < start;
    if (!isOld && !hasSameRecords(pageInfo, previous)) last = index;
    previous = pageInfo;
  }
  const pages = answers.slice(0, last + 1);
  return {
    pages,
    tail: answers.slice(last + 1),
    again: pages.filter(({ outcome }) => outcome === 'refused'),
  };
}

export function hasSameRecords(a: PageInfo, b: PageInfo): boolean {
  return a.records > 0 && a.digest === b.digest && a.firstKey === b.firstKey;
}

/** What is known when nothing is left to ask for. */
export interface FanOutFacts {
  readonly pagination: Pagination;
  readonly branch: number;
  readonly grid: PageGrid;
  readonly totals: Totals;
  readonly coverage: Coverage;
  /** The first position that was not asked for. */
  readonly next: number;
  /** What ended the search for the end. */
  readonly found: 'statement' | 'repetition' | 'failure' | null;
}

/** After so many pages without records no more are requested, whatever the total. */
export const MOST_TRAILING_PAGES = 16;
/** Refusals that do not say whether the page exists. */
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
  if (facts.found === 'repetition' && coverage.newest.position === 0) {
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
  // Without a total, a round depth and a refusal that does not say "not found" point to a limit.
  const isLikely =
    total === null && depth % 1000 === 0 && status !== null && vagueStatuses.has(status);
  return (isSaid && isClear) || isLikely
    ? { position: Math.max(position, coverage.end), detail }
    : null;
}
