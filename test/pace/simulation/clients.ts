/** What the pace is compared with. */
import type { Answer } from '../../../src/pace/pace.ts';
import { Pacer } from '../../../src/pace/pacer.ts';
import type { Client } from './simulate.ts';

export type MakeClient = (random: () => number) => Client;

export function pacerClient(random: () => number): Client {
  return clientOf(new Pacer({ concurrency: 'auto', rate: null }, random, null));
}

/** As a limiter drives it, without the retry policy. */
export function clientOf(pacer: Pacer): Client {
  return {
    startableAt: (now) => pacer.startableAt(now),
    started: (now) => pacer.started(now),
    ended(answer) {
      const { kind, sentAt, now } = answer;
      const isRefusal = kind === 'failed' && pacer.readError(sentAt, now) === 'refusal';
      pacer.ended(isRefusal ? { ...answer, kind: 'refused' } : answer);
    },
  };
}

/**
 * So many connections, each of which waits by itself when it is refused: what the server asks for,
 * else exponential backoff with full jitter (0.5 s, ×2, at most 30 s).
 */
export class FixedClient implements Client {
  readonly #random: () => number;
  readonly #freeAt: number[];
  readonly #connections: number;
  #refusedInARow = 0;

  constructor(connections: number, random: () => number) {
    this.#connections = connections;
    this.#freeAt = new Array<number>(connections).fill(0);
    this.#random = random;
  }

  startableAt(_now: number): number {
    return this.#freeAt.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...this.#freeAt);
  }

  started(_now: number): void {
    this.#freeAt.splice(this.#freeAt.indexOf(Math.min(...this.#freeAt)), 1);
  }

  ended({ now, kind, hint }: Answer): void {
    if (kind === 'accepted') this.#refusedInARow = 0;
    if (kind !== 'refused') {
      this.#freeAt.push(now);
      return;
    }
    // All connections are refused together, so a round of refusals is one step of backoff.
    const round = Math.min(6, Math.floor(this.#refusedInARow / this.#connections));
    this.#refusedInARow += 1;
    const ownMs = this.#random() * Math.min(30_000, 500 * 2 ** round);
    this.#freeAt.push(now + (hint?.waitMs ?? ownMs));
  }
}

/**
 * The client-side rate limit of the AWS SDKs' adaptive mode, by its published pseudo code ("Retry
 * behavior", RetryQuota and CUBIC rate with beta 0.7, scale 0.4), over 16 connections that back off.
 */
export class CubicClient implements Client {
  readonly #random: () => number;
  #inFlight = 0;
  #isLimited = false;
  #fillRate = 0;
  #capacity = 0;
  #current = 0;
  #filledAt = 0;
  #measured = 0;
  #lastBucket = 0;
  #requests = 0;
  #lastMax = 0;
  #lastThrottledAt = 0;
  readonly #waiting: number[] = [];

  constructor(random: () => number) {
    this.#random = random;
  }

  startableAt(now: number): number {
    while (this.#waiting.length > 0 && this.#waiting[0]! <= now) this.#waiting.shift();
    if (this.#inFlight + this.#waiting.length >= 16) {
      return this.#waiting[0] ?? Number.POSITIVE_INFINITY;
    }
    if (!this.#isLimited) return now;
    this.#refill(now);
    return this.#current >= 1 - 1e-6 ? now : now + ((1 - this.#current) / this.#fillRate) * 1000;
  }

  started(now: number): void {
    this.#inFlight += 1;
    if (!this.#isLimited) return;
    this.#refill(now);
    this.#current -= 1;
  }

  ended({ now, kind, hint }: Answer): void {
    this.#inFlight -= 1;
    this.#measure(now);
    let rate: number;
    if (kind === 'refused') {
      const base = this.#isLimited ? Math.min(this.#measured, this.#fillRate) : this.#measured;
      this.#lastMax = base;
      this.#lastThrottledAt = now;
      rate = base * 0.7;
      this.#isLimited = true;
      const waitMs = hint?.waitMs ?? this.#random() * 1000;
      this.#waiting.push(now + waitMs);
      this.#waiting.sort((a, b) => a - b);
    } else {
      const windowSeconds = Math.cbrt((this.#lastMax * 0.3) / 0.4);
      const seconds = (now - this.#lastThrottledAt) / 1000;
      rate = 0.4 * (seconds - windowSeconds) ** 3 + this.#lastMax;
    }
    this.#update(Math.min(rate, 2 * this.#measured), now);
  }

  #update(rate: number, now: number): void {
    this.#refill(now);
    this.#fillRate = Math.max(rate, 0.5);
    this.#capacity = Math.max(rate, 1);
    this.#current = Math.min(this.#current, this.#capacity);
  }

  #refill(now: number): void {
    const seconds = (now - this.#filledAt) / 1000;
    this.#current = Math.min(this.#capacity, this.#current + seconds * this.#fillRate);
    this.#filledAt = now;
  }

  #measure(now: number): void {
    const bucket = Math.floor(now / 500) / 2;
    this.#requests += 1;
    if (bucket <= this.#lastBucket) return;
    const rate = this.#requests / (bucket - this.#lastBucket);
    this.#measured = rate * 0.8 + this.#measured * 0.2;
    this.#requests = 0;
    this.#lastBucket = bucket;
  }
}
