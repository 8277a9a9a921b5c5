/** Tells of pauses and their ends, and of what servers say of their limits; counts what was waited. */
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

interface Told {
  /** Null while it is not paused. */
  pausedUntil: number | null;
  /** Pauses since anything came through. */
  pauses: number;
  limit: string | null;
  limitAt: number;
}

export class PauseMonitor {
  readonly #parts: PauseMonitorParts;
  readonly #told = new Map<Limiter, Told>();
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
    const told = this.#toldOf(limiter);
    const isDue = hint !== null && saysAnything(hint) && now - told.limitAt >= LIMIT_EVERY_MS;
    if (isDue) this.#tellLimit(limiter, told, describeHint(hint), now);
    if (limiter.shutForMs(now) === 0 && outcome.kind !== 'pause') told.pauses = 0;
  }

  #tellLimit(limiter: Limiter, told: Told, said: string | null, now: number): void {
    told.limitAt = now;
    if (said === null || said === told.limit) return;
    told.limit = said;
    this.#parts.emit({ type: 'limit', limiter: limiter.name, said });
  }

  /** A limiter's pause has begun, or has become longer. */
  paused(limiter: Limiter, durationMs: number, reason: string, now: number): void {
    const told = this.#toldOf(limiter);
    if (told.pausedUntil === null) told.pauses += 1;
    this.#beginPause(told, now, now + durationMs);
    const untilWallTime = this.#parts.clock.wallTime() + durationMs;
    this.#parts.emit({ type: 'pause', limiter: limiter.name, reason, durationMs, untilWallTime });
  }

  /** Pauses of the limiter since anything came through. */
  pausesOf(limiter: Limiter): number {
    return this.#toldOf(limiter).pauses;
  }

  /** Tells that a pause is over, once. */
  opened(limiter: Limiter, now: number): void {
    const told = this.#told.get(limiter);
    if (told === undefined || told.pausedUntil === null || limiter.heldUntil(now) > now) return;
    this.#endPause(told, now);
    this.#parts.emit({ type: 'resume', limiter: limiter.name });
  }

  /** Nothing is waited for any more, though pauses may go on. */
  ended(now: number): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    for (const told of this.#told.values()) this.#endPause(told, now);
  }

  #beginPause(told: Told, now: number, until: number): void {
    if (this.#isEnded) return;
    if (told.pausedUntil === null) {
      if (this.#paused === 0) this.#pausedSince = now;
      this.#paused += 1;
    }
    told.pausedUntil = Math.max(until, told.pausedUntil ?? until);
  }

  /** Counts what was really waited: a pause may be cut short, and those of two limiters are one wait. */
  #endPause(told: Told, now: number): void {
    if (told.pausedUntil === null) return;
    this.#waitedUntil = Math.max(this.#waitedUntil, Math.min(now, told.pausedUntil));
    told.pausedUntil = null;
    this.#paused -= 1;
    if (this.#paused > 0) return;
    this.#parts.counters.pausedMs += Math.max(0, this.#waitedUntil - this.#pausedSince);
  }

  #toldOf(limiter: Limiter): Told {
    let told = this.#told.get(limiter);
    if (told === undefined) {
      told = { pausedUntil: null, pauses: 0, limit: null, limitAt: Number.NEGATIVE_INFINITY };
      this.#told.set(limiter, told);
    }
    return told;
  }
}

function saysAnything({ waitMs, limits }: Hint): boolean {
  return waitMs !== null || limits.length > 0;
}
