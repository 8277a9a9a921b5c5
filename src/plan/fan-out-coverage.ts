/** What the answers of a fan-out cover. */

import type { PageInfo } from '../core/page-info.ts';
import type { Pagination } from '../core/pagination.ts';
import type { PageGrid } from './page-grid.ts';
import type { Totals } from './totals.ts';

/**
 * A position past the last page with records: empty, empty but for the records of its overlap (`bare`), empty
 * with a word that the list ends or goes on there, refused, or with records that had come before.
 */
export type Trailing = 'empty' | 'bare' | 'ended' | 'onward' | 'repeated' | Refusal;

/** A page that is not there, as far as it says anything. */
export function isSilence(kind: Trailing): kind is Refusal | 'empty' {
  return typeof kind === 'object' || kind === 'empty';
}

interface Absent {
  readonly position: number;
  /** It should reach up to this position, exclusive. */
  readonly to: number;
  readonly isRefused: boolean;
}

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

  /** Adds a page with records; returns the refused and the silently empty pages before it, to be asked for again. */
  accept(position: number, pageInfo: PageInfo): readonly Absent[] {
    const end = this.#grid.endOf(position, pageInfo);
    this.received += this.#grid.isPaged ? pageInfo.records : end - position;
    this.end = Math.max(this.end, end);
    if (position < this.newest.position) return [];
    this.newest = { position, pageInfo };
    const absent: Absent[] = [];
    for (const [earlier, kind] of this.trailing) {
      if (earlier > position) continue;
      this.trailing.delete(earlier);
      if (isSilence(kind)) absent.push({ position: earlier, ...this.absenceAt(earlier, kind) });
    }
    return absent;
  }

  absenceAt(position: number, kind: Refusal | 'empty'): Omit<Absent, 'position'> {
    return kind === 'empty'
      ? { to: position + this.#grid.stride, isRefused: false }
      : { to: kind.to, isRefused: true };
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

  /** What came behind the last page with records, but for pages that had come before. */
  get kindsBehind(): readonly Exclude<Trailing, 'repeated'>[] {
    return [...this.trailing.values()].filter((kind) => kind !== 'repeated');
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
  /** Refused or empty once, although a later page has records: to be requested again. */
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
    again: pages.filter((answer) => !answer.isAgain && isAbsent(answer)),
  };
}

function isAbsent(answer: Answer): boolean {
  return (
    answer.outcome === 'refused' || (answer.outcome === 'empty' && emptiness(answer) === 'empty')
  );
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
