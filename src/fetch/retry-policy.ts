/**
 * The next action after an attempt that did not bring a page: it has ended, is tried again at once or
 * later, or the run stops. It remembers nothing of other pages, and starts nothing.
 */
import type { Rejection } from '../archive-thread/messages.ts';
import type { Clock } from '../core/clock.ts';
import { EverypageError } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import { isRecheck, mayHideLimit } from '../core/page-request.ts';
import { credentialsIn } from '../core/redact.ts';
import type { ResolvedOptions } from '../core/resolve-options.ts';
import type { Stop } from '../core/summary.ts';
import { type Outcome, singleHeader } from '../http/outcome.ts';
import type { RawResponse } from '../http/transport.ts';
import { backoffDelayMs, notReadyDelayMs, refusalDelayMs } from '../pace/retries.ts';
import { answerExcerpt, codeOfAttempt, codeOfRejection, describeRejection } from './failure.ts';
import {
  type AttemptResult,
  countAttempt,
  type FinalAttempt,
  finalAttempt,
  giveBack,
  logAttempt,
  noteDoubtful,
  type Task,
  type Timing,
} from './task.ts';

export type NextAction =
  /** No more attempts: the page goes to the sink, with its body where it has one. */
  | { readonly kind: 'end'; readonly final: FinalAttempt }
  /** As soon as the limiter lets it. */
  | { readonly kind: 'again' }
  | { readonly kind: 'later'; readonly delayMs: number }
  | { readonly kind: 'stop'; readonly stop: Stop }
  /** It is about to fail, and nothing else shows that the server is up: the witness is asked first. */
  | { readonly kind: 'hold' }
  /** The run has stopped already: it stays pending. */
  | { readonly kind: 'leave' };

/** A page that went out to a working server before so many outages may be what brings it down. */
const MOST_OUTAGES = 3;
/** A page that is read again for a check alone is worth one retry, and so many refusals. */
const RECHECK_RETRIES = 1;
const RECHECK_REFUSALS = 5;

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
  /** The server is down, or did not process it: a failure says nothing about its page. */
  readonly isExcused: boolean;
  /** When the last request that succeeded was sent. */
  readonly upSentAt: number;
  /** The server was not known to be down when it was sent. */
  readonly wasUp: boolean;
  /** Any answer was a success, checked or not, in this run or in an earlier one. */
  readonly hasSucceeded: boolean;
  /** Called where the page is about to fail: whether the witness is asked first. */
  readonly doubt: () => boolean;
}

/** Bodies that nobody could read. */
const UNREADABLE: ReadonlySet<Rejection['kind']> = new Set(['encoding', 'json']);

/** Successes without a body. */
const NO_CONTENT: ReadonlySet<number> = new Set([204, 205]);

export class RetryPolicy {
  readonly #parts: RetryPolicyParts;

  constructor(parts: RetryPolicyParts) {
    this.#parts = parts;
  }

