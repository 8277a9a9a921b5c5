/**
 * The coordinator of a list that pages by itself: it finds out how, and makes the plan as one machine does. What the plan
 * asks for is handed out to workers, and what is in their parts answers it. So the evidence is that of one machine: every
 * page is in one archive when the plan hears of it.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { PlacedState } from '../archive-thread/messages.ts';
import { systemClock as clock } from '../core/clock.ts';
import type { PageInfo } from '../core/page-info.ts';
import type { Place } from '../core/page-request.ts';
import { redactUrl } from '../core/redact.ts';
import type { PaginationFacts } from '../core/summary.ts';
import { Engine } from '../fetch/engine.ts';
import { findPages, type Pending } from '../fetch/find-pages.ts';
import { type MakeTransport, openTransport } from '../fetch/open-transport.ts';
import { fetchPages } from '../fetch/run-archive.ts';
import type { Task } from '../fetch/task.ts';
import { openChunks, openQueue } from './chunk-queue.ts';
import { buildAgain, type CollectParts, cancelled, settleRun, takePart } from './collect.ts';
import { HandedOut } from './handed-out.ts';
import { type RunKeys, runKeys } from './keys.ts';
import { countPart, PartWriter } from './part-writer.ts';
import { endRun, type FoundPlan, publishPlan, readParts, readPlan } from './run-record.ts';
import { RunWatch, type WatchedState } from './run-watch.ts';
import { partOf } from './store.ts';
import { isInChains, processName } from './worked.ts';

/** New parts are looked for this often: the next window of pages waits for them. */
const LOOK_MS = 50;
const EMPTY_MS = 1_000;
const PARTS_AT_ONCE = 50;
/** Pages that are handed out and have not come: bounds memory here and in the queue. */
const MOST_OPEN = 10_000;
/** Of a split, for all workers together. */
const ACTIVE_SLICES = 64;

interface SpreadParts extends Omit<CollectParts, 'slices'> {
  readonly makeTransport: MakeTransport;
  /** Another reading may follow, so that workers stay (`--prove`). */
  readonly isReadAgain: boolean;
}

/** Brings the pages of the list into the archive of the output. Says how the list was found to page. */
export async function spreadPages(parts: SpreadParts): Promise<PaginationFacts | null> {
  return withGate(parts, async (engine) => {
    const queue = await openQueue(parts.connection, runKeys(parts.record.id));
    try {
      const taker = new PartTaker(parts);
      // What is done after this look shows in the parts, in this order.
      const before = await openChunks(queue);
      await taker.takeBefore();
      const { job, thread } = parts.run;
      const opened = await thread.call('look', { goesOn: true });
      const own = { job, thread, engine, opened, activeSlices: ACTIVE_SLICES };
      const found = await findPages(own);
      if (found === null) return null;
      const { told } = found;
      const handedOut = new HandedOut({
        ...{ redis: parts.connection.redis, keys: runKeys(parts.record.id), queue },
        isInChains: told !== null && isInChains({ told }, job),
        split: job.paginate?.split ?? null,
      });
      handedOut.adopt(before);
      const { pending } = found;
      const skip = (name: string): void => taker.skip(name);
      const pages = new SpreadPages({ ...parts, pending, handedOut, told, onOwn: skip });
      const over = new AbortController();
      const taking = taker.take({ handedOut, pages, engine, signal: over.signal });
      try {
        const fetching = fetchPages(engine, { ...found, pending: pages }, thread);
        fetching.catch(() => {});
        // A stop ends both; what the taking throws ends the run.
        await Promise.race([fetching, taking.then(() => fetching)]);
      } finally {
        over.abort();
        await taking.catch(() => {});
      }
      const end = pending.end();
      await pages.store();
      if (engine.stopped === null && end !== null) {
        await settleRun(parts, job.options.credentials.withholdIn(end));
        if (!parts.isReadAgain) await endRun(parts.connection.redis, parts.record.id);
      }
      return found.facts;
    } finally {
      await queue.close();
    }
  });
}

/**
 * Finds where the records stand in the pages of a list (`--records`), so that workers can begin.
 *
 * @returns false where no first page came; it is in the archive as what failed
 */
export async function findRecords(parts: SpreadParts): Promise<boolean> {
  return withGate(parts, async (engine) => {
    const { job, thread, opened } = parts.run;
    const found = await findPages({ job, thread, opened, engine });
    if (found === null) return false;
    if (found.told === null || found.pending.mostPages === 1) {
      await fetchPages(engine, found, thread);
      return false;
    }
    const plan = { told: found.told, first: null };
    await publishPlan(parts.connection.redis, runKeys(parts.record.id), plan);
    return true;
  });
}

