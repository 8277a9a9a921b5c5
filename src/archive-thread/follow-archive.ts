import type { Archive } from '../archive/archive.ts';
import { RECENT_BYTES } from '../core/memory-budget.ts';
import type { Place } from '../core/page-request.ts';
import { factsOf, isByOrdinal, type Pagination } from '../core/pagination.ts';
import { FLUSH } from '../export/format.ts';
import { MOST_KEPT_SLOTS } from './shared-slots.ts';
import { type DecodedPage, decodeStored, type PageItem } from './stored-pages.ts';

/** Read at once: bounds memory, and how long the thread does nothing else. */
const READ_PAGES = 256;
const READ_BYTES = 1024 * 1024;

interface RecentPage {
  /** Null where it failed. */
  readonly page: DecodedPage | null;
  /** That its body stands in, if it does. */
  readonly slot: number | null;
}

/** What is known of the order of the pages. */
export interface PageOrder {
  /** Null for a list of known pages: it passes over pages that failed, and ends with the plan. */
  readonly pagination: Pagination | null;
  /** The length of such a list, where it is known already. */
  readonly planCount: number | null;
  /** False where a paginated list has several branches: they have no common order before they end. */
  readonly isOneBranch: boolean;
  /** False where nobody asks for the pages before they are all there. */
  readonly isRead: boolean;
}

/**
 * The pages of an archive in page order while it is being written. From each page it goes on to the
 * place that must come next: the next index, or for an API that pages by offset the ordinal after
 * the page's last record. It waits where that is not there.
 *
 * A page that failed leaves no gap in a list, whose places are known. In a paginated one, and at a
 * page that is empty or holds what another one holds, only the end of the plan tells what is missing: it waits for that, and then
 * gives everything that is stored.
 */
export class ArchiveFollower {
  readonly #archive: Archive;
  readonly #isList: boolean;
  readonly #isByOrdinal: boolean;
  readonly #overlap: number;
  #firstRecords = 0;
  readonly #mayShareBoundaries: boolean;
  readonly #isRead: boolean;
  /** What has just been stored, by position. Only a saving: the archive has it all. */
  readonly #recent = new Map<number, RecentPage>();
  #recentBytes = 0;
  /** Needed pages by slot, in the order in which the slots came. */
  readonly #slots = new Map<number, number>();
  /** Up to here the archive may hold pages that are not among the recent ones. */
  #onDiskUpTo: number;
  /** Positions of branch 0: of the last page that was given or passed over, and of the next one. */
  #last = -1;
  #expected = 0;
  /** The order of what follows shows only at the end. */
  #isStalled: boolean;
  #planCount: number | null;
  #wake: PromiseWithResolvers<void> = Promise.withResolvers();
  #isEnded = false;
  #isCancelled = false;

  constructor(archive: Archive, { pagination, planCount, isOneBranch, isRead }: PageOrder) {
    this.#archive = archive;
    this.#isRead = isRead;
    this.#isList = pagination === null;
    this.#isByOrdinal = pagination !== null && isByOrdinal(pagination);
    this.#overlap = pagination?.overlap ?? 0;
    this.#mayShareBoundaries =
      pagination !== null && factsOf(pagination).mayShareBoundaries === true;
    this.#isStalled = pagination !== null && !isOneBranch;
    this.#planCount = planCount;
    this.#onDiskUpTo = archive.highestPosition(0);
  }

  /** A batch whose pages are offered next stands in a slot. */
  came(slot: number | null): void {
    if (slot !== null) this.#slots.set(slot, 0);
  }

  /** Whether a page of so many bytes outside of slots can be kept until its turn comes. */
  mayKeep(bytes: number): boolean {
    return this.#isRead && !this.#isStalled && this.#recentBytes + bytes <= RECENT_BYTES;
  }

