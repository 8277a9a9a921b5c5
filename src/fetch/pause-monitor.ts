/** Tells what the paces do: pauses and their ends, what servers say of limits, and when it is too long to wait. */
import type { Clock } from '../core/clock.ts';
import { describeHint, describeWait } from '../core/describe-hint.ts';
import type { EventSink } from '../core/events.ts';
import type { ResolvedOptions } from '../core/options.ts';
import type { Stop } from '../core/summary.ts';
import type { Limiter, Reaction } from './limiter.ts';
import type { AttemptResult } from './task.ts';

/** What a server says of its limits changes with each answer; so often it is worth a line. */
const LIMIT_EVERY_MS = 10_000;

export interface PauseMonitorParts {
  readonly options: Pick<ResolvedOptions, 'maxWaitMs'>;
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
  /** Buckets that are paused now, since when any is, and until when one was waited for. */
  #paused = 0;
  #pausedSince = 0;
  #waitedUntil = 0;
  #isEnded = false;

  constructor(parts: PauseMonitorParts) {
    this.#parts = parts;
  }

  /**
   * Tells of an answer; returns why the run should wait no longer, or null.
   * @param url what was asked for, redacted
   */
  answered(
    pace: Limiter,
    { outcome, hint }: AttemptResult,
    reaction: Reaction,
    url: string,
    now: number,
  ): Stop | null {
    const { options, clock, emit } = this.#parts;
    const told = this.#toldOf(pace);
    const said = hint === null ? null : describeHint(hint);
    if (said !== null && said !== told.limit && now - told.limitAt >= LIMIT_EVERY_MS) {
      told.limit = said;
      told.limitAt = now;
      emit({ type: 'limit', limiter: pace.name, said });
    }
    const { pauseMs, isOwnPause, isUnreachable } = reaction;
    const reason = reasonOf(outcome);
    if (isUnreachable) return { kind: 'unreachable', limiter: pace.name, reason };
    if (pace.shutForMs(now) === 0 && outcome.kind !== 'pause') told.pauses = 0;
    if (pauseMs === null) return null;
    const untilWallTime = clock.wallTime() + pauseMs;
    if (pauseMs > options.maxWaitMs && isOwnPause) {
      const ownPause = { nextMs: pauseMs, pausesBefore: told.pauses, url };
      return { kind: 'max-wait', untilWallTime: null, reason, ownPause };
    }
    if (pauseMs > options.maxWaitMs) return { kind: 'max-wait', untilWallTime, reason };
    if (pace.shutForMs(now) > options.maxWaitMs) {
      return { kind: 'max-wait', untilWallTime: null, reason };
    }
    if (told.pausedUntil === null) told.pauses += 1;
    this.#beginPause(told, now, now + pauseMs);
    emit({ type: 'pause', limiter: pace.name, reason, durationMs: pauseMs, untilWallTime });
    return null;
  }

  /** Tells that a pause is over, once. */
  opened(pace: Limiter, now: number): void {
    const told = this.#told.get(pace);
    if (told === undefined || told.pausedUntil === null || pace.heldUntil(now) > now) return;
    this.#endPause(told, now);
    this.#parts.emit({ type: 'resume', limiter: pace.name });
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

  /** Counts what was really waited: a pause may be cut short, and those of two buckets are one wait. */
  #endPause(told: Told, now: number): void {
    if (told.pausedUntil === null) return;
    this.#waitedUntil = Math.max(this.#waitedUntil, Math.min(now, told.pausedUntil));
    told.pausedUntil = null;
    this.#paused -= 1;
    if (this.#paused > 0) return;
    this.#parts.counters.pausedMs += Math.max(0, this.#waitedUntil - this.#pausedSince);
  }

  #toldOf(pace: Limiter): Told {
    let told = this.#told.get(pace);
    if (told === undefined) {
      told = { pausedUntil: null, pauses: 0, limit: null, limitAt: Number.NEGATIVE_INFINITY };
      this.#told.set(pace, told);
    }
    return told;
  }
}

function reasonOf(outcome: AttemptResult['outcome']): string {
  if (outcome.kind === 'pause') {
    return `${outcome.reason}, ${describeWait(outcome.waitMs, outcome.waitFrom)}`;
  }
  const reason = 'reason' in outcome ? outcome.reason : outcome.kind;
  return outcome.kind === 'retry' ? `the server keeps failing (${reason})` : reason;
}
