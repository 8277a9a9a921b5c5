import type { Redis } from 'ioredis';
import { type RunKeys, runKeys } from './keys.ts';
import { type Progress, readParts } from './run-record.ts';
import { type CountedPart, partOf } from './store.ts';

interface NewParts {
  readonly parts: readonly CountedPart[];
  /** Null where the queue does not know the run any more. */
  readonly progress: Progress | null;
  /** Others may follow at once. */
  readonly goesOn: boolean;
}

/** The parts that the queue counts, in their order, each of them given once. */
export class PartList {
  readonly #redis: Redis;
  readonly #keys: RunKeys;
  readonly #most: number;
  readonly #given = new Set<string>();
  #next = 0;

  /** @param most parts that are given at once */
  constructor(redis: Redis, run: string, most: number) {
    this.#redis = redis;
    this.#keys = runKeys(run);
    this.#most = most;
  }

  /** It need not be given. */
  skip(name: string): void {
    this.#given.add(name);
  }

  /** The queue may list others than it did: those that are new there are given, too. */
  startAgain(): void {
    this.#next = 0;
  }

  async read(): Promise<NewParts> {
    const last = this.#next + this.#most - 1;
    const read = await readParts(this.#redis, this.#keys, this.#next, last);
    if (read === null) return { parts: [], progress: null, goesOn: false };
    const { entries, progress } = read;
    // The queue was set back by a crash.
    const isSetBack = progress.parts < this.#next;
    if (isSetBack) this.#next = 0;
    this.#next += entries.length;
    const parts = entries.map(partOf).filter(({ name }) => !this.#given.has(name));
    for (const { name } of parts) this.#given.add(name);
    return { parts, progress, goesOn: isSetBack || entries.length > 0 };
  }
}
