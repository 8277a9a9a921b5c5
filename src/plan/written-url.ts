/** URLs as users write them and as servers link to them: what they stand for, and what will be requested. */
import { EverypageError, usageError } from '../core/errors.ts';
import { escapeText, percentDecoded } from '../core/escape.ts';
import type { RunOptions } from '../core/options.ts';
import { redactUrl } from '../core/redact.ts';
import type { PlanSource } from './plan.ts';
import { parseUrlTemplate } from './url-template.ts';

const httpScheme = /^https?:\/\//i;
const anyScheme = /^([a-z][a-z0-9+.-]*):\/\//i;

/**
 * The URL as it will be requested: absolute, http or https, normalised as the URL standard says,
 * without its fragment. The query stays as the user wrote it, as far as the standard allows.
 *
 * Throws `EverypageError` `URL_INVALID` for everything else, and for user info, which would end up
 * wherever URLs are kept. The message names `origin` and shows the URL redacted.
 *
 * @param origin where the user wrote it (`urls.txt line 7`), or null for an argument
 */
export function checkUrl(
  text: string,
  origin: string | null,
  secretParams?: readonly string[],
): string {
  // Nearly all are ASCII: V8 takes a quarter of a millisecond to set up what knows all characters there are.
  const isPlain = /^[ -~]*$/.test(text);
  if (!isPlain && /\p{Cc}/u.test(text))
    fail('holds a control character or a line break; remove it');
  const trimmed = text.trim();
  if (!httpScheme.test(trimmed)) failScheme();
  // The URL standard passes over further slashes, and would take the first folder for the host.
  if (/^https?:\/\/[/\\]/i.test(trimmed)) fail('names no host; is a shell variable unset?');
  const url = URL.parse(trimmed);
  if (url === null) fail('is not a valid URL; check its host and port');
  if (url.username !== '' || url.password !== '') {
    const shown = redactUrl(trimmed, secretParams);
    fail('holds a user name or password; take it out and give it with -u user:password', shown);
  }
  if (trimmed.includes('#')) url.hash = '';
  return url.href;

  function failScheme(): never {
    const scheme = anyScheme.exec(trimmed)?.[1];
    if (trimmed === '') fail('is empty', 'the URL');
    if (scheme !== undefined) fail(`begins with ${scheme}://; only http and https can be fetched`);
    if (/^https?:/i.test(trimmed)) fail('lacks the // after http: or https:');
    if (/\s/.test(trimmed)) {
      const shown = `"${redactInvalid(trimmed, secretParams)}"`;
      fail('is not a URL; a URL begins with https:// and has no spaces', shown);
    }
    const rest = redactInvalid(trimmed, secretParams).replace(/^[/\\]+/, '');
    // A server on one's own machine seldom has a certificate.
    const likely = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?:[:/?]|$)/i.test(rest)
      ? 'http'
      : 'https';
    const guess = trimmed.includes('@')
      ? 'begin it with https://'
      : `did you mean ${likely}://${rest}?`;
    fail(`has no scheme; ${guess}`);
  }

  function fail(what: string, shown = redactInvalid(text.trim(), secretParams)): never {
    const message = `${escapeText(shown, 200)} ${what}`;
    throw new EverypageError('URL_INVALID', origin === null ? message : `${origin}: ${message}`);
  }
}

/**
 * Where a text is no URL, a password may hold a `/` or `?` and so stand in what looks like a path:
 * all up to the last `@` goes, not only what the standard would call user info.
 */
function redactInvalid(text: string, secretParams: readonly string[] | undefined): string {
  const shown = redactUrl(text.slice(text.lastIndexOf('@') + 1), secretParams);
  return text.includes('@') ? `…@${shown}` : shown;
}

