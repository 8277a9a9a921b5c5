/** Where the values of a JSON text end that is known to be valid; positions are characters. */

export function skipJsonSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && ' \t\n\r'.includes(text.charAt(at))) at++;
  return at;
}

export interface JsonMember {
  /** The key with its quotes. */
  readonly key: string;
  /** Where the value begins and ends (exclusive). */
  readonly from: number;
  readonly to: number;
}

/** The members of the object that begins at `from`, equal keys among them. */
export function* jsonMembers(text: string, from: number): Generator<JsonMember> {
  let at = skipJsonSpace(text, from + 1);
  while (at < text.length && text.charAt(at) !== '}') {
    const keyEnd = endOfJsonString(text, at);
    const value = skipJsonSpace(text, skipJsonSpace(text, keyEnd) + 1);
    const to = endOfJsonValue(text, value);
    yield { key: text.slice(at, keyEnd), from: value, to };
    at = skipJsonSpace(text, to);
    if (text.charAt(at) === ',') at = skipJsonSpace(text, at + 1);
  }
}

/** Behind the closing quote of the string whose opening quote stands at `from`. */
export function endOfJsonString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '"') return at + 1;
    if (character === '\\') at++;
  }
  return text.length;
}

/** Behind the value that begins at `from`. */
export function endOfJsonValue(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; ) {
    const character = text.charAt(at);
    if (character === '"') {
      at = endOfJsonString(text, at);
      if (depth === 0) return at;
      continue;
    }
    if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') {
      // Without one open, it closes what the value stands in.
      if (depth === 0) return at;
      if (--depth === 0) return at + 1;
    } else if (depth === 0 && ', \t\n\r'.includes(character)) return at;
    at++;
  }
  return text.length;
}
