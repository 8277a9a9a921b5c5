/**
 * Whether the server works at all. Failures cost tokens: the retry quota of the AWS SDKs ("Retry
 * behavior", standard mode; aws-sdk: 500 tokens, 5 a retry, 10 a timeout, the cost back when the retry
 * succeeds, 1 for a success at the first try). Theirs fails the request. This one doubts the server when
 * they are used up, and asks for a page that it has given before, the witness: if that comes, the server
 * is up, and the failures are the pages' own. If not, the server is down: nothing starts but one probe
 * at a time, with a growing pause between them, and what fails meanwhile is no attempt.
 */

/** In tokens. */
const CAPACITY = 500;
const COST = { error: 5, timeout: 10, unreachable: 5 } as const;
const FIRST_TRY_GAIN = 1;
/** What a probe that came through buys: ten retries, or half a minute's successes do. */
const PROBE_GAIN = 50;
/** What it buys where the server was only doubted: the failures are the pages' own, and may go on. */
const PROVEN_GAIN = CAPACITY / 2;
const PAUSE_MS = 1000;
const PAUSE_GROWTH = 2;
const PAUSE_CAP_MS = 30_000;
/** So many probes in a row must fail before a server that is doubted is down, if it answered with errors. */
const SURE_PROBES = 2;
/** Every fourth probe is a page: the witness may have a trouble of its own. */
const PAGE_EVERY = 4;

/** `unreachable`: there was no connection, whatever page was asked for. */
export type FailureKind = keyof typeof COST;

/**
 * What a failed attempt says about its page. `counts`: the server works, so it is an attempt. `excused`: the
 * server is down, so it is none. `held`: the probe that is due decides.
 */
export type Judgement = 'counts' | 'excused' | 'held';

export interface Judged {
  readonly attempt: Judgement;
  /** The pause that began or grew, or null. */
  readonly waitMs: number | null;
}

export class ServerHealth {
  readonly #random: () => number;
  readonly #maxWaitMs: number;
  #tokens = CAPACITY;
  #phase: 'up' | 'doubted' | 'down' = 'up';
  #opensAt = Number.NEGATIVE_INFINITY;
  #ceilingMs = PAUSE_MS;
  #downSince = 0;
  #probeSentAt: number | null = null;
  #probes = 0;
  /** When the last answer came, of whatever kind; null before the first. */
  #answeredAt: number | null = null;
  #upSentAt = Number.NEGATIVE_INFINITY;
  /** There is a page that the server has given before. */
  hasWitness = false;

  /** @param maxWaitMs no pause goes beyond this, counted from when the server went down */
  constructor(random: () => number, maxWaitMs = Number.POSITIVE_INFINITY) {
    this.#random = random;
    this.#maxWaitMs = maxWaitMs;
  }

  get tokens(): number {
    return this.#tokens;
  }

  get opensAt(): number {
    return this.#opensAt;
  }

  /** As far as is known. */
  get isUp(): boolean {
    return this.#phase === 'up';
  }

  get isDown(): boolean {
    return this.#phase === 'down';
  }

  /** Whether anything was ever answered; before that a failure is as likely a wrong address. */
  get hasAnswered(): boolean {
    return this.#answeredAt !== null;
  }

  /** When the last request that succeeded was sent: the server was up after that. */
  get upSentAt(): number {
    return this.#upSentAt;
  }