/** What this process asks for itself is under the limit of all, and counts as its own. */
async function withGate<T>(
  { connection, record, run, makeTransport }: SpreadParts,
  use: (engine: Engine) => Promise<T>,
): Promise<T> {
  const { job } = run;
  const { options, emit } = job;
  const watch = new RunWatch(connection, runKeys(record.id), '');
  const transport = openTransport(makeTransport, job);
  const makeGate = (limiter: string) => watch.makeGate(limiter, options.rate);
  const unlimited = { ...options, deadlineMs: null };
  const engine = new Engine({
    ...{ transport, clock, emit, makeGate },
    options: unlimited,
    opened: null,
    keepsPages: true,
  });
  const stopping = setInterval(() => {
    if (run.engine.stopped !== null) engine.stop(run.engine.stopped);
  }, LOOK_MS);
  try {
    // What ends workers does not end this process: it says itself that the run has ended.
    await watch.begin({ dispatcher: engine.dispatcher, stop: () => {} }, async () => {});
    return await use(engine);
  } finally {
    clearInterval(stopping);
    engine.ended();
    if (engine.stopped !== null) run.engine.stop(engine.stopped);
    for (const name of Object.keys(engine.counters) as (keyof Engine['counters'])[]) {
      run.engine.counters[name] += engine.counters[name];
    }
    await watch.end();
    await transport.close();
  }
}

interface SpreadPagesParts extends SpreadParts {
  readonly pending: Pending;
  readonly handedOut: HandedOut;
  readonly told: FoundPlan['told'] | null;
  /** A part of this process's own, whose pages are in the archive already. */
  readonly onOwn: (name: string) => void;
}

/** The pages of the plan, of which this process fetches only what it cannot hand out. */
class SpreadPages implements Pending {
  readonly #parts: SpreadPagesParts;
  readonly #keys: RunKeys;
  readonly #writer: PartWriter;
  readonly #who = processName();
  #kept: Place[] = [];
  #isPublished = false;
  #firstPart: string | null = null;
  #changed = Promise.withResolvers<void>();
  #failure: unknown = null;

