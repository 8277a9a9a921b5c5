import type { Dropped, PageInfo } from '../core/page-info.ts';
import type { Pagination } from '../core/pagination.ts';
import { counted, formatCount } from '../core/units.ts';

/** Where in the list the records of a page stand. */
interface Standing {
  /** Records that come before them: so many at least. */
  readonly before: number;
  /** Where they end, as an ordinal; null where pages are counted. */
  readonly reach?: number | null;
  /** The page's number among all pages, from 1; null where pages are not counted. */
  readonly page: number | null;
}

/**
 * Finds numbers that pages state and their own records contradict: a total below what the page holds,
 * or one that the page stands behind; a number of pages with a page behind the last, or one that is
 * the number of records in the page. They are of another thing, and nothing follows from them.
 *
 * Only pages with records that had not come before may be heard: past the end some servers give an
 * earlier page again.
 */
export class Contradictions {
  readonly #pagination: Pagination;
  #total: string | null = null;
  #totalPages: string | null = null;
  #more: string | null = null;
  /** Numbers of pages that are the numbers of records in the pages that state them. */
  readonly #ownCounts = new Set<number>();
  #areOwnCounts = true;

  constructor(pagination: Pagination) {
    this.#pagination = pagination;
  }

  get hasTotal(): boolean {
    return this.#total !== null;
  }

  get hasTotalPages(): boolean {
    return this.#totalPages !== null;
  }

  hear({ records, total, totalPages, totalIsLowerBound }: PageInfo, at: Standing): void {
    if (records === 0) return;
    if (total !== null && !totalIsLowerBound) this.#hearTotal(total, records, at);
    if (totalPages !== null) this.#hearPages(totalPages, records, at.page);
  }

  /** A page with records stands behind one that said that it is the last. */
  moreCame(): void {
    const { morePath } = this.#pagination;
    this.#more ??= `${morePath ?? 'a page'} says that nothing follows, and pages with records do`;
  }

  /** All records that the total speaks of came, on another number of pages than is stated. */
  everythingCame(records: number, pages: number, said: number): void {
    const came = `all ${counted(records, 'record')} came on ${formatCount(pages)}`;
    this.#totalPages ??= `${this.#pagesName} says ${counted(said, 'page')}, and ${came}`;
  }

  /** Nobody can tell whether the last page that is stated is the last. */
  uncheckedPages(said: number): void {
    this.#totalPages ??= `${this.#pagesName} says ${counted(said, 'page')}, the last of them is full, and what follows it could not be read`;
  }

  /** Nobody can tell whether the total of a first page that is full counts more than that page. */
  uncheckedTotal(): void {
    this.#total ??= `${this.#totalName} is the number of records in the first page, and what follows it could not be read`;
  }

  /** What is known of the list when its end was found. */
  dropped(): readonly Dropped[] {
    const dropped: Dropped[] = [];
    if (this.#total !== null) dropped.push({ what: 'total', why: this.#total });
    if (this.#totalPages !== null) dropped.push({ what: 'totalPages', why: this.#totalPages });
    if (this.#more !== null) dropped.push({ what: 'more', why: this.#more });
    return dropped;
  }

  #hearTotal(total: number, records: number, { before, reach = null }: Standing): void {
    const said = `${this.#totalName} says ${counted(total, 'record')} in all`;
    if (total < records) {
      this.#total ??= `${said} on a page that holds ${formatCount(records)}`;
    } else if (total <= before) {
      const stand = counted(records, 'record');
      this.#total ??= `${said} on a page whose ${stand} come after ${formatCount(before)} others`;
    } else if (reach !== null && total < reach) {
      this.#total ??= `${said} on a page that reaches record ${formatCount(reach)}`;
    }
  }

  #hearPages(said: number, records: number, page: number | null): void {
    if (said === records) this.#ownCounts.add(said);
    else this.#areOwnCounts = false;
    if (this.#areOwnCounts && this.#ownCounts.size > 1) {
      this.#totalPages ??= `${this.#pagesName} is the number of records in the page`;
    }
    if (page === null || said >= page) return;
    this.#totalPages ??= `${this.#pagesName} says ${counted(said, 'page')}, and page ${formatCount(page)} has records`;
  }

  get #totalName(): string {
    const { totalPath, totalHeader } = this.#pagination;
    return totalPath ?? (totalHeader === null ? 'a page' : `header ${totalHeader}`);
  }

  get #pagesName(): string {
    const { totalPagesPath, totalPagesHeader } = this.#pagination;
    if (totalPagesPath !== null) return totalPagesPath;
    return totalPagesHeader === null ? 'the last link' : `header ${totalPagesHeader}`;
  }
}
