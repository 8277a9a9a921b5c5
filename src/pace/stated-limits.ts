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
/** Ends are stated in whole seconds. */
const SAME_END_MS = 1500;
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
  /** An end that was stated, and since when about the same one is. */
  anchor: { readonly endsAt: number; readonly since: number };
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
      const endsAt = now + resetMs;
      const isSameEnd = known !== undefined && Math.abs(endsAt - known.anchor.endsAt) < SAME_END_MS;
      this.#policies.set(limit.policy, {
        anchor: isSameEnd ? known.anchor : { endsAt, since: now },
        limit,
        sentAt,
        available: (limit.remaining ?? Number.POSITIVE_INFINITY) - inFlight,
        endsAt,
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

function rateOf(policy: Policy, now: number): number {
  const { limit, available, endsAt, longestMs, contradictions, anchor } = policy;
  if (contradictions >= MAX_CONTRADICTIONS) return Number.POSITIVE_INFINITY;
  const { quota, windowMs } = limit;
  const lengthMs = windowMs ?? (longestMs > SHORT_WINDOW_MS ? longestMs : null);
  const byQuota =
    quota === null || lengthMs === null || lengthMs === 0
      ? Number.POSITIVE_INFINITY
      : (QUOTA_PART * quota) / lengthMs;
  const leftMs = endsAt - now;
  const isLong = (lengthMs ?? 0) > SHORT_WINDOW_MS && Number.isFinite(leftMs);
  if (limit.remaining === null || !isLong || leftMs <= 0) return byQuota;
  // Near the end the quotient means nothing; what is left may go, and `startableAt` counts it.
  const byRest = Math.max(available, 1) / Math.max(leftMs, 250);
  // An end that stays where it is ends a window: what is left is lost then. One that moves on says
  // when the first of many slots is free again, or the bucket full.
  const isWindow = now - anchor.since > SAME_END_MS;
  return isWindow ? byRest : windowMs === null ? Math.min(byRest, byQuota) : byQuota;
}
