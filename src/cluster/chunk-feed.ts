/** What a worker fetches: the pages of the ranges that it takes from the queue, one range after the other. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { KnownCredentials } from '../core/known-credentials.ts';
import type { PageSource } from '../fetch/page-flow.ts';
import { type Attempt, createTask, type Task } from '../fetch/task.ts';
import type { PlanSlices } from '../plan/list-slice.ts';
import type { Chunk, ChunkJob } from './chunk-queue.ts';
import { endedPages } from './keeper.ts';
import type { RunKeys } from './keys.ts';

/** The dispatcher waits for no more than this until it can be stopped. */
const HELD_MS = 100;

interface OpenChunk {
  readonly job: ChunkJob;
  readonly token: string;
  /** Positions whose pages are in no part yet. */
  readonly pending: Set<number>;
}

export interface FeedParts {
  readonly redis: Redis;
  readonly keys: RunKeys;
  readonly worker: Worker<Chunk>;
  /** How long a range stays with a worker that is silent. */
  readonly lockMs: number;
  readonly slices: PlanSlices;
  readonly credentials: KnownCredentials;
  readonly attempt: Attempt;
  readonly who: string;
  /** The run is paused, the queue cannot be asked, or the store is behind: no further range is taken. */
  readonly isHeld: () => boolean;
  /** Nothing is left to fetch in the ranges that were taken. */
  readonly onStarved: () => void;
}

export class ChunkFeed implements PageSource {
  readonly attempt: Attempt;
  readonly #parts: FeedParts;
  readonly #open = new Set<OpenChunk>();
  readonly #renewing: NodeJS.Timeout;
  #tokens = 0;
  #isClosed = false;
  #isDrained = false;
  #asking: Promise<readonly Task[]> = Promise.resolve([]);

  constructor(parts: FeedParts) {
    this.#parts = parts;
    this.attempt = parts.attempt;
    this.#renewing = setInterval(() => void this.#renew(), parts.lockMs / 3);
  }

  /** Pages of ranges that were taken and that are in no part yet. */
  get pending(): number {
    let pages = 0;
    for (const chunk of this.#open) pages += chunk.pending.size;
    return pages;
  }

  async *tasks(): AsyncGenerator<readonly Task[]> {
    while (!this.#isClosed) {
      this.#asking = this.#next();
      const tasks = await this.#asking;
      if (tasks.length > 0) yield tasks;
    }
  }

  /** Pages are in the store, in this part or another: whose range has no other is done. */
  async ended(positions: readonly number[]): Promise<void> {
    for (const chunk of this.#open) {
      for (const position of positions) chunk.pending.delete(position);
      if (chunk.pending.size === 0) await this.#complete(chunk);
    }
  }

  /** No further range is taken. */
  stop(): void {
    this.#isClosed = true;
  }

  /**
   * Gives back the ranges that are not done: another worker takes what is left of them at once.
   * A worker that is killed gives nothing back; its ranges are taken when their locks have expired.
   */
  async close(): Promise<void> {
    this.stop();
    // The queue may be about to hand out a range.
    await this.#asking.catch(() => {});
    clearInterval(this.#renewing);
    for (const chunk of this.#open) {
      await chunk.job.moveToWait(chunk.token).catch(() => {});
    }
    this.#open.clear();
  }

  async #next(): Promise<readonly Task[]> {
    const { worker, isHeld, onStarved, who } = this.#parts;
    if (isHeld()) {
      await wait(HELD_MS);
      return [];
    }
    this.#tokens += 1;
    const token = `${who}-${this.#tokens}`;
    // While the last wait brought nothing, the next one follows at once.
    const job = this.#isDrained
      ? undefined
      : await this.#orNothing(worker.getNextJob(token, { block: false }));
    if (job === undefined) {
      onStarved();
      // It answers as soon as there is a job, or after a second; then it is asked again.
      const waited = await this.#orNothing(worker.getNextJob(token, { block: true }));
      this.#isDrained = waited === undefined;
      return waited === undefined ? [] : this.#take(waited, token);
    }
    return this.#take(job, token);
  }

  async #orNothing(asking: Promise<ChunkJob | undefined>): Promise<ChunkJob | undefined> {
    try {
      return await asking;
    } catch {
      // The queue restarts; a lost answer's job is found by its lock.
      await wait(HELD_MS);
      return undefined;
    }
  }

  async #take(job: ChunkJob, token: string): Promise<readonly Task[]> {
    const { redis, keys, slices, credentials } = this.#parts;
    if (this.#isClosed) {
      await job.moveToWait(token);
      return [];
    }
    const { from, to } = job.data;
    const [ended, requests] = await Promise.all([
      endedPages(redis, keys, job.data),
      slices.range(from, to),
    ]);
    const positions = Array.from({ length: to - from }, (_, index) => from + index).filter(
      (position) => !ended[position - from],
    );
    const isOwn = (position: number): boolean =>
      [...this.#open].some(({ pending }) => pending.has(position));
    const others = positions.filter((position) => !isOwn(position));
    const chunk = { job, token, pending: new Set(positions) };
    this.#open.add(chunk);
    if (positions.length === 0) await this.#complete(chunk);
    return others.map((position) => createTask(requests[position - from]!, credentials));
  }

  async #complete(chunk: OpenChunk): Promise<void> {
    this.#open.delete(chunk);
    try {
      await chunk.job.moveToCompleted(0, chunk.token, false);
    } catch {
      // Another worker took it over meanwhile, and finds that its pages are done.
    }
  }

  async #renew(): Promise<void> {
    const open = [...this.#open];
    if (open.length === 0) return;
    const ids = open.map(({ job }) => job.id!);
    const tokens = open.map(({ token }) => token);
    try {
      await this.#parts.worker.extendJobLocks(ids, tokens, this.#parts.lockMs);
    } catch {
      // Where a lock is lost, two workers fetch the same pages, and one of them counts.
    }
  }
}
