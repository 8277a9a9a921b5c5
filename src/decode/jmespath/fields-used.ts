import type { Expression } from './evaluate.ts';

/**
 * The members of an object that an expression on it looks at; null where it may look at all of them. With
 * no others the object gives the same result.
 *
 *     fieldsUsed(parseExpression("at.city == 'Ulm' && price")); // at, price
 */
export function fieldsUsed(expression: Expression): ReadonlySet<string> | null {
  const names = new Set<string>();
  return addFields(expression, names) ? names : null;
}

/** False where it may look at all. */
function addFields(expression: Expression, names: Set<string>): boolean {
  const all = (parts: readonly Expression[]): boolean =>
    parts.every((part) => addFields(part, names));
  switch (expression.type) {
    case 'current':
      return false;
    case 'field':
      names.add(expression.name);
      return true;
    // What stands behind applies to what these give.
    case 'then':
      return addFields(expression.left, names);
    case 'flatten':
    case 'elements':
    case 'filter':
      return addFields(expression.list, names);
    case 'members':
      return addFields(expression.object, names);
    case 'array':
      return all(expression.elements);
    case 'object':
      return all(expression.members.map(({ value }) => value));
    case 'compare':
    case 'and':
    case 'or':
      return all([expression.left, expression.right]);
    case 'not':
      return addFields(expression.operand, names);
    case 'call':
      return all(expression.given);
    // An object has no elements; a literal and what a function applies look at something else.
    default:
      return true;
  }
}
