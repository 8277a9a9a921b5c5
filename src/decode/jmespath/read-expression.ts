import { EverypageError } from '../../core/errors.ts';
import { escapeText } from '../../core/escape.ts';
import type { FoundRecords } from '../found-records.ts';
import { isExpression, parseSelection, type Selection } from '../selection.ts';
import { withBareLiterals } from './bare-literals.ts';
import { evaluate } from './evaluate.ts';
import { ExpressionFault } from './fault.ts';
import { readPageTree } from './page-tree.ts';
import { parseExpression } from './parse.ts';
import { recordsOf } from './result.ts';
import { isTrue, rootOf } from './value.ts';

/** Whether a page says of itself that it failed. Throws `EverypageError` `SELECTION` where it does not fit the page. */
export interface PageCondition {
  /** As the user wrote it. */
  readonly text: string;
  /** @param page valid JSON */
  readonly isMet: (page: Uint8Array) => boolean;
}

/**
 * Reads what a user selects: a dotted path, as `parseSelection` does, or a JMESPath expression, which
 * it is where brackets, braces, quotes or one of | * & ? , ! = < > stand in it without a backslash.
 *
 * Throws `EverypageError` with code `SELECTION`.
 *
 *     readSelection("items[?state == 'open']");
 */
export function readSelection(text: string | null): Selection {
  if (text === null || !isExpression(text)) return parseSelection(text);
  return { text, keys: [], evaluate: readExpression(text) };
}

/**
 * Reads a JMESPath expression (jmespath.org, version 1.0) into a function from pages to records:
 * the elements of an array, nothing for null, else one record. Values that it takes from a page keep
 * their bytes; numbers are compared by all their digits. The function throws as `readSelection`
 * does, where the expression does not fit a page.
 */
function readExpression(text: string): (page: Uint8Array) => FoundRecords {
  const name = 'selection';
  const expression = orSay(name, text, 'cannot be read', () => parseExpression(text));
  return (page) =>
    orSay(name, text, 'does not fit this page', () => {
      const tree = readPageTree(page);
      return recordsOf(tree, evaluate(expression, rootOf(tree), tree));
    });
}

/**
 * Reads a JMESPath expression that is true of pages that failed; null and empty text are none. What
 * is true is JMESPath's own rule: everything but null, `false` and what is empty. `true`, `false`
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
  const isMet = (page: Uint8Array): boolean =>
    orSay(name, text, 'does not fit this page', () => {
      const tree = readPageTree(page);
      return isTrue(evaluate(expression, rootOf(tree), tree));
    });
  return { text, isMet };
}

function orSay<Result>(name: string, text: string, what: string, work: () => Result): Result {
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
