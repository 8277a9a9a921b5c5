import type { BucketPace } from './bucket-pace.ts';
import type { BucketPaces } from './bucket-paces.ts';
import { Fifo } from './fifo.ts';
import type { Task } from './task.ts';

/** One limiter and the pages that are ready to go through it. */
export interface Bucket {
  readonly pace: BucketPace;
  readonly fresh: Fifo<Task>;
  /** Tried before: they go first, because the output waits for their places. */
  readonly again: Fifo<Task>;
  /** Requests since the last answer that the server says it did not process. */
  unprocessedInARow: number;
}

/** The buckets of a run, made when first met and served in turn, so that a paused one holds up no other. */
export class Buckets {
  readonly #paces: BucketPaces;
  readonly #byPace = new Map<BucketPace, Bucket>();
  readonly #all: Bucket[] = [];
  #turn = 0;
  #readyCount = 0;

  constructor(paces: BucketPaces) {
    this.#paces = paces;
  }

  /** Pages that are ready in all buckets together. */
  get readyCount(): number {
    return this.#readyCount;
  }

  get all(): readonly Bucket[] {
    return this.#all;
  }

  of({ origin, path }: Task): Bucket {
    const pace = this.#paces.of(origin, path);
    let bucket = this.#byPace.get(pace);
    if (bucket === undefined) {
      bucket = {
        pace,
        fresh: new Fifo(),
        again: new Fifo(),
        unprocessedInARow: 0,
      };
      this.#byPace.set(pace, bucket);
      this.#all.push(bucket);
    }
    return bucket;
  }

  add(task: Task, queue: 'fresh' | 'again'): void {
    this.of(task)[queue].push(task);
    this.#readyCount += 1;
  }

  /** The next page whose bucket lets it start now, or undefined. */
  takeReady(now: number): { task: Task; bucket: Bucket } | undefined {
    for (let tried = 0; tried < this.#all.length; tried += 1) {
      const bucket = this.#all[this.#turn % this.#all.length]!;
      this.#turn += 1;
      if (bucket.fresh.size + bucket.again.size === 0) continue;
      if (bucket.pace.startableAt(now) > now) continue;
      const task = (bucket.again.shift() ?? bucket.fresh.shift())!;
      const own = this.of(task);
      if (own !== bucket) {
        // Its route turned out to count in another policy while it waited.
        own.again.push(task);
        tried = -1;
        continue;
      }
      this.#readyCount -= 1;
      return { task, bucket };
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
