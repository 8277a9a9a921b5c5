/** Whether the requests of a chain prove that no record was lost between its pages. */
import type { PageInfo } from './page-info.ts';
import type { PaginationStyle } from './pagination.ts';

/**
 * Is told the pages of one chain, in order. Each page but the last must name the next one by the key of
 * its own last record. Where these keys are numbers in equal steps, what a next link holds may as well be
 * an offset, whose last step shows no change; then nothing is proven, unless we made the request.
 */
export class ChainProof {
  readonly #isByKey: boolean;
  #pages = 0;
  /** A page named the next one by something else, or a page follows one that named none. */
  #isBroken = false;
  #isEnded = false;
  #key: number | null = null;
  #step: number | null = null;
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
    const key = Number(lastKey?.replaceAll('"', '') ?? Number.NaN);
    const step = this.#key === null ? null : key - this.#key;
    if (Number.isNaN(key) || (this.#step !== null && this.#step !== step)) {
      this.#isLikeOffset = false;
    }
    this.#key = key;
    this.#step = step;
  }
}
