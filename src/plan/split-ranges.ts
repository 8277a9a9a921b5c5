/** `--split`: a range in slices, and the parameters that bound one. */
import { usageError } from '../core/errors.ts';
import type { Slices } from '../core/pagination.ts';
import { parseDuration } from '../core/units.ts';

/** The unit of the bounds, which is also the smallest slice. */
type SplitScale = 'integer' | 'date' | 'second' | 'millisecond';

/** A range that is fetched in slices, each by pages of its own. */
export interface Split extends SplitRange {
  readonly bounds: BoundParameters;
  readonly scale: SplitScale;
  readonly step: bigint;
}

/**
 * From `from` up to `to`, where the next slice begins; in units of the scale since 1970, or in integers.
 * Which of the two values are inside is for the bounds to say.
 */
export interface SplitRange {
  readonly from: bigint;
  readonly to: bigint;
}

/** With more, each slice would have too few branches to be bisected. */
const MOST_SLICES = 2 ** 16;
const DAY_MS = 86_400_000;
const unitMs = { integer: 1, date: DAY_MS, second: 1000, millisecond: 1 };

/**
 * Reads `--split`: `PARAM=FROM..TO/STEP`, or `LOWER,UPPER=FROM..TO/STEP` where the name of the lower
 * bound's parameter does not tell that of the upper.
 *
 *     created[gte]=2024-01-01..2024-12-31/30d      days, the last one included
 *     since=2024-01-01T00:00:00Z..2024-01-02T00:00:00Z/6h
 *     created[gte]=1704067200..1735689599/7d       seconds since 1970
 *     id[gte]=0..100000/10000                      integers of any length
 *
 * A slice ends where the next begins: whether an upper bound of such a name has its own value inside, and
 * whether a day means all of it, differs from API to API. What two slices share comes twice and shows; a
 * value that each takes to be the other's would be lost. For the same reason the last slice ends one unit
 * behind TO, unless the bound is `lte` (with `gt` FROM is left out, as it says).
 *
 * Throws `EverypageError` `USAGE`.
 */
export function parseSplit(text: string): Split {
  const match = /^([^=]+)=(.+?)\.\.(.+)\/([^/]+)$/s.exec(text.trim());
  if (match === null) {
    fail(
      text,
      "is not PARAM=FROM..TO/STEP, as in 'created[gte]=2024-01-01..2024-12-31/30d' or 'id[gte]=0..100000/10000'",
    );
  }
  const bounds = readBoundParameters(match[1]!);
  const ends = readEnds(match[2]!.trim(), match[3]!.trim());
  if (ends === null) {
    fail(
      text,
      'needs two dates (2024-01-31), two times with their zone (2024-01-31T06:00:00Z) or two whole numbers around the ..',
    );
  }
  const { scale, first, last } = ends;
  if (first > last) fail(text, 'runs backwards; put the smaller end first');
  const step = readStep(match[4]!.trim(), scale, last);
  if (step === null) {
    const steps = {
      integer: 'a whole number such as 10000, or for seconds since 1970 a time such as 6h',
      date: 'whole days such as 30d',
      second: 'a time of whole seconds such as 6h',
      millisecond: 'a time such as 6h',
    };
    fail(text, `needs a step behind the /: ${steps[scale]}`);
  }
  const to = bounds.upperIsExclusive === false && scale !== 'date' ? last : last + 1n;
  if (first === to && bounds.lowerIsExclusive) {
    fail(text, `is empty: ${bounds.lower} leaves its own value out`);
  }
  const split = { bounds, scale, step, from: first, to };
  const count = (to - first + step - 1n) / step;
  if (count > BigInt(MOST_SLICES)) {
    fail(text, `makes ${count} slices; take a larger step, ${MOST_SLICES} are the most`);
  }
  return split;
}

export function sliceCount({ from, to, step }: Split): number {
  // One value from itself to itself is a slice, too.
  return Math.max(1, Number((to - from + step - 1n) / step));
}

export function sliceAt({ from, to, step }: Split, index: number): SplitRange {
  const start = from + BigInt(index) * step;
  return { from: start, to: start + step < to ? start + step : to };
}

