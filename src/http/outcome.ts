/**
 * What a response or a fault means for its page, as a pure table. Deciding WHEN to act on it is
 * pace/'s, acting is the pipeline's.
 */

import type { PageCode } from '../core/errors.ts';
import { type Hint, noHint, type WaitSource } from '../core/hint.ts';
import type { Stop } from '../core/summary.ts';
import { createHintReader } from './limits/hint-reader.ts';
import { isExhausted, isRefusal, refusalWait, statedWaitMs } from './limits/retry-after.ts';
import type { HeaderValues, TransportError, TransportFault } from './transport.ts';

type SafetyCode = (Stop & { kind: 'safety' })['code'];

export type Outcome =
  /** The transfer was whole and the status is a success; the body is still to be checked. */
  | { readonly kind: 'body' }
  | { readonly kind: 'redirect'; readonly location: string }
  | PauseOutcome
  /** This page alone is tried again; `mostAtFirst` times at most where nothing has ever come from its server. */
  | { readonly kind: 'retry'; readonly reason: string; readonly mostAtFirst?: number }
  /** The server is still making it: this page waits, and it was no attempt (RFC 9110 §15.3.3). */
  | { readonly kind: 'not-ready'; readonly waitMs: number | null; readonly reason: string }
  /** The server never processed it: again at once, not an attempt (RFC 9113 §8.7). */
  | { readonly kind: 'unprocessed'; readonly reason: string }
  /** The limiter stops: the credentials were refused. */
  | { readonly kind: 'credentials'; readonly status: number; readonly reason: string }
  /** The run stops: going on would be unsafe. */
  | { readonly kind: 'unsafe'; readonly code: SafetyCode; readonly reason: string }
  /** `code`: where neither the status nor a fault tells it. */
  | { readonly kind: 'fail'; readonly reason: string; readonly code?: PageCode };

/** The limiter waits; this was not an attempt. */
export interface PauseOutcome {
  readonly kind: 'pause';
  /** Null where the server named no time. */
  readonly waitMs: number | null;
  /** What `waitMs` was read from; null with it. */
  readonly waitFrom: WaitSource | null;
  readonly reason: string;
  readonly hint: Hint;
}

