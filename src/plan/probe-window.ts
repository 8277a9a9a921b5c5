import type { PageInfo } from '../core/page-info.ts';

/** What came of a page that was asked for without knowing whether it is there. */
export interface Probe {
  readonly position: number;
  /** The position after the last one that it should reach. */
  readonly to: number;
  readonly outcome: 'records' | 'empty' | 'refused' | 'failed';
  readonly status: number | null;
  /** Null unless it was stored. */
  readonly pageInfo: PageInfo | null;
}

export interface Judgement {
  /** Pages of the list, in order, up to the last one with new records. */
  readonly pages: readonly Probe[];
  /** What follows them: empty, refused, failed, or pages that had come before. */
  readonly tail: readonly Probe[];
  /** Refused, although a page behind them has records: to be asked for again. */
  readonly again: readonly Probe[];
}

/**
 * Where the list ends in a window of pages, all answered. Some servers answer past the end with the
 * last page or the first again, so records that came before show no more than an empty page does.
 *
 * @param probes in the order of their positions
 * @param before the last page before the window
 */
export function judgeWindow(probes: readonly Probe[], before: PageInfo, branch: number): Judgement {
  const start = probes[0]?.position ?? 0;
  let last = -1;
  let previous = before;
  for (const [index, { outcome, pageInfo }] of probes.entries()) {
    if (outcome !== 'records' || pageInfo === null) continue;
    const seenAt = pageInfo.recordsSeenAt;
    const isOld = seenAt !== null && seenAt.branch === branch && seenAt.position < start;
    if (!isOld && !hasSameRecords(pageInfo, previous)) last = index;
    previous = pageInfo;
  }
  const pages = probes.slice(0, last + 1);
  return {
    pages,
    tail: probes.slice(last + 1),
    again: pages.filter(({ outcome }) => outcome === 'refused'),
  };
}

export function hasSameRecords(a: PageInfo, b: PageInfo): boolean {
  return a.records > 0 && a.digest === b.digest && a.firstKey === b.firstKey;
}
