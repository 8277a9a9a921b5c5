/**
 * Limiters that count by windows. A long window shows in its pauses, which last until the next
 * opening; a window of a second shows in the phase of its refusals.
 */
import type { AcceptedHistory } from './limiter-fit.ts';
import { type RefusalEvent, type Window, WindowFill, WindowPhase } from './short-window.ts';

/** A pause longer than a token bucket needs for its next token is the rest of a window. */
const LONG_PAUSE_MS = 2000;
/** What servers state is in whole seconds, and rounded up. */
const STATED_MORE_MS = 2000;
const TOKENS = 10;
const SHORT_WINDOW_MS = 1000;
const WINDOWS_MS = [1000, 10_000, 60_000, 900_000, 3_600_000] as const;
/** Each refusal that agrees on the window's rate within this lets the rate be held twice as long. */
const AGREES = 0.012;
const MOST_AGREEMENTS = 3;

/** Rates per millisecond at a refusal. */
export interface Rates {
  /** That of the moment. */
  readonly rate: number;
  /** Thought safe. */
  readonly low: number;
  /** Held for long. */
  readonly proven: number;
}

export class WindowMode {
  /** How a short window is filled, once one was found. Set here alone; read for every request. */
  fill: WindowFill | null = null;
  #windowMs: number | null;
  #isLong: boolean;
  #agreements = 0;
  readonly #phase: WindowPhase;
  #isLearned: boolean;

  /**
   * @param windowMs as an earlier run found it, or null
   * @param rate what that run found safe
   */
  constructor(windowMs: number | null, rate: number) {
    this.#windowMs = windowMs;
    this.#isLong = windowMs !== null && windowMs > LONG_PAUSE_MS;
    // Without a rate nothing is known of how many a window takes.
    this.#isLearned = windowMs === SHORT_WINDOW_MS && rate > 0;
    const quota = this.#isLearned ? rate * SHORT_WINDOW_MS : null;
    this.#phase = new WindowPhase(SHORT_WINDOW_MS, quota);
  }

  get windowMs(): number | null {
    return this.#windowMs;
  }

  get isLong(): boolean {
    return this.#isLong;
  }

  /** Refusals in a row that agreed on the rate of a long window. */
  get agreements(): number {
    return this.#agreements;
  }

  refused(history: AcceptedHistory, event: RefusalEvent): void {
    this.#phase.refused(history, event);
  }

  /** Whether only a long window explains such a pause at this rate, or did before. */
  isLongAfter(
    { lastAt, openAt, isStated }: RefusalEvent,
    rate = Number.POSITIVE_INFINITY,
  ): boolean {
    const more = isStated ? STATED_MORE_MS : 0;
    this.#isLong ||= openAt - lastAt > Math.max(LONG_PAUSE_MS + more, TOKENS / rate);
    return this.#isLong;
  }

  /**
   * Every pause ends with a long window, so what was accepted from one end to the next is its quota.
   * @returns the rate that it allows
   */
  longRate(
    history: AcceptedHistory,
    last: RefusalEvent,
    event: RefusalEvent,
    { rate, low, proven }: Rates,
    isProbe: boolean,
  ): number {
    const accepted = history.between(last.lastAt, event.firstAt);
    const openMs = Math.max(1, event.openAt - last.openAt);
    const windowMs = commonWindow(openMs);
    if (windowMs !== null) this.#windowMs = windowMs;
    const estimate = Math.max(
      accepted / Math.max(1, event.firstAt - last.lastAt),
      accepted / (windowMs ?? openMs),
    );
    const found = Math.max(proven, Math.min(estimate, 0.995 * rate));
    const isNarrow = rate < (1 + 2 * AGREES) * found;
    const agrees = isProbe && isNarrow && Math.abs(found / low - 1) < AGREES;
    this.#agreements = agrees ? Math.min(MOST_AGREEMENTS, this.#agreements + 1) : 0;
    return found;
  }

  /** @returns how to fill the short window that the refusals show, or null where they show none */
  findShort(proven: number, now: number): WindowFill | null {
    const found = this.#isLong ? null : this.#phase.find(this.#isLearned ? 0 : proven);
    if (found === null) return null;
    this.#windowMs = found.windowMs;
    this.fill = new WindowFill(found, now);
    return this.fill;
  }

  /** Refused while a short window was filled: the window moved, or shrank, or there is none. */
  refusedFill(fill: WindowFill, now: number): void {
    const found: Window | null = this.#phase.find(0);
    if (fill.refused(found, now)) return;
    this.fill = null;
    this.#windowMs = null;
    this.#isLearned = false;
    this.#phase.forget();
  }
}

/** The usual window that an interval is, give or take what a pause overshoots, or null. */
function commonWindow(ms: number): number | null {
  return WINDOWS_MS.find((windowMs) => Math.abs(ms / windowMs - 1) < 0.05) ?? null;
}
