/** Reports pauses, their ends and what servers say of their limits, and counts the time that was waited. */
import type { Clock } from '../core/clock.ts';
import { describeHint } from '../core/describe-hint.ts';
import type { EventSink } from '../core/events.ts';
import type { Hint } from '../core/hint.ts';
import type { Limiter } from './limiter.ts';
import type { AttemptResult } from './task.ts';

/** What a server says of its limits changes with each answer; so often it is worth a line. */
const LIMIT_EVERY_MS = 10_000;

interface PauseMonitorParts {
  readonly clock: Clock;
  readonly emit: EventSink;
  readonly counters: { pausedMs: number };
}

interface LimiterState {
  /** Null while it is not paused. */
  pausedUntil: number | null;
  /** Pauses since anything came through. */
  pauses: number;
  limit: string | null;
  limitAt: number;
}

export class PauseMonitor {
  readonly #parts: PauseMonitorParts;
  readonly #states = new Map<Limiter, LimiterState>();
  /** Limiters that are paused now, since when any is, and until when one was waited for. */
  #paused = 0;
  #pausedSince = 0;
  #waitedUntil = 0;
  #isEnded = false;

  constructor(parts: PauseMonitorParts) {
    this.#parts = parts;
  }

  /** An answer came. */
  answered(limiter: Limiter, { outcome, hint }: AttemptResult, now: number): void {
    const state = this.#stateOf(limiter);
    const isDue = hint !== null && saysAnything(hint) && now - state.limitAt >= LIMIT_EVERY_MS;
    if (isDue) this.#reportLimit(limiter, state, describeHint(hint), now);
    if (limiter.shutForMs(now) === 0 && outcome.kind !== 'pause') state.pauses = 0;
  }

  #reportLimit(limiter: Limiter, state: LimiterState, said: string | null, now: number): void {
    state.limitAt = now;
    if (said === null || said === state.limit) return;
    state.limit = said;
    this.#parts.emit({ type: 'limit', limiter: limiter.name, said });
  }

  /** A limiter's pause has begun, or has become longer. */
  paused(limiter: Limiter, durationMs: number, reason: string, now: number): void {
    const state = this.#stateOf(limiter);
    if (state.pausedUntil === null) state.pauses += 1;
    this.#beginPause(state, now, now + durationMs);
    const untilWallTime = this.#parts.clock.wallTime() + durationMs;
    this.#parts.emit({ type: 'pause', limiter: limiter.name, reason, durationMs, untilWallTime });
  }

  /** Pauses of the limiter since anything came through. */
  pausesOf(limiter: Limiter): number {
    return this.#stateOf(limiter).pauses;
  }

  /** Reports that a pause is over, once. */
  opened(limiter: Limiter, now: number): void {
    const state = this.#states.get(limiter);
    if (state === undefined || state.pausedUntil === null || limiter.heldUntil(now) > now) return;
    this.#endPause(state, now);
    this.#parts.emit({ type: 'resume', limiter: limiter.name });
  }

  /** Nothing is waited for any more, though pauses may go on. */
  ended(now: number): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    for (const state of this.#states.values()) this.#endPause(state, now);
  }

  #beginPause(state: LimiterState, now: number, until: number): void {
    if (this.#isEnded) return;
    if (state.pausedUntil === null) {
      if (this.#paused === 0) this.#pausedSince = now;
      this.#paused += 1;
    }
    state.pausedUntil = Math.max(until, state.pausedUntil ?? until);
  }

  /** Counts what was really waited: a pause may be cut short, and those of two limiters are one wait. */
  #endPause(state: LimiterState, now: number): void {
    if (state.pausedUntil === null) return;
    this.#waitedUntil = Math.max(this.#waitedUntil, Math.min(now, state.pausedUntil));
    state.pausedUntil = null;
    this.#paused -= 1;
    if (this.#paused > 0) return;
    this.#parts.counters.pausedMs += Math.max(0, this.#waitedUntil - this.#pausedSince);
  }

  #stateOf(limiter: Limiter): LimiterState {
    let state = this.#states.get(limiter);
    if (state === undefined) {
      state = { pausedUntil: null, pauses: 0, limit: null, limitAt: Number.NEGATIVE_INFINITY };
      this.#states.set(limiter, state);
    }
    return state;
  }
}

function saysAnything({ waitMs, limits }: Hint): boolean {
  return waitMs !== null || limits.length > 0;
}
