/** What the answers of a fan-out cover, and where its list ends. */
import { likelyCeiling } from '../core/depth.ts';
import type { PageInfo, PlanEnd } from '../core/page-info.ts';
import type { Pagination } from '../core/pagination.ts';
import { formatCount } from '../core/units.ts';
import type { PageGrid, Totals } from './page-grid.ts';

/**
 * A position past the last page with records: empty, empty but for the records of its overlap (`bare`), empty
 * with a word that the list ends or goes on there, refused, or with records that had come before.
 */
export type Trailing = 'empty' | 'bare' | 'ended' | 'onward' | 'repeated' | Refusal;

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
    for (const answer of tail) {
      const { position, to, outcome, status } = answer;
      if (outcome === 'records') this.trail(position, 'repeated');
      else if (outcome === 'empty') this.trail(position, emptiness(answer));
      else if (outcome === 'refused') this.trail(position, { status, to });
    }
  }

  /** The first page behind the last one with records, if it has none; null without one. */
  get firstTrailing(): readonly [position: number, kind: Trailing] | null {
    let first: readonly [number, Trailing] | null = null;
    for (const entry of this.trailing) {
      if (entry[1] !== 'repeated' && (first === null || entry[0] < first[0])) first = entry;
    }
    return first;
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

/** How a page without records is past the end. */
export function emptiness({ pageInfo }: Answer): 'empty' | 'bare' | 'ended' | 'onward' {
  if (pageInfo?.more === true) return 'onward';
  if (pageInfo?.more === false) return 'ended';
  // One that has only the records of its overlap has been given as it should be.
  return (pageInfo?.records ?? 0) > 0 ? 'bare' : 'empty';
}

/** What came of a request for a page. */
export interface Answer {
  readonly position: number;
  /** It should reach up to this position, exclusive. */
  readonly to: number;
  /** It was refused or came empty before. */
  readonly isAgain: boolean;
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
  /** Refused once, although a later page has records: to be requested again. */
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
    if (!isOld && !hasSameRecords(pageInfo, previous) && !endsAlike(pageInfo, previous))
      last = index;
    previous = pageInfo;
  }
  const pages = answers.slice(0, last + 1);
  return {
    pages,
    tail: answers.slice(last + 1),
    again: pages.filter(({ outcome, isAgain }) => outcome === 'refused' && !isAgain),
  };
}

/**
 * Whether a page that came again may be one of the list: without keys, pages of a few small values may be
 * equal. Past the end servers give the first page again, or the last one.
 */
export function mayBeAlike({ outcome, pageInfo }: Answer, last: PageInfo): boolean {
  if (outcome !== 'records' || pageInfo === null || pageInfo.firstKey !== null) return false;
  const isFirst = pageInfo.recordsSeenAt?.position === 0;
  return !isFirst && !hasSameRecords(pageInfo, last) && !endsAlike(pageInfo, last);
}

/** The last page again, or a part of it: servers that round offsets begin it elsewhere than asked. */
function endsAlike(a: PageInfo, b: PageInfo): boolean {
  // What has no key is null, or one record of many without.
  if (a.lastKey === '' || b.lastKey === '') return false;
  if (a.lastKey !== null) return a.lastKey === b.lastKey;
  // Without a key records may be alike: all of a shorter page must be the end of the one before.
  const [own = [], other = []] = [a.lastMarks, b.lastMarks];
  if (own.length === 0 || own.length < a.records || a.records >= b.records) return false;
  const from = other.length - own.length;
  return own.every((mark, index) => mark === other[from + index]);
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
  /** The last page with records holds as many as a page can. */
  readonly isLastFull: boolean;
  /**
   * What ended the search for the end. `unchecked`: whether a last page is the last. `endless`: pages bring one
   * record each, one after another.
   */
  readonly found: 'statement' | 'repetition' | 'alike' | 'failure' | 'unchecked' | 'endless' | null;
}

/** After so many pages without records no more are requested, whatever the total. */
export const MOST_TRAILING_PAGES = 16;
/**
 * So many pages in a row, each with one new record where others hold many, are those of a server that has always
 * one more. Behind offsets a server may have lowered its page size to one record.
 */
export const MOST_MEAGRE_PAGES = { pages: 100, records: 2000 };
/** Refusals that do not say whether the page exists. */
const vagueStatuses: ReadonlySet<number> = new Set([400, 422]);
/** Refusals that say that there is no such page. */
export const gone: ReadonlySet<number> = new Set([404, 410, 416]);

export function endlessText(received: number, last: number): string {
  const [records, pages] = [received, last].map(formatCount);
  return `after ${records} records, the last ${pages} pages brought one each, so the server seems to answer any page, and where the list ends is unknown`;
}

export function fanOutEnd(facts: FanOutFacts): PlanEnd {
  const end = findEnd(facts);
  const dropped = facts.totals.contradictions.dropped();
  return dropped.length === 0 ? end : { ...end, dropped };
}

