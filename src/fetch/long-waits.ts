/**
 * What the pauses of a limiter mean for the run. One that the user allows is reported, and waited for. A
 * longer one (`--max-wait`) ends the run where a page of the list needs the limiter before, and so does a
 * server from which nothing ever came. Pages that only check others are not read then.
 */
import type { Clock } from '../core/clock.ts';
import { describeWait } from '../core/hint.ts';
import { isRecheck } from '../core/page-request.ts';
import type { ResolvedOptions } from '../core/resolve-options.ts';
import type { Stop } from '../core/summary.ts';
import type { Limiter, Reaction } from './limiter.ts';
import type { PauseMonitor } from './pause-monitor.ts';
import type { RequestQueue, RequestQueues } from './request-queues.ts';
import { type AttemptResult, type FinalAttempt, finalAttempt, type Task } from './task.ts';

interface LongWaitsParts {
  readonly options: Pick<ResolvedOptions, 'maxWaitMs'>;
  readonly clock: Clock;
  readonly pauseMonitor: PauseMonitor;
}

type Answered = Pick<AttemptResult, 'outcome' | 'response'>;

/** What becomes of the pages of a limiter that is held too long. */
interface TooLong {
  /** Null where none of them is a page of the list. */
  readonly stop: Stop | null;
  readonly notRead: readonly { readonly task: Task; readonly final: FinalAttempt }[];
}

export class LongWaits {
  readonly #parts: LongWaitsParts;
  readonly #queues: RequestQueues;

  constructor(parts: LongWaitsParts, queues: RequestQueues) {
    this.#parts = parts;
    this.#queues = queues;
  }

  /**
   * After an attempt that made its limiter pause, or showed that nothing comes from there.
   * @returns why the run stops at once; null where it continues
   */
  paused(
    task: Task,
    queue: RequestQueue,
    reaction: Reaction,
    result: Answered,
    now: number,
  ): Stop | null {
    const { pauseMs, isOutage } = reaction;
    const { pauseMonitor } = this.#parts;
    const { limiter } = queue;
    const reason = pauseReason(result);
    const pauses = pauseMonitor.pausesOf(limiter);
    const stop = this.whyStop(limiter, reaction, reason, task, pauses, now);
    if (stop === null) {
      if (pauseMs !== null) pauseMonitor.paused(limiter, pauseMs, reason, now, isOutage);
      return null;
    }
    const isWaiting = result.outcome.kind === 'pause' || isOutage;
    if (isWaiting && !isRecheck(task.request.place)) return stop;
    // This page came, or is worth no wait: it may be the last that the limiter was needed for.
    queue.tooLong ??= stop;
    return null;
  }

  /**
   * Whether what a limiter made of an attempt ends the run: the wait is longer than the user allows, the
   * server is down for as long, or nothing ever comes from there. Null where the run continues.
   *
   * @param pausesBefore pauses of the limiter since anything came through
   */
  whyStop(
    limiter: Limiter,
    { pauseMs, isOwnPause, isOutage, isUnreachable }: Reaction,
    reason: string,
    { shownUrl: url }: Task,
    pausesBefore: number,
    now: number,
  ): Stop | null {
    const { options, clock } = this.#parts;
    if (isUnreachable) return { kind: 'unreachable', limiter: limiter.name, reason };
    if (pauseMs === null) return null;
    if (isOutage) {
      const downMs = limiter.downForMs(now);
      const isTooLong = downMs >= options.maxWaitMs;
      return isTooLong ? { kind: 'max-wait', untilWallTime: null, reason, downMs } : null;
    }
    if (pauseMs > options.maxWaitMs) {
      if (!isOwnPause) {
        return { kind: 'max-wait', untilWallTime: clock.wallTime() + pauseMs, reason };
      }
      const ownPause = { nextMs: pauseMs, pausesBefore, url };
      return { kind: 'max-wait', untilWallTime: null, reason, ownPause };
    }
    const isShutTooLong = limiter.refusedForMs(now) > options.maxWaitMs;
    return isShutTooLong ? { kind: 'max-wait', untilWallTime: null, reason } : null;
  }

  /** What becomes of the pages that a limiter would hold too long, if it still does. */
  endOf(queue: RequestQueue, stop: Stop, now: number): TooLong {
    if (queue.limiter.heldUntil(now) <= now) {
      queue.tooLong = null;
      return { stop: null, notRead: [] };
    }
    const tasks = this.#queues.takeAll(queue);
    if (tasks.every(({ request }) => isRecheck(request.place))) {
      return {
        stop: null,
        notRead: tasks.map((task) => ({ task, final: this.#notRead(task, stop) })),
      };
    }
    for (const task of tasks) this.#queues.add(task, 'again');
    return { stop, notRead: [] };
  }

  #notRead(task: Task, stop: Stop): FinalAttempt {
    const { clock } = this.#parts;
    const said = 'reason' in stop ? ` (${stop.reason})` : '';
    const reason = `it was not read again: the wait is longer than --max-wait${said}`;
    const timing = { startedAt: clock.wallTime(), sentAt: clock.now(), durationMs: 0 };
    task.attempts = Math.max(1, task.attempts);
    const outcome = { kind: 'fail', reason } as const;
    const none: AttemptResult = { outcome, response: null, fault: null, hint: null };
    return finalAttempt(none, { code: null, reason }, timing);
  }
}

/** What an attempt says of a pause, for people. */
export function pauseReason({ outcome, response }: Answered): string {
  if (outcome.kind === 'pause') {
    return `${outcome.reason}, ${describeWait(outcome.waitMs, outcome.waitFrom)}`;
  }
  const reason = 'reason' in outcome ? outcome.reason : outcome.kind;
  if (outcome.kind !== 'retry') return reason;
  return response === null
    ? `the server does not answer (${reason})`
    : `the server keeps failing (${reason})`;
}
