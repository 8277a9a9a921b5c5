/**
 * Why a page did not come: its stable code, and words for people. What a server sent is shown without
 * credentials, in one line, escaped and cut.
 */
import type { Rejection } from '../archive-thread/messages.ts';
import { codeOfStatus, type PageCode } from '../core/errors.ts';
import { escapeText } from '../core/escape.ts';
import { FIELD, type KnownCredentials } from '../core/known-credentials.ts';
import { isSecretName } from '../core/redact.ts';
import { isText } from '../decode/body-faults.ts';
import { decodeBody } from '../decode/content-encoding.ts';
import { singleHeader } from '../http/outcome.ts';
import type { RawResponse, TransportFault } from '../http/transport.ts';
import type { AttemptResult } from './task.ts';

const ofFault: Readonly<Record<TransportFault, PageCode>> = {
  'no-name': 'DNS',
  dns: 'DNS',
  refused: 'CONNECTION_REFUSED',
  'connect-timeout': 'CONNECT_TIMEOUT',
  'open-files': 'OPEN_FILES',
  address: 'PRIVATE_ADDRESS',
  certificate: 'CERTIFICATE',
  'no-tls': 'TLS',
  tls: 'TLS',
  proxy: 'PROXY',
  'proxy-denied': 'PROXY_DENIED',
  'proxy-credentials': 'PROXY_CREDENTIALS',
  protocol: 'PROTOCOL',
  reset: 'CONNECTION_RESET',
  truncated: 'TRUNCATED',
  unprocessed: 'UNPROCESSED',
  calm: 'CALM',
  'idle-timeout': 'IDLE_TIMEOUT',
  timeout: 'TIMEOUT',
  'too-slow': 'TOO_SLOW',
  'too-large': 'TOO_LARGE',
  closed: 'CLOSED',
};

const ofRejection: Readonly<Record<Rejection['kind'], PageCode>> = {
  empty: 'EMPTY',
  'too-large': 'TOO_LARGE',
  encoding: 'ENCODING',
  json: 'NOT_JSON',
  'fail-when': 'FAIL_WHEN',
  selection: 'SELECTION',
  unlike: 'UNLIKE',
  'no-records': 'NO_RECORDS',
};

type Failed = Pick<AttemptResult, 'outcome' | 'response' | 'fault'>;

/** Why an attempt brought no page; null where it brought a body. */
export function codeOfAttempt({ outcome, response, fault }: Failed): PageCode | null {
  if (outcome.kind === 'body') return null;
  if (fault !== null) return ofFault[fault];
  if (outcome.kind === 'fail' && outcome.code !== undefined) return outcome.code;
  return codeOfStatus(response?.status ?? null);
}

/** Why a whole body is no page. */
export function codeOfRejection(kind: Rejection['kind']): PageCode {
  return ofRejection[kind];
}

/**
 * Why a body is no page, with what came instead: its content-type and how it begins, safe to show.
 *
 * @param url as asked for, with its credentials
 * @example 'the body is not JSON (byte 0: it looks like HTML); it is text/html and begins "<h1>Busy"'
 */
export function describeRejection(
  { kind, reason, beginning }: Omit<Rejection, 'index'>,
  contentType: string | null,
  url: string,
  sent: Sent,
): string {
  if (beginning === null && kind !== 'empty') return reason;
  const parts: string[] = [];
  // Nothing else says why.
  const shown = kind === 'unlike' || kind === 'selection' ? 2 * SHOWN_CHARACTERS : SHOWN_CHARACTERS;
  const isNamed = contentType !== null && !IS_JSON.has(kind);
  if (isNamed) parts.push(`is ${escapeText(contentType, 60)}`);
  const said = beginning === null || kind !== 'fail-when' ? null : messageIn(beginning);
  if (said !== null) parts.push(`says ${excerpt(said, url, sent, MESSAGE_CHARACTERS)}`);
  else if (beginning !== null) parts.push(`begins ${excerpt(beginning, url, sent, shown)}`);
  return parts.length === 0 ? reason : `${reason}; it ${parts.join(' and ')}`;
}

/** The body is JSON, so what it is called tells nothing. */
const IS_JSON: ReadonlySet<Rejection['kind']> = new Set([
  'fail-when',
  'selection',
  'unlike',
  'no-records',
]);

