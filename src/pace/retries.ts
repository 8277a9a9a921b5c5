/**
 * When a page is tried again: how long it waits (`backoffDelayMs`), the queue of pages that wait
 * (`DelayQueue`), and when errors are so many that retries must pause (`RetryBudget`).
 */

const BACKOFF_BASE_MS = 500;
const BACKOFF_CAP_MS = 30_000;

/** The retry budget, in tokens. */
const CAPACITY = 500;
const COST = { error: 5, timeout: 10 } as const;
const FIRST_TRY_GAIN = 1;
/** What a probe that came through buys: ten retries, or half a minute's successes do. */
const PROBE_GAIN = 50;
const PAUSE_MS = 1000;
const PAUSE_GROWTH = 2;
const PAUSE_CAP_MS = 60_000;

/**
 * How long one page waits before its next attempt: exponential backoff with full jitter
 * (delay = random × min(cap, base × 2^(n−1))). It spreads clients best and costs least total work.
 * Source: AWS Architecture Blog, "Exponential Backoff And Jitter" (2015).
 * @param failures attempts of this page that failed so far, from 1
 * @param random a number in [0, 1)
 * @returns milliseconds
 */
export function backoffDelayMs(failures: number, random: number): number {
  const ceiling = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** (failures - 1));
  return random * ceiling;
}

/**
 * The same after a refusal that may be a limit: half of it for certain, so that the retries of one page
 * do not all fall into a window of a second.
 */
export function refusalDelayMs(failures: number, random: number): number {
  const least = backoffDelayMs(failures, 0.5);
  return least + random * least;
}

/** Things that become due, earliest first: a binary heap. Equal times keep no particular order. */
export class DelayQueue<T> {
  readonly #items: { readonly dueAt: number; readonly value: T }[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** When the earliest becomes due, or Infinity. */
  get nextDueAt(): number {
    return this.#items[0]?.dueAt ?? Number.POSITIVE_INFINITY;
  }

  add(dueAt: number, value: T): void {
    const items = this.#items;
    const item = { dueAt, value };
    let index = items.push(item) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (items[parent]!.dueAt <= dueAt) break;
      items[index] = items[parent]!;
      index = parent;
    }
    items[index] = item;
  }

  /** Removes and returns the earliest that is due, or undefined. */
  takeDue(now: number): T | undefined {
    const items = this.#items;
    const first = items[0];
    if (first === undefined || first.dueAt > now) return undefined;
    const last = items.pop()!;
    if (items.length > 0) {
      let index = 0;
      for (;;) {
        let child = 2 * index + 1;
        if (child >= items.length) break;
        if (child + 1 < items.length && items[child + 1]!.dueAt < items[child]!.dueAt) child += 1;
        if (items[child]!.dueAt >= last.dueAt) break;
        items[index] = items[child]!;
        index = child;
      }
      items[index] = last;
    }
    return first.value;
  }
}

/**
 * Retries cost tokens, so that a server in trouble is not asked over and over: the retry quota of
 * the AWS SDKs ("Retry behavior", standard mode; aws-sdk: 500 tokens, 5 a retry, 10 a timeout, the
 * cost back when the retry succeeds, 1 for a success at the first try). Theirs fails the request;
 * this pauses the limiter and sends one probe at a time until one succeeds.
 */
export class RetryBudget {
  readonly #random: () => number;
  #tokens = CAPACITY;
  #opensAt = Number.NEGATIVE_INFINITY;
  #ceilingMs = PAUSE_MS;
  #isPaused = false;
  #pausedSince = 0;
  #probeSentAt: number | null = null;

  constructor(random: () => number) {
    this.#random = random;
  }

  get tokens(): number {
    return this.#tokens;
  }

  get opensAt(): number {
    return this.#opensAt;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Milliseconds since the pause began, 0 where there is none: for `--max-wait`. */
  pausedForMs(now: number): number {
    return this.#isPaused ? now - this.#pausedSince : 0;
  }

  /** ≤ now: may start; later: not before; Infinity: a probe is out. */
  startableAt(): number {
    return this.#probeSentAt === null ? this.#opensAt : Number.POSITIVE_INFINITY;
  }

  started(now: number): void {
    if (this.#isPaused) this.#probeSentAt = now;
  }

  /**
   * An attempt failed by a 5xx, a network fault (`error`) or for want of an answer (`timeout`).
   * @returns the pause that began or grew, or null
   */
  failed(kind: keyof typeof COST, sentAt: number, now: number): { waitMs: number } | null {
    const wasProbe = this.#endProbe(sentAt);
    this.#tokens = Math.max(0, this.#tokens - COST[kind]);
    if (this.#isPaused ? !wasProbe : this.#tokens > 0) return null;
    if (!this.#isPaused) {
      this.#isPaused = true;
      this.#pausedSince = now;
    }
    // Half fixed, half jitter: many clients of one server come back spread out, and never at once.
    const waitMs = this.#ceilingMs * (0.5 + this.#random() / 2);
    this.#ceilingMs = Math.min(PAUSE_CAP_MS, this.#ceilingMs * PAUSE_GROWTH);
    this.#opensAt = now + waitMs;
    return { waitMs };
  }

  /** @param failures how often this page had failed before; its price is given back */
  succeeded(failures: number, sentAt: number): void {
    const gain = failures > 0 ? COST.error : FIRST_TRY_GAIN;
    this.#tokens = Math.min(CAPACITY, this.#tokens + gain);
    if (!this.#endProbe(sentAt)) return;
    this.#isPaused = false;
    this.#ceilingMs = PAUSE_MS;
    this.#tokens = Math.max(this.#tokens, PROBE_GAIN);
  }

  /** The request ended in a way that says nothing of the server's health. */
  ended(sentAt: number): void {
    this.#endProbe(sentAt);
  }

  #endProbe(sentAt: number): boolean {
    if (sentAt !== this.#probeSentAt) return false;
    this.#probeSentAt = null;
    return this.#isPaused;
  }
}