/** What a URI template leaves open to whoever follows it (RFC 6570): `{&sort}`. JSON begins with a quote. */
const OPEN_EXPRESSIONS = /\{[?&;/#.+][A-Za-z_][\w.,:*%-]*\}/g;

/**
 * What a server's link leads to: absolute, without user info and fragment. Null where it is no URL
 * or neither http nor https. What a template leaves open is nothing (RFC 6570 §3.2.1).
 */
export function resolveUrl(target: string, base: string): string | null {
  const url = URL.parse(target.replaceAll(OPEN_EXPRESSIONS, ''), base);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null;
  // Setting a part normalises the URL again, so only what is there is taken away.
  if (url.username !== '' || url.password !== '') {
    url.username = '';
    url.password = '';
  }
  if (url.href.includes('#')) url.hash = '';
  return url.href;
}

/** Parameters without a question mark, two at least: a token may hold `=`. */
export function isBareQuery(target: string): boolean {
  return /^[\w.[\]$%-]+=[^\s?&/]*(?:&[\w.[\]$%-]+=[^\s?&/]*)+$/.test(target);
}

/**
 * A link that is relative to a base which the page states beside it, and not to the page: Confluence
 * links to `/rest/…` beside `base: https://host/wiki`. Only the path of the base counts, so that such a
 * link stays at its origin; and only where the page itself stands under it and the link does not.
 */
export function underBase(target: string, base: string | null, page: string): string {
  if (base === null || /^(?:[a-z][a-z0-9+.-]*:|\/\/|[?#]|$)/i.test(target)) return target;
  const root = URL.parse(base, page)?.pathname.replace(/\/+$/, '') ?? '';
  const own = URL.parse(page)?.pathname ?? '';
  if (root === '' || !own.startsWith(`${root}/`) || target.startsWith(`${root}/`)) return target;
  const joined = `${root}/${target.replace(/^\/+/, '')}`;
  if (target.startsWith('/')) return joined;
  return URL.parse(joined, page)?.pathname === own ? joined : target;
}

/**
 * A link that says http where the run began with https: a server behind a proxy does not know how
 * it is reached. It is raised where that leads to the very host and port of `start`, never lowered.
 */
export function raiseScheme(url: string, start: string): string {
  if (!url.startsWith('http:') || !start.startsWith('https:')) return url;
  const raised = URL.parse(url);
  if (raised === null) return url;
  raised.protocol = 'https:';
  return raised.host === URL.parse(start)?.host ? raised.href : url;
}

/** A link's path and query at the origin of `start`, where the server does not know how it is reached. */
export function atOriginOf(url: string, start: string): string {
  const { origin } = new URL(start);
  const parsed = new URL(url);
  return origin + parsed.pathname + parsed.search;
}

/**
 * What a URL argument of the command line stands for: `-` and `@-` are standard input, `@urls.txt`
 * is a list, and anything else is a URL, with ranges and sets unless `literal` (`-g`).
 *
 * Throws `EverypageError` `USAGE` for `@` without a path and for an empty argument.
 */
export function sourceOf(argument: string, literal: boolean): PlanSource {
  if (argument === '-' || argument === '@-') return { kind: 'stdin' };
  if (argument === '') {
    throw usageError('a URL argument is empty; is a shell variable unset?');
  }
  if (argument === '@') {
    throw usageError('@ needs the path of a list after it, as in @urls.txt');
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
    throw usageError('not all URLs hold the same user name and password; run them one by one');
  }
  if (options.user !== undefined || namesAuthorization(options)) {
    throw usageError(
      'a URL holds a user name, and credentials are given by flags too; leave out one of them',
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
  const user = percentDecoded(colon === -1 ? userInfo : userInfo.slice(0, colon));
  const password = colon === -1 ? '' : percentDecoded(userInfo.slice(colon + 1));
  if (user.includes(':'))
    throw usageError('the user name in the URL holds a colon, which Basic forbids');
  return `${user}:${password}`;
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
  if (!readable.includes('[') && !readable.includes('{')) return null;
  // Quotes mark JSON, where brackets and braces mean something else.
  if (/%22|"/.test(readable)) return null;
  return nearRange.exec(readable.slice(readable.indexOf('/', 8)))?.[0] ?? null;
}
