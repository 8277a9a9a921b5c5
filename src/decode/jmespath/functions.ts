import type { PageTree } from './page-tree.ts';
import { textOf } from './result-text.ts';
import { rowsOf } from './rows.ts';
import { ExpressionFault } from './tokens.ts';
import {
  bare,
  compareNumbers,
  compareStrings,
  elementsOf,
  isArray,
  isEqual,
  isString,
  type JsonType,
  type MadeObject,
  memberOf,
  membersOf,
  Scalar,
  typeOf,
  typeWords,
  type Value,
} from './value.ts';

/** What a function takes; `numbers` and `strings` are arrays of nothing else. */
type Kind = JsonType | 'any' | 'expression' | 'numbers' | 'strings';

/** An expression that a function applies to values of its choice. */
type Applied = (value: Value) => Value;

/** What a function is given: of the kinds that it takes, and so many as it takes. */
type Given = readonly (Value | Applied)[];

interface JmespathFunction {
  /** The kinds that each place allows. */
  readonly takes: readonly (readonly Kind[])[];
  /** The last place may be given more than once. */
  readonly isOpen?: boolean;
  /** Throws `ExpressionFault` at `at`, where the call stands. */
  readonly call: (given: Given, tree: PageTree, at: number) => Value;
}

/** The functions of jmespath.org, version 1.0, and `rows`. */
const FUNCTIONS: ReadonlyMap<string, JmespathFunction> = new Map(
  Object.entries<JmespathFunction>({
    abs: { takes: [['number']], call: ([number]) => withoutFinding(number as Value) },
    avg: {
      takes: [['numbers']],
      call: ([list], tree, at) => {
        const numbers = listIn(list, tree);
        return numbers.length === 0 ? null : calculated(sumOf(numbers) / numbers.length, at);
      },
    },
    ceil: { takes: [['number']], call: ([number]) => rounded(number as Value, Math.ceil) },
    contains: {
      takes: [['array', 'string'], ['any']],
      call: ([subject, sought], tree) => {
        if (isArray(subject as Value)) {
          return listIn(subject, tree).some((one) => isEqual(tree, one, sought as Value));
        }
        const text = bare(sought as Value);
        return typeof text === 'string' && textIn(subject).includes(text);
      },
    },
    ends_with: {
      takes: [['string'], ['string']],
      call: ([text, end]) => textIn(text).endsWith(textIn(end)),
    },
    floor: { takes: [['number']], call: ([number]) => rounded(number as Value, Math.floor) },
    join: {
      takes: [['string'], ['strings']],
      call: ([between, list], tree) => listIn(list, tree).map(textIn).join(textIn(between)),
    },
    keys: { takes: [['object']], call: ([object]) => Object.keys(object as MadeObject) },
    length: {
      takes: [['string', 'array', 'object']],
      call: ([subject]) => {
        const value = bare(subject as Value);
        if (typeof value === 'string') return [...value].length;
        return isArray(value) ? value.length : Object.keys(value as MadeObject).length;
      },
    },
    map: {
      takes: [['expression'], ['array']],
      call: ([apply, list], tree) =>
        listIn(list, tree).map((element) => (apply as Applied)(element)),
    },
    max: { takes: [['numbers', 'strings']], call: firstBy(descending) },
    max_by: { takes: [['array'], ['expression']], call: firstByKey(descending) },
    merge: {
      takes: [['object']],
      isOpen: true,
      call: (objects, tree) => {
        const merged: Record<string, Value> = Object.create(null);
        for (const object of objects as readonly MadeObject[]) {
          for (const key of Object.keys(object)) merged[key] = memberOf(tree, object, key);
        }
        return merged;
      },
    },
    min: { takes: [['numbers', 'strings']], call: firstBy(ascending) },
    min_by: { takes: [['array'], ['expression']], call: firstByKey(ascending) },
    not_null: {
      takes: [['any']],
      isOpen: true,
      call: (values) => (values as readonly Value[]).find((value) => value !== null) ?? null,
    },
    reverse: {
      takes: [['array', 'string']],
      call: ([subject], tree) =>
        isArray(subject as Value)
          ? listIn(subject, tree).toReversed()
          : [...textIn(subject)].reverse().join(''),
    },
    rows: {
      takes: [['object', 'array']],
      isOpen: true,
      call: ([columns, names], tree, at) => rowsOf(columns as Value, names as Value, tree, at),
    },
    sort: {
      takes: [['numbers', 'strings']],
      call: ([list], tree) => listIn(list, tree).toSorted(ascending),
    },
    sort_by: {
      takes: [['array'], ['expression']],
      call: ([list, apply], tree, at) =>
        withKeys(list, apply, tree, at)
          .sort((one, other) => ascending(one.key, other.key))
          .map(({ element }) => element),
    },
    starts_with: {
      takes: [['string'], ['string']],
      call: ([text, start]) => textIn(text).startsWith(textIn(start)),
    },
    sum: {
      takes: [['numbers']],
      call: ([list], tree, at) => calculated(sumOf(listIn(list, tree)), at),
    },
    to_array: {
      takes: [['any']],
      call: ([value]) => (isArray(value as Value) ? (value as Value) : [value as Value]),
    },
    to_number: { takes: [['any']], call: ([value]) => numberIn(value as Value) },
    to_string: {
      takes: [['any']],
      call: ([value], tree) =>
        isString(value as Value) ? (value as Value) : textOf(tree, value as Value),
    },
    type: { takes: [['any']], call: ([value]) => typeOf(value as Value) },
    values: {
      takes: [['object']],
      call: ([object], tree) => membersOf(tree, object as MadeObject),
    },
  }),
);

