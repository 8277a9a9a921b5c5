import { readQuery } from './query-parameter.ts';

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
  const valuesA = valuesByName(a);
  const valuesB = valuesByName(b);
  const found: Difference[] = [];
  for (const name of new Set([...valuesA.keys(), ...valuesB.keys()])) {
    const inA = valuesA.get(name) ?? [];
    const inB = valuesB.get(name) ?? [];
    const same = inA.length === inB.length && inA.every((value, index) => value === inB[index]);
    if (!same) found.push([name, inA, inB]);
  }
  return found;
}

function valuesByName(url: string): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  for (const [name, value] of readQuery(url)) {
    const known = values.get(name);
    if (known === undefined) values.set(name, [value]);
    else known.push(value);
  }
  return values;
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
