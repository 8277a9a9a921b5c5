/** `~/.netrc`: which user and password belong to a host. */
export interface NetrcEntry {
  /** Null for `default`, which fits every host. */
  readonly machine: string | null;
  readonly login: string | null;
  readonly password: string | null;
}

/**
 * Entries in the order of the file. Values may be in double quotes with backslash escapes, as curl
 * reads them; macros (`macdef`) and what follows `#` are passed over.
 */
export function parseNetrc(text: string): readonly NetrcEntry[] {
  const entries: { machine: string | null; login: string | null; password: string | null }[] = [];
  const tokens = netrcTokens(text);
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]!;
    const current = entries.at(-1);
    if (token === 'default') {
      entries.push({ machine: null, login: null, password: null });
    } else if (token === 'machine') {
      entries.push({ machine: tokens[++at] ?? '', login: null, password: null });
    } else if (token === 'login' || token === 'password') {
      const value = tokens[++at] ?? '';
      if (current !== undefined) current[token] = value;
    } else if (token === 'account') {
      at++;
    }
  }
  return entries;
}

/** The first entry for `host`, else `default`, else null. */
export function findNetrcEntry(entries: readonly NetrcEntry[], host: string): NetrcEntry | null {
  const wanted = host.toLowerCase();
  return (
    entries.find((entry) => entry.machine?.toLowerCase() === wanted) ??
    entries.find((entry) => entry.machine === null) ??
    null
  );
}

function netrcTokens(text: string): readonly string[] {
  const tokens: string[] = [];
  // A macro lasts from its `macdef` to the next empty line.
  const withoutMacros = text.replace(
    /^[ \t]*macdef\b[\s\S]*?(?:\r?\n[ \t]*\r?\n|$(?![\s\S]))/gm,
    '\n',
  );
  for (const line of withoutMacros.split(/\r?\n/)) {
    for (const [token, quoted] of line.matchAll(/"((?:[^"\\]|\\.)*)"|\S+/g)) {
      if (quoted === undefined && token.startsWith('#')) break;
      tokens.push(quoted === undefined ? token : quoted.replace(/\\(.)/g, unescapeQuoted));
    }
  }
  return tokens;
}

function unescapeQuoted(_match: string, char: string): string {
  if (char === 'n') return '\n';
  if (char === 'r') return '\r';
  return char === 't' ? '\t' : char;
}
