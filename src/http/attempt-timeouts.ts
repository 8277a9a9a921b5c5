import type { Attempt } from './attempt.ts';
import type { TransportOptions } from './transport.ts';

type Limits = Pick<TransportOptions, 'idleTimeoutMs' | 'timeoutMs' | 'minBytesPerSecond'>;

/**
 * Gives up an attempt that takes too long, is silent or comes too slowly. Called about once a
 * second for each attempt on the wire.
 *
 * @param sinceLastMs since it was called before
 */
export function sweepAttempt(
  attempt: Attempt,
  now: number,
  sinceLastMs: number,
  { idleTimeoutMs, timeoutMs, minBytesPerSecond }: Limits,
): void {
  if (attempt.isStanding) {
    attempt.startedAt += Math.min(sinceLastMs, now - attempt.startedAt);
    attempt.lastHeardAt = now;
    attempt.markedAt = 0;
    return;
  }
  if (now - attempt.startedAt > timeoutMs) {
    const within = `within ${seconds(timeoutMs)}`;
    const what = attempt.hasHead
      ? `not whole ${within}, ${attempt.bodyBytes} bytes had come`
      : `no answer ${within}`;
    attempt.fail('timeout', `${what}; --timeout allows more`);
  } else if (!attempt.heard) {
    if (now - attempt.lastHeardAt <= idleTimeoutMs) return;
    const when = attempt.hasHead ? ` after ${attempt.bodyBytes} bytes of the body` : '';
    attempt.fail(
      'idle-timeout',
      `not a byte for ${seconds(idleTimeoutMs)}${when}; --idle-timeout allows more`,
    );
  } else {
    attempt.heard = false;
    attempt.lastHeardAt = now;
    if (attempt.hasHead) measure(attempt, now, idleTimeoutMs, minBytesPerSecond);
  }
}

/** A byte now and then is no silence, and could hold a request for as long as --timeout. */
function measure(attempt: Attempt, now: number, windowMs: number, least: number): void {
  const { bodyBytes, markedAt, markedBytes } = attempt;
  if (markedAt !== 0 && now - markedAt < windowMs) return;
  const elapsedMs = now - markedAt;
  attempt.markedAt = now;
  attempt.markedBytes = bodyBytes;
  if (markedAt === 0) return;
  const perSecond = ((bodyBytes - markedBytes) * 1000) / elapsedMs;
  if (perSecond >= least) return;
  attempt.fail(
    'too-slow',
    `${Math.round(perSecond)} bytes a second for ${seconds(elapsedMs)}; --speed-limit allows less than ${least}`,
  );
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
