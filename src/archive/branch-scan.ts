/** One branch of a list while its pages are read, in page order. */
import { ChainProof } from '../core/chain-proof.ts';
import type { PageInfo } from '../core/page-info.ts';
import type { Place } from '../core/page-request.ts';
import type { Pagination } from '../core/pagination.ts';
import { StatedNumber } from './stated-number.ts';

export interface Read {
  readonly place: Place;
  readonly pageInfo: PageInfo;
  /** Milliseconds since 1970. */
  readonly readAt: number;
}

/** One branch, with what the server said of its length. */
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
