import type { Expression } from './expression.ts';

const VALUES: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
]);

/**
 * A condition with `true`, `false` and `null` read as those values. JMESPath wants them between
 * backticks and takes `ok == false` for a comparison with a field called "false": it would never be
 * true, and nobody would see why.
 */
export function withBareLiterals(condition: Expression): Expression {
  switch (condition.type) {
    case 'field': {
      const value = VALUES.get(condition.name);
      return value === undefined ? condition : { type: 'literal', value };
    }
    case 'compare':
    case 'and':
    case 'or':
      return {
        ...condition,
        left: withBareLiterals(condition.left),
        right: withBareLiterals(condition.right),
      };
    case 'not':
      return { ...condition, operand: withBareLiterals(condition.operand) };
    case 'then':
      // What stands after a dot is a field, whatever it is called.
      return { ...condition, left: withBareLiterals(condition.left) };
    case 'filter':
      return { ...condition, condition: withBareLiterals(condition.condition) };
    default:
      return condition;
  }
}