/** Where credentials of the user's may stand. */
interface Sent {
  readonly credentials: KnownCredentials;
}

const SHOWN_CHARACTERS = 80;
/** What a server says in words is worth more room than markup. */
const MESSAGE_CHARACTERS = 300;
/** Long enough that a secret which begins in what is shown ends in it. */
const BEGINNING_BYTES = 4096;
/** In characters of at most four bytes, fewer than that were not cut. */
const SURELY_WHOLE = BEGINNING_BYTES / 4;
/** What says why a server refuses is short; more is not unpacked for a line. */
const MOST_BYTES = 262_144;

/**
 * In quotes. A server may echo what we sent, so credentials are taken out before the text is cut.
 *
 * @param url as asked for, with its credentials
 * @example excerpt('<h1>Busy</h1>\n', url, options) // '"<h1>Busy</h1>"'
 */
function excerpt(text: string, url: string, sent: Sent, most = SHOWN_CHARACTERS): string {
  const line = withoutSecrets(text, url, sent)
    .replace(/^\ufeff/, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return quoted(escapeText(line, most));
}

/**
 * What an answer says whose status is its reason: the message in its JSON, else how its body begins.
 * Null where that has nothing for people.
 */
export function answerExcerpt(
  { headers, chunks, bodyBytes }: RawResponse,
  url: string,
  sent: Sent,
): string | null {
  if (bodyBytes === 0 || bodyBytes > MOST_BYTES) return null;
  const encoding = singleHeader(headers['content-encoding']);
  const decoded = decodeBody(Buffer.concat(chunks), encoding, MOST_BYTES);
  if (!decoded.ok || !isText(decoded.bytes)) return null;
  const said = messageIn(new TextDecoder().decode(decoded.bytes));
  if (said !== null) return excerpt(said.slice(0, BEGINNING_BYTES), url, sent, MESSAGE_CHARACTERS);
  const text = new TextDecoder().decode(decoded.bytes.subarray(0, BEGINNING_BYTES));
  return /^[\s{}[\]"]*$/.test(text) ? null : excerpt(text, url, sent);
}

/** What a page says of an error, in quotes; null where it has no words for it. */
export function errorExcerpt(json: unknown, url: string, sent: Sent): string | null {
  const said = wordsOf(json, MAX_DEPTH);
  if (said === null) return null;
  return excerpt(said.slice(0, BEGINNING_BYTES), url, sent, MESSAGE_CHARACTERS);
}

function quoted(text: string): string {
  return text.includes('"') ? `'${text}'` : `"${text}"`;
}

function withoutSecrets(text: string, url: string, { credentials }: Sent): string {
  const known = credentials.of(url).forSaid();
  const rest = known.withhold(text);
  // Where the beginning was cut, so may be a secret at its end, and white space before it goes.
  const whole = text.length < SURELY_WHOLE ? rest : rest.slice(0, -2 * known.longest || undefined);
  return whole.replaceAll(FIELD, (field, name: string, between: string) =>
    isSecretName(name, known.secretParams) ? `${name}${between}REDACTED` : field,
  );
}

/** Fields that hold words for people, the most telling first. */
const NAMES = [
  ...['message', 'error_description', 'error_message', 'errormessage', 'detail', 'details', 'msg'],
  ...['reason', 'info', 'description', 'faultstring', 'error', 'errors', 'fault', 'title'],
];
const MAX_DEPTH = 4;

/**
 * The words of an error that came as JSON: its `message`, `detail`, `error` and the like, also where
 * that is an object or a list of them. Null where there is none.
 *
 * @example messageIn('{"error":{"code":7,"message":"no such page"}}') // 'no such page'
 */
function messageIn(text: string): string | null {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' ? wordsOf(json, MAX_DEPTH) : null;
  } catch {
    return null;
  }
}

function wordsOf(value: unknown, depth: number): string | null {
  if (typeof value === 'string') return value.trim() === '' ? null : value;
  if (typeof value !== 'object' || value === null || depth === 0) return null;
  if (Array.isArray(value)) return wordsOf(value[0], depth - 1);
  const fields = new Map(Object.entries(value).map(([name, own]) => [name.toLowerCase(), own]));
  for (const name of NAMES) {
    const words = wordsOf(fields.get(name), depth - 1);
    if (words !== null) return words;
  }
  return null;
}
