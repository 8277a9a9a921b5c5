/** Text made safe to print, for a terminal and for a shell; and percent-encoded text made readable. */

/**
 * Everything that could move a cursor, colour, reorder or hide text: controls (C0, DEL, C1), line
 * and paragraph separators, bidirectional controls, lone surrogates, zero-width and interlinear
 * marks. Joiners stay, since emoji and several scripts need them.
 */
function isUnsafe(text: string): boolean {
  // Here, since V8 takes half a millisecond of a start to look up these properties.
  return /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\u200b\u2060-\u2064\ufeff\ufff9-\ufffb]/u.test(
    text,
  );
}

/**
 * Makes text that came from a server safe for a terminal or a log line: each unsafe character is
 * shown as `\x1b` or `\u202e`, all others stay. The result is at most `maxLength` UTF-16 units
 * long; longer text ends in `…`, and neither a character nor an escape is cut in half.
 *
 * @example escapeText('a\x1b[31mb', 80) // 'a\\x1b[31mb'
 */
export function escapeText(text: string, maxLength: number = Number.POSITIVE_INFINITY): string {
  if (text.length <= maxLength && !isUnsafe(text)) return text;
  let shown = '';
  // What stands if the next character turns out not to fit: room for the ellipsis is kept.
  let cut = '';
  for (const character of text) {
    shown += isUnsafe(character) ? escapeOf(character) : character;
    if (shown.length > maxLength) return maxLength < 1 ? '' : `${cut}…`;
    if (shown.length < maxLength) cut = shown;
  }
  return shown;
}

function escapeOf(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** Quoted for the shells of this system, only where that is needed. */
export function shellQuote(argument: string): string {
  return process.platform === 'win32' ? windowsQuote(argument) : posixQuote(argument);
}

/**
 * Quoted for PowerShell; without a double quote, dollar sign, backtick or control character it holds for
 * cmd.exe too. A comma or a leading `@` would mean something to PowerShell.
 */
function windowsQuote(argument: string): string {
  if (/^[\w+=:./\\-]+$/.test(argument)) return argument;
  // PowerShell takes typographic double quotes for quotes.
  const escaped = argument.replace(/["$`\u201c-\u201e]|\p{C}/gu, (char) =>
    /\p{C}/u.test(char) ? `\`u{${char.codePointAt(0)!.toString(16)}}` : `\`${char}`,
  );
  return `"${escaped}"`;
}

function posixQuote(argument: string): string {
  if (/^[\w@%+=:,./-]+$/.test(argument)) return argument;
  if (!/\p{C}/u.test(argument)) return `'${argument.replaceAll("'", `'\\''`)}'`;
  // $'…' is the one form that shows control characters instead of sending them to the terminal.
  const escaped = argument.replace(/[\\']|\p{C}/gu, (char) => {
    if (char === '\\' || char === "'") return `\\${char}`;
    return [...Buffer.from(char)]
      .map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`)
      .join('');
  });
  return `$'${escaped}'`;
}

/** Percent-encoded text, decoded. A lone `%` is legal in what people type: the text means itself then. */
export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
