/** The pages of a plan that grows, handed out to workers. */
import type { PlacedState } from '../archive-thread/messages.ts';
import type { PageInfo } from '../core/page-info.ts';
import type { Place } from '../core/page-request.ts';
import { redactUrl } from '../core/redact.ts';
import type { Pending } from '../fetch/find-pages.ts';
import type { MakeTransport } from '../fetch/open-transport.ts';
import type { Task } from '../fetch/task.ts';
import type { CollectParts } from './collect.ts';
import type { HandedOut } from './handed-out.ts';
import { type RunKeys, runKeys } from './keys.ts';
import { countPart, PartWriter } from './part-writer.ts';
import { type FoundPlan, publishPlan, readPlan } from './run-record.ts';
import { processName } from './worked.ts';

/** Pages that are handed out and have not come: bounds memory here and in the queue. */
const MOST_OPEN = 10_000;

export interface ListParts extends Omit<CollectParts, 'slices'> {
  readonly makeTransport: MakeTransport;
  /** Another reading may follow, so that workers stay (`--prove`). */
  readonly isReadAgain: boolean;
}

interface SpreadPagesParts extends ListParts {
  readonly pending: Pending;
  readonly handedOut: HandedOut;
  readonly told: FoundPlan['told'] | null;
  /** A part of this process's own, whose pages are in the archive already. */
  readonly onOwn: (name: string) => void;
  /** There are pages that this process fetches itself. */
  readonly onWork: () => void;
}

/** The pages of the plan, of which this process fetches only what it cannot hand out. */
export class SpreadPages implements Pending {
  readonly #parts: SpreadPagesParts;
  readonly #keys: RunKeys;
  readonly #writer: PartWriter;
  readonly #who = processName();
  #kept: Place[] = [];
  #isPublished = false;
  #firstPart: string | null = null;
  #changed = Promise.withResolvers<void>();
  #failure: unknown = null;
  #own = 0;

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

  /** Pages that this process fetches itself and that have not come. */
  get own(): number {
    return this.#own;
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
    this.#own -= 1;
    this.#kept.push(page.place);
    this.#writer.add(page.bodyBytes);
    this.#parts.pending.onPage(task, page, pageInfo);
  }

  came(task: Task, page: Parameters<Pending['came']>[1]): void {
    this.#parts.pending.came(task, page);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** The tasks of this process itself. It waits if many others are open, and at the end. */
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
      if (own.length > 0) {
        this.#own += own.length;
        this.#parts.onWork();
        yield own;
      }
      while (handedOut.size >= MOST_OPEN) await this.#changed.promise;
    }
    while (handedOut.size > 0) await this.#changed.promise;
  }

  /** Writes what this process has fetched to a part. */
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
    redis: ListParts['connection']['redis'],
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
