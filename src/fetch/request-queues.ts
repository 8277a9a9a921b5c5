import { Fifo } from './fifo.ts';
import type { Limiter } from './limiter.ts';
import type { LimiterRegistry } from './limiter-registry.ts';
import type { Task } from './task.ts';

/** One limiter and the pages that are ready to go through it. */
export interface RequestQueue {
  readonly pace: Limiter;
  readonly fresh: Fifo<Task>;
  /** Tried before: they go first, because the output waits for their places. */
  readonly again: Fifo<Task>;
  /** Requests since the last answer that the server says it did not process. */
  unprocessedInARow: number;
}

/** The buckets of a run, made when first met and served in turn, so that a paused one holds up no other. */
export class RequestQueues {
  readonly #limiters: LimiterRegistry;
  readonly #byPace = new Map<Limiter, RequestQueue>();
  readonly #all: RequestQueue[] = [];
  #turn = 0;
  #readyCount = 0;

  constructor(limiters: LimiterRegistry) {
    this.#limiters = limiters;
  }

  /** Pages that are ready in all buckets together. */
  get readyCount(): number {
    return this.#readyCount;
  }

  get all(): readonly RequestQueue[] {
    return this.#all;
  }

  of({ origin, path }: Task): RequestQueue {
    const pace = this.#limiters.of(origin, path);
    let queue = this.#byPace.get(pace);
    if (queue === undefined) {
      queue = {
        pace,
        fresh: new Fifo(),
        again: new Fifo(),
        unprocessedInARow: 0,
      };
      this.#byPace.set(pace, queue);
      this.#all.push(queue);
    }
    return queue;
  }

  add(task: Task, queue: 'fresh' | 'again'): void {
    this.of(task)[queue].push(task);
    this.#readyCount += 1;
  }

  /** The next page whose bucket lets it start now, or undefined. */
  takeReady(now: number): { task: Task; queue: RequestQueue } | undefined {
    for (let tried = 0; tried < this.#all.length; tried += 1) {
      const queue = this.#all[this.#turn % this.#all.length]!;
      this.#turn += 1;
      if (queue.fresh.size + queue.again.size === 0) continue;
      if (queue.pace.startableAt(now) > now) continue;
      const task = (queue.again.shift() ?? queue.fresh.shift())!;
      const own = this.of(task);
      if (own !== queue) {
        // Its route turned out to count in another policy while it waited.
        own.again.push(task);
        tried = -1;
        continue;
      }
      this.#readyCount -= 1;
      return { task, queue };
    }
    return undefined;
  }

  /** When the first bucket with ready pages lets one start that waits for time alone, or Infinity. */
  nextStartAt(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { pace, fresh, again } of this.#all) {
      if (fresh.size + again.size > 0) next = Math.min(next, pace.startableAt(now));
    }
    return next;
  }
}
