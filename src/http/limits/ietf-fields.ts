/**
 * `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers), structured fields:
 *
 *     RateLimit-Policy: "burst";q=100;w=60, "daily";q=5000;w=86400
 *     RateLimit: "burst";r=50;t=30
 *
 * and what the drafts before the eighth wrote under these names:
 *
 *     RateLimit-Policy: 100;w=60
 *     RateLimit: limit=100, remaining=50, reset=30
 */

import { type InnerList, type Item, parseDictionary, parseList, Token } from 'structured-headers';
import type { Limit } from '../../core/hint.ts';
import { statedLimit } from './stated-limit.ts';

interface Policy {
  readonly quota: number | null;
  readonly windowMs: number | null;
}

/** @returns the limits of both fields, those of one name as one; `null` stands for an absent field */
export function ietfLimits(rateLimit: string | null, policy: string | null): readonly Limit[] {
  const items = policy === null ? null : parseSfList(policy);
  const current = rateLimit === null ? null : parseSfList(rateLimit);
  const combined = rateLimit === null || current !== null ? null : parseSfDictionary(rateLimit);
  if (combined !== null) return combinedLimits(combined, items ?? []);

  const policies = new Map<string, Policy>();
  for (const item of items ?? []) {
    const name = nameOf(item);
    if (name !== null && countsRequests(item)) policies.set(name, policyOf(item));
  }
  const limits: (Limit | null)[] = [];
  const reported = new Set<string>();
  for (const item of current ?? []) {
    const name = nameOf(item);
    if (name === null || !countsRequests(item) || isKnownOther(name, items ?? [])) continue;
    reported.add(name);
    limits.push(
      statedLimit({
        policy: name,
        quota: policies.get(name)?.quota ?? null,
        windowMs: policies.get(name)?.windowMs ?? null,
        remaining: integer(item, 'r'),
        resetMs: secondsMs(item, 't'),
      }),
    );
  }
  for (const [name, policy] of policies) {
    if (!reported.has(name)) limits.push(statedLimit({ policy: name, ...policy }));
  }
  for (const item of items ?? []) limits.push(unnamedPolicy(item));
  return limits.filter((limit) => limit !== null);
}

/** The seventh draft: one dictionary, whose quota finds its window among the policies. */
function combinedLimits(
  fields: ReadonlyMap<string, Member>,
  policies: readonly Member[],
): readonly Limit[] {
  const quota = integerOf(fields.get('limit'));
  const rest = policies.map(unnamedPolicy).filter((limit) => limit !== null);
  const own = rest.find((limit) => limit.quota === quota);
  const reset = integerOf(fields.get('reset'));
  const current = statedLimit({
    quota,
    remaining: integerOf(fields.get('remaining')),
    resetMs: reset === null ? null : reset * 1_000,
    windowMs: own?.windowMs ?? null,
  });
  const others = rest.filter((limit) => limit !== own);
  return current === null ? rest : [current, ...others];
}

/** `100;w=60`, or null for a policy with a name. */
function unnamedPolicy(item: Member): Limit | null {
  const quota = integerOf(item);
  if (quota === null) return null;
  return statedLimit({ quota, windowMs: secondsMs(item, 'w') });
}

function policyOf(item: Member): Policy {
  return { quota: integer(item, 'q'), windowMs: secondsMs(item, 'w') };
}

/** The drafts had tokens as names before strings. */
function nameOf([bare]: Member): string | null {
  return typeof bare === 'string' || bare instanceof Token ? String(bare) : null;
}

/** Quotas of bytes or of requests at once (`qu`) say nothing about requests in a window. */
function countsRequests(item: Member): boolean {
  const unit = item[1].get('qu');
  return unit === undefined || String(unit) === 'requests';
}

/** Whether the policy of that name counts something else than requests. */
function isKnownOther(name: string, policies: readonly Member[]): boolean {
  return policies.some((item) => nameOf(item) === name && !countsRequests(item));
}

function integer(item: Member, key: string): number | null {
  const value = item[1].get(key);
  return isInteger(value) ? value : null;
}

function integerOf(item: Member | undefined): number | null {
  const bare = item?.[0];
  return isInteger(bare) ? bare : null;
}

function secondsMs(item: Member, key: string): number | null {
  const seconds = integer(item, key);
  return seconds === null ? null : seconds * 1_000;
}

// Structured fields (RFC 9651), by the package `structured-headers`. A field that breaks the grammar anywhere
// says nothing (§4.2): half a limit would be worse than none.

type Member = Item | InnerList;

/** The members; null where the text is no list (§3.1). */
export function parseSfList(text: string): readonly Member[] | null {
  return parsed(text, parseList);
}

/** The members by key, the last of each winning; null where the text is no dictionary (§3.2). */
export function parseSfDictionary(text: string): ReadonlyMap<string, Member> | null {
  return parsed(text, parseDictionary);
}

export function isInteger(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value);
}

/** An empty field is none, since a server that says nothing states no limit. */
function parsed<T>(text: string, parse: (text: string) => T): T | null {
  if (text.trim() === '') return null;
  try {
    return parse(text);
  } catch {
    return null;
  }
}