function findEnd(facts: FanOutFacts): PlanEnd {
  const { branch, coverage, found, grid, totals } = facts;
  const { received } = coverage;
  const reached = Math.max(1, coverage.end, coverage.failedEnd);
  const end = (reason: PlanEnd['reason'], detail: string | null, position = reached): PlanEnd => ({
    reason,
    detail,
    ends: [{ branch, position }],
  });
  const pages = grid.isPaged ? totals.pages : null;
  const isAll = totals.areAll(received);
  if (found === 'alike' && !isAll) {
    const detail = `after ${formatCount(received)} records, pages came that are like earlier ones; without a key (--key) nobody can tell whether they are new`;
    return end('loop', detail);
  }

  if (found === 'endless') {
    const most = MOST_MEAGRE_PAGES[grid.isPaged ? 'pages' : 'records'];
    return end('broken', endlessText(received, most));
  }
  if (found === 'failure' && !isAll) {
    return end('broken', 'the pages that would show where the list ends failed');
  }
  const isOne = coverage.newest.position === 0 && coverage.newest.pageInfo?.more !== true;
  if (
    found === 'repetition' &&
    coverage.newest.position === 0 &&
    !(isOne && (isAll || pages === 1))
  ) {
    const param = facts.pagination.param ?? 'the range';
    const detail = `page 2 holds the same records as page 1, so the server seems to ignore ${param}`;
    return end('stuck', detail, coverage.end);
  }
  if (found === 'statement') return end('stated', null);
  if (isAll) {
    if (pages !== null && pages !== coverage.end) {
      totals.contradictions.everythingCame(received, coverage.end, pages);
    }
    return end('total', null);
  }
  const ceiling = findCeiling(facts) ?? findLikelyCeiling(facts);
  if (ceiling !== null) return end('ceiling', ceiling.detail, ceiling.position);
  const byTotals = totals.isLowerBound ? null : grid.endBy(totals);
  // Servers that count one page too many where the last one is full are many.
  const isShort = pages !== null && coverage.end < pages - 1 && coverage.failedEnd === 0;
  if (byTotals !== null && (byTotals > facts.next || isShort)) {
    const said = pages ?? totals.records;
    const unit = pages === null ? 'records' : 'pages';
    const detail = `the pages after ${formatCount(received)} records are empty, though the server speaks of ${formatCount(said ?? 0)} ${unit}`;
    return end('past-end', detail);
  }
  if (byTotals !== null && coverage.end < byTotals && isGone(coverage)) {
    const said = formatCount(pages ?? totals.records ?? 0);
    const unit = pages === null ? 'records' : 'pages';
    const detail = `there are no pages after ${formatCount(received)} records, though the server spoke of ${said} ${unit}`;
    return end('past-end', detail);
  }
  if (byTotals !== null && found === 'unchecked') {
    totals.contradictions.uncheckedPages(pages ?? 0);
    return end('past-end', null);
  }
  if (byTotals !== null) {
    // Where each page states another number, as some pagers do, none of them says where the list ends.
    const byPages = totals.arePagesSteady ? 'stated' : 'past-end';
    return end(pages === null ? 'total' : byPages, null, Math.max(reached, byTotals));
  }
  if (found === 'repetition' && !facts.pagination.repeatIsEnd) {
    // Where a server moves offsets, ordinals do not say how many records there are.
    const after = grid.isPaged ? `after ${formatCount(received)} records, ` : '';
    return end('loop', `${after}pages came again`);
  }
  return end('past-end', refusedThoughMore(coverage));
}

/** The page after the last one with records is not there. */
function isGone({ firstTrailing, failedEnd, end }: Coverage): boolean {
  const kind = firstTrailing?.[1];
  return failedEnd <= end && typeof kind === 'object' && gone.has(kind.status ?? 0);
}

/** The list says that there is more, and what follows is refused or comes empty. */
function refusedThoughMore({ newest, firstTrailing, failedEnd }: Coverage): string | null {
  if (newest.pageInfo?.more !== true || firstTrailing === null || failedEnd > 0) return null;
  const [, kind] = firstTrailing;
  if (kind === 'ended' || kind === 'bare' || kind === 'onward') return null;
  const status = typeof kind === 'object' ? kind.status : null;
  const how = typeof kind === 'object' ? 'was refused' : 'is empty';
  const by = status === null ? '' : ` (${status})`;
  return `the last page with records says that there is more, and the one after it ${how}${by}`;
}

/** So many pages that fail behind the last one, all of them, are no chance. */
const FAILED_IN_A_ROW = 3;

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
  const isClear = refusals.length > 0 || past.length >= MOST_TRAILING_PAGES || isStated;
  return isSaid && isClear ? { position: Math.max(position, coverage.end), detail } : null;
}

/**
 * Nothing is stated, and a page is refused at a depth where servers stop: it may be a limit, or a list
 * may happen to end there. "There is no such page" counts only behind a full page.
 */
function findLikelyCeiling(facts: FanOutFacts): { position: number; detail: string } | null {
  const { coverage, grid, totals, isLastFull } = facts;
  const [position, first] = coverage.firstTrailing ?? [0, null];
  if (totals.records !== null || first === null || typeof first !== 'object') return null;
  const status = first.status ?? 0;
  const isEndOrLimit = gone.has(status) && isLastFull && totals.pages === null;
  if (!vagueStatuses.has(status) && !isEndOrLimit) return null;
  const { end, newest, received } = coverage;
  const depth = {
    from: grid.ordinalOf(newest.position),
    at: grid.isPaged ? grid.skipped.records + received : grid.ordinalOf(end),
    to: grid.ordinalOf(first.to),
    pages: grid.isPaged ? grid.skipped.pages + end : grid.ordinalOf(end) / grid.wholePage,
  };
  const limit = likelyCeiling(depth);
  if (limit === null) return null;
  const came = formatCount(received);
  const detail = `after ${came} records the server refuses (${status}) to give more, and it states no end: as many servers stop at ${limit}, there may be more`;
  return { position: Math.max(position, end), detail };
}
