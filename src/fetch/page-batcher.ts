import type { ArchiveThread } from '../archive-thread/archive-thread.ts';
import type { ArrivedPage, Rejection } from '../archive-thread/messages.ts';
import type { PageInfo } from '../core/page-info.ts';
import { PAGE_KEY_BYTES } from '../core/page-request.ts';
import { freeChunks } from '../http/body-chunks.ts';
import type { Task } from './task.ts';

/**
 * A batch goes off at this many pages or bytes, or after this time. Each is one
 * transaction; the dispatcher bounds how many may be on their way.
 */
const BATCH_PAGES = 50;
const BATCH_BYTES = 1024 * 1024;
const BATCH_AGE_MS = 50;

export interface Arrival {
  readonly task: Task;
  readonly page: ArrivedPage;
  /** The body; none once it was sent to the archive. */
  chunks: readonly Uint8Array[];
}

/** What became of a page: refused by the checks, or kept with what it taught. */
export type Settled =
  | { readonly kind: 'rejected'; readonly rejection: Rejection }
  | { readonly kind: 'kept'; readonly pageInfo: PageInfo | null };

/** Hands pages to the archive thread in groups, and tells what became of each. */
export class PageBatcher {
  readonly #thread: ArchiveThread;
  readonly #onSettled: (arrival: Arrival, settled: Settled) => void;
  readonly #onError: (error: unknown) => void;
  /** Told how much of bodies is arrived and not yet committed, whenever that changes. */
  readonly #onHeldBytes: (bytes: number) => void;
  #waiting: Arrival[] = [];
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | null = null;
  /** Arrived and not yet committed; a kill loses at most these. */
  uncommittedPages = 0;
  uncommittedBytes = 0;

  constructor(
    thread: ArchiveThread,
    onSettled: (arrival: Arrival, settled: Settled) => void,
    onError: (error: unknown) => void,
    onHeldBytes: (bytes: number) => void,
  ) {
    this.#thread = thread;
    this.#onSettled = onSettled;
    this.#onError = onError;
    this.#onHeldBytes = onHeldBytes;
  }

  add(arrival: Arrival): void {
    this.#waiting.push(arrival);
    this.#waitingBytes += arrival.page.bodyBytes;
    this.uncommittedPages += 1;
    this.#hold(arrival.page.bodyBytes);
    if (this.#waiting.length >= BATCH_PAGES || this.#waitingBytes >= BATCH_BYTES) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), BATCH_AGE_MS);
  }

  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#waiting.length === 0) return;
    const arrivals = this.#waiting;
    const bytes = this.#waitingBytes;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#send(arrivals, bytes).catch(this.#onError);
  }

  #hold(bytes: number): void {
    if (bytes === 0) return;
    this.uncommittedBytes += bytes;
    this.#onHeldBytes(this.uncommittedBytes);
  }

  async #send(arrivals: readonly Arrival[], bytes: number): Promise<void> {
    // Not pooled: the buffer is transferred to the thread, not copied.
    const arena = Buffer.allocUnsafeSlow(bytes + arrivals.length * PAGE_KEY_BYTES);
    let end = 0;
    for (const arrival of arrivals) {
      arena.set(arrival.task.key, end);
      end += PAGE_KEY_BYTES;
      for (const chunk of arrival.chunks) {
        arena.set(chunk, end);
        end += chunk.length;
      }
      // Otherwise a body would be held twice until it is committed.
      freeChunks(arrival.chunks);
      arrival.chunks = [];
    }
    const pages = JSON.stringify(arrivals.map(({ page }) => page));
    const stored = await this.#thread.call('store', { pages, arena: arena.buffer }, [arena.buffer]);
    this.uncommittedPages -= arrivals.length;
    this.#hold(-bytes);
    const rejected = new Map(stored.rejections.map((rejection) => [rejection.index, rejection]));
    for (const [index, arrival] of arrivals.entries()) {
      const rejection = rejected.get(index);
      this.#onSettled(
        arrival,
        rejection === undefined
          ? { kind: 'kept', pageInfo: stored.pageInfos[index] ?? null }
          : { kind: 'rejected', rejection },
      );
    }
  }
}
