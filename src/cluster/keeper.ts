/**
 * Keeps the queue of a run filled until every page is done or failed. Any process of the run does it, one at
 * a time; what it does twice does no harm, because the bits of the pages alone say what is done.
 */
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { systemClock as clock } from '../core/clock.ts';
import { addChunks, type Chunk, countOpen } from './chunk-queue.ts';
import { type RunKeys, runKeys } from './keys.ts';
import { Lease } from './lease.ts';
import { finishRun, type Progress, type RunRecord, readProgress } from './run-record.ts';
import { runBufferScript } from './scripts.ts';

/** Most jobs that wait at once, however many pages the plan has: bounds the queue's memory, and a tick's work. */
const MOST_WAITING = 10_000;
/** Jobs that are added in one call. */
const ADDED_AT_ONCE = 500;
const KEEPER_MS = 5_000;
/** Bytes of a bitmap that are read at once: two million pages. */
const READ_BYTES = 256 * 1024;

export class Keeper {
  readonly #redis: Redis;
  readonly #queue: Queue<Chunk>;
  readonly #record: RunRecord;
  readonly #keys: RunKeys;
  readonly #lease: Lease;
  #askAt = Number.NEGATIVE_INFINITY;

  constructor(redis: Redis, queue: Queue<Chunk>, record: RunRecord, who: string) {
    this.#redis = redis;
    this.#queue = queue;
    this.#record = record;
    this.#keys = runKeys(record.id);
    this.#lease = new Lease(redis, this.#keys.keeper, who, KEEPER_MS);
  }

  /** Does what there is to do, if no other process does it. To be called about once a second. */
  async tick(): Promise<void> {
    if (this.#record.isPaged || !(await this.#isKeeper())) return;
    const progress = await readProgress(this.#redis, this.#keys);
    if (progress?.state !== 'active') return;
    if (progress.done + progress.failed >= progress.total) {
      await finishRun(this.#redis, this.#keys);
      return;
    }
    const { waiting, active } = await countOpen(this.#queue);
    if (progress.seeded < progress.total) await this.#seed(progress, MOST_WAITING - waiting);
    else if (waiting + active === 0) await this.#queueGaps();
  }

  /** Where another process is the keeper, this one asks again only after half of its lease. */
  async #isKeeper(): Promise<boolean> {
    const now = clock.now();
    if (now < this.#askAt) return false;
    const holder = await this.#lease.take();
    if (holder !== null) this.#askAt = now + KEEPER_MS / 2;
    return holder === null;
  }

  async release(): Promise<void> {
    await this.#lease.release();
  }

  async #seed({ seeded, total }: Progress, room: number): Promise<void> {
    const { chunk } = this.#record;
    let from = seeded;
    for (let left = room; left > 0 && from < total; left -= ADDED_AT_ONCE) {
      const chunks: Chunk[] = [];
      while (chunks.length < Math.min(left, ADDED_AT_ONCE) && from < total) {
        const to = Math.min(total, from + chunk);
        chunks.push({ from, to });
        from = to;
      }
      await addChunks(this.#queue, chunks, 0);
      // A keeper that is killed here adds them again, under the same ids.
      await this.#redis.hset(this.#keys.run, 'seeded', from);
      if ((await this.#lease.take()) !== null) return;
    }
  }

  /** Nothing is queued, and pages are neither done nor failed: their jobs were lost, or they failed before. */
  async #queueGaps(): Promise<void> {
    const { run } = this.#keys;
    const round = await this.#redis.hincrby(run, 'round', 1);
    let chunks: Chunk[] = [];
    for await (const chunk of this.#gaps()) {
      chunks.push(chunk);
      if (chunks.length < ADDED_AT_ONCE) continue;
      await addChunks(this.#queue, chunks, round);
      chunks = [];
      if ((await this.#lease.take()) !== null) return;
    }
    if (chunks.length > 0) await addChunks(this.#queue, chunks, round);
  }

  /** At most as many as may wait: the rest is found the next time. */
  async *#gaps(): AsyncGenerator<Chunk> {
    const { total, chunk } = this.#record;
    let left = MOST_WAITING;
    let from = -1;
    let at = 0;
    while (at < total) {
      const range = { from: at, to: Math.min(total, at + READ_BYTES * 8) };
      const ended = await endedPages(this.#redis, this.#keys, range);
      for (const isEnded of ended) {
        const isFull = from !== -1 && at - from === chunk;
        if (from !== -1 && (isEnded || isFull)) {
          yield { from, to: at };
          from = -1;
          left -= 1;
          if (left === 0) return;
        }
        if (!isEnded && from === -1) from = at;
        at += 1;
      }
    }
    if (from !== -1) yield { from, to: total };
  }
}

/** For each page of a range, whether it is done or failed. */
export async function endedPages(
  redis: Redis,
  keys: RunKeys,
  { from, to }: Chunk,
): Promise<readonly boolean[]> {
  const first = Math.floor(from / 8);
  const last = Math.floor((to - 1) / 8);
  const names = [keys.done, keys.failed];
  const answer = await runBufferScript(redis, 'ended', names, [first, last]);
  const [done, failed] = answer as readonly [Buffer, Buffer];
  return Array.from({ length: to - from }, (_, index) => {
    const byte = Math.floor((from + index) / 8) - first;
    const bit = 0x80 >> ((from + index) % 8);
    return (((done[byte] ?? 0) | (failed[byte] ?? 0)) & bit) !== 0;
  });
}
