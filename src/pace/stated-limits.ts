/**
 * What the server's headers allow. A window longer than two seconds is filled evenly until it ends;
 * shorter ones are too coarse for that (their ends are stated in whole seconds), so their quota a
 * window is the rate. The tightest policy counts.
 */
import type { Limit } from '../core/hint.ts';

const SHORT_WINDOW_MS = 2000;
/** A server may name what it likes; so many policies are kept. */
const MAX_POLICIES = 16;
/** Part of the stated quota that is used where nothing says how much is left. */
const QUOTA_PART = 0.99;
/** A policy that says "none left" so often where its window has just begun is not believed. */
const MAX_CONTRADICTIONS = 3;

interface Policy {
  limit: Limit;
  sentAt: number;
  /** What is left, less what was sent since. */
  available: number;
  endsAt: number;
  /** Longest time to an end that was stated: at least nearly the window's length. */
  longestMs: number;
  contradictions: number;
}

export class StatedLimits {
  readonly #policies = new Map<string, Policy>();

  /** @param inFlight requests that this answer does not count yet */
  said(limits: readonly Limit[], sentAt: number, now: number, inFlight: number): void {
    for (const limit of limits) {
      const known = this.#policies.get(limit.policy);
      // An answer that was overtaken knows less.
      if (known !== undefined && sentAt < known.sentAt && now < known.endsAt) continue;
      if (known === undefined && this.#policies.size >= MAX_POLICIES) continue;
      const resetMs = limit.resetMs ?? Number.POSITIVE_INFINITY;
      const isFirstOfWindow = known !== undefined && sentAt >= known.endsAt;
      let contradictions = known?.contradictions ?? 0;
      if (isFirstOfWindow && known.limit.remaining === 0) {
        const isEmptyAtOnce = limit.remaining === 0 && (limit.quota ?? 2) > 1;
        contradictions = isEmptyAtOnce ? contradictions + 1 : 0;
      }
      this.#policies.set(limit.policy, {
        limit,
        sentAt,
        available: (limit.remaining ?? Number.POSITIVE_INFINITY) - inFlight,
        endsAt: now + resetMs,
        longestMs: Math.max(known?.longestMs ?? 0, limit.resetMs ?? 0),
        contradictions,
      });
    }
  }

  started(): void {
    for (const policy of this.#policies.values()) policy.available -= 1;
  }

  /** Requests per millisecond; Infinity where nothing was said. */
  rate(now: number): number {
    let rate = Number.POSITIVE_INFINITY;
    for (const policy of this.#policies.values()) rate = Math.min(rate, rateOf(policy, now));
    return rate;
  }

  /** Not before this, because nothing is left until then. */
  startableAt(now: number): number {
    let at = Number.NEGATIVE_INFINITY;
    for (const { limit, available, endsAt, contradictions } of this.#policies.values()) {
      if (limit.remaining === null || endsAt === Number.POSITIVE_INFINITY) continue;
      if (contradictions >= MAX_CONTRADICTIONS) continue;
      if (available < 1 && now < endsAt) at = Math.max(at, endsAt);
    }
    return at;
  }

  /** The longest window that was stated or shown, for the summary. */
  get windowMs(): number | null {
    let longestMs = 0;
    for (const { limit, longestMs: seenMs } of this.#policies.values()) {
      longestMs = Math.max(longestMs, limit.windowMs ?? seenMs);
    }
    return longestMs === 0 ? null : longestMs;
  }
}

function rateOf({ limit, available, endsAt, longestMs, contradictions }: Policy, now: number) {
  if (contradictions >= MAX_CONTRADICTIONS) return Number.POSITIVE_INFINITY;
  const { quota, windowMs } = limit;
  const leftMs = endsAt - now;
  const isOfLongWindow = (windowMs ?? longestMs) > SHORT_WINDOW_MS;
  if (limit.remaining !== null && isOfLongWindow && leftMs > 0 && Number.isFinite(leftMs)) {
    // Near the end the quotient means nothing; what is left may go, and `startableAt` counts it.
    return Math.max(available, 1) / Math.max(leftMs, 250);
  }
  const lengthMs = windowMs ?? (longestMs > SHORT_WINDOW_MS ? longestMs : null);
  if (quota === null || lengthMs === null || lengthMs === 0) return Number.POSITIVE_INFINITY;
  return (QUOTA_PART * quota) / lengthMs;
}
