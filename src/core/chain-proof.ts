/** Whether the requests of a chain prove that no record was lost between its pages. */
import type { PageInfo } from './page-info.ts';
import type { PaginationStyle } from './pagination.ts';

/**
 * Is told the pages of one chain, in order. Each page but the last must name the next one by the key of
 * its own last record. Where the last keys are numbers that grow exactly as the count of records does, a
 * next link that holds one may as well hold an offset; then nothing is proven, unless we made the request.
 * The last page has no such link, so its key tells nothing of that.
 */
export class ChainProof {
  readonly #isByKey: boolean;
  #pages = 0;
  #records = 0;
  #withoutKey = 0;
  #distance: number | null = null;
  #isLikeOffset = true;

  constructor(style: PaginationStyle) {
    this.#isByKey = style === 'keyset';
  }

  get holds(): boolean {
    const mayBeOffset = this.#isLikeOffset && !this.#isByKey && this.#pages > 1;
    return this.#pages > 0 && this.#withoutKey <= 1 && !mayBeOffset;
  }

  onPage({ records, lastKey, nextHoldsKey }: PageInfo): void {
    if (records === 0) return;
    this.#pages += 1;
    this.#records += records;
    if (nextHoldsKey !== true) {
      this.#withoutKey += 1;
      return;
    }
    const key = Number(lastKey?.replaceAll('"', '') ?? Number.NaN);
    const distance = key - this.#records;
    if (this.#distance !== null && this.#distance !== distance) this.#isLikeOffset = false;
    if (Number.isNaN(key)) this.#isLikeOffset = false;
    this.#distance = distance;
  }
}
