import type { Archive } from '../archive/archive.ts';
import type { StoredPage } from '../archive/archive-types.ts';
import { PAUSE } from '../export/format.ts';

/** Read at once: bounds memory, and how long the thread does nothing else. */
const READ_PAGES = 256;
const READ_BYTES = 1024 * 1024;

/**
 * The pages of an archive in page order while it is being written. It stands still at the first
 * place that has no end state, passes over pages that failed, and ends with the plan.
 */
export class ArchiveFollower {
  readonly #archive: Archive;
  #wake: PromiseWithResolvers<void> = Promise.withResolvers();
  #planCount: number | null;
  #ended = false;
  #cancelled = false;

  /** @param planCount the plan's length where it is known already */
  constructor(archive: Archive, planCount: number | null) {
    this.#archive = archive;
    this.#planCount = planCount;
  }

  /** More was committed. */
  advance(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  planEnded(count: number): void {
    this.#planCount = count;
    this.advance();
  }

  /** No more will come: `pages` ends after what stands in order now. */
  end(): void {
    this.#ended = true;
    this.advance();
  }

  /** `pages` ends at once, wherever it stands. */
  cancel(): void {
    this.#cancelled = true;
    this.end();
  }

  async *pages(): AsyncGenerator<StoredPage | typeof PAUSE> {
    let position = 0;
    while (!this.#cancelled) {
      const wake = this.#wake.promise;
      const ready = this.#archive.finalRun(0, position, READ_PAGES);
      if (ready > 0) {
        for (let from = position; from < position + ready; ) {
          const pages = this.#archive.readStored(0, from, position + ready, READ_BYTES);
          yield* pages;
          if (pages.length === 0) break;
          from = pages.at(-1)!.place.position + 1;
        }
        position += ready;
        // The thread has batches to store between.
        await new Promise(setImmediate);
        continue;
      }
      if (this.#ended || (this.#planCount !== null && position >= this.#planCount)) return;
      yield PAUSE;
      await wake;
    }
  }
}
