/**
 * The many headers that hold one part of a limit each: `X-RateLimit-Limit`, `-Remaining`, `-Reset`
 * and their kin. Parts of one family make a limit, or several where their values are lists:
 * `100, 100;w=60, 1000;w=3600` (drafts before the seventh, Envoy's `;name="…"`, `;window=60`), or
 * one number for each of several limits (`1, 15000`).
 */
import type { Limit } from '../../core/hint.ts';
import { isInteger, parseSfList } from './ietf-fields.ts';
import { parseReset, type ResetReading, type ResetValue, untilMoment } from './reset.ts';
import { durationMs, plainNumber, statedLimit } from './stated-limit.ts';

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

interface QuotaItem {
  readonly amount: number;
  /** From `w` or `window`, in seconds there. */
  readonly windowMs: number | null;
  readonly policy: string;
}

/** @returns the numbers in order, or null where anything else stands between them */
function parseQuotaList(text: string): readonly QuotaItem[] | null {
  // Most values are one number, and decimals with more digits than a structured field allows occur.
  const single = plainNumber(text);
  if (single !== null) return [{ amount: single, windowMs: null, policy: '' }];
  const items = parseSfList(text);
  if (items === null) return null;
  const quotas: QuotaItem[] = [];
  for (const [bare, parameters] of items) {
    if (typeof bare !== 'number' || bare < 0) return null;
    const window = parameters.get('w') ?? parameters.get('window');
    const name = parameters.get('name');
    quotas.push({
      amount: bare,
      windowMs: isInteger(window) ? window * 1_000 : null,
      policy: typeof name === 'string' ? name : '',
    });
  }
  return quotas;
}

export interface Family {
  readonly name: string;
  readonly label: string;
  readonly windowMs: number | null;
  readonly parts: Map<Part, string>;
}

export interface Times {
  /** When the response was sent, by the server's clock. */
  readonly sentAt: number;
  readonly wallTime: number;
}

/** Reads a bare number in the light of the ones before it. */
export type ReadNumber = (key: string, value: number, remaining: number | null) => ResetReading;

/** More limits than this in one header are no limits. */
const MOST_ITEMS = 8;

export function addToFamilies(
  families: Map<string, Family>,
  { family: name, part, label, windowMs }: Slot,
  value: string,
): void {
  let family = families.get(name);
  if (family === undefined) {
    family = { name, label, windowMs, parts: new Map() };
    families.set(name, family);
  }
  family.parts.set(part, value);
}

export function familyLimits(
  family: Family,
  serverName: string,
  times: Times,
  readNumber: ReadNumber,
): readonly (Limit | null)[] {
  const { parts, label } = family;
  const policy = serverName !== '' && label !== '' ? `${serverName}-${label}` : serverName || label;
  const rate = numberOf(parts.get('rate'));
  if (rate !== null) return [rateLimit(rate)];

  const quotas = listOf(parts.get('quota'));
  const left = listOf(parts.get('remaining'));
  const used = listOf(parts.get('used'));
  const resets = readResets(parts, times);
  const stated = family.windowMs ?? windowOf(parts);
  const count = Math.min(MOST_ITEMS, Math.max(1, left.length, used.length));
  const limits: (Limit | null)[] = [];
  for (let index = 0; index < count; index += 1) {
    const spent = used[index]?.amount ?? null;
    let quota = quotas[index]?.amount ?? null;
    let remaining = left[index]?.amount ?? null;
    if (remaining === null && quota !== null && spent !== null) {
      remaining = Math.max(0, quota - spent);
    }
    // Reddit has no quota, but what was used and what is left of it.
    if (quota === null && remaining !== null && spent !== null) quota = remaining + spent;
    const reset = resets[index] ?? (resets.length === 1 ? resets[0] : undefined);
    const key = `${family.name}#${index}`;
    const { resetMs, windowMs } = resetOf(reset, key, remaining, times.sentAt, readNumber);
    limits.push(
      statedLimit({
        policy: quotas[index]?.policy || policy,
        quota,
        remaining,
        resetMs,
        windowMs: quotas[index]?.windowMs ?? filledWithin(parts, quota, stated) ?? windowMs,
      }),
    );
  }
  // `100, 100;w=60`: what stands behind the current limit are policies.
  for (const item of [...quotas.slice(count), ...listOf(parts.get('policies'))]) {
    const { amount: quota, windowMs, policy: name } = item;
    limits.push(statedLimit({ policy: name, quota, windowMs }));
  }
  return limits;
}

function rateLimit(perSecond: number): Limit | null {
  return perSecond > 0 ? statedLimit({ quota: 1, windowMs: 1_000 / perSecond }) : null;
}

/** A token bucket of that size that gets `fill` each window is full after this long. */
function filledWithin(
  parts: ReadonlyMap<Part, string>,
  quota: number | null,
  windowMs: number | null,
): number | null {
  const fill = numberOf(parts.get('fill'));
  if (fill === null) return windowMs;
  if (fill === 0 || quota === null) return null;
  return ((windowMs ?? 1_000) * quota) / fill;
}

function readResets(parts: ReadonlyMap<Part, string>, times: Times): readonly ResetValue[] {
  const afterMs = numberOf(parts.get('reset-after-ms'));
  if (afterMs !== null) return [{ kind: 'span', ms: afterMs }];
  const after = parts.get('reset-after');
  if (after !== undefined) {
    const seconds = numberOf(after);
    if (seconds !== null) return [{ kind: 'span', ms: seconds * 1_000 }];
  }
  const text = parts.get('reset');
  if (text === undefined) return [];
  // An HTTP-date holds a comma, so the whole comes first.
  const single = parseReset(text, times.wallTime);
  if (single !== null) return [single];
  const each = text.split(',', MOST_ITEMS).map((part) => parseReset(part.trim(), times.wallTime));
  return each.every((reset) => reset !== null) ? each : [];
}

function resetOf(
  reset: ResetValue | undefined,
  key: string,
  remaining: number | null,
  sentAt: number,
  readNumber: ReadNumber,
): ResetReading {
  switch (reset?.kind) {
    case 'moment':
      return { resetMs: untilMoment(reset.at, sentAt), windowMs: null };
    case 'span':
      return { resetMs: reset.ms, windowMs: null };
    case 'number':
      return readNumber(key, reset.value, remaining);
    default:
      return { resetMs: null, windowMs: null };
  }
}

function windowOf(parts: ReadonlyMap<Part, string>): number | null {
  const ms = numberOf(parts.get('window-ms'));
  if (ms !== null) return ms;
  const text = parts.get('window');
  if (text === undefined) return null;
  const seconds = plainNumber(text);
  return seconds === null ? durationMs(text) : seconds * 1_000;
}

function numberOf(text: string | undefined): number | null {
  return text === undefined ? null : plainNumber(text);
}

function listOf(text: string | undefined): readonly QuotaItem[] {
  return text === undefined ? [] : (parseQuotaList(text) ?? []).slice(0, MOST_ITEMS);
}
