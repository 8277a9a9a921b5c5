/** One branch of a list while its pages are read, in page order. */
import { ChainProof } from '../core/chain-proof.ts';
import type { PageInfo } from '../core/page-info.ts';
import type { Place } from '../core/page-request.ts';
import type { Pagination } from '../core/pagination.ts';

export interface Read {
  readonly place: Place;
  readonly pageInfo: PageInfo;
  /** Milliseconds since 1970. */
  readonly readAt: number;
}

/** One branch, with what the server said about its length. */
export class BranchScan {
  readonly number: number;
  total = new StatedNumber();
  totalPages = new StatedNumber();
  least: number | null = null;
  pages = 0;
  highest = 0;
  overlap = 0;
  coveredTo = 0;
  /** The page that reaches furthest, where positions are ordinals. */
  previous: Pick<Read, 'place' | 'pageInfo'> | null = null;
  lastInfo: PageInfo | null = null;
  /** The last page that has records. */
  lastFull: PageInfo | null = null;
  isEndSeen = false;
  /** Since the last page with records. */
  empty = { pages: 0, withoutList: 0, silent: 0 };
  readonly proof: ChainProof;

  constructor(number: number, { style }: Pagination) {
    this.number = number;
    this.proof = new ChainProof(style);
  }

  without(names: readonly ('total' | 'totalPages')[]): this {
    for (const name of names) this[name] = new StatedNumber();
    return this;
  }

  hear({ pageInfo, readAt }: Read): void {
    const { records, total, totalIsLowerBound, totalPages } = pageInfo;
    // Some servers say 0 of everything where they have no records to give.
    const isTold = records > 0 || (this.total.start === null && this.totalPages.start === null);
    if (!isTold) return;
    if (totalPages !== null) this.totalPages.hear(totalPages, readAt);
    if (total === null) return;
    if (totalIsLowerBound) this.least = Math.max(this.least ?? 0, total);
    else this.total.hear(total, readAt);
  }
}

/** Whether a number belongs to the page that states it: read again, two pages still state two. */
export class ByPage {
  readonly #said = new Set<number>();
  #isSteady = true;

  hear(before: number | null, again: number | null): void {
    if (before === null || again !== before) this.#isSteady = false;
    else this.#said.add(before);
  }

  get isSo(): boolean {
    return this.#isSteady && this.#said.size > 1;
  }
}

/** What the server said of one number, by the order of the pages and the time they were read. */
class StatedNumber {
  start: number | null = null;
  end: number | null = null;
  between: number | null = null;
  #endReadAt = 0;

  hear(value: number, readAt: number): void {
    this.start ??= value;
    if (value !== this.start) this.between ??= value;
    if (this.end !== null && readAt < this.#endReadAt) return;
    this.end = value;
    this.#endReadAt = readAt;
  }
}
