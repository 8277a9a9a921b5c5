/**
 * Limiters as servers have them. Each says yes or no to a request that arrives at a moment, and
 * how many a client that wastes nothing would have been permitted in a time.
 */
import type { Limit } from '../../../src/core/hint.ts';

export interface Limiter {
  take(now: number): boolean;
  /** When a request could be accepted next, as `Retry-After` would say it. */
  nextAt(now: number): number;
  permitted(durationMs: number): number;
  /** What is left, and how long it must last, for headers. */
  state(now: number): { readonly remaining: number; readonly resetMs: number };
}

/** A rate that changes at given times, per second. */
export type Rate = readonly { readonly from: number; readonly perSecond: number }[];

export class BucketLimiter implements Limiter {
  readonly #rate: Rate;
  readonly #burst: number;
  #tokens: number;
  #at = 0;

  constructor(rate: number | Rate, burst: number) {
    this.#rate = typeof rate === 'number' ? [{ from: 0, perSecond: rate }] : rate;
    this.#burst = burst;
    this.#tokens = burst;
  }

  take(now: number): boolean {
    this.#refill(now);
    if (this.#tokens < 1 - 1e-9) return false;
    this.#tokens -= 1;
    return true;
  }

  nextAt(now: number): number {
    this.#refill(now);
    if (this.#tokens >= 1) return now;
    return now + ((1 - this.#tokens) * 1000) / this.#perSecond(now);
  }

  permitted(durationMs: number): number {
    return this.#burst + this.#refilled(0, durationMs);
  }

  state(now: number) {
    this.#refill(now);
    return {
      remaining: Math.floor(this.#tokens),
      resetMs: ((this.#burst - this.#tokens) * 1000) / this.#perSecond(now),
    };
  }

  #perSecond(now: number): number {
    return this.#rate.findLast(({ from }) => from <= now)!.perSecond;
  }

  #refilled(from: number, to: number): number {
    let sum = 0;
    for (const [index, { from: start, perSecond }] of this.#rate.entries()) {
      const end = this.#rate[index + 1]?.from ?? Number.POSITIVE_INFINITY;
      sum += (Math.max(0, Math.min(to, end) - Math.max(from, start)) * perSecond) / 1000;
    }
    return sum;
  }

  #refill(now: number): void {
    if (now <= this.#at) return;
    const refill =
      this.#rate.length === 1
        ? ((now - this.#at) * this.#rate[0]!.perSecond) / 1000
        : this.#refilled(this.#at, now);
    this.#tokens = Math.min(this.#burst, this.#tokens + refill);
    this.#at = now;
  }
}

/**
 * nginx's `limit_req` with `nodelay`: its clock counts whole milliseconds, and it takes one request more
 * than its burst.
 */
export class NginxLimiter implements Limiter {
  readonly #perMs: number;
  readonly #burst: number;
  #excess = -1;
  #at = 0;

  constructor(perSecond: number, burst: number) {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
  }

  take(now: number): boolean {
    const at = Math.floor(now);
    const excess = Math.max(0, this.#excess - this.#perMs * (at - this.#at) + 1);
    if (excess > this.#burst + 1e-9) return false;
    this.#excess = excess;
    this.#at = at;
    return true;
  }

  nextAt(now: number): number {
    return now + Math.max(0, (this.#excess + 1 - this.#burst) / this.#perMs - (now - this.#at));
  }

  permitted(durationMs: number): number {
    return 1 + this.#burst + this.#perMs * durationMs;
  }

  state(now: number) {
    const used = Math.max(0, this.#excess + 1 - this.#perMs * (now - this.#at));
    return { remaining: Math.floor(1 + this.#burst - used), resetMs: used / this.#perMs };
  }
}

/** So many in each window; `phase` is how much of the first is over when the run begins. */
export class WindowLimiter implements Limiter {
  readonly #quota: number;
  readonly #windowMs: number;
  readonly #phaseMs: number;
  #index = -1;
  #used = 0;

  constructor(quota: number, windowMs: number, phase: number) {
    this.#quota = quota;
    this.#windowMs = windowMs;
    this.#phaseMs = phase * windowMs;
  }

  take(now: number): boolean {
    this.#turn(now);
    if (this.#used >= this.#quota) return false;
    this.#used += 1;
    return true;
  }

  nextAt(now: number): number {
    this.#turn(now);
    return this.#used < this.#quota ? now : this.#endOf(this.#index);
  }

  permitted(durationMs: number): number {
    return this.#quota * Math.ceil((durationMs + this.#phaseMs) / this.#windowMs - 1e-9);
  }

  state(now: number) {
    this.#turn(now);
    return { remaining: this.#quota - this.#used, resetMs: this.#endOf(this.#index) - now };
  }

  #endOf(index: number): number {
    return (index + 1) * this.#windowMs - this.#phaseMs;
  }

  #turn(now: number): void {
    const index = Math.floor((now + this.#phaseMs) / this.#windowMs);
    if (index <= this.#index) return;
    this.#index = index;
    this.#used = 0;
  }
}

/** So many in any window: each counts until a window's length has passed. */
export class SlidingLimiter implements Limiter {
  readonly #quota: number;
  readonly #windowMs: number;
  readonly #taken: number[] = [];

  constructor(quota: number, windowMs: number) {
    this.#quota = quota;
    this.#windowMs = windowMs;
  }

  take(now: number): boolean {
    this.#expire(now);
    if (this.#taken.length >= this.#quota) return false;
    this.#taken.push(now);
    return true;
  }

  nextAt(now: number): number {
    this.#expire(now);
    return this.#taken.length < this.#quota ? now : this.#taken[0]! + this.#windowMs;
  }

  permitted(durationMs: number): number {
    return this.#quota * Math.ceil(durationMs / this.#windowMs - 1e-9);
  }

  state(now: number) {
    this.#expire(now);
    const oldest = this.#taken[0];
    return {
      remaining: this.#quota - this.#taken.length,
      resetMs: oldest === undefined ? this.#windowMs : oldest + this.#windowMs - now,
    };
  }

  #expire(now: number): void {
    while (this.#taken.length > 0 && this.#taken[0]! + this.#windowMs <= now) this.#taken.shift();
  }
}

/** Another client takes from the same limiter at a steady rate, whatever it is answered. */
export class SharedLimiter implements Limiter {
  readonly #inner: Limiter;
  readonly #everyMs: number;
  readonly #ours: number;
  #othersNextAt = 0;

  /** @param part the other client's part of what is permitted, `perSecond` its requests */
  constructor(inner: Limiter, perSecond: number, part: number) {
    this.#inner = inner;
    this.#everyMs = 1000 / perSecond;
    this.#ours = 1 - part;
  }

  take(now: number): boolean {
    this.#others(now);
    return this.#inner.take(now);
  }

  nextAt(now: number): number {
    return this.#inner.nextAt(now);
  }

  permitted(durationMs: number): number {
    return this.#inner.permitted(durationMs) * this.#ours;
  }

  state(now: number) {
    this.#others(now);
    return this.#inner.state(now);
  }

  #others(now: number): void {
    for (; this.#othersNextAt <= now; this.#othersNextAt += this.#everyMs) {
      this.#inner.take(this.#othersNextAt);
    }
  }
}

export class NoLimiter implements Limiter {
  take(): boolean {
    return true;
  }

  nextAt(now: number): number {
    return now;
  }

  permitted(): number {
    return Number.NaN;
  }

  state() {
    return { remaining: 1_000_000, resetMs: 1000 };
  }
}

/** Refuses some, whatever the rate: the limit of something else. */
export class RandomLimiter extends NoLimiter {
  readonly #part: number;
  readonly #random: () => number;

  constructor(part: number, random: () => number) {
    super();
    this.#part = part;
    this.#random = random;
  }

  override take(): boolean {
    return this.#random() >= this.#part;
  }
}

export type StateHeaders = (limiter: Limiter, now: number) => readonly Limit[];
