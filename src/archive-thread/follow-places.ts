import type { Archive } from '../archive/archive.ts';
import type { Place } from '../core/page-request.ts';
import { isByOrdinal, type Pagination } from '../core/pagination.ts';
import { FLUSH } from '../export/format.ts';
import { type FollowedPage, type Follower, followStored } from './follow-archive.ts';

/** Read at once: bounds memory, and how long the thread does nothing else. */
const READ_PAGES = 64;
const READ_BYTES = 1024 * 1024;
/** Bodies kept until their turn comes, so that they need not be read and decoded again. */
const RECENT_BYTES = 16 * 1024 * 1024;

/**
 * The pages of a paginated archive in page order while it is being written. It goes on from a page
 * to the place that must come next: the next index, or for APIs that page by offset the ordinal
 * after its last record. Where that is not there, or a page was empty, only the end of the plan can
 * tell what is missing; it waits for that, and then gives everything that is stored.
 */
export class PlaceFollower implements Follower {
  readonly #archive: Archive;
  readonly #maxDecodedBytes: number;
  readonly #byOrdinal: boolean;
  readonly #overlap: number;
  /** Several branches have no common order before they have ended. */
  readonly #isOneBranch: boolean;
  readonly #recent = new Map<number, FollowedPage>();
  #recentBytes = 0;
  #last: Place | null = null;
  #expected = 0;
  #wake: PromiseWithResolvers<void> = Promise.withResolvers();
  /** Highest position of branch 0 that may be in the archive and not among the recent ones. */
  #onDiskUpTo: number;
  #ended = false;
  #cancelled = false;

  constructor(
    archive: Archive,
    pagination: Pagination,
    isOneBranch: boolean,
    maxDecodedBytes: number,
  ) {
    this.#archive = archive;
    this.#maxDecodedBytes = maxDecodedBytes;
    this.#byOrdinal = isByOrdinal(pagination);
    this.#overlap = pagination.overlap;
    this.#isOneBranch = isOneBranch;
    this.#onDiskUpTo = archive.highestPosition(0);
  }

  offer({ branch, position }: Place, page: FollowedPage | null): void {
    if (branch !== 0 || page === null) return;
    if (!this.#isOneBranch || this.#recentBytes + page.body.length > RECENT_BYTES) {
      this.#onDiskUpTo = Math.max(this.#onDiskUpTo, position);
      return;
    }
    this.#recent.set(position, page);
    this.#recentBytes += page.body.length;
  }

  advance(): void {
    const { resolve } = this.#wake;
    this.#wake = Promise.withResolvers();
    setImmediate(resolve);
  }

  /** Nothing: what is asked for after that is found by its place. */
  planEnded(): void {}

  end(): void {
    this.#ended = true;
    this.advance();
  }

  cancel(): void {
    this.#cancelled = true;
    this.end();
  }

  async *pages(): AsyncGenerator<FollowedPage | typeof FLUSH> {
    let stalled = !this.#isOneBranch;
    while (!this.#cancelled && !this.#ended) {
      const wake = this.#wake.promise;
      for (let page = stalled ? null : this.#next(); page !== null; page = this.#next()) {
        if (page.records === 0) {
          // Whether an empty page is a page of the list or stands past its end shows at the end.
          stalled = true;
          break;
        }
        this.#pass(page);
        yield page;
        if (this.#cancelled) return;
      }
      yield FLUSH;
      if (!this.#ended) await wake;
    }
    if (!this.#cancelled) yield* this.#rest();
  }

  /** The page that must come next, if it is there. */
  #next(): FollowedPage | null {
    const recent = this.#recent.get(this.#expected);
    if (recent !== undefined) return recent;
    if (this.#expected > this.#onDiskUpTo) return null;
    const [stored] = this.#archive.readPages(this.#last, 1, READ_BYTES);
    if (stored === undefined || stored.place.branch !== 0) return null;
    if (stored.place.position > this.#expected) return null;
    return followStored(stored, this.#maxDecodedBytes);
  }

  #pass(page: FollowedPage): void {
    const { position } = page.place;
    if (this.#recent.delete(position)) this.#recentBytes -= page.body.length;
    this.#last = page.place;
    const repeated = position === 0 ? 0 : this.#overlap;
    const after = position + (this.#byOrdinal ? page.records - repeated : 1);
    this.#expected = Math.max(this.#expected, after);
  }

  async *#rest(): AsyncGenerator<FollowedPage> {
    this.#recent.clear();
    while (!this.#cancelled) {
      const pages = this.#archive.readPages(this.#last, READ_PAGES, READ_BYTES);
      if (pages.length === 0) return;
      for (const page of pages) {
        this.#last = page.place;
        yield followStored(page, this.#maxDecodedBytes);
      }
      await new Promise(setImmediate);
    }
  }
}
