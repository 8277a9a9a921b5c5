/**
 * The numbers that limits are made of. What is no plain number, or no length of time that a limit
 * could have, is null: a limit misread is worse than none.
 */
import type { Limit } from '../../core/hint.ts';

const DAY_MS = 86_400_000;
/** No window ends later: more than 31 days is a misread unit. */
export const LONGEST_RESET_MS = 31 * DAY_MS;
/** Quotas for a year exist. */
const LONGEST_WINDOW_MS = 366 * DAY_MS;

export const WINDOW_WORDS: Readonly<Record<string, number>> = {
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: DAY_MS,
  month: 30 * DAY_MS,
};

/** Fractions are as long as a double prints them: `0.47088000000000003`. */
const NUMBER = /^\d{1,15}(?:\.\d{1,20})?$/;

/** A number that is not negative, without sign or exponent; null for all else. */
export function plainNumber(text: string): number | null {
  return NUMBER.test(text) ? Number(text) : null;
}

/** Nothing but what the server said, within bounds; null where that is nothing. */
export function statedLimit(said: Partial<Limit>): Limit | null {
  const limit: Limit = {
    policy: said.policy ?? '',
    quota: amount(said.quota),
    remaining: amount(said.remaining),
    resetMs: span(said.resetMs, LONGEST_RESET_MS),
    windowMs: span(said.windowMs, LONGEST_WINDOW_MS),
  };
  // A quota of none is how several servers write "without limit"; who may do nothing is refused anyway.
  if (limit.quota === 0) return null;
  const saysHowMany = limit.quota !== null || limit.remaining !== null;
  if (!saysHowMany && limit.resetMs === null) return null;
  return limit.windowMs === 0 ? { ...limit, windowMs: null } : limit;
}

function amount(value: number | null | undefined): number | null {
  return value === undefined || value === null || !(value >= 0 && value <= 1e15) ? null : value;
}

function span(ms: number | null | undefined, longestMs: number): number | null {
  return ms === undefined || ms === null || !(ms >= 0 && ms <= longestMs) ? null : ms;
}

const DURATION = /^(?:\d{1,9}(?:\.\d{1,9})?(?:ms|s|m|h|d)){1,5}$/;
const DURATION_PART = /([\d.]+)(ms|s|m|h|d)/g;
const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: DAY_MS,
};

/** `1s`, `250ms`, `6m0s`: milliseconds; null for all else, a number without unit too. */
export function durationMs(text: string): number | null {
  if (!DURATION.test(text)) return null;
  let ms = 0;
  for (const [, number, unit] of text.matchAll(DURATION_PART)) {
    ms += Number(number) * UNIT_MS[unit!]!;
  }
  return ms;
}
