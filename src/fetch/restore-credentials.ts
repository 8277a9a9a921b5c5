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
