/** What a server says in words, within the JSON of an error. */

/** Fields that hold words for people, the most telling first. */
const NAMES = [
  ...['message', 'error_description', 'error_message', 'errormessage', 'detail', 'details', 'msg'],
  ...['reason', 'info', 'description', 'faultstring', 'error', 'errors', 'fault', 'title'],
];
const MAX_DEPTH = 4;

/**
 * The words of an error that came as JSON: its `message`, `detail`, `error` and the like, also where
 * that is an object or a list of them. Null where there is none.
 *
 * @example messageIn('{"error":{"code":7,"message":"no such page"}}') // 'no such page'
 */
export function messageIn(text: string): string | null {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' ? wordsOf(json, MAX_DEPTH) : null;
  } catch {
    return null;
  }
}

function wordsOf(value: unknown, depth: number): string | null {
  if (typeof value === 'string') return value.trim() === '' ? null : value;
  if (typeof value !== 'object' || value === null || depth === 0) return null;
  if (Array.isArray(value)) return wordsOf(value[0], depth - 1);
  const fields = new Map(Object.entries(value).map(([name, own]) => [name.toLowerCase(), own]));
  for (const name of NAMES) {
    const words = wordsOf(fields.get(name), depth - 1);
    if (words !== null) return words;
  }
  return null;
}
