/**
 * Reads what responses say about limits. One reader serves one limiter, because some numbers show
 * their unit only together with those before them; else it is pure: times are passed in.
 */
import { type Hint, type Limit, noHint } from '../../core/hint.ts';
import type { HeaderValues } from '../transport.ts';
import {
  addToFamilies,
  type Family,
  familyLimits,
  type Part,
  type Slot,
} from './counted-limits.ts';
import { ietfLimits } from './ietf-fields.ts';
import { ResetUnit, sentAt } from './reset.ts';
import { statedWaitMs } from './retry-after.ts';
import { WINDOW_WORDS } from './stated-limit.ts';
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
      const families = familiesOf(headers);
      const rateLimit = textOf(headers['ratelimit']);
      const policy = textOf(headers['ratelimit-policy']);
      if (rateLimit !== null || policy !== null) stated.push(...ietfLimits(rateLimit, policy));
      if (families !== null) {
        const name = policyName(headers) ?? '';
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

/** Null where no header is of any, as with most servers. */
function familiesOf(headers: HeaderValues): Map<string, Family> | null {
  let families: Map<string, Family> | null = null;
  for (const header in headers) {
    const slot = slotOf(header);
    if (slot === null) continue;
    const value = textOf(headers[header]);
    if (value === null) continue;
    families ??= new Map();
    addToFamilies(families, slot, value);
  }
  return families;
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
function mergeLimits(limits: readonly (Limit | null)[]): readonly Limit[] {
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
/** Visible ASCII without quotes and brackets: it is shown, and is the key of a limiter. */
const NAME = /^[\w.:/@+-]{1,100}$/;

/**
 * The server's name for the limit that the request counted in (GitHub's `core` or `search`,
 * Discord's bucket), by which requests of one origin may have limiters of their own; null where it
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

/** Names are the same with every page; a server that makes them up does not fill the memory. */
const known = new Map<string, Slot | null>();
const MOST_KNOWN = 1000;
const LONGEST_NAME = 80;

/**
 * Which header says which part of which limit. Most vendors write the same words in another order
 * (`X-RateLimit-Limit-Minute`, `X-HubSpot-RateLimit-Daily-Remaining`,
 * `Anthropic-RateLimit-Requests-Reset`), so names are read by a closed vocabulary; those with words
 * of their own stand in a table. A name with a word that is not known says nothing: a limit misread
 * would stop a run for no reason.
 *
 * @param name in lower case
 */
function slotOf(name: string): Slot | null {
  let slot = known.get(name);
  if (slot === undefined) {
    slot = VENDOR_NAMES[name] ?? readName(name);
    if (known.size < MOST_KNOWN) known.set(name, slot);
  }
  return slot;
}

const { second, minute, day } = WINDOW_WORDS as { second: number; minute: number; day: number };

function slot(family: string, part: Part, label = '', windowMs: number | null = null): Slot {
  return { family, part, label, windowMs };
}

/** Without a prototype: header names come from servers. */
const VENDOR_NAMES: Readonly<Record<string, Slot>> = Object.assign(Object.create(null), {
  // Zendesk
  'x-rate-limit': slot('x-rate-limit', 'quota'),
  // Etsy
  'x-limit-per-second': slot('etsy-second', 'quota', 'second', second),
  'x-remaining-this-second': slot('etsy-second', 'remaining', 'second', second),
  'x-limit-per-day': slot('etsy-day', 'quota', 'day', day),
  'x-remaining-today': slot('etsy-day', 'remaining', 'day', day),
  // Xero
  'x-minlimit-remaining': slot('xero-minute', 'remaining', 'minute', minute),
  'x-appminlimit-remaining': slot('xero-app', 'remaining', 'app', minute),
  'x-daylimit-remaining': slot('xero-day', 'remaining', 'day', day),
  // Docusign, beside X-RateLimit-*
  'x-burstlimit-limit': slot('burst', 'quota', 'burst'),
  'x-burstlimit-remaining': slot('burst', 'remaining', 'burst'),
  // Spring Cloud Gateway, beside X-RateLimit-Remaining
  'x-ratelimit-burst-capacity': slot('x-ratelimit', 'quota'),
  'x-ratelimit-replenish-rate': slot('x-ratelimit', 'fill'),
  // Amazon's Selling Partner API
  'x-amzn-ratelimit-limit': slot('x-amzn-ratelimit', 'rate'),
} satisfies Record<string, Slot>);

/** The family's own start; what is before `ratelimit` must be a vendor known for it. */
const FAMILY =
  /^((?:x-)?(?:(?:hubspot|contentful|anthropic|github|gitlab|discourse)-)?rate-?limits?)(?:-(.+))?$/;

const PARTS: Readonly<Record<string, Part>> = {
  limit: 'quota',
  max: 'quota',
  quota: 'quota',
  remaining: 'remaining',
  left: 'remaining',
  used: 'used',
  usage: 'used',
  reset: 'reset',
  resets: 'reset',
  // Akamai
  next: 'reset',
  after: 'reset-after',
  window: 'window',
  interval: 'window',
  period: 'window',
  fillrate: 'fill',
  policy: 'policies',
};

/** Windows by adverb: HubSpot's `-Daily` and `-Secondly`. */
const ADVERBS: Readonly<Record<string, string>> = {
  secondly: 'second',
  minutely: 'minute',
  hourly: 'hour',
  daily: 'day',
  monthly: 'month',
};

/** Words that tell limits of requests apart: each is one of its own (Trello's `-Api-Key-`). */
const KINDS = new Set(['api', 'key', 'token', 'app', 'user', 'ip']);
/** Words that say nothing more; `-Requests` stands in some parts of a limit and not in others. */
const FILLERS = new Set(['requests', 'request', 'time', 'per', 'in', 'seconds', 'sec']);
const MILLISECONDS = new Set(['ms', 'milliseconds']);

function readName(name: string): Slot | null {
  if (name.length > LONGEST_NAME || !name.includes('rate')) return null;
  const match = FAMILY.exec(name);
  // `RateLimit` and `RateLimit-Policy` have a grammar of their own: ietf-fields.ts.
  if (match === null || match[2] === undefined || name === 'ratelimit-policy') return null;
  let part: Part | null = null;
  let window = '';
  const labels: string[] = [];
  let isMs = false;
  const words = match[2].split('-');
  for (const [index, word] of words.entries()) {
    const windowWord = lookUp(ADVERBS, word) ?? word;
    const found = lookUp(PARTS, word);
    if (found === 'reset-after') {
      // The word before it was `reset`, a part by itself, or `retry`.
      part = found;
    } else if (word === 'retry' && words[index + 1] === 'after') {
      // Sent with good answers too: when a refusal would end, and no order to wait.
    } else if (found !== undefined) {
      // `time-window`, `reset-window`: a second part would make the name mean something else.
      if (part !== null) return null;
      part = found;
    } else if (lookUp(WINDOW_WORDS, windowWord) !== undefined) {
      if (window !== '') return null;
      window = windowWord;
    } else if (KINDS.has(word)) {
      labels.push(word);
    } else if (MILLISECONDS.has(word)) {
      isMs = true;
    } else if (!FILLERS.has(word)) {
      return null;
    }
  }
  // `X-HubSpot-RateLimit-Daily` alone is the quota of a day.
  if (part === null && window !== '') part = 'quota';
  if (part === null) return null;
  if (window !== '') labels.push(window);
  const label = labels.join('-');
  const family = label === '' ? match[1]! : `${match[1]} ${label}`;
  return slot(
    family,
    isMs ? inMilliseconds(part) : part,
    label,
    lookUp(WINDOW_WORDS, window) ?? null,
  );
}

function inMilliseconds(part: Part): Part {
  if (part === 'window') return 'window-ms';
  return part === 'reset' || part === 'reset-after' ? 'reset-after-ms' : part;
}

function lookUp<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
