import type { PageInfo } from '../core/page-info.ts';

/** The info of a page, and when it was read: milliseconds since 1970. */
export interface Reading {
  readonly pageInfo: PageInfo;
  readonly readAt: number;
}

interface Heard {
  readonly total: number;
  readonly readAt: number;
}

/** What the server said of a branch's length, by the order of the pages and the time they were read. */
export class StatedTotals {
  readonly number: number;
  start: number | null = null;
  end: Heard | null = null;
  between: number | null = null;
  least: number | null = null;
  startPages: number | null = null;
  endPages: Heard | null = null;
  betweenPages: number | null = null;

  constructor(number: number) {
    this.number = number;
  }

  hear({ pageInfo, readAt }: Reading): void {
    const { records, total, totalIsLowerBound, totalPages } = pageInfo;
    // Some servers say 0 of everything where they have no records to give.
    const isTold = records > 0 || (this.start === null && this.startPages === null);
    if (!isTold) return;
    if (totalPages !== null) {
      this.startPages ??= totalPages;
      if (totalPages !== this.startPages) this.betweenPages ??= totalPages;
      this.endPages = later(this.endPages, { total: totalPages, readAt });
    }
    if (total === null) return;
    if (totalIsLowerBound) {
      this.least = Math.max(this.least ?? 0, total);
      return;
    }
    this.start ??= total;
    if (total !== this.start) this.between ??= total;
    this.end = later(this.end, { total, readAt });
  }
}

function later(heard: Heard | null, now: Heard): Heard {
  return heard === null || now.readAt >= heard.readAt ? now : heard;
}
