import { EverypageError, usageError } from '../core/errors.ts';

/** A header as the user wrote it: `name` in lower case, `value` without white space around it. */
export interface HeaderLine {
  readonly name: string;
  /** Empty (`Accept:`): as in curl, no header of this name is sent, not even a default one. */
  readonly value: string;
}

/**
 * Reads `Name: value` as `-H` takes it. `Name:` gives an empty value: the header is left out.
 *
 * Throws `EverypageError` `USAGE` without a colon, where the name is no token (RFC 9110 §5.6.2) or
 * the value holds a control character or one beyond Latin-1 (RFC 9110 §5.5). The message never
 * repeats the value.
 */
export function parseHeaderLine(line: string): HeaderLine {
  const colon = line.indexOf(':');
  if (colon === -1) {
    throw usageError(`a header needs a colon, as in 'Name: value'${quoteName(line)}`);
  }
  const name = line.slice(0, colon);
  if (name === '') {
    throw usageError("a header needs a name before its colon, as in 'Name: value'");
  }
  const stray = /[^!#$%&'*+.^_`|~0-9A-Za-z-]/u.exec(name);
  if (stray !== null) {
    throw usageError(
      `a header's name cannot contain ${describe(stray[0])}; write it as 'Name: value'`,
    );
  }
  // Line ends are no white space here: trimming them would hide an injected header.
  const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '');
  const refused = /[^\t\P{Cc}]|[^\0-\u00ff]/u.exec(value);
  if (refused !== null) {
    throw usageError(`the value of the header '${name}' cannot contain ${describe(refused[0])}`);
  }
  return { name: name.toLowerCase(), value };
}

/**
 * Reads the file of `-H @file`: one header a line, LF or CRLF; blank lines and lines that begin
 * with `#` are skipped. Throws as `parseHeaderLine` does, naming the file and the line.
 *
 * @param name what messages call the file
 */
export function parseHeaderFile(text: string, name: string): HeaderLine[] {
  const headers: HeaderLine[] = [];
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    try {
      headers.push(parseHeaderLine(trimmed));
    } catch (error) {
      if (!(error instanceof EverypageError)) throw error;
      throw usageError(`${name} line ${index + 1}: ${error.message}`);
    }
  }
  return headers;
}

/** Only a first word that looks like a header's name; anything else may be a token and is not shown. */
function quoteName(line: string): string {
  const match = /^([A-Za-z]{1,20}(?:-[A-Za-z]{1,20}){0,4})[ =]/.exec(line);
  return match === null ? '' : `; got '${match[1]} …'`;
}

function describe(character: string): string {
  if (character === ' ') return 'a space';
  if (character === '\r' || character === '\n') return 'a line break';
  const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
  return `the character U+${code}`;
}
