/**
 * Stops a list that goes on far beyond what it says about itself. A total may be wrong, or be that of a cap, so
 * it is read on for long; but a server that has a page behind each page would be read without end.
 */
import type { PageEnd, PageInfo, PlanEnd } from '../core/page-info.ts';
import type { PageRequest } from '../core/page-request.ts';
import { isByOrdinal, type Pagination } from '../core/pagination.ts';
import { counted, formatCount } from '../core/units.ts';
import type { PlanState } from './plan.ts';

/** Neither is enough by itself: a cap of 10,000 records is common, and lists of 10,000 pages are. */
const TIMES = 10;
const LEAST_PAGES = 10_000;

export function stoppedFarBeyond(inner: PlanState, pagination: Pagination): PlanState {
  return new FarBeyond(inner, pagination);
}

class FarBeyond implements PlanState {
  readonly #inner: PlanState;
  readonly #isByOrdinal: boolean;
  #unanswered = 0;
  #pages = 0;
  #records = 0;
  #largest = 0;
  #total = 0;
  #totalPages = 0;
  #end: PlanEnd | null = null;
  #furthest = 0;

  constructor(inner: PlanState, pagination: Pagination) {
    this.#inner = inner;
    this.#isByOrdinal = isByOrdinal(pagination);
  }

  take(most: number): readonly PageRequest[] {
    if (this.#end !== null) return [];
    const requests = this.#inner.take(most);
    this.#unanswered += requests.length;
    return requests;
  }

  onPage(request: PageRequest, ended: PageEnd): void {
    this.#unanswered -= 1;
    this.#inner.onPage(request, ended);
    if (ended.state !== 'stored') return;
    const { place } = request;
    this.#count(ended.pageInfo);
    const length = this.#isByOrdinal ? ended.pageInfo.records : 1;
    this.#furthest = Math.max(this.#furthest, place.position + length);
    const why = this.#why();
    if (why === null || this.#inner.end() !== null) return;
    const ends = [{ branch: place.branch, position: this.#furthest }];
    const detail = `${why}, so the list seems to have no end; --max-pages says how far to read it`;
    this.#end = { reason: 'broken', detail, ends };
  }

  known(): number | null {
    return this.#end === null ? this.#inner.known() : this.#pages + this.#unanswered;
  }

  end(): PlanEnd | null {
    if (this.#end === null) return this.#inner.end();
    return this.#unanswered > 0 ? null : this.#end;
  }

  #count({ records, total, totalPages, totalIsLowerBound }: PageInfo): void {
    if (records === 0) return;
    this.#pages += 1;
    this.#records += records;
    this.#largest = Math.max(this.#largest, records);
    // What grows while it is read, or counts the records of the page, says nothing of the end.
    if (total !== null && !totalIsLowerBound) this.#total = Math.max(this.#total, total);
    if (totalPages !== null && totalPages !== records) {
      this.#totalPages = Math.max(this.#totalPages, totalPages);
    }
  }

  #why(): string | null {
    if (this.#pages < LEAST_PAGES) return null;
    const came = `${formatCount(this.#pages)} pages with ${counted(this.#records, 'record')} came`;
    const [total, pages] = [this.#total, this.#totalPages];
    if (pages > 1 && this.#pages > TIMES * pages) {
      return `the server states ${counted(pages, 'page')}, and ${came}`;
    }
    if (total > 2 * this.#largest && this.#records > TIMES * total) {
      return `the server states ${counted(total, 'record')}, and ${came}`;
    }
    return null;
  }
}
