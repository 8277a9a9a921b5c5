/** Sends pages to the archive thread in groups, and reports what became of each. */
import type { ArchiveThread } from '../archive-thread/archive-thread.ts';
import type { ArrivedPage, Batch } from '../archive-thread/messages.ts';
import { FreeSlots } from '../archive-thread/shared-slots.ts';
import { SLOT_BYTES } from '../core/memory-budget.ts';
import type { PageInfo } from '../core/page-info.ts';
import { PAGE_KEY_BYTES } from '../core/page-request.ts';
import { Fifo } from '../core/queues.ts';
import { moveChunks } from '../http/response-body.ts';
import type { Transport } from '../http/transport.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { PaceLog } from './pace-log.ts';
import type { PageSink } from './page-flow.ts';
import { arrivedPage, type FinalAttempt, type ListTraits, type Task } from './task.ts';

/**
 * A batch goes off at this many pages, when it fills a slot, or after this time. Each is one
 * transaction; the dispatcher bounds how many may be on their way.
 */
const BATCH_PAGES = 100;
const BATCH_AGE_MS = 50;

interface Arrival {
  readonly task: Task;
  readonly final: FinalAttempt;
  readonly page: ArrivedPage;
}

interface Group {
  readonly arrivals: readonly Arrival[];
  /** Of keys and bodies. */
  readonly bytes: number;
}

/** Gets each page that has ended. */
export interface PageListener {
  /** @param pageInfo what it says about the list; null in a list of URLs, and where it is not stored */
  onPage(task: Task, page: ArrivedPage, pageInfo: PageInfo | null): void;
}

interface BatcherParts {
  readonly thread: Pick<ArchiveThread, 'call'>;
  readonly dispatcher: Pick<Dispatcher, 'rejected' | 'done' | 'fail'>;
  readonly listener: PageListener;
  readonly traits: ListTraits;
  /** Counts the bytes of bodies that have arrived and are not yet committed. */
  readonly transport: Pick<Transport, 'setHeldBytes'>;
  readonly paceLog: Pick<PaceLog, 'take'>;
}

export class PageBatcher implements PageSink {
  readonly #parts: BatcherParts;
  readonly #slots = new FreeSlots();
  #waiting: Arrival[] = [];
  #waitingBytes = 0;
  /** Groups of pages for which there was no slot. */
  readonly #groups = new Fifo<Group>();
  /** Calls of the archive thread whose answers may bring slots. */
  #unanswered = 0;
  #timer: NodeJS.Timeout | null = null;
  /** Arrived and not yet committed; a kill loses at most these. */
  heldPages = 0;
  heldBytes = 0;

  constructor(parts: BatcherParts) {
    this.#parts = parts;
  }

  add(task: Task, final: FinalAttempt): void {
    const page = arrivedPage(task, final, this.#parts.traits);
    const bytes = PAGE_KEY_BYTES + page.bodyBytes;
    if (this.#waitingBytes + bytes > SLOT_BYTES) this.flush();
    this.#waiting.push({ task, final, page });
    this.#waitingBytes += bytes;
    this.heldPages += 1;
    this.#hold(page.bodyBytes);
    if (this.#waiting.length >= BATCH_PAGES || this.#waitingBytes >= SLOT_BYTES) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), BATCH_AGE_MS);
  }

  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#waiting.length === 0) return;
    this.#groups.push({ arrivals: this.#waiting, bytes: this.#waitingBytes });
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#sendGroups();
  }

  #sendGroups(): void {
    for (let group = this.#groups.next; group !== undefined; group = this.#groups.next) {
      const batch = this.#batchOf(group);
      if (batch === null) {
        if (this.#unanswered === 0) this.#orFail(this.#askForSlots());
        return;
      }
      this.#groups.shift();
      this.#orFail(this.#send(group.arrivals, batch));
    }
  }

  #orFail(work: Promise<void>): void {
    work.catch((error) => this.#parts.dispatcher.fail(error));
  }

  /** Whose pages all wait for their turn in the output. */
  async #askForSlots(): Promise<void> {
    this.#unanswered += 1;
    const free = await this.#parts.thread.call('freeSlots', null);
    this.#unanswered -= 1;
    this.#slots.giveBack(free);
    this.#sendGroups();
  }

  /** Null where there is no slot for it. */
  #batchOf({ arrivals, bytes }: Group): Batch | null {
    const isLarge = bytes > SLOT_BYTES;
    const slot = isLarge ? null : this.#slots.take();
    if (!isLarge && slot === null) return null;
    const arena = slot?.bytes.subarray(0, bytes) ?? Buffer.allocUnsafeSlow(bytes);
    pack(arrivals, arena);
    const pages = JSON.stringify(arrivals.map(({ page }) => page));
    return { pages, arena, slot: slot?.number ?? null, pace: this.#parts.paceLog.take() };
  }

  #hold(bytes: number): void {
    if (bytes === 0) return;
    this.heldBytes += bytes;
    this.#parts.transport.setHeldBytes(this.heldBytes);
  }

  async #send(arrivals: readonly Arrival[], batch: Batch): Promise<void> {
    const { thread, dispatcher, listener } = this.#parts;
    const { buffer } = batch.arena;
    const transfer = buffer instanceof ArrayBuffer ? [buffer] : [];
    this.#unanswered += 1;
    const stored = await thread.call('store', batch, transfer);
    this.#unanswered -= 1;
    this.#slots.giveBack(stored.freeSlots);
    this.heldPages -= arrivals.length;
    this.#hold(-arrivals.reduce((bytes, { page }) => bytes + page.bodyBytes, 0));
    this.#sendGroups();
    const rejected = new Map(stored.rejections.map((rejection) => [rejection.index, rejection]));
    for (let index = 0; index < arrivals.length; index += 1) {
      const { task, final, page } = arrivals[index]!;
      const rejection = rejected.get(index);
      if (rejection === undefined) listener.onPage(task, page, stored.pageInfos[index] ?? null);
      else dispatcher.rejected(task, final, rejection);
    }
    dispatcher.done(arrivals.length - rejected.size);
  }
}

/** Puts keys and bodies one behind the other. */
function pack(arrivals: readonly Arrival[], arena: Buffer): void {
  let end = 0;
  for (const { task, final } of arrivals) {
    end += arena.write(task.key, end, 'latin1');
    end = moveChunks(final.chunks, arena, end);
    final.chunks = [];
  }
}
