/**
 * Tells whether refusals are those of a short window: from an opening to a refusal as many were
 * accepted each time, for one and the same phase of the openings. A bucket's refusals have none.
 */
import type { AcceptedHistory } from './accepted-history.ts';

export interface Window {
  readonly windowMs: number;
  /** Requests that each window accepted. */
  readonly quota: number;
  /** One of its openings, by the clock of sending. */
  readonly opensAt: number;
}

/** Requests refused together, and the pause that followed. */
export interface Event {
  readonly firstAt: number;
  readonly lastAt: number;
  /** When the canary went out that was accepted. */
  readonly openAt: number;
}

interface Refusal {
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
/** How much the counts may differ, and how likely that may be by accident. */
const CHANCE = 1.6;
const CHANCE_PART = 0.025;
const ACCIDENT = 0.01;
/** Windows before that of a refusal, none of which may have accepted more than the quota. */
const WINDOWS_BEFORE = 3;
/** A request is counted when it arrives. */
const SLOP_MS = 30;
/** Phases that explain it must lie as close together as this part of a window. */
const MOST_SPREAD = 0.25;

export class WindowPhase {
  readonly #windowMs: number;
  #refusals: Refusal[] = [];
  #known: number | null;

  /** @param quota as an earlier run found it: one refusal then shows the phase */
  constructor(windowMs: number, quota: number | null = null) {
    this.#windowMs = windowMs;
    this.#known = quota;
  }

  refused(history: AcceptedHistory, { firstAt: at, lastAt, openAt }: Event): void {
    const accepted = [0];
    for (let part = 1; part <= (1 + WINDOWS_BEFORE) * PARTS; part += 1) {
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
    if (inOrder.at(-1)!.after > MOST_SPREAD * PARTS) return null;
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
      if (lastAt - at > toNextMs + SLOP_MS || openAt - at < toNextMs - SLOP_MS) return null;
      const parts = (sinceMs * PARTS) / this.#windowMs;
      const count = countAt(accepted, parts);
      counts.push(count);
      let since = count;
      for (let before = 1; before <= WINDOWS_BEFORE; before += 1) {
        const all = countAt(accepted, parts + before * PARTS);
        most = Math.max(most, all - since);
        since = all;
      }
    }
    counts.sort((a, b) => a - b);
    const quota = counts[counts.length >> 1]!;
    const chance = CHANCE + CHANCE_PART * quota;
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
