import { redactUrl } from './redact.ts';

/**
 * A URL of another origin without the credentials of the user's own URL, where a server has copied
 * them into a link or a redirect. What that server says of its own, such as a signature, stays.
 *
 * @param ownUrl the URL that the credentials were given with
 * @example
 * withholdCredentials('https://b.example/?page=2&api_key=abc', 'https://a.example/?api_key=abc', [])
 * // 'https://b.example/?page=2'
 */
export function withholdCredentials(
  url: string,
  ownUrl: string,
  secretParams: readonly string[],
): string {
  const own = credentialsIn(ownUrl, secretParams);
  const start = url.indexOf('?');
  if (own.size === 0 || start === -1) return url;
  const parts = url.slice(start + 1).split('&');
  const kept = parts.filter((part) => !own.has(textOf(part)));
  if (kept.length === parts.length) return url;
  return url.slice(0, start) + (kept.length === 0 ? '' : `?${kept.join('&')}`);
}

/** The values of a URL's secret parameters, decoded. */
export function credentialsIn(url: string, secretParams: readonly string[]): ReadonlySet<string> {
  const redacted = redactUrl(url, secretParams).split(/[?&#]/);
  const parts = url.split(/[?&#]/);
  return new Set(parts.filter((part, index) => part !== redacted[index]).map(textOf));
}

function textOf(part: string): string {
  const value = part.slice(part.indexOf('=') + 1).replaceAll('+', ' ');
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
