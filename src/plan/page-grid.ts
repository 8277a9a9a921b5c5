/** Pages that can be requested in parallel: their positions, and which are requested. */
import { mayBeCeiling } from '../core/depth.ts';
import { usageError } from '../core/errors.ts';
import type { PageInfo } from '../core/page-info.ts';
import type { Expectation, PageRequest } from '../core/page-request.ts';
import { factsOf, overlapOf, type Pagination, recordsBefore } from '../core/pagination.ts';
import { countOf } from './literal.ts';
import { getQueryParameter } from './query-parameter.ts';
import type { CountedStyle } from './styles/style.ts';
import type { Skipped, Totals } from './totals.ts';

type FirstSaid = Pick<PageInfo, 'records' | 'total' | 'totalPages'>;

export interface GridParts {
  readonly pagination: Pagination;
  /** What the user asked for; its branch is that of all pages. */
  readonly start: PageRequest;
  readonly style: CountedStyle;
}

/**
 * The positions of pages that can be requested in parallel, and the request for each. Positions are
 * indices (`page`) or ordinals of records (`offset`, `range`). Every page after the first is at a
 * multiple of the stride, or in a gap that a short page left.
 */
export class PageGrid {
  readonly #parts: GridParts;
  /** Positions count pages, not records. */
  readonly isPaged: boolean;
  #stride = 1;
  #overlap = 0;
  /** Records in a page, as the first two show. */
  #pageRecords = 1;
  /** What the first page holds, and what it says of all. */
  #first: FirstSaid = { records: 0, total: null, totalPages: null };

  constructor(parts: GridParts) {
    this.#parts = parts;
    this.isPaged = factsOf(parts.pagination).counts === 'pages';
  }

  get pagination(): Pagination {
    return this.#parts.pagination;
  }

  get stride(): number {
    return this.#stride;
  }

  /** Records that a page is asked for, by the user or in the start URL; null where nothing says it. */
  get askedSize(): number | null {
    const { pagination, start } = this.#parts;
    const { size, sizeParam, carrier } = pagination;
    if (size !== null || sizeParam === null || carrier === 'body') return size;
    return countOf(getQueryParameter(start.url, sizeParam));
  }

  first(): PageRequest {
    const { pagination, start, style } = this.#parts;
    return { ...style.first(pagination, start), place: { ...start.place, position: 0 } };
  }

  /** A POST is never sent for several pages that may not exist. */
  get mayGuess(): boolean {
    return this.#parts.start.method !== 'POST';
  }

