/** Tells what the paces do: pauses and their ends, what servers say of limits, and when it is too long to wait. */
import type { Clock } from '../core/clock.ts';
import { describeHint, describeWait } from '../core/describe-hint.ts';
import type { EventSink } from '../core/events.ts';
import type { ResolvedOptions } from '../core/options.ts';
import type { Stop } from '../core/summary.ts';
import type { AttemptResult } from './attempt.ts';
import type { BucketPace, Reaction } from './bucket-pace.ts';

/** What a server says of its limits changes with each answer; so often it is worth a line. */
const LIMIT_EVERY_MS = 10_000;

export interface PaceTellerParts {
  readonly options: Pick<ResolvedOptions, 'maxWaitMs'>;
  readonly clock: Clock;
  readonly emit: EventSink;
  readonly counters: { pausedMs: number };
}

interface Told {
  isPaused: boolean;
  limit: string | null;
  limitAt: number;
}

export class PaceTeller {
  readonly #parts: PaceTellerParts;
  readonly #told = new Map<BucketPace, Told>();

  constructor(parts: PaceTellerParts) {
    this.#parts = parts;
  }

  /** Tells of an answer; returns why the run should wait no longer, or null. */
  answered(
    pace: BucketPace,
    { outcome, hint }: AttemptResult,
    reaction: Reaction,
    now: number,
  ): Stop | null {
    const { options, clock, emit, counters } = this.#parts;
    const told = this.#toldOf(pace);
    const said = hint === null ? null : describeHint(hint);
    if (said !== null && said !== told.limit && now - told.limitAt >= LIMIT_EVERY_MS) {
      told.limit = said;
      told.limitAt = now;
      emit({ type: 'limit', bucket: pace.name, said });
    }
    const { pauseMs, addedMs, isUnreachable } = reaction;
    const reason = reasonOf(outcome);
    if (isUnreachable) return { kind: 'unreachable', bucket: pace.name, reason };
    if (pauseMs === null) return null;
    counters.pausedMs += addedMs;
    const untilWallTime = clock.wallTime() + pauseMs;
    if (pauseMs > options.maxWaitMs) return { kind: 'max-wait', untilWallTime, reason };
    if (pace.shutForMs(now) > options.maxWaitMs) {
      return { kind: 'max-wait', untilWallTime: null, reason };
    }
    told.isPaused = true;
    emit({ type: 'pause', bucket: pace.name, reason, durationMs: pauseMs, untilWallTime });
    return null;
  }

  /** Tells that a pause is over, once. */
  opened(pace: BucketPace, now: number): void {
    const told = this.#told.get(pace);
    if (told === undefined || !told.isPaused || pace.heldUntil(now) > now) return;
    told.isPaused = false;
    this.#parts.emit({ type: 'resume', bucket: pace.name });
  }

  #toldOf(pace: BucketPace): Told {
    let told = this.#told.get(pace);
    if (told === undefined) {
      told = { isPaused: false, limit: null, limitAt: Number.NEGATIVE_INFINITY };
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
