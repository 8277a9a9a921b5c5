/**
 * What becomes of a page after an attempt: it is kept, tried again at once or later, failed, or the
 * run stops. It knows what a verdict on one page needs to know of the others, and starts nothing.
 */

import type { ArrivedPage, Rejection } from '../archive-thread/messages.ts';
import type { Clock } from '../core/clock.ts';
import { EverypageError } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import type { ResolvedOptions } from '../core/options.ts';
import { credentialsIn } from '../core/redact.ts';
import type { Stop } from '../core/summary.ts';
import type { RawResponse } from '../http/transport.ts';
import { backoffDelayMs } from '../pace/backoff.ts';
import { arrivedPage, logTry, type Timing, type Why } from './arrived-page.ts';
import type { AttemptResult } from './attempt.ts';
import { answerExcerpt } from './body-excerpt.ts';
import { describeRefusal } from './describe-refusal.ts';
import { codeOfAttempt, codeOfRejection } from './failure-code.ts';
import { contentTypeOf } from './kept-headers.ts';
import type { Task } from './task.ts';

/** What to do with the page. */
export type NextAction =
  /** To the archive thread, with its body where it has one. */
  | { readonly kind: 'keep'; readonly page: ArrivedPage; readonly chunks: readonly Uint8Array[] }
  /** As soon as the pace lets it. */
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
  readonly counters: { retries: number };
  /** Whether any page was ever stored in this archive. */
  readonly storedBefore: boolean;
  /** Response headers that say how the list goes on; none for a list. */
  readonly pagingHeaders: readonly string[];
  /** Statuses that mean, for a speculative page, that it is past the end. */
  readonly pastEnd: readonly number[];
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
  #anyStored: boolean;
  /** Whether any answer was a success, checked or not. */
  #anySucceeded: boolean;

  constructor(parts: RetryPolicyParts) {
    this.#parts = parts;
    this.#anyStored = parts.storedBefore;
    this.#anySucceeded = parts.storedBefore;
  }

  /** A page was stored. */
  stored(): void {
    this.#anyStored = true;
  }

  policy(task: Task, result: AttemptResult, circumstances: Circumstances): NextAction {
    const { outcome, response } = result;
    const { timing, isStopped, isExcused } = circumstances;
    const status = response?.status ?? null;
    switch (outcome.kind) {
      case 'pause':
        logTry(task, timing, outcome.reason, outcome.waitMs, status);
        return { kind: 'again' };
      case 'unprocessed':
        if (isExcused) return { kind: 'again' };
        break;
      case 'retry':
        // After a stop the transport is closed under the requests that did not drain: still pending.
        if (isStopped) return { kind: 'leave' };
        if (!isExcused) break;
        logTry(task, timing, outcome.reason, null, status);
        return { kind: 'again' };
    }
    task.attempts += 1;
    task.spentMs += timing.durationMs;
    return this.#count(task, result, timing);
  }

  /** The archive thread found that the body is no page. */
  rejected(task: Task, page: ArrivedPage, rejection: Rejection): NextAction {
    const { kind } = rejection;
    const contentType = contentTypeOf(page.headers);
    const reason = describeRefusal(rejection, contentType, task.request.url, this.#parts.options);
    if (kind === 'selection' && !this.#anyStored) {
      throw new EverypageError(
        'SELECTION',
        `${reason}: ${task.shownUrl}. Give the path to the records with --select, or leave it out for whole pages.`,
      );
    }
    const failed = { ...page, state: 'failed', code: codeOfRejection(kind), reason } as const;
    // It will be as large the next time.
    if (kind === 'too-large') return this.#fail(task, failed);
    logTry(task, page, reason, null, null);
    return this.#retryOrFail(task, failed);
  }

  /** An attempt that counts. */
  #count(task: Task, result: AttemptResult, timing: Timing): NextAction {
    const { outcome, response } = result;
    const code = codeOfAttempt(result);
    const status = response?.status ?? null;
    const failed = (reason: string) => {
      const answer = this.#answerOf(task, response);
      const whole = answer === null ? reason : `${reason}; the answer begins ${answer}`;
      return this.#page(task, 'failed', response, { code, reason: whole }, timing);
    };
    switch (outcome.kind) {
      case 'body':
        this.#anySucceeded = true;
        return {
          kind: 'keep',
          page: this.#page(task, 'stored', response, null, timing),
          chunks: response!.chunks,
        };
      case 'retry':
      case 'unprocessed':
        logTry(task, timing, outcome.reason, null, status);
        return this.#retryOrFail(task, failed(outcome.reason));
      case 'credentials':
        return this.#refused(task, result, outcome.status);
      case 'unsafe':
        return stopFor({ kind: 'safety', code: outcome.code, message: outcome.reason });
      default:
        // 403 before anything has succeeded: the credentials, not the page.
        if (status === 403 && !this.#anySucceeded) {
          return this.#refused(task, result, status);
        }
        return this.#fail(task, failed('reason' in outcome ? outcome.reason : ''));
    }
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

  #retryOrFail(task: Task, page: ArrivedPage): NextAction {
    const { options, random, emit, counters } = this.#parts;
    const delayMs = backoffDelayMs(task.attempts, random());
    const isLast =
      task.attempts > options.retries || task.spentMs + delayMs > options.retryMaxTimeMs;
    // The last try is told by the page itself.
    if (isLast) return this.#fail(task, { ...page, log: task.log.slice(0, -1) });
    task.spentMs += delayMs;
    counters.retries += 1;
    emit({
      type: 'retry',
      place: task.request.place,
      url: task.shownUrl,
      attempt: task.attempts,
      status: page.status,
      code: page.code,
      reason: page.reason ?? '',
      delayMs,
    });
    return { kind: 'later', delayMs };
  }

  #fail(task: Task, page: ArrivedPage): NextAction {
    const isPastEnd =
      task.request.speculative === true &&
      page.status !== null &&
      this.#parts.pastEnd.includes(page.status);
    const state = isPastEnd ? 'beyond-end' : 'failed';
    return { kind: 'keep', page: { ...page, state, bodyBytes: 0 }, chunks: [] };
  }

  #page(
    task: Task,
    state: 'stored' | 'failed',
    response: RawResponse | null,
    why: Why | null,
    timing: Timing,
  ): ArrivedPage {
    const { pagingHeaders, options } = this.#parts;
    const { secretParams } = options;
    return arrivedPage(task, state, response, why, timing, { pagingHeaders, secretParams });
  }
}

function stopFor(stop: Stop): NextAction {
  return { kind: 'stop', stop };
}
