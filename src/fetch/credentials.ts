/** Credentials on the way: which of the run's headers an origin may have, and where they come back into a stored link. */
import { EverypageError } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import { KnownCredentials, namedCredentials } from '../core/known-credentials.ts';
import type { Header } from '../core/options.ts';
import { Secret } from '../core/redact.ts';
import type { ResolvedOptions } from '../core/resolve-options.ts';
import { proxyAuthorization } from '../http/proxy.ts';
import type { PlanSource } from '../plan/plan.ts';

/** Which of the run's headers a request gets. */
export type Trust =
  /** An origin the user named: all of them. */
  | 'named'
  /** Named, but credentials have to stay behind: another origin in a list, or an upgrade after credentials went out in clear. */
  | 'without-credentials'
  /** Reached by a link or a redirect that the user allowed: nothing of the user's own. */
  | 'foreign';

export type HeaderRecord = Readonly<Record<string, string>>;

const ALWAYS_SENT = new Set(['accept', 'accept-encoding', 'user-agent']);

/** Builds the three header sets of a run once; requests share them. */
export function createRequestHeaders(
  headers: readonly Header[],
): Readonly<Record<Trust, HeaderRecord>> {
  const pick = (wanted: (header: Header) => boolean): HeaderRecord => {
    const record: Record<string, string> = {};
    for (const header of headers) {
      if (!wanted(header)) continue;
      const value = header.value instanceof Secret ? header.value.reveal() : header.value;
      const before = record[header.name];
      // Repeated fields join with a comma (RFC 9110 §5.3), cookies with a semicolon (RFC 6265 §5.4).
      const separator = header.name === 'cookie' ? '; ' : ', ';
      record[header.name] = before === undefined ? value : before + separator + value;
    }
    return Object.freeze(record);
  };
  return {
    named: pick(() => true),
    'without-credentials': pick((header) => !(header.value instanceof Secret)),
    foreign: pick((header) => ALWAYS_SENT.has(header.name) && !(header.value instanceof Secret)),
  };
}

export function holdsCredentials(options: Pick<ResolvedOptions, 'headers'>): boolean {
  return options.headers.some(({ value }) => value instanceof Secret);
}

/** Shows events without the credentials of the run, whatever put them there. */
export function withoutCredentials(
  emit: EventSink,
  { credentials }: Pick<ResolvedOptions, 'credentials'>,
): EventSink {
  return credentials.isEmpty ? emit : (event) => emit(credentials.withholdIn(event));
}

/** The error as it may be shown. */
export function shownError(
  error: unknown,
  { credentials }: Pick<ResolvedOptions, 'credentials'>,
): unknown {
  if (!(error instanceof EverypageError)) return error;
  const message = credentials.withhold(error.message);
  return message === error.message ? error : new EverypageError(error.code, message);
}

/** The options with every credential that is known before the first request: also those of URLs and a proxy. */
export function withKnownCredentials(
  options: ResolvedOptions,
  sources: readonly PlanSource[],
  proxy: URL | null,
): ResolvedOptions {
  const urls = sources.flatMap((source) =>
    source.kind === 'template' || source.kind === 'literal' ? [source.text] : [],
  );
  const authorization = proxy === null ? null : proxyAuthorization(proxy);
  const given = namedCredentials(options, urls, authorization);
  return { ...options, credentials: new KnownCredentials(given, options.secretParams) };
}

const REDACTED = /([?&#;]|^)([^?&#=]*)=REDACTED(?=$|[&#;])/g;

/**
 * A stored next link with the credentials it had: those of the start URL's parameters of the same
 * name. What the start URL does not have stays `REDACTED`, and the server will say so.
 *
 * @example
 * restoreCredentials('https://a.example/?page=2&api_key=REDACTED', 'https://a.example/?api_key=abc')
 * // 'https://a.example/?page=2&api_key=abc'
 */
export function restoreCredentials(url: string, startUrl: string): string {
  if (!url.includes('=REDACTED')) return url;
  const values = new Map<string, string>();
  for (const part of startUrl.slice(startUrl.indexOf('?') + 1).split('&')) {
    const equals = part.indexOf('=');
    if (equals !== -1) values.set(part.slice(0, equals), part.slice(equals + 1));
  }
  return url.replaceAll(REDACTED, (whole, before: string, name: string) => {
    const value = values.get(name);
    return value === undefined ? whole : `${before}${name}=${value}`;
  });
}
