import { EverypageError } from '../core/errors.ts';

/** The URLs that one argument stands for, made as they are asked for. */
export interface UrlTemplate extends Iterable<string> {
  /** How many URLs: the product of the sizes of all ranges and sets; 1 without any. */
  readonly count: number;
  /**
   * Whether only numbers and letters vary, behind the host: then all URLs are as well written as the first.
   * A percent-encoded part may vary in what it stands for.
   */
  readonly isAlike: boolean;
  /** The URL at `index`, from 0. Throws `RangeError` outside `0 … count - 1`. */
  at(index: number): string;
}

/** A varying piece, with the literal text before it. */
interface Part {
  readonly before: string;
  readonly size: number;
  readonly isRange: boolean;
  readonly valueAt: (index: number) => string;
}

const rangePattern = /\[(?:(\d+)-(\d+)|([A-Za-z])-([A-Za-z]))(?::(\d+))?\]/y;

// A quote, raw or encoded, marks JSON: browsers copy `?filter={%22a%22:1,%22b%22:2}` in this form.
const notASetPattern = /[[\]"\s]|%22/;

const asTheyStand = 'use -g to take brackets and braces as they stand';

/**
 * Reads the ranges and sets in a URL argument.
 *
 *     range   = "[" number "-" number [ ":" step ] "]"     [1-500]  [001-100]  [0-900:100]
 *             | "[" letter "-" letter [ ":" step ] "]"     [a-z]  [A-Z]  [a-z:2]
 *     set     = "{" member 1*( "," member ) "}"            {a,b}  {a,}  {,}
 *     number  = 1*DIGIT, step = 1*DIGIT, member = *( any character but , { } [ ] " white space )
 *
 * - Both ends of a range belong to it. A first number that begins with 0 pads all to its length.
 * - Several may stand in one URL; the rightmost varies fastest, as in curl.
 * - A range counts wherever it stands: JSON has no `[1-2]`, so in `{"page":[1-2]}` it can only be
 *   meant as one. Since a range of letters is a form too, `filter[a-b]` is two URLs.
 * - A set does not count inside another pair of braces, nor with a `%22` in it: that is GraphQL
 *   (`{user{id,name}}`) or JSON (`{"a":1,"b":2}`).
 * - Every other bracket, brace and backslash is literal: `page[size]=100`, `page[1]`, `ids[1,2]`,
 *   `http://[::1]/`, `{id}`, `{}`, `[1-]`, `[1-z]`, `[date-from]`, and unbalanced ones.
 * - To keep one range literal beside another, write it percent-encoded (`%5B1-5%5D`).
 *
 * Throws `EverypageError` `URL_INVALID` where the form is that of a range but it cannot be one:
 * it runs backwards (`[5-1]`, `[z-a]`), mixes cases (`[a-Z]`), steps by 0, holds a number beyond
 * 2^53 - 1, or all together make more URLs than that.
 *
 * @example [...parseUrlTemplate('https://a.example/{x,y}/[1-2]')]
 * // https://a.example/x/1, …/x/2, …/y/1, …/y/2
 */
export function parseUrlTemplate(text: string): UrlTemplate {
  const { parts, tail } = readParts(text);
  let count = 1;
  for (const part of parts) {
    count *= part.size;
    if (count > Number.MAX_SAFE_INTEGER) {
      throw new EverypageError(
        'URL_INVALID',
        `the ranges of this URL make more than ${Number.MAX_SAFE_INTEGER} pages; make them smaller, or ${asTheyStand}`,
      );
    }
  }

  return {
    count,
    isAlike: isAlike(text, parts),
    at(index) {
      if (!Number.isInteger(index) || index < 0 || index >= count) {
        throw new RangeError(`URL ${index} of ${count} was asked for`);
      }
      return expand(parts, parts.length, index, tail);
    },
    *[Symbol.iterator]() {
      const last = parts.at(-1);
      if (last === undefined) {
        yield text;
        return;
      }
      const outerCount = count / last.size;
      for (let outer = 0; outer < outerCount; outer++) {
        const head = expand(parts, parts.length - 1, outer, last.before);
        for (let inner = 0; inner < last.size; inner++) {
          yield head + last.valueAt(inner) + tail;
        }
      }
    },
  };
}

const behindHost = /^https?:\/\/[^/?#]+[/?]/i;

function isAlike(text: string, parts: readonly Part[]): boolean {
  return (
    behindHost.test(parts[0]?.before ?? text) &&
    !text.includes('%') &&
    parts.every((part) => part.isRange)
  );
}

/** The first `length` parts at `index`, with `tail` after them. */
function expand(parts: readonly Part[], length: number, index: number, tail: string): string {
  let url = tail;
  let rest = index;
  for (let at = length - 1; at >= 0; at--) {
    const part = parts[at]!;
    const digit = rest % part.size;
    rest = (rest - digit) / part.size;
    url = part.before + part.valueAt(digit) + url;
  }
  return url;
}

function readParts(text: string): { parts: Part[]; tail: string } {
  const parts: Part[] = [];
  const setEnds = findSets(text);
  const opening = /[[{]/g;
  let literalStart = 0;
  for (let match = opening.exec(text); match !== null; match = opening.exec(text)) {
    const start = match.index;
    const before = text.slice(literalStart, start);
    const setEnd = setEnds.get(start);
    if (setEnd !== undefined) {
      const members = text.slice(start + 1, setEnd).split(',');
      const valueAt = (index: number): string => members[index]!;
      parts.push({ before, size: members.length, isRange: false, valueAt });
      literalStart = setEnd + 1;
    } else {
      rangePattern.lastIndex = start;
      const range = rangePattern.exec(text);
      if (range === null) continue;
      parts.push({ before, isRange: true, ...readRange(range) });
      literalStart = start + range[0].length;
    }
    opening.lastIndex = literalStart;
  }
  return { parts, tail: text.slice(literalStart) };
}

/** Where sets begin, and where each ends. */
function findSets(text: string): Map<number, number> {
  const sets = new Map<number, number>();
  const open: { start: number; nested: boolean; innerSets: number[] }[] = [];
  for (const brace of text.matchAll(/[{}]/g)) {
    const outer = open.at(-1);
    if (brace[0] === '{') {
      if (outer !== undefined) outer.nested = true;
      open.push({ start: brace.index, nested: false, innerSets: [] });
      continue;
    }
    if (outer === undefined) continue;
    open.pop();
    for (const inner of outer.innerSets) sets.delete(inner);
    if (outer.nested) continue;
    const inside = text.slice(outer.start + 1, brace.index);
    if (inside.includes(',') && !notASetPattern.test(inside)) {
      sets.set(outer.start, brace.index);
      // Whether the brace before it has a partner is known only when that one comes.
      open.at(-1)?.innerSets.push(outer.start);
    }
  }
  return sets;
}

function readRange(match: RegExpExecArray): Pick<Part, 'size' | 'valueAt'> {
  const [form, firstDigits, lastDigits, firstLetter, lastLetter, stepDigits] = match;
  const step = stepDigits === undefined ? 1 : readNumber(stepDigits, form);
  if (step === 0) {
    throw new EverypageError('URL_INVALID', `${form} steps by 0; ${asTheyStand}`);
  }
  if (firstDigits !== undefined && lastDigits !== undefined) {
    const first = readNumber(firstDigits, form);
    const size = rangeSize(first, readNumber(lastDigits, form), step, form);
    const width = firstDigits.startsWith('0') ? firstDigits.length : 1;
    return width === 1
      ? { size, valueAt: (index) => String(first + index * step) }
      : { size, valueAt: (index) => String(first + index * step).padStart(width, '0') };
  }
  const first = firstLetter!.charCodeAt(0);
  const last = lastLetter!.charCodeAt(0);
  // Bit 5 is what tells the cases of an ASCII letter apart.
  if ((first & 0x20) !== (last & 0x20)) {
    throw new EverypageError(
      'URL_INVALID',
      `${form} mixes upper and lower case; write two ranges, or ${asTheyStand}`,
    );
  }
  const size = rangeSize(first, last, step, form);
  return { size, valueAt: (index) => String.fromCharCode(first + index * step) };
}

function rangeSize(first: number, last: number, step: number, form: string): number {
  if (first > last) {
    throw new EverypageError(
      'URL_INVALID',
      `${form} runs backwards; put the smaller end first, or ${asTheyStand}`,
    );
  }
  const span = last - first;
  return (span - (span % step)) / step + 1;
}

function readNumber(digits: string, form: string): number {
  const value = Number(digits);
  if (value > Number.MAX_SAFE_INTEGER) {
    throw new EverypageError(
      'URL_INVALID',
      `${shorten(form)} holds a number beyond ${Number.MAX_SAFE_INTEGER}; ${asTheyStand}`,
    );
  }
  return value;
}

function shorten(form: string): string {
  return form.length > 60 ? `${form.slice(0, 59)}…` : form;
}
