/** Reports pauses, their ends and what servers say of their limits, and counts the time that was waited. */
import type { Clock } from '../core/clock.ts';
import type { EventSink } from '../core/events.ts';
import { describeHint, type Hint } from '../core/hint.ts';
import type { Limiter } from './limiter.ts';
import type { AttemptResult } from './task.ts';

/** What a server says about its limits changes with each answer; so often it is worth a line. */
const LIMIT_EVERY_MS = 10_000;

interface PauseMonitorParts {
  readonly clock: Clock;
  readonly emit: EventSink;
  readonly counters: { pausedMs: number; outageMs: number };
}

interface LimiterState {
  /** Null while it is not paused. */
  pausedUntil: number | null;
  isOutage: boolean;
  /** The user holds it: what its server asks for meanwhile is reported when they let it go. */
  isUsers: boolean;
  /** Why its server's pause was made, the latest one. */
  reason: string;
  /** Pauses since anything came through. */
  pauses: number;
  limit: string | null;
  limitAt: number;
}

export class PauseMonitor {
  readonly #parts: PauseMonitorParts;
  readonly #states = new Map<Limiter, LimiterState>();
  readonly #pauses = new WaitMeter();
  readonly #outages = new WaitMeter();
  #isEnded = false;
  /** There was a pause, so there are ends of pauses to be noticed. */
  isWatching = false;

  constructor(parts: PauseMonitorParts) {
    this.#parts = parts;
  }

  /** An answer came: it may say something of a limit, or show that no pause is needed any more. */
  answered(limiter: Limiter, { outcome, hint }: AttemptResult, now: number): void {
    const state = this.#stateOf(limiter);
    const isDue = hint !== null && saysAnything(hint) && now - state.limitAt >= LIMIT_EVERY_MS;
    if (isDue) this.#reportLimit(limiter, state, describeHint(hint), now);
    const isShut = limiter.isDown || limiter.refusedForMs(now) > 0;
    if (!isShut && outcome.kind !== 'pause') state.pauses = 0;
  }

  #reportLimit(limiter: Limiter, state: LimiterState, said: string | null, now: number): void {
    state.limitAt = now;
    if (said === null || said === state.limit) return;
    state.limit = said;
    this.#parts.emit({ type: 'limit', limiter: limiter.name, said });
  }

  /**
   * A limiter's pause has begun, or has become longer.
   *
   * @param isOutage the server is down: the pause lasts until it is not, whenever it is asked next
   */
  paused(
    limiter: Limiter,
    durationMs: number,
    reason: string,
    now: number,
    isOutage: boolean,
  ): void {
    if (this.#isEnded) return;
    this.isWatching = true;
    const state = this.#stateOf(limiter);
    state.reason = reason;
    if (state.isUsers) return;
    const type = state.pausedUntil === null ? 'pause' : 'pause-extended';
    if (state.pausedUntil === null || isOutage) state.pauses += 1;
    this.#beginPause(state, now, isOutage ? Number.POSITIVE_INFINITY : now + durationMs, isOutage);
    const untilWallTime = this.#parts.clock.wallTime() + durationMs;
    const cause = isOutage ? 'outage' : 'limit';
    const { name } = limiter;
    this.#parts.emit({ type, limiter: name, cause, reason, durationMs, untilWallTime });
  }

  /** The user pauses the run: nothing starts until they resume it, whatever else holds the limiter. */
  pausedByUser(limiter: Limiter, now: number): void {
    const state = this.#stateOf(limiter);
    if (this.#isEnded || state.isUsers) return;
    this.isWatching = true;
    const { name } = limiter;
    if (state.pausedUntil !== null) {
      this.#endPause(state, now);
      this.#parts.emit({ type: 'resume', limiter: name, ended: false });
    }
    state.isUsers = true;
    this.#parts.emit({
      type: 'pause',
      limiter: name,
      cause: 'user',
      reason: 'paused by you',
      durationMs: null,
      untilWallTime: null,
    });
  }

  /** The user resumes the run; a pause that the server asked for goes on. */
  resumedByUser(limiter: Limiter, now: number): void {
    const state = this.#stateOf(limiter);
    if (!state.isUsers) return;
    state.isUsers = false;
    this.#parts.emit({ type: 'resume', limiter: limiter.name, ended: this.#isEnded });
    const leftMs = limiter.heldUntil(now) - now;
    const isHeld = state.reason !== '' && (leftMs > 0 || limiter.isDown);
    if (isHeld) this.paused(limiter, Math.max(0, leftMs), state.reason, now, limiter.isDown);
  }

  /** Pauses of the limiter since anything came through. */
  pausesOf(limiter: Limiter): number {
    return this.#stateOf(limiter).pauses;
  }

  /** Reports that a pause is over, once. */
  opened(limiter: Limiter, now: number): void {
    const state = this.#states.get(limiter);
    if (state === undefined || state.pausedUntil === null) return;
    if (limiter.isDown || limiter.heldUntil(now) > now) return;
    this.#endPause(state, now);
    this.#parts.emit({ type: 'resume', limiter: limiter.name, ended: false });
  }

  /** Nothing is waited for any more, though pauses may go on. */
  ended(now: number): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    for (const [{ name }, state] of this.#states) {
      if (state.pausedUntil === null && !state.isUsers) continue;
      state.isUsers = false;
      this.#endPause(state, now);
      this.#parts.emit({ type: 'resume', limiter: name, ended: true });
    }
  }

  #beginPause(state: LimiterState, now: number, until: number, isOutage: boolean): void {
    if (state.pausedUntil === null) this.#pauses.begin(now);
    if (isOutage && !state.isOutage) this.#outages.begin(now);
    state.isOutage ||= isOutage;
    state.pausedUntil = Math.max(until, state.pausedUntil ?? until);
  }

  /** Counts what was really waited: a pause may be cut short. */
  #endPause(state: LimiterState, now: number): void {
    if (state.pausedUntil === null) return;
    const until = Math.min(now, state.pausedUntil);
    this.#pauses.end(until);
    if (state.isOutage) this.#outages.end(until);
    state.pausedUntil = null;
    state.isOutage = false;
    const { counters } = this.#parts;
    counters.pausedMs = this.#pauses.ms;
    counters.outageMs = this.#outages.ms;
  }

  #stateOf(limiter: Limiter): LimiterState {
    let state = this.#states.get(limiter);
    if (state === undefined) {
      state = {
        pausedUntil: null,
        isOutage: false,
        isUsers: false,
        reason: '',
        pauses: 0,
        limit: null,
        limitAt: Number.NEGATIVE_INFINITY,
      };
      this.#states.set(limiter, state);
    }
    return state;
  }
}

function saysAnything({ waitMs, limits }: Hint): boolean {
  return waitMs !== null || limits.length > 0;
}

/** The time of several waits: those of two limiters at once are one. */
class WaitMeter {
  ms = 0;
  #waiting = 0;
  #since = 0;
  #until = 0;

  begin(now: number): void {
    if (this.#waiting === 0) this.#since = now;
    this.#waiting += 1;
  }

  end(until: number): void {
    this.#until = Math.max(this.#until, until);
    this.#waiting -= 1;
    if (this.#waiting === 0) this.ms += Math.max(0, this.#until - this.#since);
  }
}
