import type { Expression } from './jmespath/evaluate.ts';
import { parseExpression } from './jmespath/parse.ts';
import { pathOf } from './selection.ts';

/**
 * Where the list stands that an expression takes its records from: all of it, whatever the expression
 * leaves out or makes of it. Null where it does not begin with one list or one object of records.
 *
 *     listOfExpression("data.items[?state == 'open'].id"); // 'data.items'
 *     listOfExpression('query.pages.*.title'); // 'query.pages.*'
 */
export function listOfExpression(text: string): string | null {
  const list = firstList(parseExpression(text));
  if (list === null) return null;
  const { names, isObject } = list;
  if (!isObject) return names.length === 0 ? '@' : pathOf(names);
  return [expressionOf(names), '*'].filter((part) => part !== '').join('.');
}

interface FirstList {
  readonly names: readonly string[];
  /** Its records are the values of an object. */
  readonly isObject: boolean;
}

function firstList(expression: Expression): FirstList | null {
  switch (expression.type) {
    case 'members':
      return listAt(expression.object, true);
    case 'elements':
    case 'filter':
    case 'flatten':
      return listAt(expression.list, false);
    case 'then': {
      const names = fieldsOf(expression.left);
      if (names === null) return firstList(expression.left);
      if (expression.right.type === 'slice') return { names, isObject: false };
      const list = firstList(expression.right);
      return list === null ? null : { ...list, names: [...names, ...list.names] };
    }
    default:
      return null;
  }
}

function listAt(list: Expression, isObject: boolean): FirstList | null {
  const names = fieldsOf(list);
  return names === null ? firstList(list) : { names, isObject };
}

/** The keys that a plain path follows; null for anything else. */
export function fieldsOf(expression: Expression): readonly string[] | null {
  if (expression.type === 'current') return [];
  if (expression.type === 'field') return [expression.name];
  if (expression.type !== 'then') return null;
  const [left, right] = [fieldsOf(expression.left), fieldsOf(expression.right)];
  return left === null || right === null ? null : [...left, ...right];
}

/**
 * The expression for what stands under these keys.
 *
 *     expressionOf(['data', 'a-b']); // 'data."a-b"'
 */
export function expressionOf(names: readonly string[]): string {
  return names.map(quoted).join('.');
}

function quoted(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : JSON.stringify(name);
}
