/**
 * Retries cost tokens, so that a server in trouble is not asked over and over: the retry quota of
 * the AWS SDKs ("Retry behavior", standard mode; aws-sdk: 500 tokens, 5 a retry, 10 a timeout, the
 * cost back when the retry succeeds, 1 for a success at the first try). Theirs fails the request;
 * this pauses the bucket and sends one probe at a time until one succeeds.
 */
const CAPACITY = 500;
const COST = { error: 5, timeout: 10 } as const;
const FIRST_TRY_GAIN = 1;
/** What a probe that came through buys: ten retries, or half a minute's successes do. */
const PROBE_GAIN = 50;
const PAUSE_MS = 1000;
const PAUSE_GROWTH = 2;
const PAUSE_CAP_MS = 60_000;

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
