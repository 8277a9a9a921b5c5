import type { PageInfo } from '../core/page-info.ts';
import type { Pagination } from '../core/pagination.ts';
import { Contradictions } from './contradictions.ts';

/** What comes before the page that the run begins with. */
export interface Skipped {
  readonly records: number;
  readonly pages: number;
}

/** What totals are of. */
interface Whole {
  readonly pagination: Pagination;
  readonly skipped: Skipped;
}

/**
 * The totals that pages state, counted from where the run begins. Of several statements, the one of the
 * page furthest on counts, so that the order in which pages arrive makes no difference.
 */
export class Totals {
  readonly #of: Whole;
  readonly contradictions: Contradictions;
  #records = nothingSaid;
  #pages = nothingSaid;
  /** The total is at least what the pages state. */
  isLowerBound = false;
  /** False once a page has contradicted them. */
  isTrusted = true;

  constructor(of: Whole) {
    this.#of = of;
    this.contradictions = new Contradictions(of.pagination);
  }

  onPage(position: number, pageInfo: PageInfo): void {
    const { records, total, totalPages, totalIsLowerBound } = pageInfo;
    // Past the end some servers say that the total is 0.
    if (records === 0 && position > 0) return;
    if (total !== null && position >= this.#records.at) this.isLowerBound = totalIsLowerBound;
    this.#records = furthest(this.#records, total, position);
    this.#pages = furthest(this.#pages, totalPages, position);
  }

  /** Totals are of the whole list, and the run may begin further on. */
  get records(): number | null {
    const said = this.contradictions.hasTotal ? null : this.#records.said;
    return said === null ? null : Math.max(0, said - this.#of.skipped.records);
  }

  get pages(): number | null {
    const said = this.contradictions.hasTotalPages ? null : this.#pages.said;
    return said === null ? null : Math.max(0, said - this.#of.skipped.pages);
  }

  /** Every page states the same number of pages. */
  get arePagesSteady(): boolean {
    return this.#pages.isSteady;
  }

  /** An earlier page stated more. */
  get shrank(): boolean {
    return [this.#records, this.#pages].some(({ said, most }) => most > (said ?? 0));
  }

  /** So many records are all that there are, by every page that says it. */
  areAll(records: number): boolean {
    return !this.isLowerBound && !this.shrank && this.records === records;
  }

  /** The same, where no page has ever stated another total. */
  areAlwaysAll(records: number): boolean {
    return this.#records.isSteady && this.areAll(records);
  }

  /** Whether the total is larger than `records`. */
  exceeds(records: number): boolean {
    const said = this.records;
    if (said === null || !this.isTrusted) return false;
    return this.isLowerBound ? said >= records : said > records;
  }
}

const nothingSaid: Statement = { said: null, at: -1, most: 0, isSteady: true };

interface Statement {
  readonly isSteady: boolean;
  readonly said: number | null;
  /** The position of the page that said it. */
  readonly at: number;
  readonly most: number;
}

function furthest(before: Statement, total: number | null, position: number): Statement {
  if (total === null) return before;
  const most = Math.max(before.most, total);
  const isSteady = before.isSteady && (before.said === null || before.said === total);
  return position < before.at
    ? { ...before, most, isSteady }
    : { said: total, at: position, most, isSteady };
}