  constructor(parts: SpreadPagesParts) {
    this.#parts = parts;
    this.#keys = runKeys(parts.record.id);
    const { store, run, connection } = parts;
    this.#writer = new PartWriter({
      store,
      who: this.#who,
      write: (path) => {
        const places = this.#kept;
        this.#kept = [];
        return run.thread.call('copyPages', { path, places });
      },
      count: async (name, pages) => this.#count(connection.redis, name, pages),
      onCounted: async () => {},
      // The store has it, and the queue hears of it when it is built again.
      onLost: () => {},
      fail: (error) => {
        this.#failure = error;
      },
    });
  }

  get traits(): Pending['traits'] {
    return this.#parts.pending.traits;
  }

  get isGrowing(): boolean {
    return this.#parts.pending.isGrowing;
  }

  get mostPages(): number {
    return this.#parts.pending.mostPages;
  }

  end(): ReturnType<Pending['end']> {
    return this.#parts.pending.end();
  }

  /** A page that this process fetched: it goes to a part too. */
  onPage(task: Task, page: Parameters<Pending['onPage']>[1], pageInfo: PageInfo | null): void {
    this.#kept.push(page.place);
    this.#writer.add(page.bodyBytes);
    this.#parts.pending.onPage(task, page, pageInfo);
  }

  came(task: Task, page: Parameters<Pending['came']>[1]): void {
    this.#parts.pending.came(task, page);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Those that this process asks for. It waits for the others where they are many, and at the end. */
  async *tasks(): AsyncGenerator<readonly Task[]> {
    const { pending, handedOut } = this.#parts;
    for await (const tasks of pending.tasks()) {
      const own: Task[] = [];
      const others: Task[] = [];
      for (const task of tasks) {
        const early = handedOut.takeEarly(task);
        if (early !== null) this.came(task, early);
        else if (task.ended !== null || !this.isGrowing || this.#holdsCredential(task)) {
          own.push(task);
        } else others.push(task);
      }
      if (others.length > 0) {
        await this.#publish();
        await handedOut.add(others);
      }
      if (own.length > 0) yield own;
      while (handedOut.size >= MOST_OPEN) await this.#changed.promise;
    }
    while (handedOut.size > 0) await this.#changed.promise;
  }

  /** What this process has fetched is in a part. */
  async store(): Promise<void> {
    await this.#writer.close();
    if (this.#failure !== null) throw this.#failure;
  }

  /** Workers begin when they know how the list pages, and have its first page to compare others with. */
  async publish(): Promise<void> {
    const { told, connection, run } = this.#parts;
    if (told === null) return;
    const before = await readPlan(connection.redis, this.#keys);
    if (before !== null) return;
    if (this.#kept.length === 0 && run.job.paginate?.split === null) {
      this.#kept.push({ branch: 0, position: 0 });
      this.#writer.add(0);
    }
    const hasFirst = this.#kept.length > 0;
    await this.store();
    const first = hasFirst ? this.#firstPart : null;
    const { credentials } = run.job.options;
    await publishPlan(connection.redis, this.#keys, credentials.withholdIn({ told, first }));
  }

  async #publish(): Promise<void> {
    if (!this.#isPublished) await this.publish();
    else if (this.#kept.length > 0) await this.store();
    this.#isPublished = true;
  }

  async #count(
    redis: SpreadParts['connection']['redis'],
    name: string,
    pages: readonly PlacedState[],
  ): ReturnType<typeof countPart> {
    const epoch = (await redis.hget(this.#keys.run, 'epoch')) ?? '';
    const planned = { epoch, numberOf: () => null, locks: [] };
    const { store, onOwn } = this.#parts;
    this.#firstPart ??= name;
    onOwn(name);
    return countPart({ redis, keys: this.#keys, store, who: this.#who, planned }, name, pages);
  }

  /** It would stand in the queue. */
  #holdsCredential({ request, shownUrl }: Task): boolean {
    const { secretParams, credentials } = this.#parts.run.job.options;
    const { url, body } = request;
    if (shownUrl !== url || redactUrl(url, secretParams) !== url) return true;
    const text = body === null ? '' : Buffer.from(body).toString();
    return credentials.withhold(text) !== text;
  }
}

interface Taking {
  readonly handedOut: HandedOut;
  readonly pages: SpreadPages;
  readonly engine: Engine;
  readonly signal: AbortSignal;
}

/** Takes the parts over, in their order. */
class PartTaker {
  readonly #parts: SpreadParts;
  readonly #keys: RunKeys;
  readonly #taken = new Set<string>();
  #next = 0;
  #emptyAt = 0;
  #state: WatchedState = 'active';
  /** The queue has been told of the run again, and of nothing that is to be fetched. */
  #isLost = false;

  constructor(parts: SpreadParts) {
    this.#parts = parts;
    this.#keys = runKeys(parts.record.id);
  }

  /** What there is before the plan is made: it finds these pages in the archive. Those that failed are asked for again. */
  async takeBefore(): Promise<void> {
    for (let names = await this.#names(); names.length > 0; names = await this.#names()) {
      for (const name of names) await takePart(this.#parts, { name, except: [] }, 'stored');
    }
    if (this.#state !== 'lost') return;
    await buildAgain(this.#parts);
    this.#next = 0;
    await this.takeBefore();
  }

  /** It need not be taken. */
  skip(name: string): void {
    this.#taken.add(name);
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
        this.#next = 0;
        this.#isLost = true;
      } else if (this.#state === 'cancelled') throw cancelled(record);
      else if (isEmpty || this.#isLost) {
        // What parts do not hold is not in the queue.
        await handedOut.again(this.#isLost);
        this.#isLost = false;
      }
      await wait(LOOK_MS);
    }
  }

  /** Returns how many. */
  async #takeNext({ handedOut, pages }: Taking): Promise<number> {
    const names = await this.#names();
    for (const name of names) {
      const taken = await takePart(this.#parts, { name, except: [] }, 'all');
      for (const page of taken?.pages ?? []) {
        const task = handedOut.answeredBy(page);
        if (task !== null) pages.came(task, page);
      }
    }
    return names.length;
  }

  /** Parts that were not taken yet. */
  async #names(): Promise<readonly string[]> {
    const { redis } = this.#parts.connection;
    const read = await readParts(redis, this.#keys, this.#next, this.#next + PARTS_AT_ONCE - 1);
    if (read === null) {
      this.#state = 'lost';
      return [];
    }
    const { entries, progress } = read;
    this.#state = progress.state;
    // The queue was set back by a crash.
    if (progress.parts < this.#next) this.#next = 0;
    this.#next += entries.length;
    const names = entries.map((entry) => partOf(entry).name);
    const left = names.filter((name) => !this.#taken.has(name));
    for (const name of left) this.#taken.add(name);
    return left;
  }
}
