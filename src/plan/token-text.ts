/** What can be read in a token: the text itself, or what its base64 says. */

/** The token, and the text that it is the base64 of, if it is that of a text. */
export function textsOf(token: string): readonly string[] {
  const decoded = decodedText(token);
  return decoded === null ? [token] : [token, decoded];
}

/** The whole numbers in a token by their names: `{"offset":100}`, `offset=100`; a lone one has the name ''. */
export function numbersIn(token: string): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  for (const text of textsOf(token)) {
    for (const [, name = '', digits] of text.matchAll(NAMED)) numbers.set(name, Number(digits));
    const lone = /^\D*?(\d{1,15})\D*$/.exec(text)?.[1];
    if (lone !== undefined && numbers.size === 0) numbers.set('', Number(lone));
  }
  return numbers;
}

const NAMED = /([A-Za-z_][\w-]*)"?\s*[:=]\s*"?(\d{1,15})(?![\w.])/g;
const LEAST_TOKEN = 4;
const MOST_TOKEN = 4096;

function decodedText(token: string): string | null {
  const isBase64 = /^[A-Za-z0-9+/_-]+={0,2}$/.test(token);
  if (!isBase64 || token.length < LEAST_TOKEN || token.length > MOST_TOKEN) return null;
  const text = Buffer.from(token, 'base64').toString();
  return /^[\x20-\x7e]+$/.test(text) ? text : null;
}
