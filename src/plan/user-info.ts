import { EverypageError } from '../core/errors.ts';
import type { RunOptions } from '../core/options.ts';
import type { PlanSource } from './plan.ts';

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
