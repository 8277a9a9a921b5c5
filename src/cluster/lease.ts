import type { Redis } from 'ioredis';
import { runScript } from './scripts.ts';

/** Something that one process does at a time; another one takes it over when that is gone. */
export class Lease {
  readonly #redis: Redis;
  readonly #key: string;
  readonly #who: string;
  readonly #durationMs: number;

  constructor(redis: Redis, key: string, who: string, durationMs: number) {
    this.#redis = redis;
    this.#key = key;
    this.#who = who;
    this.#durationMs = durationMs;
  }

  /** Takes or renews it. Null where this process has it, else who does. */
  async take(): Promise<string | null> {
    const values = [this.#who, this.#durationMs];
    const holder = await runScript(this.#redis, 'lease', [this.#key], values);
    return holder === this.#who ? null : String(holder);
  }

  async release(): Promise<void> {
    await runScript(this.#redis, 'release', [this.#key], [this.#who]);
  }
}
