/** Where a redirect may lead. No library's own redirects: they carry headers across origins. */
export const MAX_REDIRECTS = 10;

export type Redirect =
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