const REASON_PHRASE: Readonly<Record<number, string>> = {
  202: 'Accepted',
  204: 'No Content',
  205: 'Reset Content',
  206: 'Partial Content',
  304: 'Not Modified',
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  407: 'Proxy Authentication Required',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  425: 'Too Early',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  451: 'Unavailable For Legal Reasons',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

const BODY: Outcome = { kind: 'body' };
const NOT_READY = 'the server answers 202: not ready yet';

/** `404 Not Found`, or the number alone where the status has no registered phrase. */
export function describeStatus(status: number): string {
  const phrase = REASON_PHRASE[status];
  return phrase === undefined ? String(status) : `${status} ${phrase}`;
}

/**
 * Statuses after which a retry may succeed (docs/limits-and-retries.md). CDNs answer 520 to 529 when
 * the origin has a problem.
 */
function isTransient(status: number): boolean {
  return (
    status === 408 ||
    status === 425 ||
    status === 500 ||
    (status >= 502 && status <= 504) ||
    (status >= 520 && status <= 529)
  );
}

/**
 * Statuses that servers say a limit with as well as other things: 403 (GitHub, Google), 420 and 509
 * (no registered ones), 430 (Shopify), 503, 529 (overloaded). Evidence decides.
 */
const MAY_BE_LIMIT = new Set([403, 420, 430, 503, 509, 529]);

/**
 * @param wallTime milliseconds since 1970, for responses without a `Date`
 * @param known what the reader of the limiter made of the response; where it is left out, the response is
 * read by itself
 */
export function classifyResponse(
  status: number,
  headers: HeaderValues,
  wallTime: number,
  known: Hint | null = null,
): Outcome {
  const reason = describeStatus(status);
  // What it means, who asked knows; it may heal.
  if (status === 204 || status === 205) {
    return { kind: 'retry', reason: `${reason}: nothing came where JSON was due` };
  }
  // Whatever stands in its body, as `[]` or `{}`, is not the page.
  if (status === 202) {
    return { kind: 'not-ready', waitMs: statedWaitMs(headers, wallTime), reason: NOT_READY };
  }
  if (status === 206 && isPartOfBytes(headers)) {
    const range = singleHeader(headers['content-range']);
    return { kind: 'retry', reason: `${reason}: part of the page came (${range})` };
  }
  if (status >= 200 && status < 300) return BODY;
  if (status >= 300 && status < 400 && status !== 304) {
    const location = headers['location'];
    if (typeof location === 'string') return { kind: 'redirect', location };
    return { kind: 'fail', reason: `${reason} without a Location` };
  }
  if (status === 429 || MAY_BE_LIMIT.has(status)) {
    const hint = known ?? createHintReader().read(status, headers, 0, wallTime);
    if (status === 429 || isRefusal(hint)) {
      return { kind: 'pause', ...refusalWait(hint), reason, hint };
    }
  }
  if (status === 407) {
    // From a proxy of ours it is a fault of the transport: this one is named nowhere.
    const cure = '-x http://user:password@host:port names it with its credentials';
    return { kind: 'fail', reason: `${reason}: a proxy on the way asks for credentials; ${cure}` };
  }
  if (status === 401) return { kind: 'credentials', status, reason };
  return isTransient(status) ? { kind: 'retry', reason } : { kind: 'fail', reason };
}

/**
 * A part of the bytes that nobody asked for, which may be JSON by itself (RFC 9110 §15.3.7). Lists that page by
 * ranges use other units, as `items`.
 */
function isPartOfBytes(headers: HeaderValues): boolean {
  const range = singleHeader(headers['content-range']) ?? '';
  if (!/^bytes\b/i.test(range)) return false;
  const [, first, last, total] = /^bytes\s+(\d+)-(\d+)\/(\d+)$/i.exec(range) ?? [];
  return first === undefined || Number(first) !== 0 || Number(last) + 1 !== Number(total);
}

const FAULT_KIND: Readonly<
  Record<TransportFault, Exclude<Outcome['kind'], 'body' | 'redirect' | 'not-ready'>>
> = {
  'no-name': 'retry',
  dns: 'retry',
  refused: 'retry',
  'connect-timeout': 'retry',
  'open-files': 'retry',
  address: 'unsafe',
  certificate: 'unsafe',
  'no-tls': 'retry',
  tls: 'retry',
  proxy: 'retry',
  'proxy-denied': 'fail',
  'proxy-credentials': 'credentials',
  protocol: 'retry',
  reset: 'retry',
  truncated: 'retry',
  unprocessed: 'unprocessed',
  calm: 'pause',
  'idle-timeout': 'retry',
  timeout: 'retry',
  'too-slow': 'retry',
  'too-large': 'fail',
  closed: 'retry',
};

/** A wrong URL is as likely as trouble that passes, as long as nothing else shows that it is right. */
const MOST_AT_FIRST: Partial<Readonly<Record<TransportFault, number>>> = {
  'no-name': 1,
  'no-tls': 0,
};

export function classifyFault(error: TransportError): Outcome {
  const kind = FAULT_KIND[error.fault];
  const reason = error.message;
  if (kind === 'pause') return { kind, waitMs: null, waitFrom: null, reason, hint: noHint };
  if (kind === 'credentials') return { kind, status: 407, reason };
  const mostAtFirst = MOST_AT_FIRST[error.fault];
  if (kind === 'retry' && mostAtFirst !== undefined) return { kind, reason, mostAtFirst };
  if (kind !== 'unsafe') return { kind, reason };
  return { kind, code: error.fault === 'address' ? 'PRIVATE_ADDRESS' : 'CERTIFICATE', reason };
}

/** Statuses whose bodies may state a limit. Others mean what they say. */
const ERRORS = new Set([400, 403, 420, 429, 430, 500, 503, 509]);
/** On the wire: errors are short, and what is longer is a page. */
const LONGEST_ERROR_BYTES = 16_384;
const LONGEST_SUCCESS_BYTES = 4_096;

export interface ReceivedResponse {
  readonly status: number;
  readonly headers: HeaderValues;
  readonly bodyBytes: number;
}

/**
 * Whether the body is worth reading for a limit (`limits/limit-in-response.ts`). Nearly all successes
 * are pages: only headers, or the API's preset, make it worth the time.
 *
 * @param isUsual whether this API says limits in the body of a success
 */
export function mayHoldLimit(response: ReceivedResponse, hint: Hint, isUsual: boolean): boolean {
  const { status, headers, bodyBytes } = response;
  if (bodyBytes === 0) return false;
  if (status < 200 || status >= 300) return ERRORS.has(status) && bodyBytes <= LONGEST_ERROR_BYTES;
  if (bodyBytes > LONGEST_SUCCESS_BYTES) return false;
  return isUsual || headers['mediawiki-api-error'] !== undefined || isExhausted(hint);
}

/** A field's value; repeated fields join with a comma (RFC 9110 §5.3). */
export function singleHeader(value: string | readonly string[] | undefined): string | null {
  if (value === undefined) return null;
  return typeof value === 'string' ? value : value.join(', ');
}
