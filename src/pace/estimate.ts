import { Contradictions } from './contradictions.ts';
import { DOUBTS } from './held-time.ts';
import { type AcceptedHistory, fitRate, type Segment } from './limiter-fit.ts';
import { ENOUGH } from './measurement.ts';
import type { RefusalEvent } from './short-window.ts';

/** How far below the estimate a cruise is: less where it is trusted, more where it rests on little. */
export const MARGIN = 0.01;
const TRUSTED_MARGIN = 0.006;
export const MOST_MARGIN = 0.04;
/** Steps of a probe; each doubles the last. */
const FIRST_STEP = 0.01;
const CAREFUL_STEP = 0.03;
const BIGGEST_STEP = 0.3;
/** A refusal agrees with the estimate within this. */
const AGREES = 0.03;

/** A run's latest refusals. */
export interface Refusals {
  readonly beforeLast: RefusalEvent | null;
  readonly last: RefusalEvent;
  readonly event: RefusalEvent;
}

/** What is believed of a limiter, and how refusals and probes that survive change it. */
export class Estimate {
  /** Requests per millisecond: thought safe, and refused. */
  low = 0;
  high = Number.POSITIVE_INFINITY;
  burst = 0;
  /** Held for long. */
  proven = 0;
  /** How many more refusals must come where the estimate predicts them before it is trusted. */
  doubts = DOUBTS;
  readonly #contradictions = new Contradictions();

  /** Nothing that was proven or trusted counts any more. */
  doubt(): void {
    this.proven = 0;
    this.doubts = DOUBTS;
  }

  /** A window that is filled is known to a few requests. */
  fills(rate: number): void {
    this.burst = 0;
    this.low = rate;
    this.high = rate;
  }

  /** What a rate that was held has shown. What is in flight may have held it below. */
  shownBy(rate: number, used: number, elapsedMs: number): number {
    return Math.min(rate, used / elapsedMs) - this.burst / elapsedMs;
  }

  /** Half of the way to what was refused, but with care once the estimate is trusted. */
  firstStep(isWindow: boolean): number {
    const most = this.doubts === 0 || isWindow ? CAREFUL_STEP : BIGGEST_STEP;
    return Math.min(most, Math.max(FIRST_STEP, Math.sqrt(this.high / this.low) - 1));
  }

  /**
   * A probe was not refused, which by what is known it should have been within half of its time, where
   * it could.
   *
   * @returns the next step
   */
  survived(rate: number, used: number, elapsedMs: number, lastStep: number): number {
    const before = this.low;
    const shown = this.shownBy(rate, used, elapsedMs);
    let step = 2 * lastStep;
    if (shown > before) {
      this.low = shown;
      this.proven = Math.max(this.proven, shown);
      // Half of the way to what was refused; beyond that the limit has risen, and steps grow.
      if (rate < this.high && shown > 1.02 * before) {
        this.burst = Math.max(1, this.burst / 2);
        step = Math.sqrt(this.high / this.low) - 1;
        this.doubts = DOUBTS;
      }
    }
    this.high = Math.max(this.high, 1.01 * rate);
    return Math.min(BIGGEST_STEP, step);
  }

  /**
   * A rate was refused that had come from an estimate.
   *
   * @param isSafe it had been thought safe
   * @returns how far below the new estimate to go on
   */
  refused(history: AcceptedHistory, refusals: Refusals, rate: number, isSafe: boolean): number {
    const { beforeLast, last, event } = refusals;
    let segment = between(history, last, event);
    const openMs = Math.max(1, event.firstAt - last.openAt);
    // Refused before even what the pause refilled was used: the burst is smaller than thought.
    if (this.low * openMs < this.burst && segment.accepted > 3) {
      this.burst = Math.min(this.burst, Math.max(1, segment.accepted - this.low * openMs));
    }
    if (segment.accepted < ENOUGH && beforeLast !== null) {
      segment = between(history, beforeLast, event);
    }
    const fitted = Math.min(fitRate(history, this.burst, segment, rate), 0.995 * rate);
    const found = isSafe
      ? this.#contradicted(history, refusals, rate, fitted)
      : this.#confirmed(history, segment, fitted);
    const isAsBefore = Math.abs(found / this.low - 1) < AGREES;
    this.low = found;
    this.high = rate;
    if (isSafe) this.doubts = DOUBTS;
    else if (isAsBefore && this.doubts > 0) this.doubts -= 1;
    if (!isAsBefore) return marginOf(segment.accepted);
    return this.doubts === 0 ? TRUSTED_MARGIN : MARGIN;
  }

  /** How many requests are accepted for each refusal that has nothing to do with the rate, or null. */
  get acceptedForEach(): number | null {
    return this.#contradictions.acceptedForEach;
  }

  #contradicted(
    history: AcceptedHistory,
    { last, event }: Refusals,
    refused: number,
    rate: number,
  ): number {
    this.proven = 0;
    const fitted = { rate, burst: this.burst };
    const guess = this.#contradictions.next(history, last, event, refused, fitted);
    this.burst = guess.burst;
    return guess.rate;
  }

  #confirmed(history: AcceptedHistory, { from, to }: Segment, fitted: number): number {
    this.#contradictions.end();
    if (fitted >= this.proven) return fitted;
    const level = history.levelAt(this.proven, this.burst, from, to);
    this.burst = Math.max(1, Math.min(this.burst, level));
    return this.proven;
  }
}

/** An estimate of few requests may be off by two. */
export function marginOf(accepted: number): number {
  return Math.min(MOST_MARGIN, Math.max(MARGIN, 2 / accepted));
}

function between(history: AcceptedHistory, { lastAt }: RefusalEvent, event: RefusalEvent): Segment {
  return { from: lastAt, to: event.firstAt, accepted: history.between(lastAt, event.firstAt) };
}
