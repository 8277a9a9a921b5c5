/** Credentials: how to find them in URLs and headers, and to keep them out of all that is shown or stored. */
import { percentDecoded } from './escape.ts';

/** Letters and digits only, lower case: `X-Amz-Signature`, `x_amz_signature` are the same name. */
const secretNames = [
  ...['token', 'accesstoken', 'apitoken', 'authtoken', 'oauthtoken', 'bearertoken', 'idtoken'],
  ...['refreshtoken', 'sessiontoken', 'securitytoken', 'secrettoken', 'usertoken', 'privatetoken'],
  ...['personalaccesstoken', 'bearer', 'jwt', 'auth', 'authorization', 'authkey', 'authentication'],
  ...['key', 'apikey', 'xapikey', 'appkey', 'accesskey', 'secretkey', 'privatekey', 'userkey'],
  ...['devkey', 'hapikey', 'sessionkey', 'subscriptionkey', 'ocpapimsubscriptionkey'],
  ...['secret', 'apisecret', 'appsecret', 'clientsecret', 'consumersecret', 'sharedsecret'],
  ...['password', 'passwd', 'pwd', 'pass', 'passphrase', 'userpassword', 'credential'],
  ...['credentials', 'sig', 'signature', 'oauthsignature', 'hmac', 'sas', 'sastoken'],
  ...['sharedaccesssignature', 'session', 'sessionid', 'jsessionid', 'phpsessid'],
  ...['awsaccesskeyid', 'xamzsignature', 'xamzcredential', 'xamzsecuritytoken'],
  ...['xgoogsignature', 'xgoogcredential'],
];
const defaultNames: ReadonlySet<string> = new Set(secretNames);
const namesByExtra = new WeakMap<readonly string[], ReadonlySet<string>>();

const replacement = 'REDACTED';

