import { mayBeCeiling } from '../core/depth.ts';
import type { PageInfo } from '../core/page-info.ts';
import { mayHideLimit } from '../core/page-request.ts';
import {
  type Answer,
  type Coverage,
  hasSameRecords,
  isSilence,
  MOST_TRAILING_PAGES,
} from './fan-out-coverage.ts';
import { MOST_MEAGRE_PAGES } from './fan-out-end.ts';
import { mayBeFull } from './full-page.ts';
import type { PageGrid } from './page-grid.ts';
import type { Totals } from './totals.ts';

/** Pages that are refused or empty one after another, the first behind a full page, show that a list ends. */
const PAGES_OF_AN_END = 4;
/** Servers that stop at a page stop at page 10, 100 or the like. */
const ROUND_PAGES = 10;

/** Where pages hold fewer, one record is a page like the others. */
const LEAST_PAGE = 5;

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
  /** Pages in a row with one new record. */
  #meagre = 0;
  first: PageInfo | null = null;

  constructor(grid: PageGrid, totals: Totals, coverage: Coverage) {
    this.#grid = grid;
    this.#totals = totals;
    this.#coverage = coverage;
  }

  /**
   * Holds the numbers that a page with records states against where it stands.
   * @param came records of earlier pages, where all of them have come
   */
  hear(position: number, pageInfo: PageInfo, came = 0): void {
    // Past the end some servers give an earlier page again.
    if (pageInfo.recordsSeenAt !== null) return;
    this.#hearMore(position, pageInfo);
    const { skipped, isPaged } = this.#grid;
    // How many records come before a numbered page shows at its end: at least the first page's.
    const least = position === 0 ? 0 : (this.first?.records ?? 0);
    const before = came > 0 ? came + skipped.records : least;
    this.#totals.contradictions.hear(pageInfo, {
      before: isPaged ? before : this.#grid.ordinalOf(position),
      page: isPaged ? position + 1 + skipped.pages : null,
      reach: isPaged ? null : this.#grid.ordinalOf(this.#grid.endOf(position, pageInfo)),
    });
  }

  /** Told of pages with records in their order, while the end is looked for. */
  hearSize(position: number, pageInfo: PageInfo): void {
    const fresh = this.#grid.isPaged
      ? pageInfo.records
      : this.#grid.endOf(position, pageInfo) - position;
    const isMeagre = fresh === 1 && this.#grid.wholePage >= LEAST_PAGE && pageInfo.more !== true;
    this.#meagre = isMeagre ? this.#meagre + 1 : 0;
  }

  /** Each page brings one record more, however far it lies. */
  get isEndless(): boolean {
    const most = MOST_MEAGRE_PAGES[this.#grid.isPaged ? 'pages' : 'records'];
    return this.looksForEnd() && this.#meagre >= most;
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
    if (failedEnd > 0) return false;
    if (this.mayBeMoreThanStated()) return true;
    if (!this.#grid.isPaged) return false;
    return end < this.most() || this.#totals.exceeds(received);
  }

  /**
   * All came that numbers speak of, and the last page is full: they may count what came so far, what is
   * in a page, or one page too few.
   */
  mayBeMoreThanStated(): boolean {
    const { end, newest, received, trailing } = this.#coverage;
    const { isLowerBound, pages, records } = this.#totals;
    if (this.looksForEnd() || trailing.size > 0 || newest.pageInfo === null) return false;
    if (this.isLast(newest.pageInfo)) return false;
    // Of several pages, a total and a number of pages that agree bear each other out.
    if (records === received && pages === end && newest.position > 0) return false;
    if (records !== null && !isLowerBound) {
      return records === received && this.#isFull(newest.pageInfo);
    }
    if (!this.#grid.isPaged || pages === null || end < pages) return false;
    const size = newest.pageInfo.echoedSize ?? this.#grid.pageRecords;
    return size > 1 && newest.pageInfo.records >= size;
  }

  /** The total of a first page that is all, as far as that says, may be the number of its records. */
  get isOwnCount(): boolean {
    const { newest, received } = this.#coverage;
    return (
      newest.position === 0 && this.#totals.areAll(received) && newest.pageInfo?.total === received
    );
  }

  /** Pages without records say that there is more, as where a server filters what it pages. */
  goesOn(): boolean {
    const { kindsBehind, trailing } = this.#coverage;
    const isOnward = kindsBehind.every((kind) => kind === 'onward');
    if (isOnward && trailing.size < MOST_TRAILING_PAGES) return true;
    return this.pagesBehindFull() > 0 || this.mayBeHidden();
  }

  /**
   * Behind an offset one page came without a new record, and nothing states an end: a server that hides rows
   * from a page after it has cut it may have hidden them all. So one more is asked for.
   */
  mayBeHidden(): boolean {
    const { newest, trailing } = this.#coverage;
    const [kind] = trailing.values();
    if (this.#grid.isPaged || trailing.size !== 1 || !this.looksForEnd()) return false;
    return (kind === 'empty' || kind === 'bare') && newest.pageInfo?.more !== false;
  }

  /**
   * So many more pages are asked for before a refused or an empty one behind a full page is taken for the end,
   * where nothing states one: it may be a page in the middle that fails, or that the server has filtered.
   */
  pagesBehindFull(): number {
    const { newest, kindsBehind: kinds } = this.#coverage;
    if (newest.pageInfo?.more === false && this.mayBeLast()) return 0;
    const isSilent = kinds.length > 0 && kinds.every(isSilence);
    return isSilent && this.#isLastByGuess ? Math.max(0, PAGES_OF_AN_END - kinds.length) : 0;
  }

  /** A full page is the last, by nothing but what came behind it. */
  get #isLastByGuess(): boolean {
    return this.#grid.mayGuess && this.looksForEnd() && this.isLastFull;
  }

  get isLastFull(): boolean {
    const { pageInfo } = this.#coverage.newest;
    return pageInfo !== null && this.#isFull(pageInfo);
  }

  #isFull({ records, echoedSize }: PageInfo): boolean {
    const { askedSize, wholePage } = this.#grid;
    // A page that is taken whole is always full.
    if (records < wholePage || wholePage === 1) return false;
    // Two pages have shown how many a whole one holds.
    return this.#coverage.newest.position > 0 || mayBeFull(records, askedSize ?? echoedSize);
  }

  /** The page says that it is the last. */
  isLast(pageInfo: PageInfo): boolean {
    if (this.#furthest > this.#saidLast || pageInfo.more !== false) return false;
    if (!this.#isFull(pageInfo)) return true;
    // A full page that names no next one is like a page in the middle that leaves it out.
    if (this.#grid.pagination.morePath === null) return false;
    // A flag may be the same on all pages: a full first page is held against the second, or a total.
    const { newest, received } = this.#coverage;
    return newest.position > 0 || this.#totals.areAll(received);
  }

  /**
   * Whether only silence shows the end: the last page with records names no next one, and the first did.
   * Pages by number or offset need no link, so one more is asked for.
   */
  mayBeLast(): boolean {
    const { pageInfo } = this.#coverage.newest;
    if (this.#furthest > this.#saidLast || pageInfo === null || this.isLast(pageInfo)) return false;
    const firstNamedNext = this.first?.more === true || this.first?.next !== null;
    return (
      pageInfo.more === false ||
      (pageInfo.more === null && firstNamedNext && pageInfo.next === null)
    );
  }

  /**
   * Behind the last page by number nothing came but that page, more than once: so many servers answer
   * past the end. Where it is full, it may be as far as the server goes, which is deep or a round number
   * of pages. Records without a key may be alike by chance.
   */
  isLastAgain(tail: readonly Answer[]): boolean {
    const { end, newest, received } = this.#coverage;
    const { pageInfo } = newest;
    if (!this.#grid.isPaged || tail.length < 2 || newest.position === 0) return false;
    if (pageInfo === null || pageInfo.firstKey === null || pageInfo.more === true) return false;
    const isDeep = mayBeCeiling(received) || end % ROUND_PAGES === 0;
    if (this.#isFull(pageInfo) && isDeep) return false;
    return tail.every((page) => page.pageInfo !== null && hasSameRecords(page.pageInfo, pageInfo));
  }

  /**
   * The page behind the last one with records, where it was refused or came empty though the list says
   * that there is more, or empty behind a full page where nothing states an end; null where that is not so.
   * Each is given once (`Expectation`).
   */
  toAskAgain(): {
    readonly position: number;
    readonly to: number;
    readonly isDeep: boolean;
    readonly isSaid: boolean;
  } | null {
    const { end, failedEnd, firstTrailing, trailing } = this.#coverage;
    if (firstTrailing === null || failedEnd > end) return null;
    const [position, kind] = firstTrailing;
    if (this.#again.has(position) || !isSilence(kind)) return null;
    const isSaid = this.#saysMore();
    if (!isSaid && (kind !== 'empty' || !this.#isLastByGuess)) return null;
    if (kind !== 'empty' && kind.status !== null && !mayHideLimit(kind.status)) return null;
    this.#again.add(position);
    trailing.delete(position);
    const { to } = this.#coverage.absenceAt(position, kind);
    return { position, to, isDeep: this.#grid.isDeep(position, to), isSaid };
  }

  #saysMore(): boolean {
    const { end, newest, received } = this.#coverage;
    if (this.#totals.areAll(received)) return false;
    return newest.pageInfo?.more === true || end < this.most() || this.#totals.exceeds(received);
  }
}
