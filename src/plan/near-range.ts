/** What people write for a range: `[1..3]`, `[1:3]`, `[1–3]`; and a range or a set that nobody closed. */
const nearRange = /\[\w+(?:\.{2,3}|:|–|%E2%80%93)\w+\]|\[\w+-[^\][&#]*$|\{[^{}"&#]*,[^{}"&#]*$/i;

/**
 * The piece of a URL that looks like a range or set and is none, so that it went out as it stands;
 * null without one.
 *
 * @example findNearRange('https://a.example/?page=[1..3]') // '[1..3]'
 */
export function findNearRange(url: string): string | null {
  const readable = url.replaceAll('%7B', '{').replaceAll('%7D', '}');
  // Quotes mark JSON, where brackets and braces mean something else.
  if (/%22|"/.test(readable)) return null;
  return nearRange.exec(readable.slice(readable.indexOf('/', 8)))?.[0] ?? null;
}