  /** How much the user skipped by a start that is not the first page. Pages count from 0 or 1. */
  get skipped(): Skipped {
    const { first } = this.#parts.pagination;
    // Where offsets count from 1, offset 1 is the first record.
    if (!this.isPaged) return { records: first === 1 ? 0 : first, pages: 0 };
    const came = { ...this.#first, largestPage: this.#pageRecords };
    return {
      records: recordsBefore(this.#parts.pagination, came),
      pages: Math.max(0, first - 1),
    };
  }

  onFirst({ records, total, totalPages }: FirstSaid): void {
    this.#pageRecords = records;
    this.#first = { records, total, totalPages };
    if (this.isPaged) return;
    this.#overlap = overlapOf(this.#parts.pagination, records);
    this.#stride = records - this.#overlap;
  }

  /** The first page may be shorter than the others. */
  onSecond(pageInfo: PageInfo): void {
    if (this.isPaged) this.#pageRecords = Math.max(this.#pageRecords, pageInfo.records);
    else this.#stride = Math.max(this.#stride, pageInfo.records - this.#overlap);
  }

  /** The page that begins at a position and ends before another. */
  request(from: number, to: number, isSpeculative: boolean, expected?: Expectation): PageRequest {
    const { pagination, start, style } = this.#parts;
    const at = from - this.#overlapAt(from);
    const request = style.pageAt(pagination, start, at, this.#sizeOf(from, to));
    if (request === null) {
      throw usageError(
        `the request cannot carry ${pagination.param}: its body is not JSON. Give a JSON body with -d, or page by the query.`,
      );
    }
    const speculative = isSpeculative || this.isDeep(from, to);
    const place = { ...start.place, position: from };
    return {
      ...request,
      place,
      ...(speculative ? { speculative } : {}),
      ...(expected === undefined ? {} : { expected }),
    };
  }

  /** Whether a refusal of the page may be a ceiling, so that it is requested as one that may not exist; the gap that a page left before one is part of it. */
  isDeep(from: number, to: number): boolean {
    // Pages that overlap stand at no round number: what counts is how deep they reach.
    const reaches = this.#overlap > 0 || to - from < this.#stride;
    return mayBeCeiling(this.ordinalOf(reaches ? to : from));
  }

  /** The position after a page's new records; its own position where it has none. */
  endOf(position: number, pageInfo: PageInfo): number {
    const fresh = Math.max(0, pageInfo.records - this.#overlapAt(position));
    return position + (this.isPaged ? Math.min(1, fresh) : fresh);
  }

  /** Records before a position in the whole list, as far as can be told. */
  ordinalOf(position: number): number {
    return this.skipped.records + (this.isPaged ? position * this.#pageRecords : position);
  }

  /**
   * Up to where the list has pages by all that its totals say; null where they do not say. Of a number
   * of pages and one of records that do not agree, the smaller is sure.
   */
  endBy(totals: Totals): number | null {
    const ends = this.#endsBy(totals);
    return ends.length === 0 ? null : Math.min(...ends);
  }

  /** Up to where it may have pages by any of them. */
  mostBy(totals: Totals): number | null {
    const ends = this.#endsBy(totals);
    return ends.length === 0 ? null : Math.max(...ends);
  }

  #endsBy({ isTrusted, isLowerBound, records, pages }: Totals): readonly number[] {
    if (!isTrusted) return [];
    if (!this.isPaged) return records === null ? [] : [records];
    if (records === null || (isLowerBound && pages !== null)) return pages === null ? [] : [pages];
    const byRecords = Math.ceil(records / this.#pageRecords);
    return pages === null ? [byRecords] : [pages, byRecords];
  }

  /** Records in a page, as the first two show. */
  get pageRecords(): number {
    return this.#pageRecords;
  }

  /** Records in a whole page, as the first two show. */
  get wholePage(): number {
    return this.isPaged ? this.#pageRecords : this.#stride + this.#overlap;
  }

  /** The first position beyond the server's ceiling. */
  get ceiling(): number {
    const { ceiling } = this.#parts.pagination;
    if (ceiling === null) return Number.POSITIVE_INFINITY;
    const left = Math.max(0, ceiling - this.skipped.records);
    return this.isPaged ? Math.ceil(left / this.#pageRecords) : left;
  }

  /** The first position of the grid behind `position`, of which `next` is one. */
  after(position: number, next: number): number {
    return next - Math.floor((next - position - 1) / this.#stride) * this.#stride;
  }

  #overlapAt(position: number): number {
    return Math.min(this.#overlap, position);
  }

  /** A whole page keeps the size that was asked for, so that all requests look alike. */
  #sizeOf(from: number, to: number): number | null {
    const { pagination, style } = this.#parts;
    const { sizeParam, size } = pagination;
    if (this.isPaged) return size;
    const isWhole = to - from === this.#stride;
    if (!style.needsSize && sizeParam === null) return null;
    // An overlap makes the steps shorter and not the pages longer: a server may refuse longer ones.
    if (isWhole) return style.needsSize ? (size ?? this.#stride + this.#overlap) : size;
    return to - from + this.#overlapAt(from);
  }
}

interface Asked {
  /** Where the page should end, exclusive. */
  readonly to: number;
  /** It is requested for the second time. */
  readonly isAgain: boolean;
}

/** Which pages of a grid are requested: those that wait to be taken, and those without an answer. */
export class AskedPages {
  readonly #grid: PageGrid;
  readonly #unanswered = new Map<number, Asked>([[0, { to: 1, isAgain: false }]]);
  readonly #queue: PageRequest[] = [];
  /** The first position that is not requested yet. */
  next = 1;
  /** Pages that were requested, each counted once. */
  count = 1;

  constructor(grid: PageGrid) {
    this.#grid = grid;
    this.#queue.push(grid.first());
  }

  get areAnswered(): boolean {
    return this.#unanswered.size === 0;
  }

  take(most: number): PageRequest[] {
    return this.#queue.splice(0, most);
  }

  isUnanswered(position: number): boolean {
    return this.#unanswered.has(position);
  }

  /** Takes its answer. */
  answer(position: number): Asked {
    const asked = this.#unanswered.get(position)!;
    this.#unanswered.delete(position);
    return asked;
  }

  /** The request for the next page of the grid. */
  step(isSpeculative: boolean): PageRequest {
    const from = this.next;
    this.next += this.#grid.stride;
    const to = Math.min(this.next, this.#grid.ceiling);
    return this.#request(from, to, isSpeculative, isSpeculative ? undefined : 'counted');
  }

  queueStep(isSpeculative: boolean): void {
    this.#queue.push(this.step(isSpeculative));
  }

  queue(from: number, to: number, isSpeculative: boolean): void {
    this.#queue.push(this.#request(from, to, isSpeculative));
  }

  /**
   * It was refused or came empty, although it must exist.
   * @param mayBeAbsent it may be beyond a ceiling, or behind the end
   * @param isSaid the server says that it exists
   */
  queueAgain(position: number, to: number, mayBeAbsent = false, isSaid = true): void {
    this.#unanswered.set(position, { to, isAgain: true });
    const expected = isSaid ? 'promised' : undefined;
    const { speculative: _, ...request } = this.#grid.request(position, to, false, expected);
    this.#queue.push({ ...request, ...(mayBeAbsent && { speculative: true }) });
  }

  #request(from: number, to: number, isSpeculative: boolean, expected?: Expectation): PageRequest {
    this.#unanswered.set(from, { to, isAgain: false });
    this.count += 1;
    return this.#grid.request(from, to, isSpeculative, expected);
  }
}
