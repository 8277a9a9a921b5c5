import { escapeText } from '../core/escape.ts';
import type { Header } from '../core/options.ts';
import { Secret } from '../core/secret.ts';
import { credentialsIn } from './withhold-credentials.ts';

/** What the checks of a body say, and how it begins. */
interface Refused {
  readonly kind: string;
  readonly reason: string;
  readonly beginning: string | null;
}

const SHOWN_CHARACTERS = 80;
/** Shorter words than this stand in any page. */
const LEAST_SECRET = 4;

/**
 * Why a body is no page, with what came instead: its content-type and how it begins, safe to show.
 * A server may echo what we sent, so credentials are taken out before the text is cut.
 *
 * @param url as asked for, with its credentials
 * @example 'the body is not JSON (byte 0: it looks like HTML); it is text/html and begins "<h1>Busy"'
 */
export function describeRefusal(
  { kind, reason, beginning }: Refused,
  contentType: string | null,
  url: string,
  { headers, secretParams }: { headers: readonly Header[]; secretParams: readonly string[] },
): string {
  if (kind === 'selection' || (beginning === null && kind !== 'empty')) return reason;
  const parts: string[] = [];
  const isNamed = contentType !== null && kind !== 'fail-when';
  if (isNamed) parts.push(`is ${escapeText(contentType, 60)}`);
  if (beginning !== null) {
    const shown = withoutSecrets(beginning, [
      ...secretsOf(headers),
      ...credentialsIn(url, secretParams),
    ]);
    const line = shown
      .replace(/^\ufeff/, '')
      .replaceAll(/\s+/g, ' ')
      .trim();
    parts.push(`begins ${quoted(escapeText(line, SHOWN_CHARACTERS))}`);
  }
  return parts.length === 0 ? reason : `${reason}; it ${parts.join(' and ')}`;
}

function quoted(text: string): string {
  return text.includes('"') ? `'${text}'` : `"${text}"`;
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  // Longest first: one may be a part of another.
  const known = secrets.filter(({ length }) => length >= LEAST_SECRET);
  return known
    .toSorted((a, b) => b.length - a.length)
    .reduce((rest, secret) => rest.replaceAll(secret, 'REDACTED'), text);
}

/** Values of headers, and what they are made of: the token after its scheme, a Basic password. */
function secretsOf(headers: readonly Header[]): string[] {
  return headers.flatMap(({ value }) => {
    if (!(value instanceof Secret)) return [];
    const text = value.reveal();
    const [scheme = '', credentials] = text.split(' ', 2);
    if (credentials === undefined) return [text];
    if (scheme.toLowerCase() !== 'basic') return [text, credentials];
    const pair = Buffer.from(credentials, 'base64').toString();
    return [text, credentials, pair, pair.slice(pair.indexOf(':') + 1)];
  });
}
