/**
 * One limit for all workers: starts are reserved in Redis, by its clock, a few milliseconds ahead and several
 * in one call. What was reserved is used at its time or not at all, so no two workers add up to a burst.
 */
import type { Redis } from 'ioredis';
import type { Clock } from '../core/clock.ts';
import type { Rate } from '../core/units.ts';
import type { StartGate } from '../pace/pace.ts';
import { gateKey, NEWS_CHANNEL } from './keys.ts';
import { runScript } from './scripts.ts';

/** Starts are reserved no further ahead, or no more than a few of a slow rate. */
const AHEAD_MS = 100;
const LEAST_AHEAD = 8;
const MOST_AHEAD_MS = 5_000;
/** A worker asks no more often, so that each answer holds several starts. */
const ASK_EVERY_MS = 80;
/** All workers together ask no more often. Four turns may be missed before starts go unused. */
const TURN_MS = 20;
const MOST_TURN_MS = 500;
/** A start that is later than this is given up: late ones would make a burst with those after them. */
const LATE_MS = 12;
/** By so much the ways of two requests to the server may differ. */
const WAY_MS = 5;
/** Without a rate: for so long an answer holds that no pause is known. */
const VALID_MS = 250;
/** An answer that took longer says too little of the time it was given. */
const LONGEST_ANSWER_MS = 250;

/** What all gates of a worker share. */
export interface GateParts {
  readonly redis: Redis;
  readonly clock: Clock;
  readonly rate: Rate | null;
  /** The run is paused, or this worker has lost sight of the queue. */
  readonly isHeld: () => boolean;
  /** A gate that said Infinity may say something else now. */
  readonly wake: () => void;
  readonly fail: (error: unknown) => void;
}

export class SharedGate implements StartGate {
  readonly key: string;
  readonly #parts: GateParts;
  /** Microseconds between two starts of all workers; 0 without a rate. */
  readonly #betweenMicros: number;
  readonly #aheadMs: number;
  readonly #mostAtOnce: number;
  readonly #turnMs: number;
  /** Reserved, by the own clock. */
  #starts: number[] = [];
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #validUntil = Number.NEGATIVE_INFINITY;
  /** To be asked for next: as many as were used of late. */
  #wanted = 1;
  #askAt = Number.NEGATIVE_INFINITY;
  #isAsking = false;
  /** Starts since the last answer that were used, and whether others were given up. */
  #used = 0;
  #wasLate = false;
  /** Counts what was heard: an answer from before says nothing of it. */
  #heard = 0;

  constructor(limiter: string, parts: GateParts) {
    this.key = gateKey(limiter);
    this.#parts = parts;
    const { rate } = parts;
    // Starts may be late, and requests may be longer or shorter on their way: in no window of the user's may arrive more.
    const windowMs = (rate?.perMs ?? 0) + LATE_MS + WAY_MS;
    this.#betweenMicros = rate === null ? 0 : (windowMs * 1000) / rate.count;
    const fewMs = Math.min(MOST_AHEAD_MS, (LEAST_AHEAD * this.#betweenMicros) / 1000);
    this.#aheadMs = Math.max(AHEAD_MS, fewMs);
    // Of a slow rate, a turn has one start.
    this.#turnMs = Math.min(MOST_TURN_MS, Math.max(TURN_MS, this.#betweenMicros / 1000));
    this.#mostAtOnce =
      rate === null ? 0 : Math.max(1, Math.floor((AHEAD_MS * 1000) / this.#betweenMicros));
  }

  startableAt(now: number): number {
    if (this.#parts.isHeld()) return Number.POSITIVE_INFINITY;
    if (this.#pausedUntil > now) return this.#pausedUntil;
    if (this.#betweenMicros === 0) return this.#withoutRate(now);
    while (this.#starts.length > 0 && this.#starts[0]! < now - LATE_MS) {
      this.#starts.shift();
      this.#wasLate = true;
    }
    // Asked for before there are none left, so that none is late.
    if (this.#starts.length <= this.#wanted / 2 && this.#askAt <= now) void this.#ask();
    const next = this.#starts[0];
    if (next !== undefined) return next;
    return this.#isAsking ? Number.POSITIVE_INFINITY : this.#askAt;
  }

  started(): void {
    this.#starts.shift();
    this.#used += 1;
  }

  pause(waitMs: number): void {
    if (!(waitMs > 0)) return;
    const { redis, clock, fail } = this.#parts;
    this.#hold(clock.now() + waitMs);
    const micros = Math.ceil(waitMs * 1000);
    runScript(redis, 'pause', [this.key], [micros, NEWS_CHANNEL]).then(
      (answer) => {
        const [now, until] = numbers(answer);
        this.#hold(clock.now() + (until! - now!) / 1000);
      },
      (error) => fail(error),
    );
  }

  /** Another worker has published a pause: nothing starts before it is known how long it is. */
  heard(): void {
    this.#heard += 1;
    this.#starts = [];
    this.#validUntil = Number.NEGATIVE_INFINITY;
    this.#askAt = Number.NEGATIVE_INFINITY;
    void this.#ask();
  }

  #withoutRate(now: number): number {
    if (now > this.#validUntil - VALID_MS / 2) void this.#ask();
    return now < this.#validUntil ? now : Number.POSITIVE_INFINITY;
  }

  /** What was reserved lies in the pause. */
  #hold(until: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, until);
    this.#starts = this.#starts.filter((start) => start >= this.#pausedUntil);
  }

  async #ask(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const { redis, clock, wake, fail } = this.#parts;
    const askedAt = clock.now();
    const wanted = this.#wanted;
    const heard = this.#heard;
    try {
      const turns = [this.#turnMs * 1000, ASK_EVERY_MS * 1000];
      const values = [wanted, this.#betweenMicros, this.#aheadMs * 1000, ...turns];
      const answer = numbers(await runScript(redis, 'reserve', [this.key], values));
      const [redisNow = 0, first = 0, count = 0, pause = 0, turn = 0] = answer;
      const now = clock.now();
      // Redis answered at some time between: the latest is taken, so that no start is early.
      const local = (micros: number): number => now + (micros - redisNow) / 1000;
      if (pause > redisNow) this.#hold(local(pause));
      if (heard !== this.#heard) return;
      this.#validUntil = askedAt + VALID_MS;
      const isUseful = now - askedAt <= LONGEST_ANSWER_MS;
      for (let index = 0; isUseful && index < count; index += 1) {
        this.#starts.push(local(first + index * this.#betweenMicros));
      }
      this.#wanted = this.#nextWanted(wanted, count);
      const free = local(first) - this.#aheadMs;
      this.#askAt = count === 0 ? Math.max(local(turn), free) : local(turn);
    } catch (error) {
      fail(error);
    } finally {
      this.#isAsking = false;
      wake();
    }
  }

  /** More while all that was asked for came, fewer where some were given up. */
  #nextWanted(wanted: number, count: number): number {
    const [used, wasLate] = [this.#used, this.#wasLate];
    this.#used = 0;
    this.#wasLate = false;
    // Some are also given up where a process was not given the processor for a moment.
    const fewer = Math.max(1, Math.floor(wanted / 2), Math.ceil(used * 1.25));
    if (wasLate) return Math.min(wanted, fewer);
    return count === wanted ? Math.min(this.#mostAtOnce, wanted * 2) : wanted;
  }
}

function numbers(answer: unknown): readonly number[] {
  return (answer as readonly (string | number)[]).map(Number);
}
