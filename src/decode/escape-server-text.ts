/** Control, format (bidirectional overrides among them), lone surrogate, and line separators. */
const UNSAFE = /[\p{C}\u2028\u2029]/gu;

/**
 * Text from a server, fit to stand in a message: nothing in it can move a cursor or reorder a line,
 * and it is at most `maxCharacters` long, with `…` where it was cut.
 */
export function escapeServerText(text: string, maxCharacters: number): string {
  const characters = [...text.slice(0, 2 * maxCharacters + 2)];
  const short =
    characters.length > maxCharacters
      ? `${characters.slice(0, maxCharacters - 1).join('')}…`
      : characters.join('');
  return short.replace(UNSAFE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
