import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { whyUnreadable } from '../core/files.ts';
import { redactUrl } from '../core/redact.ts';
import type { CliContext } from './context.ts';
import { type TypedArguments, UsageError } from './typed-arguments.ts';

interface Credentials {
  /** `user:password` of ~/.netrc, or null. */
  readonly user: string | null;
  /** Value of an authorization header, or null. */
  readonly authorization: string | null;
}

/**
 * The credentials of `--bearer-env` and `-n`; `-u` is an option of the run as it is. Throws `UsageError`
 * if a variable or an entry is missing, or if the host is not clear.
 */
export async function readCredentials(
  typed: TypedArguments,
  context: Pick<CliContext, 'env'>,
): Promise<Credentials> {
  const variable = typed.value('bearer-env');
  if (variable !== null) {
    return { user: null, authorization: `Bearer ${bearerToken(variable, context.env)}` };
  }
  if (typed.has('netrc')) {
    return { user: await netrcUser(typed, context.env), authorization: null };
  }
  return { user: null, authorization: null };
}

function bearerToken(variable: string, env: CliContext['env']): string {
  const token = env[variable]?.trim();
  if (!token) {
    // People paste the token itself here by mistake, and a message must not repeat it.
    const name = /^[A-Z_][A-Z0-9_]{0,63}$/.test(variable) ? ` ${variable}` : '';
    throw new UsageError(
      `--bearer-env${name}: that environment variable is not set, or is empty; it takes the name of a variable, not the token`,
    );
  }
  if (/[\r\n]/.test(token)) throw new UsageError('--bearer-env: the token must be one line');
  return token;
}

/** The file of `--netrc`. */
export function netrcPath(env: CliContext['env']): string {
  return env['NETRC'] || join(env['HOME'] || homedir(), '.netrc');
}

async function netrcUser(typed: TypedArguments, env: CliContext['env']): Promise<string> {
  const path = netrcPath(env);
  const host = onlyHost(typed);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`--netrc: ${path} cannot be read: ${whyUnreadable(cause)}`, null, cause);
  }
  const entry = findNetrcEntry(parseNetrc(text), host);
  if (entry === null) throw new UsageError(`--netrc: ${path} has no entry for ${host}`);
  return `${entry.login ?? ''}:${entry.password ?? ''}`;
}

/** The one host of all URL arguments. A list cannot be used: its URLs are not read yet. */
function onlyHost(typed: TypedArguments): string {
  const hosts = new Set<string>();
  for (const argument of typed.positionals) {
    const match = /^https?:\/\/(?:[^/?#@]*@)?(\[[0-9a-f:.]+\]|[^/:?#[\]{}]+)(?=[/:?#]|$)/i.exec(
      argument,
    );
    if (match === null) {
      throw new UsageError(
        `--netrc needs URL arguments that name one host, so that a password goes nowhere else; ${redactUrl(argument, typed.list('secret-param'))} does not. Use -H @file or --bearer-env`,
      );
    }
    hosts.add(match[1]!.toLowerCase());
  }
  const [first, second] = hosts;
  if (first === undefined) throw new UsageError('--netrc needs a URL argument');
  if (second !== undefined) {
    throw new UsageError(
      `--netrc: the URLs name two hosts, ${first} and ${second}; run them one by one`,
    );
  }
  return first;
}

/** `~/.netrc`: which user and password belong to a host. */
export interface NetrcEntry {
  /** Null for `default`, which fits every host. */
  readonly machine: string | null;
  readonly login: string | null;
  readonly password: string | null;
}

/**
 * Entries in the order of the file. Values may be in double quotes with backslash escapes, as curl
 * reads them; macros (`macdef`) and what follows `#` are ignored.
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
