/** Where a redirect leads: the next request, or why it is not followed. */
import { escapeText } from '../core/escape.ts';
import type { KnownCredentials } from '../core/known-credentials.ts';
import type { Method } from '../core/page-request.ts';
import { redactUrl, withholdCredentials } from '../core/redact.ts';
import { isNamedLocal } from '../http/address-guard.ts';
import type { Outcome } from '../http/outcome.ts';
import type { HeaderRecord, Trust } from './credentials.ts';

/** One request as it goes to a server. */
export interface Target {
  readonly method: Method;
  readonly origin: string;
  /** Whose server led here; null for a page that was asked for by the user's own URL. */
  readonly start: string | null;
  readonly path: string;
  readonly body: Uint8Array | null;
  readonly trust: Trust;
  /** The page's own headers, which go everywhere. */
  readonly own: HeaderRecord | null;
  /** With those of the run that the origin may have. */
  readonly headers: HeaderRecord;
}

interface RedirectRules {
  readonly hasCredentials: boolean;
  readonly allowOrigins: ReadonlySet<string>;
  readonly credentials: KnownCredentials;
  readonly secretParams: readonly string[];
  /** What a request is sent with. */
  readonly headersOf: (trust: Trust) => HeaderRecord;
}

export function followRedirect(
  rules: RedirectRules,
  from: Target,
  status: number,
  location: string,
): Target | Outcome {
  const redirect = classifyRedirect(new URL(from.origin + from.path), location);
  if (redirect.kind === 'invalid') {
    return { kind: 'fail', reason: `${status} with an invalid Location, ${shown(location)}` };
  }
  let { url } = redirect;
  if (redirect.kind === 'downgrade') {
    return {
      kind: 'unsafe',
      code: 'OTHER_ORIGIN',
      reason: `a redirect leads from https to ${url.origin}; that is never followed`,
    };
  }
  let trust = from.trust;
  if (redirect.kind === 'upgrade' && rules.hasCredentials && trust === 'named') {
    // They have gone out in clear already, so they are not given to the secure side as if still secret.
    trust = 'without-credentials';
  }
  if (redirect.kind === 'other-origin') {
    if (!rules.allowOrigins.has(url.origin)) {
      return {
        kind: 'unsafe',
        code: 'OTHER_ORIGIN',
        reason: leavesOrigin('a redirect', url.origin, from.origin),
      };
    }
    trust = 'foreign';
    const own = withholdCredentials(url.href, from.origin + from.path, rules.secretParams);
    url = new URL(rules.credentials.withhold(own));
  }
  // RFC 9110 §15.4: 307 and 308 keep the method; after the others a POST becomes a GET, as clients do.
  const keeps = status === 307 || status === 308 || from.method === 'GET';
  const start = from.start ?? from.origin;
  return {
    method: keeps ? from.method : 'GET',
    origin: url.origin,
    start: url.origin === start ? null : start,
    path: url.pathname + url.search,
    body: keeps ? from.body : null,
    trust,
    own: from.own,
    headers: rules.headersOf(trust),
  };
}

/**
 * Why a run stops at a link that leaves its origin, and the flag that allows it.
 *
 * @example leavesOrigin('a redirect', 'http://169.254.169.254', 'https://a.example')
 */
function leavesOrigin(what: string, origin: string, from: string): string {
  const where = isInside(origin) && !isInside(from) ? `${origin}, in your own network` : origin;
  return (
    `${what} leads to another origin, ${where}. If you trust it, add ` +
    `--allow-origin ${origin}; it gets no credentials and none of your headers`
  );
}

/** What is asked for then is sent to no other origin, so it may be offered first. */
export const sameOriginAdvice =
  'If the server only does not know how it is reached, add --same-origin: it asks for that path at the origin of your URL';

/** Why a run stops at a next link that leaves its origin, and the flags, the likelier one first. */
export function linkLeavesOrigin(link: URL, start: URL): string {
  const byOrigin = leavesOrigin('a next link', link.origin, start.origin);
  if (!seemsToBeItself(link, start)) return `${byOrigin}. ${sameOriginAdvice}`;
  const [what, allow] = byOrigin.split('. ');
  return `${what}. ${sameOriginAdvice}. ${allow}`;
}

/** Names that only resolve within a network: without a dot, of a cluster, of private use (RFC 6762, ICANN). */
const INSIDE_NAME = /^[^.:]+$|\.(?:local|internal|svc|lan|intranet|corp|home)$/i;

/** An address inside a network, another port of the host, or the path of the start at another host. */
function seemsToBeItself(link: URL, start: URL): boolean {
  if (isInside(link.origin) || INSIDE_NAME.test(link.hostname)) return true;
  if (link.hostname === start.hostname) return true;
  const [own, other] = [start, link].map(({ pathname }) => pathname.replace(/\/*$/, '/'));
  return other !== '/' && (own!.startsWith(other!) || other!.startsWith(own!));
}

function isInside(origin: string): boolean {
  return isNamedLocal(new URL(origin).hostname.replace(/^\[|\]$/g, ''));
}

/** Without its query, which may repeat what we sent. */
function shown(location: string): string {
  return `"${escapeText(redactUrl(location).replace(/[?#].*$/s, '?…'), 80)}"`;
}

/** Where a redirect may lead. No library's own redirects: they carry headers across origins. */
export const MAX_REDIRECTS = 10;

type Redirect =
  | { readonly kind: 'same-origin'; readonly url: URL }
  /** http to https on the same host, default ports: the one raise of scheme that is followed. */
  | { readonly kind: 'upgrade'; readonly url: URL }
  | { readonly kind: 'other-origin'; readonly url: URL }
  /** From https to http: never followed, whatever is allowed. */
  | { readonly kind: 'downgrade'; readonly url: URL }
  | { readonly kind: 'invalid' };

/**
 * @param from the URL that answered
 * @param location its Location header; may be relative (RFC 9110 §10.2.2)
 */
export function classifyRedirect(from: URL, location: string): Redirect {
  let url: URL;
  try {
    url = new URL(location, from);
  } catch {
    return { kind: 'invalid' };
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return { kind: 'invalid' };
  url.username = '';
  url.password = '';
  url.hash = '';
  if (url.origin === from.origin) return { kind: 'same-origin', url };
  if (from.protocol === 'https:' && url.protocol === 'http:') return { kind: 'downgrade', url };
  const sameHost = url.hostname === from.hostname && url.port === '' && from.port === '';
  if (sameHost && from.protocol === 'http:') return { kind: 'upgrade', url };
  return { kind: 'other-origin', url };
}
