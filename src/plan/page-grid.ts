/** Where the pages of a list stand that can be asked for in parallel, and how much the list holds. */
import { EverypageError } from '../core/errors.ts';
import type { PageInfo } from '../core/page-info.ts';
import type { PageRequest } from '../core/page-request.ts';
import { factsOf, type Pagination } from '../core/pagination.ts';
import type { CountedStyle } from './styles/style.ts';

export interface GridParts {
  readonly pagination: Pagination;
  /** What the user asked for; its branch is that of all pages. */
  readonly start: PageRequest;
  readonly style: CountedStyle;
}

/** From here on a refusal may be a ceiling, so pages are asked for as if they might not be there. */
export const LOWEST_CEILING = 1000;

/**
 * Where pages stand that can be asked for one without the other, and how each is asked for. Positions
 * are indices (`page`) or ordinals of records (`offset`, `range`); every page after the first stands
 * at a multiple of the stride behind it, or in a gap that a short page left.
 */
export class PageGrid {
  readonly #parts: GridParts;
  /** Positions count pages, not records. */
  readonly isPaged: boolean;
  #stride = 1;
  #overlap = 0;
  /** Records in a page, as the first two show. */
  #pageRecords = 1;

  constructor(parts: GridParts) {
    this.#parts = parts;
    this.isPaged = factsOf(parts.pagination).counts === 'pages';
  }

  get stride(): number {
    return this.#stride;
  }

  first(): PageRequest {
    const { pagination, start, style } = this.#parts;
    return { ...style.first(pagination, start), place: { ...start.place, position: 0 } };
  }

  /** What lies before the first page, where the user begins further on. Pages count from 0 or 1. */
  get skipped(): { readonly records: number; readonly pages: number } {
    const { first } = this.#parts.pagination;
    // Offset 1 is the first record's where they count from 1, as pages mostly do.
    if (!this.isPaged) return { records: first === 1 ? 0 : first, pages: 0 };
    const pages = Math.max(0, first - 1);
    return { records: pages * this.#pageRecords, pages };
  }

  onFirst(pageInfo: PageInfo): void {
    this.#pageRecords = pageInfo.records;
    if (this.isPaged) return;
    this.#stride = pageInfo.records;
    this.#overlap = Math.min(this.#parts.pagination.overlap, pageInfo.records - 1);
  }

  /**
   * The first page may be shorter than the others. Where pages are full already, they leave no room
   * for the overlap: strides are shorter then.
   */
  onSecond(pageInfo: PageInfo): void {
    if (this.isPaged) this.#pageRecords = Math.max(this.#pageRecords, pageInfo.records);
    else if (pageInfo.records === this.#stride) this.#stride -= this.#overlap;
    else this.#stride = Math.max(this.#stride, pageInfo.records - this.#overlap);
  }

  /** The page that begins at a position and ends before another. */
  request(from: number, to: number, isSpeculative: boolean): PageRequest {
    const { pagination, start, style } = this.#parts;
    const at = from - this.#overlapAt(from);
    const request = style.pageAt(pagination, start, at, this.#sizeOf(from, to));
    if (request === null) {
      throw new EverypageError(
        'USAGE',
        `the request cannot carry ${pagination.param}: its body is not JSON. Give a JSON body with -d, or page by the query.`,
      );
    }
    const speculative = isSpeculative || this.ordinalOf(from) >= LOWEST_CEILING;
    const place = { ...start.place, position: from };
    return speculative ? { ...request, place, speculative } : { ...request, place };
  }

  /** How far a page's new records reach; its own position where it has none. */
  endOf(position: number, pageInfo: PageInfo): number {
    const fresh = Math.max(0, pageInfo.records - this.#overlapAt(position));
    return position + (this.isPaged ? Math.min(1, fresh) : fresh);
  }

  /** Records before a position in the whole list, as far as can be told. */
  ordinalOf(position: number): number {
    return this.skipped.records + (this.isPaged ? position * this.#pageRecords : position);
  }

  /** The position after the last one that the totals speak of; null where nothing can be told. */
  endBy(totals: Totals): number | null {
    if (!totals.isTrusted) return null;
    if (!this.isPaged) return totals.records;
    if (totals.pages !== null) return totals.pages;
    return totals.records === null ? null : Math.ceil(totals.records / this.#pageRecords);
  }

  /** The first position that lies beyond the depth which the server gives records from. */
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
    if (isWhole && this.#overlap === 0) return style.needsSize ? (size ?? this.#stride) : size;
    return to - from + this.#overlapAt(from);
  }
}

/**
 * How much there is, as the pages say. Of several statements that of the page furthest on counts, so
 * that the order in which pages arrive makes no difference.
 */
export class Totals {
  #records: number | null = null;
  #recordsAt = -1;
  #mostRecords = 0;
  #isLowerBound = false;
  #pages: number | null = null;
  #pagesAt = -1;
  #mostPages = 0;
  #skipped = { records: 0, pages: 0 };
  #isTrusted = true;

  onPage(position: number, pageInfo: PageInfo): void {
    // Past the end some servers say that the total is 0.
    if (pageInfo.records === 0 && position > 0) return;
    if (pageInfo.total !== null) {
      this.#mostRecords = Math.max(this.#mostRecords, pageInfo.total);
      if (position >= this.#recordsAt) {
        this.#records = pageInfo.total;
        this.#recordsAt = position;
        this.#isLowerBound = pageInfo.totalIsLowerBound;
      }
    }
    if (pageInfo.totalPages !== null) {
      this.#mostPages = Math.max(this.#mostPages, pageInfo.totalPages);
      if (position >= this.#pagesAt) {
        this.#pages = pageInfo.totalPages;
        this.#pagesAt = position;
      }
    }
  }

  /** The run begins behind so much; totals are of the whole list. */
  skip(skipped: { readonly records: number; readonly pages: number }): void {
    this.#skipped = skipped;
  }

  /** A page contradicted them. */
  distrust(): void {
    this.#isTrusted = false;
  }

  get isTrusted(): boolean {
    return this.#isTrusted;
  }

  /** From where the run begins. */
  get records(): number | null {
    return this.#records === null ? null : Math.max(0, this.#records - this.#skipped.records);
  }

  get pages(): number | null {
    return this.#pages === null ? null : Math.max(0, this.#pages - this.#skipped.pages);
  }

  /** There are as many records as said, or more. */
  get isLowerBound(): boolean {
    return this.#isLowerBound;
  }

  /** A page not so far on said more. */
  get shrank(): boolean {
    return this.#mostRecords > (this.#records ?? 0) || this.#mostPages > (this.#pages ?? 0);
  }

  /** Whether more is said to exist than `records`. */
  exceeds(records: number): boolean {
    const said = this.records;
    if (said === null || !this.#isTrusted) return false;
    return this.#isLowerBound ? said >= records : said > records;
  }
}
