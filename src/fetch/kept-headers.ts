/** Which response headers of a page are stored, and how credentials are kept out of them. */
import type { KnownCredentials } from '../core/known-credentials.ts';
import { redactUrl } from '../core/redact.ts';
import type { HeaderValues } from '../http/transport.ts';

/** Response headers worth keeping: what represents the page, how it pages and what it says about limits. Never Set-Cookie. */
const KEPT = new Set([
  'content-type',
  'content-language',
  'content-range',
  'date',
  'etag',
  'last-modified',
  'link',
  'retry-after',
  'x-request-id',
]);
/** With an `x-` before them or not. */
const KEPT_BEGINNINGS = [
  'ratelimit',
  'rate-limit',
  'total',
  'wp-total',
  'next',
  'page',
  'pagination',
];
/** Servers send the same names with every page; one that makes them up does not fill the memory. */
const known = new Map<string, boolean>();
const MOST_KNOWN = 1000;

/** A link's target, a URL that stands by itself, or a query, as in `{"next":"/items?page=2"}`. */
const LINK = /<[^<>]*>|https?:\/\/[^\s<>"]+|\?[^\s<>"]*/gi;

/** As a JSON object for the archive, without credentials; null where nothing is worth keeping. */
export function keptHeaders(headers: HeaderValues, credentials: KnownCredentials): string | null {
  let kept: Record<string, string | readonly string[]> | null = null;
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || !isKept(name)) continue;
    kept ??= {};
    kept[name] =
      typeof value === 'string'
        ? withoutCredentials(value, credentials)
        : value.map((each) => withoutCredentials(each, credentials));
  }
  return kept === null ? null : JSON.stringify(kept);
}

function isKept(name: string): boolean {
  let kept = known.get(name);
  if (kept === undefined) {
    const bare = name.startsWith('x-') ? name.slice(2) : name;
    kept = KEPT.has(name) || KEPT_BEGINNINGS.some((beginning) => bare.startsWith(beginning));
    if (known.size < MOST_KNOWN) known.set(name, kept);
  }
  return kept;
}

function withoutCredentials(value: string, credentials: KnownCredentials): string {
  const { secretParams } = credentials;
  const links = value.includes('=')
    ? value.replace(LINK, (link) =>
        link.startsWith('<')
          ? `<${redactUrl(link.slice(1, -1), secretParams)}>`
          : redactUrl(link, secretParams),
      )
    : value;
  return credentials.seal(links);
}
