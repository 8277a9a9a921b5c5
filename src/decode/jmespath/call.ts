import type { Call, Expression } from './expression.ts';
import { ExpressionFault } from './fault.ts';
import { FUNCTIONS, type Given, type JmespathFunction, type Kind, typeOf } from './functions.ts';
import type { PageTree } from './page-tree.ts';
import { elementsOf, isArray, type Value } from './value.ts';

/** Checks what does not depend on a page: the name, and how many arguments there are. */
export function checkCall({ name, given, at }: Call): void {
  const { takes, isOpen = false } = functionNamed(name, at);
  if (given.length < takes.length || (given.length > takes.length && !isOpen)) {
    const count = `${takes.length} argument${takes.length === 1 ? '' : 's'}`;
    const due = isOpen ? `at least ${count}` : count;
    throw new ExpressionFault(at, `${name}() takes ${due}, not ${given.length}`);
  }
  for (const [index, argument] of given.entries()) {
    const kinds = takes[Math.min(index, takes.length - 1)]!;
    checkReference(name, at, argument, kinds.includes('expression'));
  }
}

function checkReference(name: string, at: number, argument: Expression, isDue: boolean): void {
  if ((argument.type === 'reference') === isDue) return;
  const reason = isDue ? 'takes an expression, such as &name' : 'takes no & expression there';
  throw new ExpressionFault(at, `${name}() ${reason}`);
}

/** Calls a function, once what it is given is what it takes. Throws `ExpressionFault`. */
export function callFunction({ name, at }: Call, given: Given, tree: PageTree): Value {
  const { takes, call } = functionNamed(name, at);
  for (const [index, value] of given.entries()) {
    const kinds = takes[Math.min(index, takes.length - 1)]!;
    if (typeof value === 'function' || kinds.some((kind) => isOfKind(value, kind, tree))) continue;
    const due = kinds.map((kind) => DESCRIPTIONS[kind]).join(' or ');
    const found = DESCRIPTIONS[typeOf(value)];
    throw new ExpressionFault(at, `${name}() takes ${due} there, and here is ${found}`);
  }
  return call(given, tree, at);
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
  null: 'null',
  boolean: 'true or false',
  number: 'a number',
  string: 'a string',
  array: 'an array',
  object: 'an object',
};

function isOfKind(value: Value, kind: Kind, tree: PageTree): boolean {
  if (kind === 'any') return true;
  if (kind !== 'numbers' && kind !== 'strings') return typeOf(value) === kind;
  const type = kind === 'numbers' ? 'number' : 'string';
  return isArray(value) && elementsOf(tree, value).every((element) => typeOf(element) === type);
}