type Order = (one: Value, other: Value) => number;

function firstBy(order: Order): JmespathFunction['call'] {
  return ([list], tree) => listIn(list, tree).toSorted(order)[0] ?? null;
}

function firstByKey(order: Order): JmespathFunction['call'] {
  return ([list, apply], tree, at) =>
    withKeys(list, apply, tree, at).sort((one, other) => order(one.key, other.key))[0]?.element ??
    null;
}

function textIn(value: Given[number] | undefined): string {
  return String(bare(value as Value));
}

function listIn(value: Given[number] | undefined, tree: PageTree): readonly Value[] {
  return elementsOf(tree, value as readonly Value[]);
}

function sumOf(numbers: readonly Value[]): number {
  return numbers.reduce<number>((sum, number) => sum + (bare(number) as number), 0);
}

/** A number that JavaScript has calculated, which it can only up to 2^53 without losing digits. */
function calculated(number: number, at: number): Value {
  if (Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number))) {
    return number;
  }
  throw new ExpressionFault(at, 'the result is beyond 2^53, where calculating loses digits');
}

function withoutFinding(number: Value): Value {
  if (!(number instanceof Scalar)) return Math.abs(number as number);
  return new Scalar(Math.abs(Number(number.value)), number.text.replace(/^-/, ''));
}

function rounded(number: Value, round: (number: number) => number): Value {
  const value = bare(number) as number;
  // Whole numbers of any length stay as they are.
  return Number.isInteger(value) || !Number.isFinite(value) ? number : round(value);
}

/** The number that a text spells as JSON would, or null. */
function numberIn(value: Value): Value {
  if (typeof bare(value) === 'number') return value;
  if (!isString(value)) return null;
  const text = textIn(value);
  const isNumber = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/.test(text);
  return isNumber ? new Scalar(Number(text), text) : null;
}

interface Keyed {
  readonly element: Value;
  readonly key: Value;
}

/** Each element with what the expression gives for it: all numbers, or all strings. */
function withKeys(
  list: Given[number] | undefined,
  apply: Given[number] | undefined,
  tree: PageTree,
  at: number,
): Keyed[] {
  const keyed = listIn(list, tree).map((element) => ({
    element,
    key: (apply as Applied)(element),
  }));
  const [first] = keyed;
  if (first === undefined) return keyed;
  const type = typeOf(first.key);
  const other = keyed.find(({ key }) => typeOf(key) !== type);
  if ((type === 'number' || type === 'string') && other === undefined) return keyed;
  const found = other === undefined ? type : `${type} and ${typeOf(other.key)}`;
  throw new ExpressionFault(
    at,
    `what it goes by must be all numbers or all strings, and is ${found}`,
  );
}

function ascending(one: Value, other: Value): number {
  return isString(one) ? compareStrings(one, other) : compareNumbers(one, other);
}

function descending(one: Value, other: Value): number {
  return ascending(other, one);
}

/**
 * Checks what does not depend on a page: the name, and how many arguments there are.
 * @param references for each argument, whether it is a `&` expression
 * @param at where the call stands
 */
export function checkCall(name: string, references: readonly boolean[], at: number): void {
  const { takes, isOpen = false } = functionNamed(name, at);
  const { length } = references;
  if (length < takes.length || (length > takes.length && !isOpen)) {
    const count = `${takes.length} argument${takes.length === 1 ? '' : 's'}`;
    const due = isOpen ? `at least ${count}` : count;
    throw new ExpressionFault(at, `${name}() takes ${due}, not ${length}`);
  }
  for (const [index, isReference] of references.entries()) {
    const isDue = kindsAt(takes, index).includes('expression');
    if (isReference === isDue) continue;
    const reason = isDue ? 'takes an expression, such as &name' : 'takes no & expression there';
    throw new ExpressionFault(at, `${name}() ${reason}`);
  }
}

/** Calls a function, once what it is given is what it takes. Throws `ExpressionFault`. */
export function callFunction(name: string, given: Given, tree: PageTree, at: number): Value {
  const { takes, call } = functionNamed(name, at);
  for (const [index, value] of given.entries()) {
    const kinds = kindsAt(takes, index);
    if (typeof value === 'function' || kinds.some((kind) => isOfKind(value, kind, tree))) continue;
    const due = kinds.map((kind) => DESCRIPTIONS[kind]).join(' or ');
    const found = DESCRIPTIONS[typeOf(value)];
    throw new ExpressionFault(at, `${name}() takes ${due} there, and here is ${found}`);
  }
  return call(given, tree, at);
}

/** The last place of an open function stands for all that follow. */
function kindsAt(takes: JmespathFunction['takes'], index: number): readonly Kind[] {
  return takes[Math.min(index, takes.length - 1)]!;
}

function functionNamed(name: string, at: number): JmespathFunction {
  const found = FUNCTIONS.get(name);
  if (found !== undefined) return found;
  const all = [...FUNCTIONS.keys()].join(', ');
  throw new ExpressionFault(at, `there is no function ${name}(); there are ${all}`);
}

const DESCRIPTIONS: Readonly<Record<Kind, string>> = {
  any: 'anything',
  expression: 'an expression',
  numbers: 'an array of numbers',
  strings: 'an array of strings',
  ...typeWords,
};

function isOfKind(value: Value, kind: Kind, tree: PageTree): boolean {
  if (kind === 'any') return true;
  if (kind !== 'numbers' && kind !== 'strings') return typeOf(value) === kind;
  const type = kind === 'numbers' ? 'number' : 'string';
  return isArray(value) && elementsOf(tree, value).every((element) => typeOf(element) === type);
}
