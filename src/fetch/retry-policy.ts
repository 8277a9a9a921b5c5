/**
 * The next action after an attempt: the page has ended, is tried again at once or later, or the run
 * stops. It knows what the decision on one page needs to know of the others, and starts nothing.
 */
import type { Rejection } from '../archive-thread/messages.ts';
import type { Clock } from '../core/clock.ts';
import { describeWait } from '../core/describe-hint.ts';
import { EverypageError } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import type { ResolvedOptions } from '../core/options.ts';
import { credentialsIn } from '../core/redact.ts';
import type { Stop } from '../core/summary.ts';
import { type Outcome, singleHeader } from '../http/outcome.ts';
import type { RawResponse } from '../http/transport.ts';
import { backoffDelayMs, refusalDelayMs } from '../pace/retries.ts';
import { answerExcerpt, codeOfAttempt, codeOfRejection, describeRejection } from './failure.ts';
import type { Limiter, Reaction } from './limiter.ts';
import type { AttemptResult, FinalAttempt, Task, Timing, Why } from './task.ts';

export type NextAction =
  /** No more attempts: the page goes to the sink, with its body where it has one. */
  | { readonly kind: 'end'; readonly final: FinalAttempt }
  /** As soon as the limiter lets it. */
  | { readonly kind: 'again' }
  | { readonly kind: 'later'; readonly delayMs: number }
  | { readonly kind: 'stop'; readonly stop: Stop }
  /** The run has stopped already: it stays pending. */
  | { readonly kind: 'leave' };

export interface RetryPolicyParts {
  readonly options: ResolvedOptions;
  readonly clock: Clock;
  readonly random: () => number;
  readonly emit: EventSink;
  /** Retries are counted here; `fetched` says whether any page was stored by this run. */
  readonly counters: { retries: number; readonly fetched: number };
  /** Whether an earlier run stored a page in this archive. */
  readonly storedBefore: boolean;
}

/** What else bears on an attempt. */
interface Circumstances {
  readonly timing: Timing;
  readonly isStopped: boolean;
  /** The server fails so much that a failed attempt says nothing of its page. */
  readonly isExcused: boolean;
}

export class RetryPolicy {
  readonly #parts: RetryPolicyParts;
  /** Whether any answer was a success, checked or not. */
  #anySucceeded: boolean;

  constructor(parts: RetryPolicyParts) {
    this.#parts = parts;
    this.#anySucceeded = parts.storedBefore;
  }

  /** After an attempt. */
  next(task: Task, result: AttemptResult, circumstances: Circumstances): NextAction {
    const { outcome, response } = result;
    const { timing, isStopped, isExcused } = circumstances;
    const status = response?.status ?? null;
    switch (outcome.kind) {
      case 'pause':
        logAttempt(task, timing, outcome.reason, outcome.waitMs, status);
        return { kind: 'again' };
      case 'unprocessed':
        if (isExcused) return { kind: 'again' };
        break;
      case 'retry':
        // After a stop the transport is closed under the requests that did not drain: still pending.
        if (isStopped) return { kind: 'leave' };
        if (!isExcused) break;
        logAttempt(task, timing, outcome.reason, null, status);
        return { kind: 'again' };
    }
    task.attempts += 1;
    task.spentMs += timing.durationMs;
    return this.#count(task, result, timing);
  }

  /**
   * Whether what a limiter made of an attempt ends the run: the wait is longer than the user allows, or
   * nothing ever comes from there. Null where the run continues.
   *
   * @param pausesBefore pauses of the limiter since anything came through
   */
  whyStop(
    limiter: Limiter,
    { pauseMs, isOwnPause, isUnreachable }: Reaction,
    reason: string,
    { shownUrl: url }: Task,
    pausesBefore: number,
    now: number,
  ): Stop | null {
    const { options, clock } = this.#parts;
    if (isUnreachable) return { kind: 'unreachable', limiter: limiter.name, reason };
    if (pauseMs === null) return null;
    if (pauseMs > options.maxWaitMs) {
      if (!isOwnPause) {
        return { kind: 'max-wait', untilWallTime: clock.wallTime() + pauseMs, reason };
      }
      const ownPause = { nextMs: pauseMs, pausesBefore, url };
      return { kind: 'max-wait', untilWallTime: null, reason, ownPause };
    }
    const isShutTooLong = limiter.shutForMs(now) > options.maxWaitMs;
    return isShutTooLong ? { kind: 'max-wait', untilWallTime: null, reason } : null;
  }

  /** After the checks of a whole body, which found that it is no page. */
  rejected(task: Task, final: FinalAttempt, rejection: Omit<Rejection, 'index'>): NextAction {
    const { options, storedBefore, counters } = this.#parts;
    const { kind } = rejection;
    const contentType = singleHeader(final.headers?.['content-type']);
    const reason = describeRejection(rejection, contentType, task.request.url, options);
    if (kind === 'selection' && !storedBefore && counters.fetched === 0) {
      throw new EverypageError(
        'SELECTION',
        `${reason}: ${task.shownUrl}. Give the path to the records with --select, or leave it out for whole pages.`,
      );
    }
    const why = { code: codeOfRejection(kind), reason };
    const failed: FinalAttempt = { ...final, state: 'failed', bodyBytes: 0, chunks: [], why };
    // It will be as large the next time.
    if (kind === 'too-large') return { kind: 'end', final: failed };
    return this.#retryOrEnd(task, failed, null);
  }

