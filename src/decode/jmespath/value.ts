import { ALONE, type JsonValue, type PageTree } from './page-tree.ts';

/**
 * Values while an expression is applied: what stands in them, and how they compare. What is the page's own
 * keeps its literal.
 */

/** A number or a string with the literal that stands for it in the page or in the expression. */
export class Scalar {
  readonly value: number | string;
  readonly text: string;

  constructor(value: number | string, text: string) {
    this.value = value;
    this.text = text;
  }
}

/**
 * A value while an expression is applied: of the page, or made from it. A number with a literal of
 * its own is a `Scalar`; what was calculated is a bare number.
 */
export type Value = JsonValue | Scalar | readonly Value[] | MadeObject;

export interface MadeObject {
  readonly [key: string]: Value;
}

export function isArray(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function isObject(value: Value): value is MadeObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Scalar)
  );
}

/** Without its literal. */
export function bare(value: Value): Exclude<Value, Scalar> {
  return value instanceof Scalar ? value.value : (value as Exclude<Value, Scalar>);
}

/** What JSON calls a value. */
export type JsonType = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object';

export function typeOf(value: Value): JsonType {
  const shown = bare(value);
  if (shown === null) return 'null';
  if (isArray(shown)) return 'array';
  if (isObject(shown)) return 'object';
  return typeof shown === 'string' ? 'string' : typeof shown === 'number' ? 'number' : 'boolean';
}

export function isString(value: Value): boolean {
  return typeof bare(value) === 'string';
}

/** In a message. */
export const typeWords: Readonly<Record<JsonType, string>> = {
  null: 'null',
  boolean: 'true or false',
  number: 'a number',
  string: 'a string',
  array: 'an array',
  object: 'an object',
};

/** The top-level value of a page. */
export function rootOf(tree: PageTree): Value {
  return withText(tree, ALONE, 0, tree.root);
}

/** What stands under a key or an index, or null. */
export function memberOf(
  tree: PageTree,
  container: readonly Value[] | MadeObject,
  key: string | number,
): Value {
  const value = isArray(container) ? container[Number(key)] : container[String(key)];
  if (value === undefined) return null;
  return tree.spans.has(container) ? withText(tree, container, key, value) : value;
}

export function elementsOf(tree: PageTree, array: readonly Value[]): readonly Value[] {
  if (!tree.spans.has(array)) return array;
  return array.map((value, index) => withText(tree, array, index, value));
}

export function membersOf(tree: PageTree, object: MadeObject): readonly Value[] {
  return Object.keys(object).map((key) => memberOf(tree, object, key));
}

/** A copy of the top-level value that needs the tree no more to know its literals. */
export function detached(tree: PageTree, value: Value = rootOf(tree)): Value {
  if (isArray(value)) return elementsOf(tree, value).map((element) => detached(tree, element));
  if (!isObject(value)) return value;
  const copy: Record<string, Value> = Object.create(null);
  for (const key of Object.keys(value)) copy[key] = detached(tree, memberOf(tree, value, key));
  return copy;
}

function withText(tree: PageTree, container: object, key: string | number, value: Value): Value {
  if (typeof value !== 'number' && typeof value !== 'string') return value;
  const text = tree.texts.get(container)?.get(key);
  if (text !== undefined) return new Scalar(value, text);
  return typeof value === 'number' ? new Scalar(value, String(value)) : value;
}

export function literalOf(number: number | Scalar): string {
  if (number instanceof Scalar) return number.text;
  return Object.is(number, -0) ? '-0' : String(number);
}

/** Order of two numbers, exact where a double could not tell them apart. */
export function compareNumbers(one: Value, other: Value): number {
  const [a, b] = [bare(one) as number, bare(other) as number];
  if (a !== b) return a < b ? -1 : 1;
  return compareDecimals(literalOf(one as number | Scalar), literalOf(other as number | Scalar));
}

/** Order of two strings by code points. */
export function compareStrings(one: Value, other: Value): number {
  // UTF-8 has the order of code points; UTF-16 has not.
  return Buffer.compare(Buffer.from(String(bare(one))), Buffer.from(String(bare(other))));
}

export function isEqual(tree: PageTree, left: Value, right: Value): boolean {
  const [one, other] = [bare(left), bare(right)];
  if (typeof one === 'number' && typeof other === 'number')
    return compareNumbers(left, right) === 0;
  if (one === other) return true;
  if (isArray(one) && isArray(other)) {
    const [ones, others] = [elementsOf(tree, one), elementsOf(tree, other)];
    return (
      ones.length === others.length &&
      ones.every((element, index) => isEqual(tree, element, others[index]!))
    );
  }
  if (!isObject(one) || !isObject(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every(
      (key) =>
        Object.hasOwn(other, key) &&
        isEqual(tree, memberOf(tree, one, key), memberOf(tree, other, key)),
    )
  );
}

/** Whether a condition is met: not by null, `false`, and what is empty. */
export function isTrue(value: Value): boolean {
  if (value === null || value === false || value === '') return false;
  if (isArray(value)) return value.length > 0;
  return !isObject(value) || Object.keys(value).length > 0;
}

interface Decimal {
  readonly isNegative: boolean;
  /** Without zeros at either end; empty for zero. */
  readonly digits: string;
  /** Power of ten of the first digit. */
  readonly magnitude: bigint;
}

/**
 * Compares two JSON numbers by their digits, whatever a double makes of them: 1.50 is 15e-1, and
 * 9007199254740993 is more than 9007199254740992. Negative, zero or positive, as for `sort`.
 */
export function compareDecimals(one: string, other: string): number {
  if (one === other) return 0;
  const [a, b] = [readDecimal(one), readDecimal(other)];
  if (a.isNegative !== b.isNegative) return a.isNegative ? -1 : 1;
  return a.isNegative ? compareMagnitudes(b, a) : compareMagnitudes(a, b);
}

function compareMagnitudes(a: Decimal, b: Decimal): number {
  if (a.digits === '' || b.digits === '') return a.digits.length - b.digits.length;
  if (a.magnitude !== b.magnitude) return a.magnitude < b.magnitude ? -1 : 1;
  if (a.digits === b.digits) return 0;
  return a.digits < b.digits ? -1 : 1;
}

function readDecimal(literal: string): Decimal {
  const [, sign, whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(literal) ?? [];
  const leading = `${whole}${fraction}`.replace(/^0+/, '');
  const digits = leading.replace(/0+$/, '');
  const magnitude = BigInt(exponent) - BigInt(fraction.length) + BigInt(leading.length);
  return { isNegative: sign === '-' && digits !== '', digits, magnitude };
}
