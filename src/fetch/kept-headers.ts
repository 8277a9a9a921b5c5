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
const KEPT_PREFIX = /^(?:x-)?(?:rate-?limit|total|wp-total|next|page|pagination)/;
/** Servers send the same names with every page; one that makes them up does not fill the memory. */
const known = new Map<string, boolean>();
const MOST_KNOWN = 1000;

/** A link's target, a URL that stands by itself, or a query, as in `{"next":"/items?page=2"}`. */
const LINK = /<[^<>]*>|https?:\/\/[^\s<>"]+|\?[^\s<>"]*/gi;

/** As a JSON object for the archive, without credentials in links; null where nothing is worth keeping. */
export function keptHeaders(headers: HeaderValues, secretParams: readonly string[]): string | null {
  let kept: Record<string, string | readonly string[]> | null = null;
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || !isKept(name)) continue;
    kept ??= {};
    kept[name] =
      typeof value === 'string'
        ? withoutCredentials(value, secretParams)
        : value.map((each) => withoutCredentials(each, secretParams));
  }
  return kept === null ? null : JSON.stringify(kept);
}

function withoutCredentials(value: string, secretParams: readonly string[]): string {
  if (!value.includes('=')) return value;
  return value.replace(LINK, (link) =>
    link.startsWith('<')
      ? `<${redactUrl(link.slice(1, -1), secretParams)}>`
      : redactUrl(link, secretParams),
  );
}

/** A field's value; repeated fields join with a comma (RFC 9110 §5.3). */
export function singleHeader(value: string | readonly string[] | undefined): string | null {
  if (value === undefined) return null;
  return typeof value === 'string' ? value : value.join(', ');
}

/** Of what `keptHeaders` gave. */
export function contentTypeOf(kept: string | null): string | null {
  const value: unknown = kept === null ? null : JSON.parse(kept)['content-type'];
  return typeof value === 'string' ? value : null;
}

/** Those of the named headers that are there, repeated fields joined. */
export function pickHeaders(
  headers: HeaderValues,
  names: readonly string[],
): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = singleHeader(headers[name]);
    if (value !== null) picked[name] = value;
  }
  return picked;
}

function isKept(name: string): boolean {
  let kept = known.get(name);
  if (kept === undefined) {
    kept = KEPT.has(name) || KEPT_PREFIX.test(name);
    if (known.size < MOST_KNOWN) known.set(name, kept);
  }
  return kept;
}
