import { Gate } from '../pace/gate.ts';
import { Fifo } from './fifo.ts';
import type { Task } from './task.ts';

/** One limiter and the pages that are ready to go through it. */
export interface Bucket {
  readonly name: string;
  readonly gate: Gate;
  readonly fresh: Fifo<Task>;
  /** Tried before: they go first, because the output waits for their places. */
  readonly again: Fifo<Task>;
  /** Whether a pause was announced and its end not yet. */
  paused: boolean;
  /** Requests since the last answer that the server says it did not process. */
  unprocessedInARow: number;
}

/** The buckets of a run, made when first met and served in turn, so that a paused one holds up no other. */
export class Buckets {
  readonly #byName = new Map<string, Bucket>();
  readonly #all: Bucket[] = [];
  #turn = 0;
  #readyCount = 0;

  /** Pages that are ready in all buckets together. */
  get readyCount(): number {
    return this.#readyCount;
  }

  get all(): readonly Bucket[] {
    return this.#all;
  }

  of(task: Task): Bucket {
    let bucket = this.#byName.get(task.origin);
    if (bucket === undefined) {
      const name = task.origin;
      bucket = {
        name,
        gate: new Gate(),
        fresh: new Fifo(),
        again: new Fifo(),
        paused: false,
        unprocessedInARow: 0,
      };
      this.#byName.set(name, bucket);
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
      if (!bucket.gate.mayStart(now)) continue;
      const task = bucket.again.shift() ?? bucket.fresh.shift();
      if (task === undefined) continue;
      this.#readyCount -= 1;
      return { task, bucket };
    }
    return undefined;
  }

  /** When the first closed bucket with ready pages opens, or Infinity. */
  nextOpensAt(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { gate, fresh, again } of this.#all) {
      if (gate.opensAt > now && fresh.size + again.size > 0) next = Math.min(next, gate.opensAt);
    }
    return next;
  }
}
