/**
 * What a server's link leads to: absolute, without user info and fragment. Null where it is no URL
 * or neither http nor https.
 */
export function resolveUrl(target: string, base: string): string | null {
  const url = URL.parse(target, base);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null;
  // Setting a part normalises the URL again, so only what is there is taken away.
  if (url.username !== '' || url.password !== '') {
    url.username = '';
    url.password = '';
  }
  return url.href.includes('#') ? withoutFragment(url) : url.href;
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

function withoutFragment(url: URL): string {
  url.hash = '';
  return url.href;
}
