/** The limits that a report names: what the headers of pages stated, policy by policy. */
import type { PageHistory } from '../archive/history.ts';
import { escapeText } from '../core/escape.ts';
import type { Limit } from '../core/hint.ts';
import { createHintReader, type HintReader } from '../http/limits/hint-reader.ts';
import type { LimitFacts } from '../report/report-data.ts';

/** A page's headers take 20 µs to read; of more pages, some in equal distances are looked at. */
const MOST_READ = 2_000;
/** A server may name any number of policies. */
const MOST_SHOWN = 16;
const SHOWN_NAME = 60;

interface Seen extends Limit {
  readonly origin: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Null where nothing says what is left. */
  readonly leastLeft: number | null;
}

export class ReportLimits {
  readonly #every: number;
  readonly #seen = new Map<string, Seen>();
  readonly #readers = new Map<string, HintReader>();
  #pages = 0;

  /** @param pages so many are there, about */
  constructor(pages: number) {
    this.#every = Math.max(1, Math.ceil(pages / MOST_READ));
  }

  /** @param arrivedAt when its last attempt ended, in milliseconds since 1970 */
  add({ url, status, headers }: PageHistory, arrivedAt: number): void {
    this.#pages += 1;
    if (headers === null || status === null || this.#pages % this.#every !== 0) return;
    if (!headers.includes('limit')) return;
    const origin = URL.parse(url)?.origin ?? '';
    let reader = this.#readers.get(origin);
    if (reader === undefined) {
      reader = createHintReader();
      this.#readers.set(origin, reader);
    }
    const { limits } = reader.read(status, JSON.parse(headers), arrivedAt, arrivedAt);
    for (const limit of limits) this.#note(limit, origin, arrivedAt);
  }

  #note(limit: Limit, origin: string, at: number): void {
    const key = `${origin} ${limit.policy}`;
    const known = this.#seen.get(key);
    if (known === undefined && this.#seen.size >= MOST_SHOWN) return;
    const left = [known?.leastLeft, limit.remaining].filter((it) => it != null);
    this.#seen.set(key, {
      ...limit,
      windowMs: limit.windowMs ?? known?.windowMs ?? null,
      origin,
      fromMs: Math.min(at, known?.fromMs ?? at),
      toMs: Math.max(at, known?.toMs ?? at),
      leastLeft: left.length === 0 ? null : Math.min(...left),
    });
  }

  facts(timeAt: (wallTime: number) => number, limiters: readonly string[]): readonly LimitFacts[] {
    return [...this.#seen.values()].map(({ policy, origin, quota, windowMs, ...seen }) => ({
      // Two of one name are told apart by a number that is ours.
      policy: escapeText(policy.replace(/#\d+$/, ''), SHOWN_NAME),
      limiter: limiters.findIndex((it) => it === origin || it.startsWith(`${origin} `)),
      quota,
      windowMs,
      leastLeft: seen.leastLeft,
      from: timeAt(seen.fromMs),
      to: timeAt(seen.toMs),
    }));
  }
}
