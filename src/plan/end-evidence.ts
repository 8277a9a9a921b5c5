import { mayHideLimit } from '../core/expectation.ts';
import type { PageInfo } from '../core/page-info.ts';
import { type Coverage, MOST_TRAILING_PAGES } from './fan-out-end.ts';
import type { PageGrid, Totals } from './page-grid.ts';

/** What pages say of where their list ends, held against what has come, while it is read. */
export class EndEvidence {
  readonly #grid: PageGrid;
  readonly #totals: Totals;
  readonly #coverage: Coverage;
  /** Positions behind the last page that were asked for again. */
  readonly #again = new Set<number>();
  /** The first page that said that nothing follows, and the last one with records. */
  #saidLast = Number.POSITIVE_INFINITY;
  #furthest = 0;
  first: PageInfo | null = null;

  constructor(grid: PageGrid, totals: Totals, coverage: Coverage) {
    this.#grid = grid;
    this.#totals = totals;
    this.#coverage = coverage;
  }

  /** Holds the numbers that a page with records states against where it stands. */
  hear(position: number, pageInfo: PageInfo): void {
    // Past the end some servers give an earlier page again.
    if (pageInfo.recordsSeenAt !== null) return;
    this.#hearMore(position, pageInfo);
    const { skipped, isPaged } = this.#grid;
    // How many records come before a numbered page shows at its end: at least the first page's.
    const before = position === 0 ? 0 : (this.first?.records ?? 0);
    this.#totals.contradictions.hear(pageInfo, {
      before: isPaged ? before : this.#grid.ordinalOf(position),
      page: isPaged ? position + 1 + skipped.pages : null,
      reach: isPaged ? null : this.#grid.ordinalOf(this.#grid.endOf(position, pageInfo)),
    });
  }

  /** A page behind one that said that it is the last shows that its word means something else. */
  #hearMore(position: number, { more }: PageInfo): void {
    if (more === false) this.#saidLast = Math.min(this.#saidLast, position);
    this.#furthest = Math.max(this.#furthest, position);
    if (this.#furthest > this.#saidLast) this.#totals.contradictions.moreCame();
  }

  /** Every position before it is known to have a page. */
  limit(): number {
    return Math.min(this.#grid.endBy(this.#totals) ?? 0, this.#grid.ceiling);
  }

  /** Every position before it may have a page, by one of the totals. */
  most(): number {
    return this.#grid.mostBy(this.#totals) ?? 0;
  }

  /** No total says where the list ends. */
  looksForEnd(): boolean {
    return this.#totals.isLowerBound || this.#grid.endBy(this.#totals) === null;
  }

  mayHaveMore(): boolean {
    const { end, failedEnd, received } = this.#coverage;
    if (!this.goesOn()) return false;
    if (this.looksForEnd() || this.#totals.shrank) return true;
    if (!this.#grid.isPaged || failedEnd > 0) return false;
    if (this.mayBeMoreThanStated()) return true;
    return end < this.most() || this.#totals.exceeds(received);
  }

  /** A number of pages alone says where the list ends, and the last of them is full. */
  mayBeMoreThanStated(): boolean {
    const { end, newest, trailing } = this.#coverage;
    const { isLowerBound, pages, records } = this.#totals;
    if (!this.#grid.isPaged || pages === null || end < pages || trailing.size > 0) return false;
    if (this.looksForEnd() || (records !== null && !isLowerBound)) return false;
    const { pageInfo } = newest;
    const size = pageInfo!.echoedSize ?? this.#grid.pageRecords;
    // A page that is taken whole is always full.
    return size > 1 && pageInfo!.records >= size && !this.isLast(pageInfo!);
  }

  /** Pages without records say that there is more, as where a server filters what it pages. */
  goesOn(): boolean {
    const { trailing } = this.#coverage;
    const kinds = [...trailing.values()].filter((kind) => kind !== 'repeated');
    return kinds.every((kind) => kind === 'onward') && trailing.size < MOST_TRAILING_PAGES;
  }

  /** The page says that it is the last, or names no next page although the first one did. */
  isLast({ more, next }: PageInfo): boolean {
    if (this.#furthest > this.#saidLast) return false;
    const firstNamedNext = this.first?.more === true || this.first?.next !== null;
    return more === false || (more === null && next === null && firstNamedNext);
  }

  /**
   * The page behind the last one with records, where it was refused or came empty though the list says
   * that there is more; null where that is not so. Each is given once (`Expectation`).
   */
  toAskAgain(): {
    readonly position: number;
    readonly to: number;
    readonly isDeep: boolean;
  } | null {
    const { end, failedEnd, firstTrailing, trailing } = this.#coverage;
    if (firstTrailing === null || failedEnd > end || !this.#saysMore()) return null;
    const [position, kind] = firstTrailing;
    const isRefusal = typeof kind === 'object';
    if (this.#again.has(position) || kind === 'ended' || kind === 'onward') return null;
    if (isRefusal && kind.status !== null && !mayHideLimit(kind.status)) return null;
    this.#again.add(position);
    trailing.delete(position);
    const to = isRefusal ? kind.to : position + this.#grid.stride;
    return { position, to, isDeep: this.#grid.isDeep(position, to) };
  }

  #saysMore(): boolean {
    const { end, newest, received } = this.#coverage;
    if (this.#totals.areAll(received)) return false;
    return newest.pageInfo?.more === true || end < this.most() || this.#totals.exceeds(received);
  }
}