/** The two halves, or null where it is one unit long already. */
export function bisect({ from, to }: SplitRange): readonly [SplitRange, SplitRange] | null {
  if (to - from < 2n) return null;
  const middle = from + (to - from) / 2n;
  return [
    { from, to: middle },
    { from: middle, to },
  ];
}

/** What the two parameters are set to for a slice. */
export function boundValues(
  { bounds, scale }: Split,
  { from, to }: SplitRange,
): { readonly lower: string; readonly upper: string } {
  return {
    lower: beginsBefore(bounds) ? valueBefore(scale, from) : valueAt(scale, from),
    upper: valueAt(scale, to),
  };
}

/** What is known of the value at which one slice ends and the next begins. */
export function slicesOf({ bounds, scale }: Split): Slices {
  const { lower, upper, areOperators, lowerIsExclusive, upperIsExclusive } = bounds;
  // A day may be the moment at which it begins, or all of it.
  const isMoment = scale !== 'date' || (!lowerIsExclusive && upperIsExclusive === true);
  const isKnown = areOperators && upperIsExclusive !== null && isMoment;
  const share = isKnown ? !lowerIsExclusive && !upperIsExclusive : null;
  return { lower, upper, share, most: beginsBefore(bounds) ? 3 : 2 };
}

/** Where both bounds may leave their own value out, a slice is asked for from one value before. */
function beginsBefore({ lowerIsExclusive, upperIsExclusive }: BoundParameters): boolean {
  return lowerIsExclusive && upperIsExclusive !== false;
}

function valueAt(scale: SplitScale, units: bigint): string {
  if (scale === 'integer') return String(units);
  const iso = new Date(Number(units) * unitMs[scale]).toISOString();
  if (scale === 'date') return iso.slice(0, 10);
  return scale === 'second' ? `${iso.slice(0, 19)}Z` : iso;
}

/** The last value before a boundary. */
function valueBefore(scale: SplitScale, units: bigint): string {
  const before = valueAt(scale, units - 1n);
  if (scale === 'second') return before.replace('Z', '.999999Z');
  return scale === 'millisecond' ? before.replace('Z', '999Z') : before;
}

interface Ends {
  readonly scale: SplitScale;
  readonly first: bigint;
  readonly last: bigint;
}

function readEnds(first: string, last: string): Ends | null {
  const [a, b] = [readEnd(first), readEnd(last)];
  if (a === null || b === null) return null;
  if (a.scale === b.scale) return { scale: a.scale, first: a.value, last: b.value };
  const scales = [a.scale, b.scale];
  if (scales.includes('integer') || scales.includes('date')) return null;
  const inMs = ({ scale, value }: { scale: SplitScale; value: bigint }) =>
    scale === 'second' ? value * 1000n : value;
  return { scale: 'millisecond', first: inMs(a), last: inMs(b) };
}

