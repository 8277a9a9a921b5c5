/**
 * Fills short windows whose phase is known: evenly from an opening on, with a rest around the next,
 * since what arrives a little early or late is counted in another window.
 */
import type { Window } from './window-phase.ts';

/** Part of a window before and after its opening in which nothing is sent. */
const EDGE = 0.08;
/** The rest of it is filled a little faster than it must be, since timers are late. */
const HASTE = 1.03;
/** How long a quota is held before one more is tried; twice as long after each refusal. */
const FIRST_HOLD_MS = 4000;
const HOLD_MS = 30_000;
const LONGEST_HOLD_MS = 120_000;
/** Windows that one more must survive. */
const PROBE_WINDOWS = 4;
/** Refusals of what was thought safe, and how far the quota may fall, before it is no such window. */
const MOST_SURPRISES = 3;
const LEAST_PART = 0.88;

const ROUNDING = 1e-6;

export class WindowFill {
  readonly windowMs: number;
  readonly #first: number;
  #opensAt: number;
  #quota: number;
  #step = 0;
  #holdMs = FIRST_HOLD_MS;
  #since: number;
  #index = Number.NEGATIVE_INFINITY;
  #sent = 0;
  #surprises = 0;

  /** @param isLearned whether the quota is from an earlier run, and tried less soon */
  constructor({ windowMs, quota, opensAt }: Window, now: number, isLearned = false) {
    this.windowMs = windowMs;
    this.#first = quota;
    this.#opensAt = opensAt;
    this.#quota = Math.floor(quota + ROUNDING);
    if (isLearned) this.#holdMs = HOLD_MS;
    this.#since = now;
  }

  /** What is known to be accepted, in requests per millisecond. */
  get rate(): number {
    return (this.#quota - this.#step) / this.windowMs;
  }

  /** How close one request follows another while a window is filled. */
  get spacingRate(): number {
    return (HASTE * this.#quota) / (this.windowMs * (1 - 2 * EDGE));
  }

  startableAt(now: number): number {
    this.#turn(now);
    const opening = this.#opensAt + this.#index * this.windowMs;
    const edgeMs = EDGE * this.windowMs;
    const isOver = this.#sent >= this.#quota || now >= opening + this.windowMs - edgeMs;
    return opening + edgeMs + (isOver ? this.windowMs : 0);
  }

  started(now: number): void {
    this.#turn(now);
    this.#sent += 1;
  }

  tick(now: number): void {
    const heldMs = now - this.#since;
    if (heldMs < (this.#step > 0 ? PROBE_WINDOWS * this.windowMs : this.#holdMs)) return;
    this.#surprises = 0;
    this.#step = Math.max(1, 2 * this.#step);
    this.#quota += this.#step;
    this.#since = now;
  }

  /**
   * A pause is over that a refusal began.
   * @param found what all refusals so far tell of the window
   * @returns whether this is still such a window
   */
  refused(found: Window | null, now: number): boolean {
    if (this.#step > 0) {
      this.#quota -= this.#step;
      // A big step leaves something between that is found soon.
      if (this.#step === 1)
        this.#holdMs = Math.min(LONGEST_HOLD_MS, Math.max(HOLD_MS, 2 * this.#holdMs));
    } else {
      this.#surprises += 1;
      this.#quota -= 1;
    }
    if (found !== null) this.#opensAt = found.opensAt;
    this.#step = 0;
    this.#since = now;
    return this.#surprises < MOST_SURPRISES && this.#quota > LEAST_PART * this.#first;
  }

  #turn(now: number): void {
    const index = Math.floor((now - this.#opensAt) / this.windowMs);
    if (index === this.#index) return;
    this.#index = index;
    this.#sent = 0;
  }
}
