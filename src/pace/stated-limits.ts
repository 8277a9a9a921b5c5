/**
 * What the server's headers allow. A window is filled evenly until it ends; of a long one, most may be
 * used at once. The ends of windows are stated in whole seconds, which is too coarse for windows of up
 * to two seconds: there the quota divided by the window's length is the rate. The tightest policy counts.
 */
import type { Limit } from '../core/hint.ts';

const SHORT_WINDOW_MS = 2000;
/** A server may name any number of policies; so many are kept. */
const MAX_POLICIES = 16;
/** Part of the stated quota that is used where nothing says how much is left. */
const QUOTA_PART = 0.985;
/**
 * While more than this part of a window is left, nothing is held back. A run that needs a hundred of
 * 5,000 an hour should not wait a minute for them, and one that needs more than a window has to wait for
 * its end either way.
 */
const AMPLE_PART = 0.1;
/** Only for windows of at least this: shorter ones end soon, and sliding ones are best used evenly. */
const LONG_WINDOW_MS = 20_000;
/** Ends are stated in whole seconds, some as the difference of two. */
const SAME_END_MS = 2100;
/** How long what is left is watched for its refill. */
const REFILL_MS = 1500;
const FULL_PART = 0.85;
/** A rate that follows the refill keeps the server's bucket about half full. */
const REFILL_LEAST = 0.9;
const REFILL_MORE = 0.2;
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
  /** What was left at a moment, and the answers since: their difference is the refill. */
  sample: Sample;
  /** Requests per millisecond that are refilled, as what was left shows; 0 where unknown. */
  refill: number;
}

interface Sample {
  readonly sentAt: number;
  readonly remaining: number;
  readonly answers: number;
}

export class StatedLimits {
  readonly #policies = new Map<string, Policy>();