const timePattern =
  /^(\d{4}-\d\d-\d\d)[Tt ]([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(\.\d{1,3})?)?(?:[Zz]|[+-]\d\d:\d\d)$/;

function readEnd(text: string): { scale: SplitScale; value: bigint } | null {
  if (/^-?\d{1,30}$/.test(text)) return { scale: 'integer', value: BigInt(text) };
  const time = timePattern.exec(text);
  const day = time === null ? text : time[1]!;
  if (!/^\d{4}-\d\d-\d\d$/.test(day)) return null;
  const ms = Date.parse(day);
  // 2024-02-30 is read as the first of March.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== day) return null;
  if (time === null) return { scale: 'date', value: BigInt(ms / DAY_MS) };
  const timeMs = Date.parse(text.replace(' ', 'T').toUpperCase());
  if (Number.isNaN(timeMs)) return null;
  return time[3] === undefined
    ? { scale: 'second', value: BigInt(timeMs / 1000) }
    : { scale: 'millisecond', value: BigInt(timeMs) };
}

function readStep(text: string, scale: SplitScale, last: bigint): bigint | null {
  if (/^\d{1,30}$/.test(text)) {
    return scale === 'integer' && BigInt(text) > 0n ? BigInt(text) : null;
  }
  let durationMs: number;
  try {
    const weeks = /^(\d+)w$/.exec(text)?.[1];
    durationMs = weeks === undefined ? parseDuration(text) : Number(weeks) * 7 * DAY_MS;
  } catch {
    return null;
  }
  // Integers that are stepped through by times are times: since 1970, in seconds or milliseconds.
  const isSeconds = scale === 'integer' && last < 100_000_000_000n;
  const unit = isSeconds ? 1000 : unitMs[scale];
  const units = durationMs / unit;
  return Number.isSafeInteger(units) && units > 0 ? BigInt(units) : null;
}

function fail(text: string, why: string): never {
  throw usageError(`--split ${JSON.stringify(text.slice(0, 200))} ${why}`);
}

/** The two parameters that bound a slice, and what their names say of the bounds themselves. */
export interface BoundParameters {
  readonly lower: string;
  readonly upper: string;
  /** The lower one is `gt`, `gte` or `ge`, so that its name tells. */
  readonly areOperators: boolean;
  readonly lowerIsExclusive: boolean;
  /** Null where the name does not tell: only `lt`, `lte` and `le` do. */
  readonly upperIsExclusive: boolean | null;
}

/** How APIs call a lower bound, and the upper bound that goes with it. */
const upperOf: Readonly<Record<string, string>> = {
  gte: 'lt',
  ge: 'lt',
  gt: 'lte',
  since: 'until',
  after: 'before',
  from: 'to',
  min: 'max',
  start: 'end',
  begin: 'end',
};

const exclusiveLower = new Set(['gt', 'after']);
const lowerOperators = new Set(['gt', 'gte', 'ge']);
const inclusiveUpper = new Set(['lte', 'le']);

/** `starttime`, `mindate`: two words without a separator. */
const joinedWords = /^(start|end|min|max|from|to)(time|date|day|id|at|ts|timestamp)$/i;

/**
 * Reads the part of `--split` before the `=`: the lower bound's parameter alone where its name tells
 * the other (`created[gte]`, `updatedAfter`, `min_id`), or both with a comma between.
 *
 * Throws `EverypageError` `USAGE`.
 */
function readBoundParameters(names: string): BoundParameters {
  const [lower = '', given, ...others] = names.split(',').map((name) => name.trim());
  if (lower === '' || given === '' || others.length > 0) {
    throw usageError(
      `--split needs the name of the parameter that takes the lower bound, as in 'created[gte]=2024-01-01..2024-12-31/30d'; ${JSON.stringify(names)} is none`,
    );
  }
  const upper = given ?? nameUpper(lower);
  if (upper === null) {
    throw usageError(
      `--split cannot tell which parameter takes the upper bound for ${lower}; name both: --split '${lower},UPPER=FROM..TO/STEP'`,
    );
  }
  const [ofLower, ofUpper] = [wordsOf(lower), wordsOf(upper)];
  const isInclusive = ofUpper.some((word) => inclusiveUpper.has(word));
  return {
    lower,
    upper,
    areOperators: ofLower.some((word) => lowerOperators.has(word)),
    lowerIsExclusive: ofLower.some((word) => exclusiveLower.has(word)),
    upperIsExclusive: isInclusive ? false : ofUpper.includes('lt') ? true : null,
  };
}

function nameUpper(lower: string): string | null {
  // The last word decides: `start_date[gte]` is a comparison of a start date.
  for (const { index, word } of findWords(lower).reverse()) {
    const other = Object.hasOwn(upperOf, word.toLowerCase()) ? upperOf[word.toLowerCase()] : null;
    if (!other) continue;
    return lower.slice(0, index) + inCaseOf(word, other) + lower.slice(index + word.length);
  }
  return null;
}

function wordsOf(name: string): readonly string[] {
  return findWords(name).map(({ word }) => word.toLowerCase());
}

/** The words of a name: `created_at__gte`, `createdAfter`, `filter[since]`, `starttime`. */
function findWords(name: string): { index: number; word: string }[] {
  return [...name.matchAll(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g)].map(({ 0: word, index }) => ({
    index,
    word: joinedWords.exec(word)?.[1] ?? word,
  }));
}

function inCaseOf(word: string, other: string): string {
  if (word === word.toLowerCase()) return other;
  if (word === word.toUpperCase()) return other.toUpperCase();
  return other.charAt(0).toUpperCase() + other.slice(1);
}
