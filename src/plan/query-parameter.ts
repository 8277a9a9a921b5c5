/**
 * Query parameters, changed in place: whatever is not the parameter's own value stays byte for byte
 * as the user or the server wrote it, since some servers sign a query or read `[` and `%5B` apart.
 */

import { isDeepStrictEqual } from 'node:util';

/** `from` and `to` (exclusive) in the URL of one `name=value`, and of the value in it. */
interface Span {
  readonly from: number;
  readonly to: number;
  /** Where the value begins; equal to `to` without `=`. */
  readonly value: number;
  readonly hasEquals: boolean;
}

/**
 * The decoded value of the first parameter of that name, or null without one. Names are compared
 * decoded, so `page[size]` is `page%5Bsize%5D`.
 */
export function getQueryParameter(url: string, name: string): string | null {
  for (const span of parameters(url)) {
    if (isNamed(url, span, name)) return decodePart(url.slice(span.value, span.to));
  }
  return null;
}

/**
 * Sets a parameter, or adds it at the end of the query. Of several of that name the first is set and
 * the others go. A value that it has already leaves the URL as it is.
 */
export function setQueryParameter(url: string, name: string, value: string): string {
  const own = [...parameters(url)].filter((span) => isNamed(url, span, name));
  const first = own[0];
  if (first === undefined) return addParameter(url, name, value);
  let changed = url;
  for (const span of own.slice(1).reverse()) {
    // With the `&` before it: an earlier one of this name stands somewhere in front.
    changed = changed.slice(0, span.from - 1) + changed.slice(span.to);
  }
  const written = changed.slice(first.value, first.to);
  if (first.hasEquals && decodePart(written) === value) return changed;
  const equals = first.hasEquals ? '' : '=';
  return changed.slice(0, first.value) + equals + encodeValue(value) + changed.slice(first.to);
}

/** Sets a parameter to several values: `a=1&a=2`. */
export function repeatParameter(url: string, name: string, values: readonly string[]): string {
  const [first = '', ...others] = values;
  const start = setQueryParameter(url, name, first);
  return others.reduce((all, value) => addParameter(all, name, value), start);
}

/** Sets each of `values`, in their order. */
export function mergeParameters(url: string, values: Readonly<Record<string, string>>): string {
  let merged = url;
  for (const [name, value] of Object.entries(values)) {
    merged = setQueryParameter(merged, name, value);
  }
  return merged;
}

/** All parameters, decoded, in the order of the query. */
export function readQuery(url: string): readonly (readonly [name: string, value: string])[] {
  return [...parameters(url)].map((span) => [
    decodePart(url.slice(span.from, nameEnd(span))),
    decodePart(url.slice(span.value, span.to)),
  ]);
}

/** Parameters of a URL that another one does not have, or has with another value. */
export function changedQuery(
  other: string,
  url: string,
): readonly (readonly [name: string, value: string])[] {
  return readQuery(url).filter(([name, value]) => getQueryParameter(other, name) !== value);
}

function* parameters(url: string): Generator<Span> {
  const end = queryEnd(url);
  const question = url.indexOf('?');
  if (question === -1 || question >= end) return;
  for (let from = question + 1; from <= end; ) {
    const ampersand = url.indexOf('&', from);
    const to = ampersand === -1 || ampersand > end ? end : ampersand;
    if (to > from) {
      const equals = url.slice(from, to).indexOf('=');
      const hasEquals = equals !== -1;
      yield { from, to, value: hasEquals ? from + equals + 1 : to, hasEquals };
    }
    from = to + 1;
  }
}

function addParameter(url: string, name: string, value: string): string {
  const end = queryEnd(url);
  const before = url.slice(0, end);
  const question = before.indexOf('?');
  let separator = '&';
  if (question === -1) separator = '?';
  else if (question === end - 1 || before.endsWith('&')) separator = '';
  return `${before}${separator}${encodeName(name)}=${encodeValue(value)}${url.slice(end)}`;
}

function queryEnd(url: string): number {
  const hash = url.indexOf('#');
  return hash === -1 ? url.length : hash;
}

function nameEnd(span: Span): number {
  return span.hasEquals ? span.value - 1 : span.to;
}

function isNamed(url: string, span: Span, name: string): boolean {
  return decodePart(url.slice(span.from, nameEnd(span))) === plainName(name);
}

/** A name that was copied out of a URL (`page%5Bsize%5D`) is meant as `page[size]`. */
function plainName(name: string): string {
  return name.includes('%') ? name.replaceAll(/%(?:5B|5D|24)/gi, decodeURIComponent) : name;
}

