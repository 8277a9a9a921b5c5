/** Sends pages to the archive thread in groups, and reports what became of each. */
import type { ArchiveThread } from '../archive-thread/archive-thread.ts';
import type { ArrivedPage } from '../archive-thread/messages.ts';
import type { PageInfo } from '../core/page-info.ts';
import { PAGE_KEY_BYTES } from '../core/page-request.ts';
import { moveChunks } from '../http/response-body.ts';
import type { Transport } from '../http/transport.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { PageSink } from './page-flow.ts';
import { arrivedPage, type FinalAttempt, type ListTraits, type Task } from './task.ts';

/**
 * A batch goes off at this many pages or bytes, or after this time. Each is one
 * transaction; the dispatcher bounds how many may be on their way.
 */
const BATCH_PAGES = 50;
const BATCH_BYTES = 1024 * 1024;
const BATCH_AGE_MS = 50;

interface Arrival {
  readonly task: Task;
  readonly final: FinalAttempt;
  readonly page: ArrivedPage;
}

/** Gets each page that has ended. */
export interface PageListener {
  /** @param pageInfo what it says of the list; null in a list of URLs, and where it is not stored */
  onPage(task: Task, page: ArrivedPage, pageInfo: PageInfo | null): void;
}

interface BatcherParts {
  readonly thread: Pick<ArchiveThread, 'call'>;
  readonly dispatcher: Pick<Dispatcher, 'rejected' | 'done' | 'fail'>;
  readonly listener: PageListener;
  readonly traits: ListTraits;
  /** Counts the bytes of bodies that have arrived and are not yet committed. */
  readonly transport: Pick<Transport, 'setHeldBytes'>;
}

export class PageBatcher implements PageSink {
  readonly #parts: BatcherParts;
  #waiting: Arrival[] = [];
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | null = null;
  /** Arrived and not yet committed; a kill loses at most these. */
  heldPages = 0;
  heldBytes = 0;

  constructor(parts: BatcherParts) {
    this.#parts = parts;
  }

  add(task: Task, final: FinalAttempt): void {
    const page = arrivedPage(task, final, this.#parts.traits);
    this.#waiting.push({ task, final, page });
    this.#waitingBytes += page.bodyBytes;
    this.heldPages += 1;
    this.#hold(page.bodyBytes);
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
    this.#send(arrivals, bytes).catch((error) => this.#parts.dispatcher.fail(error));
  }

  #hold(bytes: number): void {
    if (bytes === 0) return;
    this.heldBytes += bytes;
    this.#parts.transport.setHeldBytes(this.heldBytes);
  }

  async #send(arrivals: readonly Arrival[], bytes: number): Promise<void> {
    const { thread, dispatcher, listener } = this.#parts;
    const { buffer } = packed(arrivals, bytes);
    const pages = JSON.stringify(arrivals.map(({ page }) => page));
    const stored = await thread.call('store', { pages, arena: buffer }, [buffer]);
    this.heldPages -= arrivals.length;
    this.#hold(-bytes);
    const rejected = new Map(stored.rejections.map((rejection) => [rejection.index, rejection]));
    for (const [index, { task, final, page }] of arrivals.entries()) {
      const rejection = rejected.get(index);
      if (rejection !== undefined) {
        dispatcher.rejected(task, final, rejection);
        continue;
      }
      listener.onPage(task, page, stored.pageInfos[index] ?? null);
      dispatcher.done();
    }
  }
}

/** Keys and bodies in one piece of memory, which is not pooled: it is transferred to the thread, not copied. */
function packed(arrivals: readonly Arrival[], bytes: number): { readonly buffer: ArrayBuffer } {
  const arena = Buffer.allocUnsafeSlow(bytes + arrivals.length * PAGE_KEY_BYTES);
  let end = 0;
  for (const { task, final } of arrivals) {
    arena.set(task.key, end);
    end += PAGE_KEY_BYTES;
    end = moveChunks(final.chunks, arena, end);
    final.chunks = [];
  }
  return arena;
}
