import type { Clock } from '../core/clock.ts';
import type { EventSink } from '../core/events.ts';
import type { ResolvedOptions } from '../core/options.ts';
import type { PageRequest } from '../core/page-request.ts';
import { createBodyCheck } from '../decode/check-body.ts';
import { parseSelection } from '../decode/decode.ts';
import type { RawResponse } from '../http/transport.ts';
import { backoffDelayMs } from '../pace/backoff.ts';
import type { AttemptResult } from './attempt.ts';
import type { BucketPace } from './bucket-pace.ts';
import type { BucketPaces } from './bucket-paces.ts';
import { singleHeader } from './kept-headers.ts';
import { PaceTeller } from './pace-teller.ts';

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
  readonly paces: BucketPaces;
  readonly attempt: (request: PageRequest) => Promise<AttemptResult>;
  /** Resolves after so long; rejects when the run is stopped. */
  readonly sleep: (ms: number) => Promise<void>;
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
  const { options, clock, paces, sleep } = parts;
  const teller = new PaceTeller({ ...parts, counters: { pausedMs: 0 } });
  const check = createBodyCheck(parseSelection(null), options.maxDecodedBytes);

  async function waitFor(pace: BucketPace): Promise<void> {
    for (;;) {
      const now = clock.now();
      const waitMs = pace.startableAt(now) - now;
      if (waitMs <= 0) break;
      await sleep(Math.min(LONGEST_TIMER_MS, Math.max(1, Math.ceil(waitMs))));
    }
    teller.opened(pace, clock.now());
  }

  return async (request) => {
    const { origin, pathname } = new URL(request.url);
    const pace = paces.of(origin, pathname);
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
      const isTooLong = teller.answered(pace, result, reaction, now) !== null;
      if (isTooLong) return { result, body: null, durationMs };
      if (outcome.kind === 'pause') continue;

      const judged = outcome.kind === 'body' ? judge(response!) : null;
      if (judged?.ok) return { result, body: judged.decoded, durationMs };
      const isTransient = outcome.kind === 'retry' || outcome.kind === 'unprocessed' || judged;
      if (!isTransient) return { result, body: null, durationMs };

      attempts += 1;
      const delayMs = backoffDelayMs(attempts, Math.random());
      spentMs += durationMs + delayMs;
      if (attempts > options.retries || spentMs > options.retryMaxTimeMs) {
        const reason = judged?.reason ?? ('reason' in outcome ? outcome.reason : '');
        const failed = { ...result, outcome: { kind: 'fail', reason } } as const;
        return { result: failed, body: null, durationMs };
      }
      await sleep(delayMs);
    }
  };

  function judge(response: RawResponse) {
    const encoding = singleHeader(response.headers['content-encoding']);
    return check(Buffer.concat(response.chunks), encoding);
  }
}
