/**
 * Which header says which part of which limit. Most vendors write the same words in another order
 * (`X-RateLimit-Limit-Minute`, `X-HubSpot-RateLimit-Daily-Remaining`,
 * `Anthropic-RateLimit-Requests-Reset`), so names are read by a closed vocabulary; those with words
 * of their own stand in a table. A name with a word that is not known says nothing: a limit misread
 * would stop a run for no reason.
 */
import { WINDOW_WORDS } from './stated-limit.ts';

export type Part =
  | 'quota'
  | 'remaining'
  | 'used'
  /** A moment, or a time from now, in a unit to be found out. */
  | 'reset'
  /** Seconds from now. */
  | 'reset-after'
  | 'reset-after-ms'
  /** Length of the window, in seconds or with its unit. */
  | 'window'
  | 'window-ms'
  /** What a token bucket of the quota's size gets each window; each second where none is stated. */
  | 'fill'
  /** Requests a second, by which alone the limit is stated. */
  | 'rate'
  /** The policies with their windows, as in `RateLimit-Policy`. */
  | 'policies';

export interface Slot {
  /** Parts of one family are of one limit. */
  readonly family: string;
  readonly part: Part;
  /** What tells the limit from others of the same server: `minute`, `api-key`; or `''`. */
  readonly label: string;
  /** Where the name itself says it. */
  readonly windowMs: number | null;
}

/** Names are the same with every page; a server that makes them up does not fill the memory. */
const known = new Map<string, Slot | null>();
const MOST_KNOWN = 1000;
const LONGEST_NAME = 80;

/** @param name in lower case */
export function slotOf(name: string): Slot | null {
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
  if (name.length > LONGEST_NAME) return null;
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
