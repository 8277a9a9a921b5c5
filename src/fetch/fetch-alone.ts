import type { Clock } from '../core/clock.ts';
import type { PageCode } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import type { ResolvedOptions } from '../core/options.ts';
import type { PageRequest } from '../core/page-request.ts';
import { redactUrl } from '../core/redact.ts';
import { createBodyCheck } from '../decode/check-body.ts';
import { parseSelection, readCondition } from '../decode/decode.ts';
import type { Outcome } from '../http/outcome.ts';
import type { RawResponse } from '../http/transport.ts';
import { backoffDelayMs } from '../pace/backoff.ts';
import type { AttemptResult } from './attempt.ts';
import { describeRefusal } from './describe-refusal.ts';
import { codeOfAttempt, codeOfRejection } from './failure-code.ts';
import { singleHeader } from './kept-headers.ts';
import type { Limiter } from './limiter.ts';
import type { LimiterRegistry } from './limiter-registry.ts';
import type { PauseMonitor } from './pause-monitor.ts';

/** A page fetched outside the run: its last attempt, and the body where it is a page. */
export interface LonePage {
  readonly result: AttemptResult;
  /** Decoded and valid JSON; null for every other end. */
  readonly body: Uint8Array | null;
  /** From sending the last attempt to its end. */
  readonly durationMs: number;
}

export interface LoneFetchParts {
  readonly options: ResolvedOptions;
  readonly clock: Clock;
  readonly emit: EventSink;
  readonly counters: { retries: number };
  readonly limiters: LimiterRegistry;
  readonly pauseMonitor: PauseMonitor;
  readonly attempt: (request: PageRequest) => Promise<AttemptResult>;
  /** Resolves after so long; rejects when the run is stopped. */
  readonly sleep: (ms: number) => Promise<void>;
}

function failure(reason: string, code: PageCode | null): Outcome {
  return code === null ? { kind: 'fail', reason } : { kind: 'fail', reason, code };
}

/** Node fires timers beyond 2^31 ms at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Fetches pages one at a time, before there is a plan, under the same rules as a run: pauses that a
 * server states are waited out, what is transient is tried again. An end that a run would stop at
 * is handed back as it is, for the run to act on.
 */
export function createLoneFetch(
  parts: LoneFetchParts,
): (request: PageRequest) => Promise<LonePage> {
  const { options, clock, emit, counters, limiters, pauseMonitor, sleep } = parts;
  const failWhen = readCondition(options.failWhen);
  const check = createBodyCheck(parseSelection(null), options.maxDecodedBytes, failWhen);

  async function waitFor(pace: Limiter): Promise<void> {
    for (;;) {
      const now = clock.now();
      const waitMs = pace.startableAt(now) - now;
      if (waitMs <= 0) break;
      await sleep(Math.min(LONGEST_TIMER_MS, Math.max(1, Math.ceil(waitMs))));
    }
    pauseMonitor.opened(pace, clock.now());
  }

  return async (request) => {
    const { origin, pathname } = new URL(request.url);
    const pace = limiters.of(origin, pathname);
    const url = redactUrl(request.url, options.secretParams);
    let attempts = 0;
    let spentMs = 0;
    for (;;) {
      await waitFor(pace);
      const sentAt = clock.now();
      pace.started(sentAt);
      const result = await parts.attempt(request);
      const now = clock.now();
      const durationMs = now - sentAt;
      const { outcome, response } = result;
      const reaction = pace.ended(result, attempts, sentAt, now);
      const isTooLong = pauseMonitor.answered(pace, result, reaction, url, now) !== null;
      if (isTooLong) return { result, body: null, durationMs };
      if (outcome.kind === 'pause') continue;

      const judged = outcome.kind === 'body' ? await policy(response!) : null;
      if (judged?.ok) return { result, body: judged.decoded, durationMs };
      const isTransient = outcome.kind === 'retry' || outcome.kind === 'unprocessed' || judged;
      if (!isTransient) return { result, body: null, durationMs };

      attempts += 1;
      const reason =
        judged === null
          ? 'reason' in outcome
            ? outcome.reason
            : ''
          : describeRefusal(
              judged,
              singleHeader(response?.headers['content-type']),
              request.url,
              options,
            );
      const code = judged === null ? codeOfAttempt(result) : codeOfRejection(judged.kind);
      const delayMs = backoffDelayMs(attempts, Math.random());
      spentMs += durationMs + delayMs;
      const isLast = judged?.kind === 'too-large' || attempts > options.retries;
      if (isLast || spentMs > options.retryMaxTimeMs) {
        const failed = { ...result, outcome: failure(reason, code), attempts };
        return { result: failed, body: null, durationMs };
      }
      counters.retries += 1;
      emit({
        type: 'retry',
        place: request.place,
        url,
        attempt: attempts,
        status: response?.status ?? null,
        code,
        reason,
        delayMs,
      });
      await sleep(delayMs);
    }
  };

  async function policy(response: RawResponse) {
    const encoding = singleHeader(response.headers['content-encoding']);
    return check(Buffer.concat(response.chunks), encoding);
  }
}
