import { Fifo } from '../core/queues.ts';
import type { Stop } from '../core/summary.ts';
import type { Limiter } from './limiter.ts';
import type { LimiterRegistry } from './limiter-registry.ts';
import type { AttemptResult, Task, Timing } from './task.ts';

/** An attempt that was made, of which it is to be said what follows. */
export interface Made {
  readonly task: Task;
  readonly result: AttemptResult;
  readonly timing: Timing;
  /** It was no probe. */
  readonly wasUp: boolean;
}

/** One limiter and the pages that are ready to go through it. */
export interface RequestQueue {
  readonly limiter: Limiter;
  readonly fresh: Fifo<Task>;
  /** Tried before: they go first, because the output waits for their places. */
  readonly again: Fifo<Task>;
  /** Attempts that the next probe decides about: see pace/server-health.ts. */
  readonly held: Made[];
  /** A page that came through here, or the list's first: asked for to see whether the server is up. */
  witness: Task | null;
  /** The wait is longer than the user allows: the run stops where a page needs the limiter before. */
  tooLong: Stop | null;
  /** Requests since the last answer that the server says it did not process. */
  unprocessedInARow: number;
}

export interface ReadyRequest {
  readonly task: Task;
  readonly queue: RequestQueue;
  readonly isWitness: boolean;
}

/** The queues of a run, one a limiter, made when first met and served in turn, so that a paused one holds up no other. */
export class RequestQueues {
  readonly #limiters: LimiterRegistry;
  readonly #byLimiter = new Map<Limiter, RequestQueue>();
  /** Used where each origin has one limiter. */
  readonly #byOrigin = new Map<string, RequestQueue>();
  readonly #all: RequestQueue[] = [];
  #turn = 0;
  #readyCount = 0;

  constructor(limiters: LimiterRegistry) {
    this.#limiters = limiters;
  }

  /** Pages that are ready in all queues together. */
  get readyCount(): number {
    return this.#readyCount;
  }

  get all(): readonly RequestQueue[] {
    return this.#all;
  }

  of({ origin, path }: Task): RequestQueue {
    const own = this.#limiters.isByOrigin ? this.#byOrigin.get(origin) : undefined;
    if (own !== undefined) return own;
    const limiter = this.#limiters.of(origin, path);
    let queue = this.#byLimiter.get(limiter);
    if (queue === undefined) {
      queue = {
        limiter,
        fresh: new Fifo(),
        again: new Fifo(),
        held: [],
        witness: null,
        tooLong: null,
        unprocessedInARow: 0,
      };
      this.#byLimiter.set(limiter, queue);
      if (limiter.name === origin) this.#byOrigin.set(origin, queue);
      this.#all.push(queue);
    }
    return queue;
  }

  add(task: Task, queue: 'fresh' | 'again'): void {
    this.of(task)[queue].push(task);
    this.#readyCount += 1;
  }

  /** The next page whose limiter lets it start now, or undefined. */
  takeReady(now: number): ReadyRequest | undefined {
    for (let tried = 0; tried < this.#all.length; tried += 1) {
      const queue = this.#all[this.#turn % this.#all.length]!;
      this.#turn += 1;
      if (!isWaiting(queue) || queue.limiter.startableAt(now) > now) continue;
      const { limiter, witness } = queue;
      if (witness !== null && (limiter.isWitnessDue || sizeOf(queue) === 0)) {
        return { task: witness, queue, isWitness: true };
      }
      const task = (queue.again.shift() ?? queue.fresh.shift())!;
      const own = this.of(task);
      if (own !== queue) {
        // Its route turned out to count in another policy while it waited.
        own.again.push(task);
        tried = -1;
        continue;
      }
      this.#readyCount -= 1;
      return { task, queue, isWitness: false };
    }
    return undefined;
  }

  /** Pages that are ready in one queue, taken out of it. */
  takeAll(queue: RequestQueue): readonly Task[] {
    const tasks = [...queue.again.takeAll(), ...queue.fresh.takeAll()];
    this.#readyCount -= tasks.length;
    return tasks;
  }

  /** When the first limiter with ready pages lets one start that waits for time alone, or Infinity. */
  nextStartAt(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const queue of this.#all) {
      if (isWaiting(queue)) next = Math.min(next, queue.limiter.startableAt(now));
    }
    return next;
  }
}

function sizeOf({ fresh, again }: RequestQueue): number {
  return fresh.size + again.size;
}

/** Whether a request of the queue can start as soon as its limiter lets it. */
function isWaiting(queue: RequestQueue): boolean {
  return sizeOf(queue) > 0 || (queue.held.length > 0 && queue.witness !== null);
}
