import type { AcceptedHistory } from './limiter-fit.ts';

/**
 * Limiters that count by short windows (a second): `WindowPhase` finds one in the refusals,
 * `WindowFill` fills it. From each opening to the refusal such a window accepts the same number, and
 * all openings have one phase. The refusals of a token bucket have no phase.
 */

export interface Window {
  readonly windowMs: number;
  /** Requests that each window accepted. */
  readonly quota: number;
  /** One of its openings, by the clock of sending. */
  readonly opensAt: number;
}

/** Requests refused together, and the pause that followed. */
export interface RefusalEvent {
  firstAt: number;
  lastAt: number;
  /** When the canary went out that was accepted. */
  readonly openAt: number;
  /** The server named the wait. */
  readonly isStated: boolean;
}

interface PhaseSample {
  readonly at: number;
  /** Accepted in the last one, two, three … parts of a window before it. */
  readonly accepted: readonly number[];
  /** Nothing was accepted from `at` to `lastAt`, so no window opened there. */
  readonly lastAt: number;
  /** By then one had opened. */
  readonly openAt: number;
}

const PARTS = 50;
const LEAST_REFUSALS = 3;
const MOST_REFUSALS = 6;
/** How much the counts may differ by chance, as a part of their square root, and how likely an accident may be. */
const CHANCE = 0.4;
const ACCIDENT = 0.01;

/** Part of a window before and after its opening in which nothing is sent. */
const EDGE = 0.08;
/** How long a quota is held before one more is tried; twice as long after each refusal. */
const HOLD_MS = 30_000;
/** Windows that one more must survive. */
const PROBE_WINDOWS = 4;
/** Refusals in a row of what was thought safe before it is taken for no window. */
const MOST_SURPRISES = 3;

const ROUNDING = 1e-6;

export class WindowPhase {
  readonly #windowMs: number;
  #refusals: PhaseSample[] = [];
  #known: number | null;

  /** @param quota as an earlier run found it: one refusal then shows the phase */
  constructor(windowMs: number, quota: number | null = null) {
    this.#windowMs = windowMs;
    this.#known = quota;
  }

  refused(history: AcceptedHistory, { firstAt: at, lastAt, openAt }: RefusalEvent): void {
    const accepted = [0];
    for (let part = 1; part <= 2 * PARTS; part += 1) {
      accepted.push(history.between(at - (part * this.#windowMs) / PARTS, at));
    }
    this.#refusals = [...this.#refusals.slice(1 - MOST_REFUSALS), { at, accepted, lastAt, openAt }];
  }

  forget(): void {
    this.#refusals = [];
    this.#known = null;
  }

  /** @param least requests a millisecond that were accepted for long */
  find(least: number): Window | null {
    if (this.#refusals.length < (this.#known === null ? LEAST_REFUSALS : 1)) return null;
    const fits: { part: number; quota: number }[] = [];
    for (let part = 0; part < PARTS; part += 1) {
      const quota = this.#quotaAt((part * this.#windowMs) / PARTS);
      // A window that accepts nothing would stop the run for good.
      if (quota === null || quota < Math.max(1, least * this.#windowMs)) continue;
      fits.push({ part, quota });
    }
    if (fits.length === 0) return null;
    // From the first of them on, around the end of the window.
    const start = fits.find(
      ({ part }) => !fits.some((one) => one.part === (part + PARTS - 1) % PARTS),
    );
    if (start === undefined) return null;
    const inOrder = fits
      .map(({ part, quota }) => ({ after: (part - start.part + PARTS) % PARTS, quota }))
      .sort((a, b) => a.after - b.after);
    const { after, quota } = inOrder[inOrder.length >> 2]!;
    const opensAt = ((start.part + after) * this.#windowMs) / PARTS;
    return { windowMs: this.#windowMs, quota, opensAt };
  }

  /** What each window accepted where they open at this phase, or null where that was not the same. */
  #quotaAt(phase: number): number | null {
    const counts: number[] = [];
    let most = 0;
    for (const { at, accepted, lastAt, openAt } of this.#refusals) {
      const sinceMs = modulo(at - phase, this.#windowMs);
      const toNextMs = this.#windowMs - sinceMs;
      if (lastAt - at > toNextMs || openAt - at < toNextMs) return null;
      const parts = (sinceMs * PARTS) / this.#windowMs;
      const count = countAt(accepted, parts);
      counts.push(count);
      // No window may have accepted more than the quota, the one before it either.
      most = Math.max(most, countAt(accepted, parts + PARTS) - count);
    }
    counts.sort((a, b) => a - b);
    const quota = counts[counts.length >> 1]!;
    const chance = CHANCE * Math.sqrt(quota);
    if (most > quota + chance || counts.at(-1)! - counts[0]! > 2 * chance) return null;
    const known = this.#known;
    if (known !== null) return Math.abs(quota - known) <= chance ? known : null;
    return ((2 * chance) / quota) ** (counts.length - 1) < ACCIDENT ? quota : null;
  }
}

function countAt(accepted: readonly number[], parts: number): number {
  const whole = Math.floor(parts);
  const count = accepted[whole]!;
  return count + ((accepted[whole + 1] ?? count) - count) * (parts - whole);
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}

/**
 * Fills short windows whose phase is known: evenly from an opening on, with a rest around the next
 * opening, since what arrives a little early or late is counted in another window.
 */
export class WindowFill {
  readonly windowMs: number;
  #opensAt: number;
  #quota: number;
  #step = 0;
  #holdMs = HOLD_MS;
  #since: number;
  #index = Number.NEGATIVE_INFINITY;
  #sent = 0;
  #surprises = 0;

  constructor({ windowMs, quota, opensAt }: Window, now: number) {
    this.windowMs = windowMs;
    this.#opensAt = opensAt;
    this.#quota = Math.floor(quota + ROUNDING);
    this.#since = now;
  }

  /** What is known to be accepted, in requests per millisecond. */
  get rate(): number {
    return (this.#quota - this.#step) / this.windowMs;
  }

  /** How close one request follows another while a window is filled. */
  get spacingRate(): number {
    return this.#quota / (this.windowMs * (1 - 2 * EDGE));
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
      if (this.#step === 1) this.#holdMs *= 2;
    } else {
      this.#surprises += 1;
      this.#quota = Math.max(1, this.#quota - 1);
    }
    if (found !== null) this.#opensAt = found.opensAt;
    this.#step = 0;
    this.#since = now;
    // One a window is no quota to fill.
    return this.#surprises < MOST_SURPRISES && this.#quota > 1;
  }

  #turn(now: number): void {
    const index = Math.floor((now - this.#opensAt) / this.windowMs);
    if (index === this.#index) return;
    this.#index = index;
    this.#sent = 0;
  }
}
