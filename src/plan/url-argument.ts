/** What a URL argument stands for, and what is found in it before anything is asked for. */
import { EverypageError } from '../core/errors.ts';
import type { RunOptions } from '../core/options.ts';
import type { PlanSource } from './plan.ts';
import { parseUrlTemplate } from './url-template.ts';

/**
 * What a URL argument of the command line stands for: `-` and `@-` are standard input, `@urls.txt`
 * is a list, and anything else is a URL, with ranges and sets unless `literal` (`-g`).
 *
 * Throws `EverypageError` `USAGE` for `@` without a path and for an empty argument.
 */
export function sourceOf(argument: string, literal: boolean): PlanSource {
  if (argument === '-' || argument === '@-') return { kind: 'stdin' };
  if (argument === '') {
    throw new EverypageError('USAGE', 'a URL argument is empty; is a shell variable unset?');
  }
  if (argument === '@') {
    throw new EverypageError('USAGE', '@ needs the path of a list after it, as in @urls.txt');
  }
  if (argument.startsWith('@')) return { kind: 'file', path: argument.slice(1) };
  return { kind: literal ? 'literal' : 'template', text: argument };
}

const USER_INFO = /^(\s*https?:\/\/)([^/?#\\]*)@/i;

/**
 * Sources without the user names and passwords in their URLs, which become the run's credentials as
 * if `user` had given them: what stands in a URL ends up wherever URLs are kept. Lines of lists keep
 * theirs, and are refused when they are read.
 *
 * @throws EverypageError USAGE where it would be unclear whom the credentials are for
 * @example
 * takeUserInfo([{ kind: 'literal', text: 'https://me:pw@a.example/' }], {})
 * // { sources: [{ kind: 'literal', text: 'https://a.example/' }], options: { user: 'me:pw' } }
 */
export function takeUserInfo<Options extends RunOptions>(
  sources: readonly PlanSource[],
  options: Options,
): { readonly sources: readonly PlanSource[]; readonly options: Options } {
  const found = new Set(sources.map((source) => userInfoOf(source)));
  const [first] = found;
  if (found.size === 0 || (found.size === 1 && first === null)) return { sources, options };
  if (found.size > 1) {
    throw usage('not all URLs hold the same user name and password; run them one by one');
  }
  if (options.user !== undefined || namesAuthorization(options)) {
    throw usage(
      'a URL holds a user name, and credentials are given besides; leave out one of them',
    );
  }
  return {
    sources: sources.map(withoutUserInfo),
    options: { ...options, user: userOf(first ?? '') },
  };
}

function userInfoOf(source: PlanSource): string | null {
  if (source.kind !== 'template' && source.kind !== 'literal') return null;
  return USER_INFO.exec(source.text)?.[2] ?? null;
}

function withoutUserInfo(source: PlanSource): PlanSource {
  if (source.kind !== 'template' && source.kind !== 'literal') return source;
  return { ...source, text: source.text.replace(USER_INFO, '$1') };
}

function namesAuthorization({ headers = [] }: RunOptions): boolean {
  const names = Symbol.iterator in headers ? headers.map(([name]) => name) : Object.keys(headers);
  return names.some((name) => name.trim().toLowerCase() === 'authorization');
}

/** `user:password` as Basic authentication has it (RFC 7617 §2). */
function userOf(userInfo: string): string {
  const colon = userInfo.indexOf(':');
  const user = decoded(colon === -1 ? userInfo : userInfo.slice(0, colon));
  const password = colon === -1 ? '' : decoded(userInfo.slice(colon + 1));
  if (user.includes(':'))
    throw usage('the user name in the URL holds a colon, which Basic forbids');
  return `${user}:${password}`;
}

/** A lone `%` is legal in what people type, and then means itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function usage(message: string): EverypageError {
  return new EverypageError('USAGE', message);
}

/** Origin of the first page where an argument tells it without reading a list; else null. */
export function firstOrigin(sources: readonly PlanSource[]): string | null {
  const first = sources[0];
  if (first?.kind === 'template') return originOf(parseUrlTemplate(first.text).at(0));
  return first?.kind === 'literal' ? originOf(first.text) : null;
}

/** What is no URL of the web is told later, with what it may have been meant to be. */
function originOf(text: string): string | null {
  // `http:///x` would be read as the host x.
  if (/^\s*https?:\/\/[/\\]/i.test(text)) return null;
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) ? url.origin : null;
}

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