/** As servers read a query: `+` is a space, and a `%` that begins no escape is itself. */
function decodePart(text: string): string {
  if (!/[%+]/.test(text)) return text;
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return new URLSearchParams(`=${text.replaceAll('&', '%26')}`).get('') ?? spaced;
  }
}

/** An apostrophe is encoded too, or the URL standard would do so later and the URL would change. */
function encodeValue(value: string): string {
  // A lone surrogate has no UTF-8; encodeURIComponent would throw.
  return encodeURIComponent(value.toWellFormed()).replaceAll("'", '%27');
}

/** `page[size]` and `$top` stay as their APIs' documentation writes them. */
function encodeName(name: string): string {
  return encodeValue(plainName(name)).replaceAll(/%(?:5B|5D|24|3A|40|2C|2F)/g, decodeURIComponent);
}

/** What two URLs differ in: the value of one parameter, or one segment of the path. */
export type NumberDifference =
  /** `a` is null where the first URL does not have the parameter. */
  | { readonly param: string; readonly a: number | null; readonly b: number }
  /** `segment` counts the path's segments from 0. */
  | { readonly segment: number; readonly a: number; readonly b: number };

/**
 * How two URLs differ if they differ in nothing but one whole number, else null. The order of
 * parameters and the way they are encoded do not count, for servers write links in their own way;
 * fragments do not either.
 *
 *     differInOneNumber('https://a.example/?page=1', 'https://a.example/?page=9');
 *     // { param: 'page', a: 1, b: 9 }
 */
export function differInOneNumber(urlA: string, urlB: string): NumberDifference | null {
  const a = URL.parse(urlA);
  const b = URL.parse(urlB);
  if (a === null || b === null || a.origin !== b.origin) return null;
  if (a.pathname === b.pathname) return differInParameter(a.href, b.href);
  const sameQuery = differences(a.href, b.href).length === 0;
  return sameQuery ? differInSegment(a.pathname, b.pathname) : null;
}

/**
 * Whether a number goes on by one page, or by so many records. A URL without one is the first page, which
 * servers count as 0 or as 1.
 */
export function stepsBy(
  { a, b }: Pick<NumberDifference, 'a' | 'b'>,
  records: number,
): { readonly pages: boolean; readonly records: boolean } {
  const steps = a === null ? [b, b - 1] : [b - a];
  return { pages: steps.includes(1), records: records > 0 && steps.includes(records) };
}

/** A whole number as servers write one into a link: digits, no sign, no zeros before it. */
export function wholeNumber(text: string | null): number | null {
  return text !== null && /^(?:0|[1-9][0-9]{0,14})$/.test(text) ? Number(text) : null;
}

function differInParameter(a: string, b: string): NumberDifference | null {
  const [only, ...others] = differences(a, b);
  if (only === undefined || others.length > 0) return null;
  const [param, valuesA, valuesB] = only;
  if (valuesA.length > 1 || valuesB.length !== 1) return null;
  const numberB = wholeNumber(valuesB[0]!);
  if (numberB === null) return null;
  if (valuesA.length === 0) return { param, a: null, b: numberB };
  const numberA = wholeNumber(valuesA[0]!);
  return numberA === null ? null : { param, a: numberA, b: numberB };
}

type Difference = readonly [name: string, a: readonly string[], b: readonly string[]];

/** The names whose values are not the same in both, with the values. */
function differences(a: string, b: string): readonly Difference[] {
  const [valuesInA, valuesInB] = [valuesByName(a), valuesByName(b)];
  const names = new Set([...readQuery(a), ...readQuery(b)].map(([name]) => name));
  return [...names]
    .map((name): Difference => [name, valuesInA(name), valuesInB(name)])
    .filter(([, inA, inB]) => !isDeepStrictEqual(inA, inB));
}

function valuesByName(url: string): (name: string) => readonly string[] {
  const named = Map.groupBy(readQuery(url), ([name]) => name);
  return (name) => (named.get(name) ?? []).map(([, value]) => value);
}

function differInSegment(pathA: string, pathB: string): NumberDifference | null {
  const a = pathA.split('/').slice(1);
  const b = pathB.split('/').slice(1);
  if (a.length !== b.length) return null;
  const segment = a.findIndex((part, index) => part !== b[index]);
  if (a.some((part, index) => index > segment && part !== b[index])) return null;
  const numberA = wholeNumber(a[segment] ?? null);
  const numberB = wholeNumber(b[segment] ?? null);
  return numberA === null || numberB === null ? null : { segment, a: numberA, b: numberB };
}
