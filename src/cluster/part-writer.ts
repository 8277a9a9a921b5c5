/** Moves the pages that a worker has fetched to parts in the store, and has each part counted. */
import type { Redis } from 'ioredis';
import type { PlacedState } from '../archive-thread/messages.ts';
import type { Place } from '../core/page-request.ts';
import type { RunKeys } from './keys.ts';
import { runScript, spansOf } from './scripts.ts';
import { type PartStore, positionsOf } from './store.ts';

/** What a kill may lose: a part is written when it holds so much, or is so old. */
const PART_PAGES = 500;
const PART_BYTES = 32 * 1024 * 1024;
const PART_AGE_MS = 2_000;
/** A store that is slow, or away for a moment, holds up what is fetched: what waits for it stands on this machine. */
const MOST_WAITING_PARTS = 4;

/** `lost`: the queue does not know the run. `refused`: a chain in it belongs to another worker. */
export type Counted = 'counted' | 'lost' | 'refused';

interface WriterParts {
  readonly store: PartStore;
  /** A name that only this process has. */
  readonly who: string;
  /** Writes pages to a new archive at the path, and says which. */
  readonly write: (path: string) => Promise<readonly PlacedState[]>;
  /** Has the part counted that is in the store. */
  readonly count: (name: string, pages: readonly PlacedState[]) => Promise<Counted>;
  /** The pages are done or have failed for good, in this part or another. */
  readonly onCounted: (pages: readonly PlacedState[]) => Promise<void>;
  /** Another worker has a chain of its pages, so none of them counts. */
  readonly onRefused?: (pages: readonly PlacedState[]) => Promise<void>;
  /** The queue does not know the run any more; the part is in the store. */
  readonly onLost: () => void;
  readonly fail: (error: unknown) => void;
}

export class PartWriter {
  readonly #parts: WriterParts;
  #pages = 0;
  #bytes = 0;
  #timer: NodeJS.Timeout | null = null;
  #count = 0;
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  /** A part is to be written, however little it holds. */
  #isDue = false;

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  /** Pages that are stored on this machine and in no part yet. */
  get waiting(): number {
    return this.#pages;
  }

  /** The store does not keep up. */
  get isBehind(): boolean {
    return (
      this.#pages >= MOST_WAITING_PARTS * PART_PAGES ||
      this.#bytes >= MOST_WAITING_PARTS * PART_BYTES
    );
  }

  /** A page has been stored, or has failed. */
  add(bytes: number): void {
    this.#pages += 1;
    this.#bytes += bytes;
    if (this.#pages >= PART_PAGES || this.#bytes >= PART_BYTES) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), PART_AGE_MS);
  }

  /** Writes what there is, after the part that is being written. */
  flush(): void {
    this.#isDue = true;
    if (this.#isWriting) return;
    this.#isWriting = true;
    this.#writing = this.#writeAll().catch((error) => this.#parts.fail(error));
  }

  /** Writes everything. */
  async close(): Promise<void> {
    await this.#writing;
    this.flush();
    await this.#writing;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#isDue || this.#pages >= PART_PAGES) {
        this.#isDue = false;
        await this.#write();
      }
    } finally {
      this.#isWriting = false;
    }
  }

  async #write(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#pages === 0) return;
    this.#pages = 0;
    this.#bytes = 0;
    const { store, who, write, count, onCounted, onRefused, onLost } = this.#parts;
    this.#count += 1;
    const name = `${who}-${this.#count}`;
    const pages = await write(store.draft(name));
    if (pages.length === 0) {
      store.discard(name);
      return;
    }
    await store.publish(name);
    const counted = await count(name, pages);
    if (counted === 'lost') onLost();
    else if (counted === 'counted') await onCounted(pages);
    else {
      await store.remove(name);
      await onRefused?.(pages);
    }
  }
}

interface Counting {
  readonly redis: Redis;
  readonly keys: RunKeys;
  readonly store: PartStore;
  readonly who: string;
  /** For a list that is paginated; absent for known pages, whose positions are their numbers. */
  readonly planned?: {
    /** Names the queue's memory of the run: after it was lost, pages get other numbers. */
    readonly epoch: string;
    /** Null for a page of a chain. */
    readonly numberOf: (place: Place) => number | null;
    /** The locks of the chains whose pages are in the part. */
    readonly locks: readonly Lock[];
  };
}

/** Which worker has a job: the key in Redis, and what stands there while this one has it. */
export interface Lock {
  readonly key: string;
  readonly token: string;
}

/** Has the pages of a part counted that is in the store. A part of which no page counts is removed. */
export async function countPart(
  { redis, keys, store, who, planned }: Counting,
  name: string,
  pages: readonly PlacedState[],
): Promise<Counted> {
  const { epoch = '', numberOf = ({ position }: Place) => position, locks = [] } = planned ?? {};
  const stored: number[] = [];
  const failed: number[] = [];
  let others = 0;
  for (const { place, state } of pages) {
    const number = numberOf(place);
    if (number === null) others += 1;
    else (state === 'failed' ? failed : stored).push(number);
  }
  const names = [keys.run, keys.done, keys.failed, keys.parts, ...locks.map(({ key }) => key)];
  const values = [who, name, spansOf(stored), spansOf(failed), epoch, others];
  const tokens = locks.map(({ token }) => token);
  const answer = await runScript(redis, 'commit', names, [...values, ...tokens]);
  if (answer === -1) return 'lost';
  if (answer === -3) {
    // The run begins again, and takes no page from before.
    await store.remove(name);
    return 'lost';
  }
  if (answer === -2) return 'refused';
  if (positionsOf(String(answer)).length === pages.length) await store.remove(name);
  return 'counted';
}
