/** Whether the requests of a chain prove that no record was lost between its pages. */
import type { PageInfo } from './page-info.ts';
import type { PaginationStyle } from './pagination.ts';

/**
 * Is told the pages of one chain, in order. Each page but the last must name the next one by the key of
 * its own last record. Where these keys are numbers that grow by the size of a page, what a next link holds
 * may as well be an offset, whose last step shows no change; then nothing is proven, unless we made the
 * request.
 */
export class ChainProof {
  readonly #isByKey: boolean;
  #pages = 0;
  /** A page named the next one by something else, or a page follows one that named none. */
  #isBroken = false;
  #isEnded = false;
  /** Records in a page; the last one may have fewer. */
  #size = 0;
  #key: number | null = null;
  #isLikeOffset = true;

  constructor(style: PaginationStyle) {
    this.#isByKey = style === 'keyset';
  }

  get holds(): boolean {
    const mayBeOffset = this.#isLikeOffset && !this.#isByKey && this.#pages > 1;
    return this.#pages > 0 && !this.#isBroken && !mayBeOffset;
  }

  onPage({ records, lastKey, nextHoldsKey, next, more }: PageInfo): void {
    if (records === 0) return;
    this.#pages += 1;
    if (this.#isEnded) this.#isBroken = true;
    if (nextHoldsKey !== true) {
      if (next !== null && more !== false) this.#isBroken = true;
      this.#isEnded = true;
      return;
    }
    this.#size = Math.max(this.#size, records);
    const key = Number(lastKey?.replaceAll('"', '') ?? Number.NaN);
    const isStep = this.#key === null || key - this.#key === this.#size;
    if (Number.isNaN(key) || !isStep) this.#isLikeOffset = false;
    this.#key = key;
  }
}
