/** Takes the parts of a list that pages by itself over, in their order, and answers its plan with what they hold. */
import { setTimeout as wait } from 'node:timers/promises';
import type { TakenPages } from '../archive-thread/messages.ts';
import { systemClock as clock } from '../core/clock.ts';
import type { Engine } from '../fetch/engine.ts';
import { buildAgain, type CollectParts, cancelled, takePart } from './collect.ts';
import type { HandedOut } from './handed-out.ts';
import { PartList } from './part-list.ts';
import type { WatchedState } from './run-watch.ts';
import type { SpreadPages } from './spread-pages.ts';
import type { CountedPart, OpenedPart } from './store.ts';

/** New parts are looked for this often: the next window of pages waits for them. */
const LOOK_MS = 50;
/** How often it is looked whether the queue has lost what was handed out. */
const EMPTY_MS = 1_000;
const PARTS_AT_ONCE = 50;

type TakerParts = Omit<CollectParts, 'slices'>;

interface Taking {
  readonly handedOut: HandedOut;
  readonly pages: SpreadPages;
  readonly engine: Engine;
  readonly signal: AbortSignal;
}

export class PartTaker {
  readonly #parts: TakerParts;
  readonly #list: PartList;
  /** Parts that could not be read. */
  readonly gone = new Set<string>();
  #emptyAt = 0;
  #state: WatchedState = 'active';
  /** The queue has been told of the run again, and of nothing that is to be fetched. */
  #isLost = false;

  constructor(parts: TakerParts) {
    this.#parts = parts;
    this.#list = new PartList(parts.connection.redis, parts.record.id, PARTS_AT_ONCE);
  }

  /** Takes over the parts that exist before the plan is made, which finds their pages in the archive. Failed pages are requested again. */
  async takeBefore(): Promise<void> {
    for (let parts = await this.#newParts(); parts.length > 0; parts = await this.#newParts()) {
      for await (const part of this.#parts.store.open(parts)) {
        await this.#take(part, 'stored');
      }
    }
    if (this.#state !== 'lost') return;
    await buildAgain(this.#parts);
    this.#list.startAgain();
    await this.takeBefore();
  }

  /** It need not be taken. */
  skip(name: string): void {
    this.#list.skip(name);
  }

  /** Answers the plan with what comes, until the signal. Rejects where the run cannot go on. */
  async take(taking: Taking): Promise<void> {
    const { handedOut, pages, engine, signal } = taking;
    const { leftWith, record } = this.#parts;
    while (!signal.aborted && engine.stopped === null) {
      const left = leftWith();
      if (left !== null) throw left;
      const isLook = clock.now() >= this.#emptyAt && handedOut.size > 0;
      const isEmpty = isLook && (await handedOut.isQueueEmpty());
      if (isLook) this.#emptyAt = clock.now() + EMPTY_MS;
      const taken = await this.#takeNext(taking);
      if (taken > 0) continue;
      if (this.#state === 'lost') {
        await buildAgain(this.#parts);
        await pages.publish();
        this.#list.startAgain();
        this.#isLost = true;
      } else if (this.#state === 'cancelled') throw cancelled(record);
      else if (isEmpty || this.#isLost) {
        // Pages that no part holds are not in the queue either.
        await handedOut.again(this.#isLost);
        this.#isLost = false;
      }
      await wait(LOOK_MS);
    }
  }

  async #take(part: OpenedPart, which: 'stored' | 'all'): Promise<TakenPages | null> {
    const taken = await takePart(this.#parts, part, which);
    if (taken === null) this.gone.add(part.name);
    return taken;
  }

  /** Returns how many. */
  async #takeNext({ handedOut, pages }: Taking): Promise<number> {
    const parts = await this.#newParts();
    for await (const part of this.#parts.store.open(parts)) {
      const taken = await this.#take(part, 'all');
      for (const page of taken?.pages ?? []) {
        const task = handedOut.answeredBy(page);
        if (task !== null) pages.came(task, page);
      }
    }
    return parts.length;
  }

  /** Parts that were not taken yet. */
  async #newParts(): Promise<readonly CountedPart[]> {
    const { parts, progress } = await this.#list.read();
    this.#state = progress?.state ?? 'lost';
    return parts;
  }
}
