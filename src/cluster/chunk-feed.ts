/** What a worker fetches: the pages of the ranges that it takes from the queue, and chains that it follows to their end. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { PlacedState } from '../archive-thread/messages.ts';
import type { KnownCredentials } from '../core/known-credentials.ts';
import { type PageRequest, type Place, placeName } from '../core/page-request.ts';
import type { PageSource } from '../fetch/page-flow.ts';
import { type Attempt, createTask, type Task } from '../fetch/task.ts';
import type { Chain, Chunk, ChunkJob } from './chunk-queue.ts';
import { endedPages } from './keeper.ts';
import { lockKey, type RunKeys } from './keys.ts';
import type { OpenChain } from './open-chain.ts';
import { unpackRequests } from './packed-requests.ts';
import type { Lock } from './part-writer.ts';

/** The dispatcher waits for no more than this until it can be stopped. */
const HELD_MS = 100;
/** Pages for so many times the requests in flight are held ahead, or for so many requests: the others are for other workers. */
const AHEAD_TIMES = 8;
const LEAST_AHEAD = 16;
/** Each has one request on its way, so that a worker has some to do. */
const MOST_CHAINS = 16;

interface OpenChunk {
  readonly job: ChunkJob;
  readonly token: string;
  /** Pages that are in no part yet, by position or number. */
  readonly pending: Set<number>;
  /** Pending pages that have not arrived. */
  readonly coming: Set<number>;
  readonly chain: OpenChain | null;
}

export interface FeedParts {
  readonly redis: Redis;
  readonly keys: RunKeys;
  readonly worker: Worker<Chunk>;
  /** How long a range stays with a worker that is silent. */
  readonly lockMs: number;
  /** The pages of a range, of a list of known pages. */
  readonly range: (from: number, to: number) => Promise<readonly PageRequest[]>;
  /** Begins to follow a chain. */
  readonly follow: (chain: Chain, lock: Lock) => Promise<OpenChain>;
  readonly credentials: KnownCredentials;
  readonly attempt: Attempt;
  readonly witness: Task | null;
  readonly who: string;
  /** Absent for a list of known pages. See `RunPlan`. */
  readonly epoch: string | undefined;
  /** The run has begun again. */
  readonly onStale: () => void;
  readonly inFlight: () => number;
  /** The run is paused, the queue cannot be asked, or the store is behind: no further range is taken. */
  readonly isHeld: () => boolean;
  /** A range or a chain was taken. */
  readonly onTaken: () => void;
  /** Nothing is left to fetch in the ranges that were taken, or in one of the chains. */
  readonly onStarved: () => void;
  readonly fail: (error: unknown) => void;
}

export class ChunkFeed implements PageSource {
  readonly attempt: Attempt;
  readonly witness: Task | null;
  readonly #parts: FeedParts;
  readonly #open = new Set<OpenChunk>();
  /** The numbers of pages that were handed out, by place. */
  readonly #numbers = new Map<string, number>();
  readonly #renewing: NodeJS.Timeout;
  #ready: { readonly chunk: OpenChunk; readonly tasks: readonly Task[] }[] = [];
  /** There is something to give, or to take from the queue. */
  #changed = Promise.withResolvers<void>();
  #tokens = 0;
  #isClosed = false;
  #isDrained = false;
  #asking: Promise<void> | null = null;

  constructor(parts: FeedParts) {
    this.#parts = parts;
    this.attempt = parts.attempt;
    this.witness = parts.witness;
    this.#renewing = setInterval(() => void this.#renew(), parts.lockMs / 3);
  }

  /** Pages that are to come or are in no part yet; without an end where a chain goes on. */
  get pending(): number {
    let pages = 0;
    for (const { pending, chain } of this.#open) {
      pages += pending.size + (chain?.waiting ?? 0);
      if (chain?.isRead === false) return Number.POSITIVE_INFINITY;
    }
    return pages;
  }

