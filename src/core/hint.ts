import { formatCount, formatDuration } from './units.ts'; /**
 * What a response says about the server's limits, as plain data: HTTP reads it from headers and
 * bodies, the pace obeys it, and neither knows the other. All times count from the response's
 * arrival, so that no clock of the server's is left in them.
 */
export interface Hint {
  /** Nothing may be sent for so long (`Retry-After`, or its like in a body); null where nothing says so. */
  readonly waitMs: number | null;
  /** Every policy that was stated; the tightest counts. */
  readonly limits: readonly Limit[];
}

/** What the time that a refusal asks for was read from. */
export type WaitSource = 'retry-after' | 'reset' | 'body' | 'preset';

/** The hint of a response that says nothing about limits. */
export const noHint: Hint = Object.freeze({ waitMs: null, limits: Object.freeze([]) });

/** One policy of a server: so many requests in a window. What the server left out is null. */
export interface Limit {
  /**
   * The server's name for it, or what tells it from the others of a response; `''` where it is the
   * only one. No two of a response have the same.
   */
  readonly policy: string;
  /** Requests that a whole window allows. */
  readonly quota: number | null;
  /** Requests that are left now. */
  readonly remaining: number | null;
  /** Until the window ends, or until `remaining` is renewed. */
  readonly resetMs: number | null;
  /** Length of a window. */
  readonly windowMs: number | null;
}

const SECOND_MS = 1_000;
/** Windows that are told by name, and how a rate in them reads. */
const PERIODS: readonly (readonly [number, string])[] = [
  [SECOND_MS, 'a second'],
  [60_000, 'a minute'],
  [3_600_000, 'an hour'],
  [86_400_000, 'a day'],
];
/** Names come from servers. */
const NAME = /^[\w.:/@+ -]{1,40}$/;

/**
 * One phrase for the tightest of what a response said: `server says 12 of 100 left, window ends in
 * 31 s`, `server says at most 50 a second`. Null where it said nothing about limits.
 */
export function describeHint(hint: Hint): string | null {
  if (hint.waitMs !== null) return `server says wait ${shortly(hint.waitMs)}`;
  const limit = tightestLimit(hint.limits);
  const words = limit === null ? null : describeLimit(limit);
  return words === null ? null : `server says ${words}`;
}

/** How long a refusal asked to wait, and where it said so; to stand behind its reason and a comma. */
export function describeWait(waitMs: number | null, waitFrom: WaitSource | null): string {
  if (waitMs === null || waitFrom === null) return 'without a time to wait';
  const time = shortly(waitMs);
  switch (waitFrom) {
    case 'retry-after':
      return `Retry-After ${time}`;
    case 'reset':
      return `its window ends in ${time}`;
    case 'body':
      return `its body asks for ${time}`;
    case 'preset':
      return `${time} as the preset says`;
  }
}

/** The limit that allows the least from now on; null where none says how many. */
export function tightestLimit(limits: readonly Limit[]): Limit | null {
  let tightest: Limit | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const limit of limits) {
    const perMs = allowedPerMs(limit);
    if (perMs === null || (tightest !== null && perMs >= least)) continue;
    tightest = limit;
    least = perMs;
  }
  return tightest;
}

/** Requests a millisecond that a limit allows until it is renewed; Infinity where its time is not known. */
function allowedPerMs({ quota, remaining, resetMs, windowMs }: Limit): number | null {
  if (remaining === 0) return 0;
  const rates: number[] = [];
  if (remaining !== null && resetMs !== null && resetMs > 0) rates.push(remaining / resetMs);
  if (quota !== null && windowMs !== null && windowMs > 0) rates.push(quota / windowMs);
  if (rates.length > 0) return Math.min(...rates);
  return quota === null && remaining === null ? null : Number.POSITIVE_INFINITY;
}

function describeLimit(limit: Limit): string | null {
  const { quota, remaining, resetMs, windowMs } = limit;
  const policy = limit.policy.replace(/#\d+$/, '');
  const name = NAME.test(policy) ? ` (${policy})` : '';
  // What is left of a window that is over in a moment is no news; its rate is.
  const isLong = resetMs !== null && resetMs > 2 * SECOND_MS;
  const rate = quota === null || windowMs === null ? null : describeRate(quota, windowMs);
  if (rate !== null && !isLong && remaining !== 0) return `at most ${rate}${name}`;
  if (remaining !== null) {
    const of = quota === null ? '' : ` of ${amount(quota)}`;
    const left = remaining === 0 && quota === null ? 'nothing' : amount(remaining);
    return `${left}${of} left${name}${ending(resetMs)}`;
  }
  if (rate !== null) return `at most ${rate}${name}`;
  return quota === null ? null : `at most ${amount(quota)} a window${name}${ending(resetMs)}`;
}

function ending(resetMs: number | null): string {
  return resetMs === null ? '' : `, window ends in ${shortly(resetMs)}`;
}

/** `50 a second`, `100 in 10 s`. */
export function describeRate(quota: number, windowMs: number): string | null {
  if (!(windowMs > 0)) return null;
  const period = PERIODS.find(([ms]) => ms === windowMs);
  if (period !== undefined) return `${amount(quota)} ${period[1]}`;
  // `1 in 20 ms` is a rate that was stated as one.
  if (windowMs < SECOND_MS || quota === 1)
    return `${amount((quota * SECOND_MS) / windowMs)} a second`;
  return `${amount(quota)} in ${shortly(windowMs)}`;
}

function amount(value: number): string {
  if (value >= 10 || Number.isInteger(value)) return formatCount(value);
  return String(Number(value.toPrecision(2)));
}

/** `31 s`: whole seconds are how servers say it. */
function shortly(ms: number): string {
  return formatDuration(ms).replace('.0 s', ' s');
}
