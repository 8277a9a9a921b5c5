import type { Dropped, PageInfo } from '../core/page-info.ts';
import type { Pagination } from '../core/pagination.ts';
import { Contradictions } from './contradictions.ts';

/** The total that the pages of a chain state, unless they contradict it. */
export class StatedTotal {
  readonly #contradictions: Contradictions;
  #said: number | null = null;
  #isSteady = true;
  isLowerBound = false;

  constructor(pagination: Pagination) {
    this.#contradictions = new Contradictions(pagination);
  }

  /** @param before records that came before the page's */
  hear(pageInfo: PageInfo, before: number, isRepeated: boolean): void {
    const { total, records, totalIsLowerBound } = pageInfo;
    if (!isRepeated) this.#contradictions.hear(pageInfo, { before, page: null });
    if (total === null || (records === 0 && this.#said !== null)) return;
    if (this.#said !== null && this.#said !== total) this.#isSteady = false;
    this.#said = total;
    this.isLowerBound = totalIsLowerBound;
  }

  get said(): number | null {
    return this.#contradictions.hasTotal ? null : this.#said;
  }

  exceeds(records: number): boolean {
    const { said } = this;
    if (said === null) return false;
    return this.isLowerBound ? said >= records : said > records;
  }

  /** So many are all that there are, and every page has said so. */
  isReachedBy(records: number): boolean {
    return this.#isSteady && !this.isLowerBound && this.said === records;
  }

  dropped(): readonly Dropped[] {
    return this.#contradictions.dropped();
  }
}