  async *tasks(): AsyncGenerator<readonly Task[]> {
    while (!this.#isClosed) {
      const changed = this.#changed.promise;
      const [next] = this.#ready;
      if (next !== undefined) {
        this.#ready.shift();
        this.#wake();
        if (this.#open.has(next.chunk)) yield next.tasks;
        continue;
      }
      if (this.#asking === null && this.#mayTake()) {
        this.#asking = this.#takeNext().finally(() => {
          this.#asking = null;
          this.#wake();
        });
      }
      await changed;
    }
  }

  /** The chain that a page is of; null for another page, and where another worker has the chain now. */
  chainOf(place: Place): OpenChain | null {
    for (const { chain } of this.#open) if (chain?.has(place)) return chain;
    return null;
  }

  /** The number of a page that was handed out by itself; null for another. */
  numberOf(place: Place): number | null {
    return this.#numbers.get(placeName(place)) ?? null;
  }

  /** A page was fetched, or has failed: there is room for another. */
  came(place: Place, isNumbered: boolean): void {
    const number = this.#handedOut(place, isNumbered);
    if (number === null) return;
    for (const { coming } of this.#open) coming.delete(number);
    this.#wake();
  }

  /** Pages are in the store, in this part or another. A range without other pages is done. */
  async ended(pages: readonly PlacedState[], isNumbered: boolean): Promise<void> {
    for (const { place } of pages) {
      const chain = this.chainOf(place);
      if (chain !== null) chain.waiting -= 1;
      const number = this.#handedOut(place, isNumbered);
      if (number !== null) for (const { pending } of this.#open) pending.delete(number);
      if (isNumbered) this.#numbers.delete(placeName(place));
    }
    await this.#completeDone();
  }

  /** Another worker has one of the chains that pages are of: this one goes on with none of their ranges. */
  async drop(pages: readonly PlacedState[]): Promise<void> {
    const numbers = new Set(pages.map(({ place }) => this.numberOf(place)));
    const isIn = ({ chain, pending }: OpenChunk): boolean =>
      pages.some(({ place }) => chain?.has(place)) ||
      [...pending].some((number) => numbers.has(number));
    for (const chunk of [...this.#open].filter(isIn)) await this.#giveBack(chunk);
  }

  /** No further range is taken. */
  stop(): void {
    this.#isClosed = true;
    this.#wake();
  }

  /**
   * Gives back the ranges that are not done: another worker takes what is left of them at once.
   * A worker that is killed gives nothing back; its ranges are taken when their locks have expired.
   */
  async close(): Promise<void> {
    this.stop();
    // The queue may be about to hand out a range.
    await this.#asking?.catch(() => {});
    clearInterval(this.#renewing);
    for (const chunk of [...this.#open]) await this.#giveBack(chunk);
  }

  #handedOut(place: Place, isNumbered: boolean): number | null {
    return isNumbered ? this.numberOf(place) : place.position;
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** One chain after the other begins, and ranges are taken for little more than is in flight, so that other workers get some. */
  #mayTake(): boolean {
    let coming = 0;
    for (const chunk of this.#open) coming += chunk.coming.size;
    if (coming >= Math.max(LEAST_AHEAD, AHEAD_TIMES * this.#parts.inFlight())) return false;
    const going = [...this.#open].filter(({ chain }) => chain?.isRead === false);
    return going.length < MOST_CHAINS && going.every(({ chain }) => chain?.hasBegun === true);
  }

  async #takeNext(): Promise<void> {
    const { worker, isHeld, onStarved, who } = this.#parts;
    if (isHeld()) {
      await wait(HELD_MS);
      return;
    }
    this.#tokens += 1;
    const token = `${who}-${this.#tokens}`;
    // While the last wait brought nothing, the next one follows at once.
    let job = this.#isDrained
      ? undefined
      : await this.#orNothing(worker.getNextJob(token, { block: false }));
    if (job === undefined) {
      onStarved();
      // It answers as soon as there is a job, or after a second; then it is asked again.
      job = await this.#orNothing(worker.getNextJob(token, { block: true }));
      this.#isDrained = job === undefined;
    }
    if (job !== undefined) await this.#take(job, token);
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

  async #take(job: ChunkJob, token: string): Promise<void> {
    const { epoch, onStale } = this.#parts;
    const isStale = job.data.epoch !== epoch;
    if (isStale) onStale();
    if (this.#isClosed || isStale) await job.moveToWait(token);
    else if (job.data.chain === undefined) await this.#takeRange(job, token);
    else await this.#takeChain(job, token, job.data.chain);
  }

  async #takeRange(job: ChunkJob, token: string): Promise<void> {
    const { redis, keys, range, credentials } = this.#parts;
    const { from, to, requests: packed } = job.data;
    const [ended, requests] = await Promise.all([
      endedPages(redis, keys, job.data),
      packed === undefined ? range(from, to) : unpackRequests(packed),
    ]);
    const isLeft = (_: unknown, index: number): boolean => !ended[index];
    const numbers = Array.from({ length: to - from }, (_, index) => from + index).filter(isLeft);
    const others = numbers.filter((number) =>
      [...this.#open].every(({ pending }) => !pending.has(number)),
    );
    const requestOf = (number: number): PageRequest => requests[number - from]!;
    if (packed !== undefined) {
      for (const number of numbers) this.#numbers.set(placeName(requestOf(number).place), number);
    }
    const coming = new Set(others);
    const chunk = { job, token, pending: new Set(numbers), coming, chain: null };
    this.#open.add(chunk);
    this.#parts.onTaken();
    const tasks = others.map((number) => createTask(requestOf(number), credentials));
    if (tasks.length > 0) this.#ready.push({ chunk, tasks });
    await this.#completeDone();
  }

  async #takeChain(job: ChunkJob, token: string, { branch, isBegun }: Chain): Promise<void> {
    const { keys, follow, onStarved, fail } = this.#parts;
    // A worker that had it before may have stored some of it.
    const isTakenOver = job.attemptsStarted > 1 || job.stalledCounter > 0;
    const lock = { key: lockKey(keys, job.id!), token };
    const chain = await follow({ branch, isBegun: isBegun || isTakenOver }, lock);
    const chunk = { job, token, pending: new Set<number>(), coming: new Set<number>(), chain };
    this.#open.add(chunk);
    this.#parts.onTaken();
    const reading = async (): Promise<void> => {
      for await (const tasks of chain.tasks()) {
        if (!this.#open.has(chunk)) return;
        this.#ready.push({ chunk, tasks });
        this.#wake();
        while (this.#ready.some((ready) => ready.chunk === chunk)) await this.#changed.promise;
      }
      this.#wake();
      onStarved();
      await this.#completeDone();
    };
    reading().catch(fail);
  }

  async #completeDone(): Promise<void> {
    for (const chunk of [...this.#open]) {
      const { job, token, pending, chain } = chunk;
      if (pending.size > 0 || chain?.isRead === false || (chain?.waiting ?? 0) > 0) continue;
      this.#open.delete(chunk);
      // If this fails, another worker has taken the range over, and finds that its pages are done.
      await job.moveToCompleted(0, token, false).catch(() => {});
    }
  }

  async #giveBack(chunk: OpenChunk): Promise<void> {
    this.#open.delete(chunk);
    for (const [name, number] of this.#numbers) {
      if (chunk.pending.has(number)) this.#numbers.delete(name);
    }
    await chunk.job.moveToWait(chunk.token).catch(() => {});
    this.#wake();
  }

  async #renew(): Promise<void> {
    const open = [...this.#open];
    if (open.length === 0) return;
    const ids = open.map(({ job }) => job.id!);
    const tokens = open.map(({ token }) => token);
    try {
      await this.#parts.worker.extendJobLocks(ids, tokens, this.#parts.lockMs);
    } catch {
      // If a lock is lost, two workers fetch the same pages, and the pages of one count.
    }
  }
}