  /** An attempt that counts. */
  #count(task: Task, result: AttemptResult, timing: Timing): NextAction {
    const { outcome, response } = result;
    if (outcome.kind === 'body') {
      this.#anySucceeded = true;
      return { kind: 'end', final: finalAttempt(result, null, timing) };
    }
    const reason = 'reason' in outcome ? outcome.reason : '';
    const answer = this.#answerOf(task, response);
    const why = {
      code: codeOfAttempt(result),
      reason: answer === null ? reason : `${reason}; the answer begins ${answer}`,
    };
    const failed = finalAttempt(result, why, timing);
    if (outcome.kind === 'retry' || outcome.kind === 'unprocessed') {
      return this.#retryOrEnd(task, failed, reason);
    }
    if (mayBeLimited(task, response)) {
      const delayMs = refusalDelayMs(task.attempts, this.#parts.random());
      return this.#retryOrEnd(task, failed, reason, delayMs, MOST_REFUSAL_RETRIES);
    }
    if (!task.isGuess) {
      if (outcome.kind === 'unsafe') {
        return stopFor({ kind: 'safety', code: outcome.code, message: outcome.reason });
      }
      const status = response?.status ?? null;
      if (outcome.kind === 'credentials') return this.#refused(task, result, outcome.status);
      // 403 before anything has succeeded: the credentials, not the page.
      if (status === 403 && !this.#anySucceeded) return this.#refused(task, result, status);
    }
    return { kind: 'end', final: failed };
  }

  #refused(task: Task, { response, credentials }: AttemptResult, status: number): NextAction {
    const { certFile, secretParams } = this.#parts.options;
    const others = certFile !== null || credentialsIn(task.request.url, secretParams).size > 0;
    return stopFor({
      kind: 'credentials',
      status,
      url: task.shownUrl,
      credentials: others ? 'sent' : (credentials ?? 'none'),
      answer: this.#answerOf(task, response),
    });
  }

  /** What a server says of why it refuses or fails; a success says it by its own checks. */
  #answerOf({ request }: Task, response: RawResponse | null): string | null {
    if (response === null || response.status < 400) return null;
    return answerExcerpt(response, request.url, this.#parts.options);
  }

  /** @param reason of this attempt, without what the answer says; null for that of `failed` */
  #retryOrEnd(
    task: Task,
    failed: FinalAttempt,
    reason: string | null,
    delayMs = backoffDelayMs(task.attempts, this.#parts.random()),
    most = Number.POSITIVE_INFINITY,
  ): NextAction {
    const { options, emit, counters } = this.#parts;
    const { status, timing, why } = failed;
    const isLast =
      task.attempts > Math.min(most, options.retries) ||
      task.spentMs + delayMs > options.retryMaxTimeMs;
    // The last attempt is recorded with the page itself.
    if (isLast) return { kind: 'end', final: failed };
    const whole = why?.reason ?? '';
    logAttempt(task, timing, reason ?? whole, null, reason === null ? null : status);
    task.spentMs += delayMs;
    counters.retries += 1;
    emit({
      type: 'retry',
      place: task.request.place,
      url: task.shownUrl,
      attempt: task.attempts,
      status,
      code: why?.code ?? null,
      reason: whole,
      delayMs,
    });
    return { kind: 'later', delayMs };
  }
}

/** How often a page that the list promises is asked for again where it is refused without a reason. */
const MOST_REFUSAL_RETRIES = 3;

/** The list says that there is such a page, so what refuses it may be a limit that has no 429. */
function mayBeLimited({ request, isGuess }: Task, response: RawResponse | null): boolean {
  if (isGuess || request.promised !== true || response === null) return false;
  return response.status === 400 || response.status === 403;
}

/** @param why null where the attempt brought a body */
function finalAttempt({ response, hint }: AttemptResult, why: Why | null, timing: Timing) {
  const isStored = why === null && response !== null;
  const final: FinalAttempt = {
    state: isStored ? 'stored' : 'failed',
    status: response?.status ?? null,
    headers: response?.headers ?? null,
    protocol: response?.protocol ?? null,
    hint,
    bodyBytes: isStored ? response.bodyBytes : 0,
    chunks: isStored ? response.chunks : [],
    why,
    timing,
  };
  return final;
}

/** Keeps an attempt that did not end its page. */
function logAttempt(
  task: Task,
  { startedAt, durationMs }: Timing,
  outcome: string,
  toldToWaitMs: number | null,
  status: number | null,
): void {
  const { place } = task.request;
  const number = task.log.length + 1;
  task.log.push({ place, number, startedAt, durationMs, status, outcome, toldToWaitMs });
}

/** What an attempt says of a pause, for people. */
export function pauseReason(outcome: Outcome): string {
  if (outcome.kind === 'pause') {
    return `${outcome.reason}, ${describeWait(outcome.waitMs, outcome.waitFrom)}`;
  }
  const reason = 'reason' in outcome ? outcome.reason : outcome.kind;
  return outcome.kind === 'retry' ? `the server keeps failing (${reason})` : reason;
}

function stopFor(stop: Stop): NextAction {
  return { kind: 'stop', stop };
}