  /** The next probe is to ask for the witness. */
  get isWitnessDue(): boolean {
    if (this.#phase === 'up' || !this.hasWitness) return false;
    return this.#probes % PAGE_EVERY < PAGE_EVERY - 1;
  }

  /** Milliseconds since the server went down, 0 while it is not: for `--max-wait`. */
  downForMs(now: number): number {
    return this.#phase === 'down' ? now - this.#downSince : 0;
  }

  /** Nothing was asked for so long by the user's own will, so nothing shows that it was down. */
  excuse(ms: number, now: number): void {
    if (this.#phase === 'down') this.#downSince = Math.min(now, this.#downSince + ms);
  }

  /** ≤ now: may start; later: not before; Infinity: a probe is out. */
  startableAt(): number {
    return this.#probeSentAt === null ? this.#opensAt : Number.POSITIVE_INFINITY;
  }

  started(now: number): void {
    if (this.#phase === 'up') return;
    this.#probeSentAt = now;
    this.#probes += 1;
  }

  /** Any answer at all. */
  answered(now: number): void {
    this.#answeredAt = now;
  }

  /** An attempt failed by a 5xx, a network fault (`error`) or for want of an answer (`timeout`). */
  failed(kind: FailureKind, sentAt: number, now: number): Judged {
    const wasProbe = this.#endProbe(sentAt);
    this.#tokens = Math.max(0, this.#tokens - COST[kind]);
    if (this.#phase === 'up') {
      if (kind === 'unreachable' && this.#isSilentSince(sentAt)) return this.#goDown(now);
      if (this.#tokens > 0) return { attempt: 'counts', waitMs: null };
      return this.doubt(now) ? { attempt: 'held', waitMs: null } : this.#goDown(now);
    }
    // A page in flight may have broken the connection under the first probe: it is not believed alone.
    const isBelieved = this.#phase === 'down' || kind !== 'error' || this.#probes >= SURE_PROBES;
    if (wasProbe && isBelieved) return this.#goDown(now);
    return { attempt: this.#phase === 'down' ? 'excused' : 'held', waitMs: null };
  }

  /**
   * Asks for the witness before anything else, at once.
   * @returns whether there is one, of a server that has answered
   */
  doubt(now: number): boolean {
    if (!this.hasWitness || !this.hasAnswered) return false;
    if (this.#phase === 'up') {
      this.#phase = 'doubted';
      this.#opensAt = now;
      this.#probes = 0;
    }
    return true;
  }

  /**
   * @param failures how often this page had failed before; its price is given back
   * @returns whether it was the probe that shows that the server is up
   */
  succeeded(failures: number, sentAt: number): boolean {
    const gain = failures > 0 ? COST.error : FIRST_TRY_GAIN;
    this.#tokens = Math.min(CAPACITY, this.#tokens + gain);
    this.#upSentAt = Math.max(this.#upSentAt, sentAt);
    if (!this.#endProbe(sentAt)) return false;
    const least = this.#phase === 'doubted' ? PROVEN_GAIN : PROBE_GAIN;
    this.#phase = 'up';
    this.#ceilingMs = PAUSE_MS;
    this.#tokens = Math.max(this.#tokens, least);
    return true;
  }

  /** The request ended in a way that says nothing about the server's health. */
  ended(sentAt: number): void {
    this.#endProbe(sentAt);
  }

  /** It has answered, and nothing since the request was sent: others that come through show that it is up. */
  #isSilentSince(sentAt: number): boolean {
    return this.#answeredAt !== null && this.#answeredAt <= sentAt;
  }

  #goDown(now: number): Judged {
    if (this.#phase !== 'down') {
      if (this.#phase === 'up') this.#probes = 0;
      this.#phase = 'down';
      this.#downSince = now;
    }
    // Half fixed, half jitter: many clients of one server come back spread out, and never at once.
    const ownMs = this.#ceilingMs * (0.5 + this.#random() / 2);
    const leftMs = Math.max(0, this.#downSince + this.#maxWaitMs - now);
    const waitMs = Math.min(ownMs, leftMs);
    this.#ceilingMs = Math.min(PAUSE_CAP_MS, this.#ceilingMs * PAUSE_GROWTH);
    this.#opensAt = now + waitMs;
    return { attempt: 'excused', waitMs };
  }

  #endProbe(sentAt: number): boolean {
    if (sentAt !== this.#probeSentAt) return false;
    this.#probeSentAt = null;
    return this.#phase !== 'up';
  }
}