  /** After an attempt that brought no body. */
  next(task: Task, result: AttemptResult, circumstances: Circumstances): NextAction {
    const { outcome, response } = result;
    const { timing, isStopped, isExcused } = circumstances;
    const status = response?.status ?? null;
    switch (outcome.kind) {
      case 'pause':
        if (isRecheck(task.request.place) && task.log.length >= RECHECK_REFUSALS) break;
        logAttempt(task, timing, outcome.reason, outcome.waitMs, status, bytesOf(response));
        return { kind: 'again' };
      case 'not-ready':
        return this.#waitOrEnd(task, result, timing, outcome.waitMs);
      case 'unprocessed':
        if (isExcused) return { kind: 'again' };
        break;
      case 'retry':
        // After a stop the transport is closed under the requests that did not drain: still pending.
        if (isStopped) return { kind: 'leave' };
        if (!isExcused) break;
        if (circumstances.wasUp) task.outages += 1;
        if (this.#bringsDown(task)) break;
        giveBack(task, circumstances.upSentAt);
        logAttempt(task, timing, outcome.reason, null, status, bytesOf(response));
        return { kind: 'again' };
    }
    countAttempt(task, timing);
    return this.#failed(task, result, circumstances);
  }

  /**
   * After the checks of a whole body, which found that it is no page.
   * @param isPause it asks for a pause: another answer comes after that
   */
  rejected(
    task: Task,
    final: FinalAttempt,
    rejection: Omit<Rejection, 'index'>,
    isPause = false,
  ): NextAction {
    const { options, storedBefore, counters } = this.#parts;
    const { kind, digest } = rejection;
    const contentType = singleHeader(final.headers?.['content-type']);
    const said = describeRejection(rejection, contentType, task.request.url, options);
    const reason = options.credentials.of(task.request.url).withhold(said);
    if (kind === 'selection' && !storedBefore && counters.fetched === 0) {
      throw new EverypageError(
        'SELECTION',
        `${reason}: ${task.shownUrl}. Give the path to the records with --select, or leave it out for whole pages.`,
      );
    }
    const why = { code: codeOfRejection(kind), reason };
    const failed: FinalAttempt = { ...final, state: 'failed', bodyBytes: 0, chunks: [], why };
    const isSame = digest !== null && digest === task.rejected;
    task.rejected = digest;
    // A page that may not exist is asked for in great number, so what answers it need not be waited for.
    const { speculative = false, expected } = task.request;
    const mayNotExist = speculative && expected === undefined;
    const isFinal = UNREADABLE.has(kind) || (mayNotExist && !isPause);
    // It will be as large, or the same, the next time.
    if (kind === 'too-large' || (isSame && isFinal)) return { kind: 'end', final: failed };
    if (kind !== 'no-records') return this.#retryOrEnd(task, failed, null, null);
    task.isAskedAgain = true;
    return this.#again(task, failed, null, null);
  }

  /** After an attempt that counts and brought no body. */
  #failed(task: Task, result: AttemptResult, circumstances: Circumstances): NextAction {
    const { outcome, response } = result;
    const { timing } = circumstances;
    const reason = 'reason' in outcome ? outcome.reason : '';
    const answer = this.#answerOf(task, response);
    const why = {
      code: codeOfAttempt(result),
      reason: answer === null ? reason : `${reason}; the server says ${answer}`,
    };
    const failed = finalAttempt(result, why, timing);
    const status = response?.status ?? null;
    // As with a body: what came twice will come again.
    const isNothingAgain = NO_CONTENT.has(status ?? 0) && task.attempts > 1;
    if ((outcome.kind === 'retry' || outcome.kind === 'unprocessed') && !isNothingAgain) {
      const most = this.#mostRetries(outcome, circumstances);
      return this.#retryOrEnd(task, failed, reason, circumstances, undefined, most);
    }
    if (mayBeLimited(task, response)) {
      const delayMs = refusalDelayMs(task.attempts, this.#parts.random());
      return this.#retryOrEnd(task, failed, reason, circumstances, delayMs, MOST_REFUSAL_RETRIES);
    }
    if (!task.isGuess && !isRecheck(task.request.place)) {
      if (outcome.kind === 'unsafe') {
        return stopFor({ kind: 'safety', code: outcome.code, message: outcome.reason });
      }
      if (outcome.kind === 'credentials') return this.#refused(task, result, outcome.status);
      // 403 before anything has succeeded: the credentials, not the page.
      if (status === 403 && !circumstances.hasSucceeded) return this.#refused(task, result, status);
    }
    return { kind: 'end', final: failed };
  }

  #mostRetries(outcome: Outcome, { upSentAt }: Circumstances): number | undefined {
    if (outcome.kind !== 'retry') return undefined;
    const wasThere = this.#parts.storedBefore || upSentAt > Number.NEGATIVE_INFINITY;
    return wasThere ? undefined : outcome.mostAtFirst;
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

  #bringsDown({ outages }: Task): boolean {
    return outages > this.#parts.options.retries + MOST_OUTAGES;
  }