/** The URL of a queue, which has nothing secret but its user and password. */
export function shownQueue(url: string): string {
  return url.replace(/^([a-z]+:\/\/)[^/?#]*@/i, '$1');
}

/**
 * The URL with the values of secret query parameters replaced by `REDACTED` and user info removed;
 * everything else stays byte for byte. It need not be a valid URL, and a parameter that follows a
 * `?` inside another's value or stands in the fragment counts too. Values that are empty stay.
 *
 * Names are compared without case, punctuation and percent-encoding (`api_key`, `Api-Key`,
 * `auth[token]`, `%61pi_key`). Cursors are no secrets: `page_token`, `nextToken`, `cursor` stay.
 * A value nested in a percent-encoded URL is not looked into.
 *
 * @param secretParams further names of query parameters (`--secret-param`); `-token` takes one off
 * @example redactUrl('https://me:pw@a.example/?page=2&api_key=abc')
 * // 'https://a.example/?page=2&api_key=REDACTED'
 */
export function redactUrl(url: string, secretParams?: readonly string[]): string {
  const plain = url.includes('@') ? removeUserInfo(url) : url;
  const start = plain.search(/[?#]/);
  return start === -1 ? plain : redactParams(plain, start, namesWith(secretParams));
}

const prefixPattern = /^\s*(?:https?:[/\\]*|[a-z][a-z0-9+.-]*:[/\\]{2,}|[/\\]{2,})?/i;

function removeUserInfo(url: string): string {
  const start = prefixPattern.exec(url)![0].length;
  const length = url.slice(start).search(/[/\\?#]/);
  const authority = length === -1 ? url.slice(start) : url.slice(start, start + length);
  const end = authority.lastIndexOf('@');
  return end === -1 ? url : url.slice(0, start) + url.slice(start + end + 1);
}

function redactParams(url: string, start: number, names: ReadonlySet<string>): string {
  let redacted = '';
  let copied = 0;
  let at = start;
  while (at !== -1) {
    const equals = nextOf(url, at + 1, true);
    if (equals === -1) break;
    if (url.charCodeAt(equals) !== 0x3d) {
      at = equals;
      continue;
    }
    if (!names.has(nameKey(url.slice(at + 1, equals)))) {
      at = nextOf(url, equals + 1, false);
      continue;
    }
    const end = endOfValue(url, equals + 1);
    if (end > equals + 1) {
      redacted += url.slice(copied, equals + 1) + replacement;
      copied = end;
    }
    at = end < url.length ? end : -1;
  }
  return copied === 0 ? url : redacted + url.slice(copied);
}

/** Index of the next `?`, `&`, `#`, and `=` where asked for; -1 without one. */
function nextOf(url: string, from: number, equals: boolean): number {
  for (let at = from; at < url.length; at++) {
    const code = url.charCodeAt(at);
    if (code === 0x26 || code === 0x3f || code === 0x23 || (equals && code === 0x3d)) return at;
  }
  return -1;
}

/** A `?` belongs to the value (WHATWG URL): ending there would leave half a secret. */
function endOfValue(url: string, from: number): number {
  for (let at = from; at < url.length; at++) {
    const code = url.charCodeAt(at);
    if (code === 0x26 || code === 0x23) return at;
  }
  return url.length;
}

/**
 * Whether a field's name in a body says that its value is a credential, as for query parameters.
 *
 * @param secretParams further names
 */
export function isSecretName(name: string, secretParams?: readonly string[]): boolean {
  return namesWith(secretParams).has(nameKey(name));
}

/** Also names of cursors: a STAC API goes on with `?token=next:abc`. */
const CURSOR_NAMES = ['token', 'key'];

/**
 * The names of secret parameters for a list that pages by itself. A `token` that the start URL does
 * not have, and its server then puts into next links, says where the list goes on. Were it redacted,
 * all its pages would look alike.
 *
 * @param secretParams of the user
 * @returns them, and the names that are no secrets here, each after a `-`
 */
export function secretParamsOfList(
  startUrl: string,
  secretParams: readonly string[],
): readonly string[] {
  const query = startUrl.slice(startUrl.search(/[?#]|$/) + 1);
  const own = [...query.split(/[?&#]/).map((part) => part.replace(/=.*$/s, '')), ...secretParams];
  const taken = new Set(own.map(nameKey));
  const free = CURSOR_NAMES.filter((name) => !taken.has(name)).map((name) => `-${name}`);
  return Object.freeze([...secretParams, ...free]);
}

function namesWith(secretParams: readonly string[] | undefined): ReadonlySet<string> {
  if (secretParams === undefined || secretParams.length === 0) return defaultNames;
  const known = namesByExtra.get(secretParams);
  if (known !== undefined) return known;
  const names = new Set(secretNames);
  for (const name of secretParams) {
    if (name.startsWith('-')) names.delete(nameKey(name));
    else names.add(nameKey(name));
  }
  namesByExtra.set(secretParams, names);
  return names;
}

/** The same few names stand in all URLs of a list. */
const knownKeys = new Map<string, string>();
const MOST_KNOWN = 1000;
const LONGEST_KNOWN = 40;

function nameKey(name: string): string {
  const known = knownKeys.get(name);
  if (known !== undefined) return known;
  const key = readNameKey(name);
  if (name.length <= LONGEST_KNOWN && knownKeys.size < MOST_KNOWN) knownKeys.set(name, key);
  return key;
}

function readNameKey(name: string): string {
  // Nearly all names; the Unicode form below is slower.
  if (/^[\w-]*$/.test(name)) return name.toLowerCase().replace(/[-_]+/g, '') || name;
  const lower = (name.includes('%') ? percentDecode(name) : name).toLowerCase();
  // Punctuation goes, letters of other scripts stay; a name of punctuation alone stays whole.
  return lower.replace(/[^\p{L}\p{N}]/gu, '') || lower;
}

function percentDecode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  }
}

/** Words of header names, also behind `api` and `xapi`. */
const SECRET_WORDS: ReadonlySet<string> = new Set(
  [
    ...['key', 'keys', 'token', 'secret', 'password', 'passwd', 'passphrase', 'pwd', 'signature'],
    ...['credential', 'credentials', 'jwt', 'bearer', 'auth', 'authorization', 'authentication'],
    ...['session', 'sessionid', 'cookie', 'cookie2'],
  ].flatMap((word) => [word, `api${word}`, `xapi${word}`]),
);
const SECRET_ENDINGS = ['key', 'token', 'secret', 'password'];
const harmlessHeaderPattern =
  /(?:page|next|continuation|cursor|sync)[-_]?token$|^(?:idempotency|surrogate|sec-websocket|x-cache)-key$/;

/**
 * Whether a header's name says that its value is a credential: `authorization`, `cookie`,
 * `x-api-key`, `private-token`, `x-client-secret` … Case does not matter. In doubt it is one.
 */
export function isSecretHeader(name: string): boolean {
  const lower = name.trim().toLowerCase();
  const words = lower.replaceAll('_', '-').split('-');
  const isSecret =
    words.some((word) => SECRET_WORDS.has(word)) ||
    SECRET_ENDINGS.some((ending) => lower.endsWith(ending));
  return isSecret && !harmlessHeaderPattern.test(lower);
}

/** That of `node:util`, by its registered name: programs without @types/node read the types of this file. */
const inspectCustom: unique symbol = Symbol.for('nodejs.util.inspect.custom');

/** A credential's value. Printing, joining, inspecting or serialising it never shows it. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself; called only where a request is written to the wire. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspectCustom](): string {
    return '[secret]';
  }
}

/**
 * A URL of another origin without the credentials of the user's own URL, where a server has copied
 * them into a link or a redirect. What that server adds itself, such as a signature, stays.
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
  return percentDecoded(part.slice(part.indexOf('=') + 1).replaceAll('+', ' '));
}
