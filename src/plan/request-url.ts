/** URLs as they are requested, from what the user wrote and from what a server links to. */
import { EverypageError } from '../core/errors.ts';
import { escapeText } from '../core/escape.ts';
import { redactUrl } from '../core/redact.ts';

const control = /\p{Cc}/u;
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
  if (control.test(text)) fail('holds a control character or a line break; remove it');
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
      fail('is not a URL, which begins with https:// and holds no spaces', shown);
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
