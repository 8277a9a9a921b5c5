import { isExpression, parseSelection, type Selection } from './selection.ts';

/**
 * Reads what a user selects: a dotted path, as `parseSelection` does, or a JMESPath expression, which
 * it is where brackets, braces, quotes or one of | * & ? , ! = < > stand in it without a backslash.
 * What expressions need is loaded only then.
 *
 * Throws `EverypageError` with code `SELECTION`.
 *
 *     await loadSelection("items[?state == 'open']");
 */
export async function loadSelection(text: string | null): Promise<Selection> {
  if (text === null || !isExpression(text)) return parseSelection(text);
  const { readExpression } = await import('./jmespath/read-expression.ts');
  return { text, keys: [], evaluate: readExpression(text) };
}
