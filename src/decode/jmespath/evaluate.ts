import { callFunction } from './functions.ts';
import type { PageTree } from './page-tree.ts';
import {
  bare,
  compareNumbers,
  compareStrings,
  elementsOf,
  isArray,
  isEqual,
  isObject,
  isTrue,
  memberOf,
  membersOf,
  type Value,
} from './value.ts';

/** A JMESPath expression as a tree. */
export type Expression =
  | { readonly type: 'current' }
  | { readonly type: 'literal'; readonly value: Value }
  | { readonly type: 'field'; readonly name: string }
  | { readonly type: 'index'; readonly index: number }
  | Slice
  /** `a.b`, `a[0]`, `a | b` */
  | { readonly type: 'then'; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'flatten'; readonly list: Expression }
  /** `list[*].each` */
  | { readonly type: 'elements'; readonly list: Expression; readonly each: Expression }
  /** `object.*.each` */
  | { readonly type: 'members'; readonly object: Expression; readonly each: Expression }
  /** `list[?condition].each` */
  | {
      readonly type: 'filter';
      readonly list: Expression;
      readonly condition: Expression;
      readonly each: Expression;
    }
  | { readonly type: 'array'; readonly elements: readonly Expression[] }
  | {
      readonly type: 'object';
      readonly members: readonly { readonly name: string; readonly value: Expression }[];
    }
  | {
      readonly type: 'compare';
      readonly operator: Comparison;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly type: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'not'; readonly operand: Expression }
  | Call
  /** `&expression`: a function applies it. */
  | { readonly type: 'reference'; readonly expression: Expression };

export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';

interface Slice {
  readonly type: 'slice';
  readonly start: number | null;
  readonly stop: number | null;
  readonly step: number;
}

interface Call {
  readonly type: 'call';
  readonly name: string;
  readonly given: readonly Expression[];
  /** Offset of the name in the expression. */
  readonly at: number;
}

/** Applies an expression to a value of a page. Throws `ExpressionFault` where a function does not fit. */
export function evaluate(expression: Expression, value: Value, tree: PageTree): Value {
  const apply = (inner: Expression, to: Value): Value => evaluate(inner, to, tree);

  function each(inner: Expression, elements: readonly Value[]): Value {
    return elements.map((element) => apply(inner, element)).filter((result) => result !== null);
  }

  switch (expression.type) {
    case 'current':
      return value;
    case 'literal':
      return expression.value;
    case 'field':
      return isObject(value) ? memberOf(tree, value, expression.name) : null;
    case 'index': {
      if (!isArray(value)) return null;
      const { index } = expression;
      return memberOf(tree, value, index < 0 ? value.length + index : index);
    }
    case 'slice':
      return isArray(value) ? sliced(elementsOf(tree, value), expression) : null;
    case 'then':
      return apply(expression.right, apply(expression.left, value));
    case 'flatten': {
      const list = apply(expression.list, value);
      if (!isArray(list)) return null;
      return elementsOf(tree, list).flatMap((one) =>
        isArray(one) ? elementsOf(tree, one) : [one],
      );
    }
    case 'elements': {
      const list = apply(expression.list, value);
      return isArray(list) ? each(expression.each, elementsOf(tree, list)) : null;
    }
    case 'members': {
      const object = apply(expression.object, value);
      return isObject(object) ? each(expression.each, membersOf(tree, object)) : null;
    }
    case 'filter': {
      const list = apply(expression.list, value);
      if (!isArray(list)) return null;
      const isMet = (element: Value): boolean => isTrue(apply(expression.condition, element));
      return each(expression.each, elementsOf(tree, list).filter(isMet));
    }
    case 'array':
      return value === null ? null : expression.elements.map((element) => apply(element, value));
    case 'object': {
      if (value === null) return null;
      const made: Record<string, Value> = Object.create(null);
      for (const member of expression.members) made[member.name] = apply(member.value, value);
      return made;
    }
    case 'compare': {
      const [left, right] = [apply(expression.left, value), apply(expression.right, value)];
      if (expression.operator === '==') return isEqual(tree, left, right);
      if (expression.operator === '!=') return !isEqual(tree, left, right);
      const order = orderOf(left, right);
      if (order === null) return null;
      if (expression.operator === '<') return order < 0;
      if (expression.operator === '<=') return order <= 0;
      return expression.operator === '>' ? order > 0 : order >= 0;
    }
    case 'and': {
      const left = apply(expression.left, value);
      return isTrue(left) ? apply(expression.right, value) : left;
    }
    case 'or': {
      const left = apply(expression.left, value);
      return isTrue(left) ? left : apply(expression.right, value);
    }
    case 'not':
      return !isTrue(apply(expression.operand, value));
    case 'call':
      return callFunction(
        expression.name,
        expression.given.map((one) =>
          one.type === 'reference' ? (to: Value) => apply(one.expression, to) : apply(one, value),
        ),
        tree,
        expression.at,
      );
    case 'reference':
      // The parser lets it stand only where a function takes it, which is above.
      return null;
  }
}

/**
 * Null for what has no order. Text has one, as in jmespath.py and so in `aws --query`: dates of one form
 * are compared in no other way.
 */
function orderOf(left: Value, right: Value): number | null {
  const [one, other] = [bare(left), bare(right)];
  if (typeof one === 'number' && typeof other === 'number') return compareNumbers(left, right);
  const areTexts = typeof one === 'string' && typeof other === 'string';
  return areTexts ? compareStrings(left, right) : null;
}

/** As Python slices. */
function sliced(list: readonly Value[], { start, stop, step }: Slice): readonly Value[] {
  const { length } = list;
  const lowest = step < 0 ? -1 : 0;
  const highest = step < 0 ? length - 1 : length;
  const place = (at: number): number =>
    Math.min(Math.max(at < 0 ? at + length : at, lowest), highest);
  const from = start === null ? (step < 0 ? highest : lowest) : place(start);
  const to = stop === null ? (step < 0 ? lowest : highest) : place(stop);
  const kept: Value[] = [];
  for (let at = from; step > 0 ? at < to : at > to; at += step) kept.push(list[at]!);
  return kept;
}