  /** @param inFlight requests that this answer does not count yet */
  said(limits: readonly Limit[], sentAt: number, now: number, inFlight: number): void {
    for (const stated of limits) {
      const limit = withoutNoQuota(stated);
      const known = this.#policies.get(limit.policy);
      // An answer that was overtaken knows less.
      if (known !== undefined && sentAt < known.sentAt && now < known.endsAt) continue;
      if (known === undefined && this.#policies.size >= MAX_POLICIES) continue;
      const isFirstOfWindow = known !== undefined && sentAt >= known.endsAt;
      let contradictions = known?.contradictions ?? 0;
      if (isFirstOfWindow && known.limit.remaining === 0) {
        const isEmptyAtOnce = limit.remaining === 0 && (limit.quota ?? 2) > 1;
        contradictions = isEmptyAtOnce ? contradictions + 1 : 0;
      }
      const endsAt = endOf(limit, known, now);
      const isSameEnd = known !== undefined && Math.abs(endsAt - known.anchor.endsAt) < SAME_END_MS;
      this.#policies.set(limit.policy, {
        anchor: isSameEnd ? known.anchor : { endsAt, since: now },
        limit,
        sentAt,
        available: (limit.remaining ?? Number.POSITIVE_INFINITY) - inFlight,
        endsAt,
        longestMs: Math.max(known?.longestMs ?? 0, limit.resetMs ?? 0),
        contradictions,
        ...measureRefill(known, limit, sentAt),
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

  /**
   * Not before this, because nothing is left until then.
   * @param inFlight whose answers may say more; Infinity waits for one of them
   */
  startableAt(now: number, inFlight: number): number {
    let at = Number.NEGATIVE_INFINITY;
    for (const { limit, available, endsAt, contradictions } of this.#policies.values()) {
      if (limit.remaining === null || endsAt === Number.POSITIVE_INFINITY) continue;
      if (contradictions >= MAX_CONTRADICTIONS) continue;
      if (available >= 1 || now >= endsAt) continue;
      const isCertain = limit.remaining === 0 || inFlight === 0;
      at = Math.max(at, isCertain ? endsAt : Number.POSITIVE_INFINITY);
    }
    return at;
  }

  /** The end of the last window of which the server says that nothing is left. */
  usedUpUntil(now: number): number {
    let until = Number.NEGATIVE_INFINITY;
    for (const { limit, endsAt, contradictions } of this.#policies.values()) {
      if (limit.remaining !== 0 || endsAt === Number.POSITIVE_INFINITY || endsAt <= now) continue;
      if (contradictions < MAX_CONTRADICTIONS) until = Math.max(until, endsAt);
    }
    return until;
  }

  /** The window of the policy that sets the rate, for the summary; null where it is not known. */
  windowMs(now: number): number | null {
    const policies = [...this.#policies.values()];
    const rate = this.rate(now);
    const tightest = policies.find((policy) => rateOf(policy, now) === rate);
    if (tightest === undefined) return null;
    return (tightest.limit.windowMs ?? tightest.longestMs) || null;
  }
}

/** A whole window that allows nothing, from a server that answers, is a number for something else. */
function withoutNoQuota(limit: Limit): Limit {
  return limit.quota !== null && limit.quota <= 0 ? { ...limit, quota: null } : limit;
}

/** An answer that names no end leaves the one that was named before, until that has passed. */
function endOf({ resetMs }: Limit, known: Policy | undefined, now: number): number {
  if (resetMs !== null) return now + resetMs;
  return known !== undefined && now < known.endsAt ? known.endsAt : Number.POSITIVE_INFINITY;
}

function rateOf(policy: Policy, now: number): number {
  const { limit, available, endsAt, longestMs, contradictions, anchor, refill } = policy;
  if (contradictions >= MAX_CONTRADICTIONS) return Number.POSITIVE_INFINITY;
  const { quota, windowMs } = limit;
  const lengthMs = windowMs ?? (longestMs > SHORT_WINDOW_MS ? longestMs : null);
  const byQuota =
    quota === null || lengthMs === null || lengthMs === 0
      ? Number.POSITIVE_INFINITY
      : (QUOTA_PART * quota) / lengthMs;
  if (isAmple(policy, lengthMs)) return Number.POSITIVE_INFINITY;
  const leftMs = endsAt - now;
  const isLong = (lengthMs ?? 0) > SHORT_WINDOW_MS && Number.isFinite(leftMs);
  if (limit.remaining === null || leftMs <= 0) return byQuota;
  // An end that stays where it is is that of a window, and what is left is lost then. An end that
  // moves on says when the first of many slots is free again, or when the server's bucket is full.
  const isWindow = isLong && now - anchor.since > SAME_END_MS;
  // Near the end the quotient means nothing; what is left may go, and `startableAt` counts it.
  const byRest = Math.max(available, 1) / Math.max(leftMs, 250);
  if (isWindow) return byRest;
  if (windowMs !== null) return byQuota;
  if (!isLong && refill > 0 && quota !== null && Number.isFinite(leftMs)) {
    const part = REFILL_LEAST + (REFILL_MORE * Math.max(0, available)) / quota;
    // What is left is promised for the time that is stated, however still it stands.
    return Math.max(refill * part, byPromise(policy));
  }
  return isLong ? Math.min(byRest, byQuota) : byQuota;
}

function isAmple({ limit, available }: Policy, lengthMs: number | null): boolean {
  const { quota, remaining } = limit;
  if (quota === null || remaining === null || (lengthMs ?? 0) < LONG_WINDOW_MS) return false;
  return available > AMPLE_PART * quota;
}

function byPromise({ available, longestMs }: Policy): number {
  return Math.max(0, available) / Math.max(longestMs, SHORT_WINDOW_MS);
}

/** Where what is left is neither full nor counted down by a window, its motion tells the refill. */
function measureRefill(known: Policy | undefined, { remaining, quota }: Limit, sentAt: number) {
  const left = remaining ?? 0;
  const fresh = { sample: { sentAt, remaining: left, answers: 0 }, refill: known?.refill ?? 0 };
  if (known === undefined || remaining === null || quota === null) return fresh;
  const { sample, refill } = known;
  const answers = sample.answers + 1;
  const elapsedMs = sentAt - sample.sentAt;
  if (elapsedMs < REFILL_MS) return { sample: { ...sample, answers }, refill };
  const measured = Math.max(0, (left - sample.remaining + answers) / elapsedMs);
  // While it was full, more may have been refilled than shows.
  const mayBeMore = Math.max(left, sample.remaining) >= FULL_PART * quota;
  const next = mayBeMore
    ? Math.max(refill, measured)
    : refill === 0
      ? measured
      : (refill + measured) / 2;
  return { ...fresh, refill: next };
}
