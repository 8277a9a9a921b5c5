/**
 * Reads what responses say about limits. One reader is for one bucket, because some numbers show
 * their unit only in the light of those before them; else it is pure: times are passed in.
 */
import { type Hint, type Limit, noHint } from '../../core/hint.ts';
import type { HeaderValues } from '../transport.ts';
import { addToFamilies, type Family, familyLimits } from './counted-limits.ts';
import { slotOf } from './header-slots.ts';
import { ietfLimits } from './ietf-fields.ts';
import { ResetUnit, sentAt } from './reset.ts';
import { statedWaitMs } from './retry-after.ts';
import { vendorGrammars } from './vendor-grammars.ts';

export interface HintReader {
  /**
   * @param now milliseconds that never run backwards
   * @param wallTime milliseconds since 1970, for responses without a `Date`
   */
  read(status: number, headers: HeaderValues, now: number, wallTime: number): Hint;
}

/** Header values are as long as a server likes; none that is meant is. */
const LONGEST_VALUE = 1_000;
const MOST_UNITS = 32;

/** A reader that remembers nothing yet. */
export function createHintReader(): HintReader {
  const units = new Map<string, ResetUnit>();

  return {
    read(status, headers, now, wallTime) {
      const stated: (Limit | null)[] = [];
      const { families, name } = familiesOf(headers);
      const rateLimit = textOf(headers['ratelimit']);
      const policy = textOf(headers['ratelimit-policy']);
      if (rateLimit !== null || policy !== null) stated.push(...ietfLimits(rateLimit, policy));
      if (families.size > 0) {
        const date = textOf(headers['date']);
        const times = { sentAt: sentAt(date, textOf(headers['age']), wallTime), wallTime };
        for (const family of families.values()) {
          stated.push(
            ...familyLimits(family, name, times, (key, value, remaining) => {
              return unitOf(key).read(value, remaining, now);
            }),
          );
        }
      }
      for (const grammar of vendorGrammars) {
        const value = textOf(headers[grammar.name]);
        if (value === null) continue;
        const beside = grammar.beside === null ? null : textOf(headers[grammar.beside]);
        stated.push(...grammar.read(value, beside));
      }
      // Some servers send a Retry-After with every good answer: RFC 9110 gives it no meaning there.
      const isSuccess = status >= 200 && status < 300;
      const waitMs = isSuccess ? null : statedWaitMs(headers, wallTime);
      if (waitMs === null && stated.length === 0) return noHint;
      return { waitMs, limits: mergeLimits(stated) };
    },
  };

  function unitOf(key: string): ResetUnit {
    let unit = units.get(key);
    if (unit === undefined) {
      unit = new ResetUnit();
      if (units.size < MOST_UNITS) units.set(key, unit);
    }
    return unit;
  }
}

function familiesOf(headers: HeaderValues): { families: Map<string, Family>; name: string } {
  const families = new Map<string, Family>();
  for (const header in headers) {
    const slot = slotOf(header);
    if (slot === null) continue;
    const value = textOf(headers[header]);
    if (value !== null) addToFamilies(families, slot, value);
  }
  return { families, name: families.size === 0 ? '' : (policyName(headers) ?? '') };
}

/** A field's value; repeated fields are one list (RFC 9110 §5.3). */
function textOf(value: string | readonly string[] | undefined): string | null {
  if (value === undefined) return null;
  const text = (typeof value === 'string' ? value : value.join(', ')).trim();
  return text === '' || text.length > LONGEST_VALUE ? null : text;
}

/** Clocks of a server's parts, and dates that are cut to seconds. */
const RESET_SLACK_MS = 2_000;

/**
 * One limit is often said twice, in a vendor's headers and in the draft's, or here its quota with
 * what is left and there its quota with its window: those become one. Those that are left have
 * names of their own, by which one answer's limits are found again in the next.
 */
export function mergeLimits(limits: readonly (Limit | null)[]): readonly Limit[] {
  const merged: Limit[] = [];
  for (const limit of limits) {
    if (limit === null) continue;
    const at = merged.findIndex((other) => isSame(other, limit));
    if (at === -1) merged.push(limit);
    else merged[at] = unite(merged[at]!, limit);
  }
  return merged.length < 2 ? merged : withOwnNames(merged);
}

function withOwnNames(limits: readonly Limit[]): readonly Limit[] {
  const taken = new Set<string>();
  return limits.map((limit) => {
    let policy = limit.policy;
    for (let count = 2; taken.has(policy); count += 1) policy = `${limit.policy}#${count}`;
    taken.add(policy);
    return policy === limit.policy ? limit : { ...limit, policy };
  });
}

function isSame(a: Limit, b: Limit): boolean {
  return (
    a.quota !== null &&
    a.quota === b.quota &&
    agree(a.remaining, b.remaining) &&
    agree(a.windowMs, b.windowMs) &&
    (agree(a.resetMs, b.resetMs) || Math.abs(a.resetMs! - b.resetMs!) <= RESET_SLACK_MS) &&
    (a.policy === '' || b.policy === '' || a.policy === b.policy)
  );
}

function agree(a: number | null, b: number | null): boolean {
  return a === null || b === null || a === b;
}

function unite(a: Limit, b: Limit): Limit {
  const resetMs = a.resetMs ?? b.resetMs;
  return {
    policy: a.policy || b.policy,
    quota: a.quota,
    remaining: a.remaining ?? b.remaining,
    // The later of two ends is the safe one.
    resetMs: b.resetMs === null || resetMs === null ? resetMs : Math.max(resetMs, b.resetMs),
    windowMs: a.windowMs ?? b.windowMs,
  };
}

/** Names that tell one limit of a server's from another, in order of authority. */
const NAMES = ['x-ratelimit-resource', 'x-ratelimit-bucket'];
/** Visible ASCII without quotes and brackets: what is shown and what keys a bucket. */
const NAME = /^[\w.:/@+-]{1,100}$/;

/**
 * The server's name for the limit that the request counted in (GitHub's `core` or `search`,
 * Discord's bucket), by which requests of one origin may have buckets of their own; null where it
 * names none, or where the refusal is for everything (Discord's `global` scope).
 */
export function policyName(headers: HeaderValues): string | null {
  if (headers['x-ratelimit-scope'] === 'global') return null;
  if (headers['x-ratelimit-global'] === 'true') return null;
  for (const name of NAMES) {
    const value = headers[name];
    if (typeof value === 'string' && NAME.test(value)) return value;
  }
  return null;
}
