import { EverypageError } from '../../core/errors.ts';
import { escapeText } from '../../core/escape.ts';
import type { FoundRecords } from '../found-records.ts';
import { evaluate } from './evaluate.ts';
import { ExpressionFault } from './fault.ts';
import { readPageTree } from './page-tree.ts';
import { parseExpression } from './parse.ts';
import { recordsOf } from './result.ts';
import { rootOf } from './value.ts';

/**
 * Reads a JMESPath expression (jmespath.org, version 1.0) into a function from pages to records:
 * the elements of an array, nothing for null, else one record. Values that it takes from a page keep
 * their bytes; numbers are compared by all their digits.
 *
 * Throws `EverypageError` with code `SELECTION`; so does the function, where the expression does not
 * fit a page.
 */
export function readExpression(text: string): (page: Uint8Array) => FoundRecords {
  const expression = orSay(text, 'cannot be read', () => parseExpression(text));
  return (page) =>
    orSay(text, 'does not fit this page', () => {
      const tree = readPageTree(page);
      return recordsOf(tree, evaluate(expression, rootOf(tree), tree));
    });
}

function orSay<Result>(text: string, what: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ExpressionFault)) throw error;
    const place = `at character ${[...text.slice(0, error.at)].length + 1}`;
    throw new EverypageError(
      'SELECTION',
      `The selection "${escapeText(text, 80)}" ${what}: ${place}, ${escapeText(error.message)}`,
      { cause: error },
    );
  }
}
