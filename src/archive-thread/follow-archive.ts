import type { Archive } from '../archive/archive.ts';
import type { StoredPage } from '../archive/archive-types.ts';
import type { Place } from '../core/page-request.ts';
import { FLUSH } from '../export/format.ts';
import { type DecodedPage, decodeStored } from './decode-stored.ts';

/** Read at once: bounds memory, and how long the thread does nothing else. */
const READ_PAGES = 256;
const READ_BYTES = 1024 * 1024;
/** Bodies kept until their turn comes, so that they need not be read and decoded again. */
const RECENT_BYTES = 16 * 1024 * 1024;

/** The pages of an archive in page order while it is being written. */
export interface Follower {
  /** A page was committed, null where it has no body. `advance` must follow. */
  offer(place: Place, page: FollowedPage | null): void;
  /** More was committed. The export goes on after the commit has been answered: fetching waits for that. */
  advance(): void;
  /** The plan has so many pages. */
  planEnded(count: number): void;
  /** No more will come: `pages` ends after what stands in order now. */
  end(): void;
  /** `pages` ends at once, wherever it stands. */
  cancel(): void;
  pages(): AsyncIterable<FollowedPage | typeof FLUSH>;
}

/** A page with the number of its records, which says where the next one stands. */
export interface FollowedPage extends DecodedPage {
  readonly records: number;
}

/**
 * The pages of an archive in page order while it is being written. It stands still at the first
 * place that has no end state, passes over pages that failed, and ends with the plan.
 */
export class ArchiveFollower implements Follower {
  readonly #archive: Archive;
  readonly #maxDecodedBytes: number;
  /** What has just been stored, by position; null for a page that failed. Only a saving: the archive has it all. */
  readonly #recent = new Map<number, FollowedPage | null>();
  #recentBytes = 0;
  #position = 0;
  #wake: PromiseWithResolvers<void> = Promise.withResolvers();
  #planCount: number | null;
  /** Up to here pages may be final that are not among the recent ones. */
  #onDiskUpTo: number;
  #ended = false;
  #cancelled = false;

  /** @param planCount the plan's length where it is known already */
  constructor(archive: Archive, planCount: number | null, maxDecodedBytes: number) {
    this.#archive = archive;
    this.#planCount = planCount;
    this.#maxDecodedBytes = maxDecodedBytes;
    this.#onDiskUpTo = archive.highestPosition(0);
  }

  offer({ position }: Place, page: FollowedPage | null): void {
    const bytes = page?.body.length ?? 0;
    if (this.#recentBytes + bytes > RECENT_BYTES) {
      this.#onDiskUpTo = Math.max(this.#onDiskUpTo, position);
      return;
    }
    this.#recent.set(position, page);
    this.#recentBytes += bytes;
  }

  advance(): void {
    const { resolve } = this.#wake;
    this.#wake = Promise.withResolvers();
    setImmediate(resolve);
  }

  planEnded(count: number): void {
    this.#planCount = count;
    this.advance();
  }

  end(): void {
    this.#ended = true;
    this.advance();
  }

  cancel(): void {
    this.#cancelled = true;
    this.end();
  }

  async *pages(): AsyncGenerator<FollowedPage | typeof FLUSH> {
    while (!this.#cancelled) {
      const wake = this.#wake.promise;
      for (let page = this.#takeRecent(); page !== undefined; page = this.#takeRecent()) {
        if (page !== null) yield page;
      }
      const mayBeOnDisk = this.#position <= this.#onDiskUpTo;
      const ready = mayBeOnDisk ? this.#archive.finalRun(0, this.#position, READ_PAGES) : 0;
      if (ready > 0) {
        yield* this.#readRun(this.#position + ready);
        // The thread has batches to store between.
        await new Promise(setImmediate);
      } else if (this.#ended || (this.#planCount !== null && this.#position >= this.#planCount)) {
        return;
      } else {
        yield FLUSH;
        await wake;
      }
    }
  }

  /** The page at the present position, if it is a recent one: null where it failed. */
  #takeRecent(): FollowedPage | null | undefined {
    const page = this.#recent.get(this.#position);
    if (page !== undefined) this.#pass();
    return page;
  }

  *#readRun(to: number): Generator<FollowedPage> {
    while (this.#position < to) {
      const pages = this.#archive.readStored(0, this.#position, to, READ_BYTES);
      for (const page of pages) {
        while (this.#position <= page.place.position) this.#pass();
        yield followStored(page, this.#maxDecodedBytes);
      }
      if (pages.length === 0) while (this.#position < to) this.#pass();
    }
  }

  #pass(): void {
    const page = this.#recent.get(this.#position);
    if (page !== undefined) {
      this.#recent.delete(this.#position);
      this.#recentBytes -= page?.body.length ?? 0;
    }
    this.#position += 1;
  }
}

/** @throws EverypageError ARCHIVE_DAMAGED as `decodeStored` */
export function followStored(page: StoredPage, maxDecodedBytes: number): FollowedPage {
  return { ...decodeStored(page, maxDecodedBytes), records: page.records ?? 1 };
}
