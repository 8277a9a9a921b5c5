import type { PageInfo } from '../core/page-info.ts';

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