  /** The server is still making the page: it is asked for again, until it takes too long. */
  #waitOrEnd(
    task: Task,
    result: AttemptResult,
    timing: Timing,
    statedMs: number | null,
  ): NextAction {
    const { options, emit } = this.#parts;
    const { reason } = result.outcome as { readonly reason: string };
    const status = result.response?.status ?? null;
    task.notReady += 1;
    task.spentMs += timing.durationMs;
    const delayMs = statedMs ?? notReadyDelayMs(task.notReady);
    if (task.spentMs + delayMs > options.retryMaxTimeMs) {
      task.attempts += 1;
      const why = { code: codeOfAttempt(result), reason };
      return { kind: 'end', final: finalAttempt(result, why, timing) };
    }
    logAttempt(task, timing, reason, statedMs, status, bytesOf(result.response));
    task.spentMs += delayMs;
    const { place } = task.request;
    emit({ type: 'not-ready', place, url: task.shownUrl, status, reason, delayMs });
    return { kind: 'later', delayMs };
  }

  /**
   * @param reason of this attempt, without what the answer says; null for that of `failed`
   * @param circumstances null where a whole answer came, so that the server is up
   */
  #retryOrEnd(
    task: Task,
    failed: FinalAttempt,
    reason: string | null,
    circumstances: Circumstances | null,
    delayMs = backoffDelayMs(task.attempts, this.#parts.random()),
    most = Number.POSITIVE_INFINITY,
  ): NextAction {
    const { options } = this.#parts;
    const isForCheck = isRecheck(task.request.place);
    const retries = Math.min(isForCheck ? RECHECK_RETRIES : most, options.retries);
    const isFatal = this.#bringsDown(task);
    const isTooLong = task.spentMs + delayMs > options.retryMaxTimeMs;
    if (task.attempts > retries || isTooLong || isFatal) {
      // The last attempt is recorded with the page itself.
      const isSure = isForCheck || isFatal || circumstances?.doubt() !== true;
      if (isSure) return { kind: 'end', final: failed };
      task.attempts -= 1;
      task.spentMs -= failed.timing.durationMs;
      return { kind: 'hold' };
    }
    return this.#again(task, failed, reason, circumstances, delayMs);
  }

  #again(
    task: Task,
    { status, timing, why, receivedBytes }: FinalAttempt,
    reason: string | null,
    circumstances: Circumstances | null,
    delayMs = backoffDelayMs(task.attempts, this.#parts.random()),
  ): NextAction {
    const { emit, counters } = this.#parts;
    const whole = why?.reason ?? '';
    const shownStatus = reason === null ? null : status;
    logAttempt(task, timing, reason ?? whole, null, shownStatus, receivedBytes);
    task.spentMs += delayMs;
    if (circumstances !== null) noteDoubtful(task, circumstances, delayMs);
    counters.retries += 1;
    emit({
      type: 'retry',
      place: task.request.place,
      method: task.request.method,
      url: task.shownUrl,
      attempt: task.attempts,
      status,
      code: why?.code ?? null,
      reason: whole,
      durationMs: timing.durationMs,
      delayMs,
    });
    return { kind: 'later', delayMs };
  }
}

function bytesOf(response: RawResponse | null): number {
  return response?.bodyBytes ?? 0;
}

/** How often a page that is promised is asked for again where it is refused (`Expectation`). */
const MOST_REFUSAL_RETRIES = 3;

function mayBeLimited({ request, isGuess }: Task, response: RawResponse | null): boolean {
  if (isGuess || request.expected !== 'promised' || response === null) return false;
  return mayHideLimit(response.status);
}

function stopFor(stop: Stop): NextAction {
  return { kind: 'stop', stop };
}
