import { EverypageError } from '../core/errors.ts';
import { escapeText } from '../core/escape.ts';
import { type Expression, evaluate } from './jmespath/evaluate.ts';
import { readPageTree } from './jmespath/page-tree.ts';
import { parseExpression } from './jmespath/parse.ts';
import { recordsOf } from './jmespath/result-text.ts';
import { ExpressionFault } from './jmespath/tokens.ts';
import { isArray, isTrue, rootOf } from './jmespath/value.ts';
import { createProjector, projectionOf } from './projection.ts';
import { isExpression, parseSelection, type Selection } from './selection.ts';

/** Whether a page says itself that it failed. */
export interface PageCondition {
  /** As the user wrote it. */
  readonly text: string;
  /**
   * Throws `EverypageError` with code `SELECTION` where it cannot be applied to the page.
   * @param page valid JSON
   */
  readonly isMet: (page: Uint8Array) => boolean;
}

/**
 * Reads what a user selects: a dotted path, as `parseSelection` does, or a JMESPath expression
 * (jmespath.org, version 1.0). It is an expression where brackets, braces, quotes or one of
 * | * & ? , ! = < > stand in it without a backslash. The records of an expression are the elements
 * of an array, nothing for null, else one record. Values that it takes from a page keep their bytes;
 * numbers are compared by all their digits.
 *
 * Throws `EverypageError` with code `SELECTION`.
 *
 *     readSelection("items[?state == 'open']");
 */
export function readSelection(text: string | null): Selection {
  if (text === null || !isExpression(text)) return parseSelection(text);
  const name = 'selection';
  const expression = orSay(name, text, 'cannot be read', () => parseExpression(text));
  const place = PLACE.exec(text)?.[1];
  const projection = projectionOf(expression);
  const project = projection === null ? null : createProjector(projection);
  return {
    text,
    keys: keysBefore(text),
    evaluate: (page) =>
      orSay(name, text, 'does not fit this page', () => {
        if (project !== null) return project(page);
        const tree = readPageTree(page);
        const root = rootOf(tree);
        if (place !== undefined && !(isArray(root) && Number(place) < root.length)) {
          throw new ExpressionFault(0, 'the page is no list of so many');
        }
        return recordsOf(tree, evaluate(expression, root, tree));
      }),
  };
}

/** `[1]`: the page is a list of a few parts, and a page without that part does not fit. */
const PLACE = /^\[(\d{1,3})\]$/;

/**
 * Of `a.b.*` and `a.b[*]` the keys to the object or the list; a page without it does not fit. None for
 * any other expression.
 */
function keysBefore(text: string): Selection['keys'] {
  const path = /^([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?:\.\*|\[\*\])$/.exec(text)?.[1];
  return path === undefined ? [] : parseSelection(path).keys;
}

/**
 * Reads a JMESPath expression that is true of pages that failed; null and empty text are none. True
 * is what JMESPath takes for true: everything but null, `false` and what is empty. `true`, `false`
 * and `null` mean those values here, where JMESPath itself would look for fields of these names.
 *
 * Throws `EverypageError` with code `SELECTION`.
 *
 *     readCondition('ok == false');
 */
export function readCondition(text: string | null): PageCondition | null {
  if (text === null || text === '') return null;
  const name = 'condition';
  const expression = orSay(name, text, 'cannot be read', () =>
    withBareLiterals(parseExpression(text)),
  );
  return {
    text,
    isMet: (page) =>
      orSay(name, text, 'does not fit this page', () => {
        const tree = readPageTree(page);
        return isTrue(evaluate(expression, rootOf(tree), tree));
      }),
  };
}

/** Runs what reads or applies an expression, and says of which it is that a fault is. */
export function orSay<Result>(
  name: string,
  text: string,
  what: string,
  work: () => Result,
): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ExpressionFault || isStackOverflow(error))) throw error;
    const why =
      error instanceof ExpressionFault
        ? `at character ${[...text.slice(0, error.at)].length + 1}, ${escapeText(error.message)}`
        : 'it nests too deeply';
    throw new EverypageError('SELECTION', `The ${name} "${escapeText(text, 80)}" ${what}: ${why}`, {
      cause: error,
    });
  }
}

/** Two values are compared to their depth, which a server may choose. */
function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && /call stack/i.test(error.message);
}

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