  /**
   * A page was committed, null where it has no body. `advance` must follow.
   * @param slot that its body stands in, or null
   * @returns whether it is kept until its turn comes
   */
  offer({ branch, position }: Place, page: DecodedPage | null, slot: number | null): boolean {
    if (branch !== 0 || (page === null && !this.#isList)) return false;
    const recent = { page, slot };
    const bytes = ownBytes(recent);
    if (!this.mayKeep(bytes)) {
      this.stored(position);
      return false;
    }
    this.#recent.set(position, recent);
    this.#recentBytes += bytes;
    this.#need(slot, 1);
    return true;
  }

  /** Pages up to this position may be in the archive that were not offered. */
  stored(position: number): void {
    this.#onDiskUpTo = Math.max(this.#onDiskUpTo, position);
  }

  /** The slots that are needed no more, and were not given before. */
  takeFreeSlots(): readonly number[] {
    const free = [...this.#slots].filter(([, pages]) => pages === 0).map(([slot]) => slot);
    for (const slot of free) this.#slots.delete(slot);
    return free;
  }

  /** At least one slot: pages in the oldest ones are dropped, and read back from the archive when their turn comes. */
  takeSomeSlots(): readonly number[] {
    const free = this.takeFreeSlots();
    if (free.length > 0) return free;
    for (const oldest of [...this.#slots.keys()].slice(0, -MOST_KEPT_SLOTS)) {
      for (const [position, recent] of this.#recent) {
        if (recent.slot !== oldest) continue;
        this.#forget(position);
        this.#onDiskUpTo = Math.max(this.#onDiskUpTo, position);
      }
    }
    return this.takeFreeSlots();
  }

  /** More was committed. The export goes on after the commit has been answered: fetching waits for that. */
  advance(): void {
    const { resolve } = this.#wake;
    this.#wake = Promise.withResolvers();
    setImmediate(resolve);
  }

  /** The plan has so many pages; those of a paginated list are found by their places. */
  planEnded(count: number): void {
    this.#planCount = count;
    this.advance();
  }

  /** No more will come: `pages` ends after what is there now. */
  end(): void {
    this.#isEnded = true;
    this.advance();
  }

  /** `pages` ends at once, wherever it stands. */
  cancel(): void {
    this.#isCancelled = true;
    this.end();
  }

  async *pages(): AsyncGenerator<PageItem> {
    while (!this.#isCancelled) {
      const wake = this.#wake.promise;
      for (let next = this.#takeRecent(); next !== undefined; next = this.#takeRecent()) {
        const { page, slot } = next;
        // Whoever takes it needs it until the next one is asked for.
        this.#need(slot, 1);
        if (page !== null) yield page;
        this.#need(slot, -1);
      }
      const last = this.#last;
      yield* this.#readOn();
      if (this.#last !== last) {
        // The thread has batches to store between.
        await new Promise(setImmediate);
      } else if (this.#isEnded || (this.#isList && this.#expected === this.#planCount)) {
        break;
      } else {
        yield FLUSH;
        await wake;
      }
    }
    if (!this.#isList) yield* this.#rest();
  }

  /** The page at the expected place, if it is a recent one. */
  #takeRecent(): RecentPage | undefined {
    const recent = this.#isCancelled ? undefined : this.#recent.get(this.#expected);
    if (recent === undefined || this.#stallsAt(recent.page)) return undefined;
    this.#pass(this.#expected, recent.page?.records ?? 0);
    return recent;
  }

  /** What follows without a gap on the disk. */
  *#readOn(): Generator<DecodedPage> {
    if (this.#isStalled || this.#expected > this.#onDiskUpTo) return;
    const to = this.#isList ? this.#endOfRun() : this.#expected + 1;
    while (this.#last + 1 < to && !this.#isCancelled) {
      const pages = this.#archive.readStored(0, this.#last + 1, to, READ_BYTES);
      for (const stored of pages) {
        const page = decodeStored(this.#archive, stored);
        if (this.#stallsAt(page)) return;
        this.#pass(page.place.position, page.records);
        yield page;
      }
      if (pages.length > 0) continue;
      if (this.#isList) this.#pass(to - 1, 0);
      return;
    }
  }

  /** The first position from the expected one on that has not ended, or need not be read since it is a recent one. */
  #endOfRun(): number {
    const end = this.#expected + this.#archive.finalRun(0, this.#expected, READ_PAGES);
    let to = Math.min(end, this.#expected + 1);
    while (to < end && !this.#recent.has(to)) to += 1;
    return to;
  }

  /** Whether a page is one of the list or stands past its end may show only when that is known. */
  #stallsAt(page: DecodedPage | null): boolean {
    if (!this.#isList && page !== null && this.#mayBePastEnd(page)) this.#isStalled = true;
    return this.#isStalled;
  }

  /** Whether a page is empty, repeats another page, or may hold only the record that led to it. */
  #mayBePastEnd({ place, records, isRepeated }: DecodedPage): boolean {
    if (records === 0 || (records === 1 && this.#mayShareBoundaries)) return true;
    return isRepeated ?? this.#archive.pageInfoAt(place)?.recordsSeenAt != null;
  }

  /** Goes on to the place that must come after a page. */
  #pass(position: number, records: number): void {
    while (this.#isList && this.#expected < position) this.#forget(this.#expected++);
    this.#forget(position);
    this.#last = position;
    if (position === 0) this.#firstRecords = records;
    // A short page may be the last. After it, a server that rounds offsets gives its records again.
    const isShort = this.#isByOrdinal && records < this.#firstRecords;
    if (isShort && this.#overlap === 0) this.#isStalled = true;
    const repeated = position === 0 ? 0 : this.#overlap;
    const after = position + (this.#isByOrdinal ? records - repeated : 1);
    this.#expected = Math.max(this.#expected, after);
  }

  #forget(position: number): void {
    const recent = this.#recent.get(position);
    if (recent === undefined) return;
    this.#recent.delete(position);
    this.#recentBytes -= ownBytes(recent);
    this.#need(recent.slot, -1);
  }

  /** One page more is needed in a slot, or one fewer. */
  #need(slot: number | null, change: 1 | -1): void {
    if (slot !== null) this.#slots.set(slot, (this.#slots.get(slot) ?? 0) + change);
  }

  async *#rest(): AsyncGenerator<DecodedPage> {
    for (const position of this.#recent.keys()) this.#forget(position);
    let last: Place | null = this.#last < 0 ? null : { branch: 0, position: this.#last };
    while (!this.#isCancelled) {
      const pages = this.#archive.readPages(last, READ_PAGES, READ_BYTES);
      if (pages.length === 0) return;
      for (const page of pages) {
        last = page.place;
        yield decodeStored(this.#archive, page);
      }
      await new Promise(setImmediate);
    }
  }
}

/** Bytes of a page in memory that is not shared. */
function ownBytes({ page, slot }: RecentPage): number {
  return slot === null ? (page?.body.length ?? 0) : 0;
}
