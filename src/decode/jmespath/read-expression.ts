import { EverypageError } from '../../core/errors.ts';
import { escapeText } from '../../core/escape.ts';
import type { FoundRecords } from '../found-records.ts';
import { withBareLiterals } from './bare-literals.ts';
import { evaluate } from './evaluate.ts';
import { ExpressionFault } from './fault.ts';
import { readPageTree } from './page-tree.ts';
import { parseExpression } from './parse.ts';
import { recordsOf } from './result.ts';
import { isTrue, rootOf } from './value.ts';

/**
 * Reads a JMESPath expression (jmespath.org, version 1.0) into a function from pages to records:
 * the elements of an array, nothing for null, else one record. Values that it takes from a page keep
 * their bytes; numbers are compared by all their digits.
 *
 * Throws `EverypageError` with code `SELECTION`; so does the function, where the expression does not
 * fit a page.
 */
export function readExpression(text: string): (page: Uint8Array) => FoundRecords {
  const name = 'selection';
  const expression = orSay(name, text, 'cannot be read', () => parseExpression(text));
  return (page) =>
    orSay(name, text, 'does not fit this page', () => {
      const tree = readPageTree(page);
      return recordsOf(tree, evaluate(expression, rootOf(tree), tree));
    });
}

/**
 * Reads a JMESPath expression into a condition for pages, by JMESPath's own rule of what is true:
 * everything but null, `false` and what is empty. Throws as `readExpression` does.
 */
export function readCondition(text: string): (page: Uint8Array) => boolean {
  const name = 'condition';
  const expression = orSay(name, text, 'cannot be read', () =>
    withBareLiterals(parseExpression(text)),
  );
  return (page) =>
    orSay(name, text, 'does not fit this page', () => {
      const tree = readPageTree(page);
      return isTrue(evaluate(expression, rootOf(tree), tree));
    });
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
