/**
 * `Retry-After` (RFC 9110 §10.2.3): delay-seconds or an HTTP-date. Servers also write epoch seconds,
 * ISO 8601 and dates of their own zone.
 */

import type { Hint, Limit, WaitSource } from '../../core/hint.ts';
import type { HeaderValues } from '../transport.ts';
import { type Moment, parseMoment } from './moment.ts';
import { LONGEST_RESET_MS, plainNumber } from './stated-limit.ts';

/** Longer waits end beyond what a date can name; a hundred years are as good as never. */
const LONGEST_MS = 100 * 366 * 86_400_000;
const SECONDS = /^\d+(?:\.\d+)?$/;

/**
 * How long the response asks us to wait.
 *
 * A moment is read against the response's own `Date`, so that a client clock that is wrong by an hour
 * neither sends early nor waits an hour more.
 *
 * @returns milliseconds, or null where the header is absent, malformed, repeated, zero or past
 */
export function retryAfterMs(headers: HeaderValues, wallTime: number): number | null {
  const value = headers['retry-after'];
  if (typeof value !== 'string') return null;
  const text = value.trim();
  const date = headers['date'];
  const sent = typeof date === 'string' ? parseMoment(date.trim(), wallTime) : null;
  const sentAt = sent?.unknownZone === null ? sent.at : wallTime;
  const waitMs = SECONDS.test(text)
    ? numberMs(Number(text), sentAt)
    : momentMs(parseMoment(text, wallTime), sent, sentAt);
  return waitMs > 0 ? Math.min(waitMs, LONGEST_MS) : null;
}

/** Less is no moment of a working server. */
const LEAST_MOMENT = 1e9;
const NEAR_MS = 366 * 86_400_000;

/** Seconds from now (RFC 9110 §10.2.3); some servers write the moment, in seconds or milliseconds since 1970. */
function numberMs(value: number, sentAt: number): number {
  for (const moment of value < LEAST_MOMENT ? [] : [value, value * 1_000]) {
    if (Math.abs(moment - sentAt) <= NEAR_MS) return moment - sentAt;
  }
  return value * 1_000;
}

/** Zones differ from UTC by half hours, but for a few. */
const ZONE_STEP_MS = 30 * 60_000;

/**
 * 0 where it is past, or is none. In a zone that nobody knows, the wait is what is left of whole zones:
 * a server that says its limit in minutes is waited for, and another one refuses again.
 */
function momentMs(until: Moment | null, sent: Moment | null, sentAt: number): number {
  if (until === null) return 0;
  const { at, unknownZone } = until;
  if (unknownZone !== null && unknownZone === sent?.unknownZone) return at - sent.at;
  const ms = at - sentAt;
  // Without a zone it is UTC, as everything that HTTP dates, unless that lies in the past.
  if (unknownZone === null || (unknownZone === '' && ms > 0)) return ms;
  return ms - Math.floor(ms / ZONE_STEP_MS) * ZONE_STEP_MS;
}

/** Azure and OpenAI say it finer than in seconds; some gateways say it under a name of their own. */
const VENDOR_WAITS: readonly (readonly [string, number])[] = [
  ['retry-after-ms', 1],
  ['x-ms-retry-after-ms', 1],
  ['x-retry-after', 1_000],
];

/**
 * How long a refusal asks to wait; `Retry-After` wins over all.
 *
 * @returns milliseconds, or null where nothing says so in a form that can be read
 */
export function statedWaitMs(headers: HeaderValues, wallTime: number): number | null {
  const standard = retryAfterMs(headers, wallTime);
  if (standard !== null) return standard;
  for (const [name, unitMs] of VENDOR_WAITS) {
    const value = headers[name];
    const amount = typeof value === 'string' ? plainNumber(value.trim()) : null;
    const ms = amount === null ? 0 : amount * unitMs;
    if (ms > 0 && ms <= LONGEST_RESET_MS) return ms;
  }
  return null;
}

export interface RefusalWait {
  /** Null where the server named no time. */
  readonly waitMs: number | null;
  readonly waitFrom: WaitSource | null;
}

/** A window that has no stated end is waited out whole where it is as short as this (HubSpot's 10 s). */
const SHORT_WINDOW_MS = 10_000;

/** When the headers of a refusal say that a limit was met, and until when. */
export function isExhausted({ limits }: Hint): boolean {
  return limits.some(({ remaining }) => remaining === 0);
}

/** Whether a status that can mean something else means a limit: a wait is named, or nothing is left. */
export function isRefusal(hint: Hint): boolean {
  return hint.waitMs !== null || isExhausted(hint);
}

export function refusalWait(hint: Hint): RefusalWait {
  if (hint.waitMs !== null) return { waitMs: hint.waitMs, waitFrom: 'retry-after' };
  const resetMs = latestReset(spent(hint.limits));
  return resetMs > 0 ? { waitMs: resetMs, waitFrom: 'reset' } : { waitMs: null, waitFrom: null };
}

/** The limits that may be the one that was met: those with nothing left, or those that never say. */
function spent(limits: readonly Limit[]): readonly Limit[] {
  const counted = limits.filter(({ remaining }) => remaining !== null);
  // Every stated limit has requests left: another limit was met, and its end is not known.
  return counted.length === 0 ? limits : counted.filter(({ remaining }) => remaining === 0);
}

function latestReset(limits: readonly Limit[]): number {
  let latestMs = 0;
  for (const { resetMs, windowMs } of limits) {
    const isShort = windowMs !== null && windowMs <= SHORT_WINDOW_MS;
    latestMs = Math.max(latestMs, resetMs ?? (isShort ? windowMs : 0));
  }
  return latestMs;
}
