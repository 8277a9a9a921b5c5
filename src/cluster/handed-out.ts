/** Which pages of a plan that grows were handed out to workers, in what jobs, and which of them have not come. */
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { TakenPage } from '../archive-thread/messages.ts';
import { isRecheck, placeName } from '../core/page-request.ts';
import type { Task } from '../fetch/task.ts';
import { branchesOf } from '../plan/create-growing-plan.ts';
import type { Split } from '../plan/split-ranges.ts';
import { addChunks, type Chunk, countOpen } from './chunk-queue.ts';
import type { RunKeys } from './keys.ts';
import { packRequests, unpackRequests } from './packed-requests.ts';

/** Each job takes some calls of the queue. */
const MOST_PAGES = 100;
/** Jobs that each worker finds where there are few pages, so that all have about as much to do. */
const JOBS_OF_A_WORKER = 2;

interface Unanswered {
  readonly task: Task;
  /** How often it was handed out. */
  times: number;
}

interface HandedOutParts {
  readonly redis: Redis;
  readonly keys: RunKeys;
  readonly queue: Queue<Chunk>;
  /** Pages follow from each other, branch by branch: the worker that has one goes on to the next. */
  readonly isInChains: boolean;
  readonly split: Split | null;
}

export class HandedOut {
  readonly #parts: HandedOutParts;
  readonly #unanswered = new Map<string, Unanswered>();
  /** Pages that came before the plan asked for them, by branch and position: a worker goes on by itself. */
  readonly #early = new Map<number, Map<number, TakenPage>>();
  /** What an earlier coordinator put into the queue: places of pages, and the first branches of chains. */
  readonly #queued = new Set<string>();
  readonly #chains = new Set<number>();
  #adding = 0;
  #added = 0;
  #addedWhenEmpty = 0;

  constructor(parts: HandedOutParts) {
    this.#parts = parts;
  }

  /** Pages that the plan waits for. */
  get size(): number {
    return this.#unanswered.size;
  }

  /** Remembers what an earlier coordinator has handed out, which is not handed out again. */
  adopt(chunks: readonly Chunk[]): void {
    for (const { chain, requests } of chunks) {
      if (chain !== undefined) this.#chains.add(chain.branch);
      if (requests === undefined) continue;
      for (const { place } of unpackRequests(requests)) this.#queued.add(placeName(place));
    }
  }

  /** The page, if a worker has brought it already. */
  takeEarly({ request: { place } }: Task): TakenPage | null {
    const pages = this.#early.get(place.branch);
    const page = pages?.get(place.position) ?? null;
    // A plan that knew them from an earlier run has passed over those before.
    for (const position of pages?.keys() ?? []) {
      if (position <= place.position) pages?.delete(position);
    }
    if (pages?.size === 0) this.#early.delete(place.branch);
    return page;
  }

  /** The task that a page answers; null where the plan has not asked for it yet, or has its answer. */
  answeredBy(page: TakenPage): Task | null {
    const name = placeName(page.place);
    const unanswered = this.#unanswered.get(name);
    if (unanswered !== undefined) {
      this.#unanswered.delete(name);
      return unanswered.task;
    }
    const { branch, position } = page.place;
    const pages = this.#early.get(branch) ?? new Map<number, TakenPage>();
    this.#early.set(branch, pages.set(position, page));
    return null;
  }

  async add(tasks: readonly Task[]): Promise<void> {
    const added = tasks.map((task) => ({ task, times: 0 }));
    for (const each of added) this.#unanswered.set(placeName(each.task.request.place), each);
    this.#added += 1;
    await this.#handOut(added);
  }

  /**
   * Hands out again what was lost on the way: nothing is in the queue any more, and pages have not come.
   *
   * @param isLost the queue has forgotten everything
   */
  async again(isLost: boolean): Promise<void> {
    if (!isLost && this.#added !== this.#addedWhenEmpty) return;
    this.#queued.clear();
    this.#chains.clear();
    if (isLost) for (const each of this.#unanswered.values()) each.times = 0;
    await this.#handOut([...this.#unanswered.values()]);
  }

  /** Whether no job is left, and none is being added. */
  async isQueueEmpty(): Promise<boolean> {
    if (this.#adding > 0) return false;
    this.#addedWhenEmpty = this.#added;
    const { waiting, active } = await countOpen(this.#parts.queue);
    return waiting + active === 0;
  }

  async #handOut(pages: readonly Unanswered[]): Promise<void> {
    const alone: Task[] = [];
    const chunks: Pick<Chunk, 'chain' | 'requests'>[] = [];
    for (const page of pages) {
      const { place } = page.task.request;
      page.times += 1;
      if (this.#queued.delete(placeName(place))) continue;
      // A chain that has ended for its worker, and not for the plan, goes on page by page.
      const isAlone = !this.#parts.isInChains || isRecheck(place) || page.times > 1;
      if (isAlone) alone.push(page.task);
      else {
        const { from: branch } = branchesOf(this.#parts.split, place.branch);
        if (this.#chains.has(branch)) continue;
        this.#chains.add(branch);
        const isBegun = place.position > 0 || place.branch > branch;
        chunks.push({ chain: { branch, isBegun } });
      }
    }
    this.#adding += 1;
    try {
      const size = alone.length > 0 ? await this.#sizeFor(alone.length) : 1;
      for (let from = 0; from < alone.length; from += size) {
        const requests = alone.slice(from, from + size).map(({ request }) => request);
        chunks.push({ requests: packRequests(requests) });
      }
      if (chunks.length > 0) await this.#queueChunks(chunks, alone.length, size);
    } finally {
      this.#adding -= 1;
    }
  }

  async #queueChunks(
    chunks: readonly Pick<Chunk, 'chain' | 'requests'>[],
    pages: number,
    size: number,
  ): Promise<void> {
    const { redis, keys, queue } = this.#parts;
    const chains = chunks.filter(({ chain }) => chain !== undefined).length;
    const epoch = (await redis.hget(keys.run, 'epoch')) ?? '';
    const last = await redis.hincrby(keys.run, 'seeded', chains + pages);
    let from = last - chains - pages;
    let left = pages;
    const numbered = chunks.map((chunk): Chunk => {
      const count = chunk.chain === undefined ? Math.min(size, left) : 0;
      const at = from;
      from += Math.max(1, count);
      left -= count;
      return { ...chunk, epoch, from: at, to: at + count };
    });
    await addChunks(queue, numbered, 0);
  }

  async #sizeFor(pages: number): Promise<number> {
    const workers = Math.max(1, await this.#parts.redis.zcard(this.#parts.keys.workers));
    const isPlenty = this.#unanswered.size >= MOST_PAGES * workers * JOBS_OF_A_WORKER;
    if (isPlenty) return MOST_PAGES;
    return Math.min(MOST_PAGES, Math.ceil(pages / (workers * JOBS_OF_A_WORKER)));
  }
}
