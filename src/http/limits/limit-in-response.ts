/**
 * Limits that a body states, against its status or beside it: when a body is worth reading for
 * them, and what the finding means for the page.
 */
import type { Hint } from '../../core/hint.ts';
import { decodeBody } from '../../decode/decode.ts';
import { describeStatus, type PauseOutcome, singleHeader } from '../outcome.ts';
import type { HeaderValues, RawResponse } from '../transport.ts';
import { type LimitInBody, limitInBody } from './limit-in-body.ts';
import { isExhausted, refusalWait, statedWaitMs } from './retry-after.ts';

/** Statuses that come with such bodies. Others mean what they say. */
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
 * Whether the body is to be decoded and given to `limitInBody`. Successes are pages, nearly all:
 * only headers, or the API's preset, make it worth the time.
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

/**
 * The pause that a refusal in the body means. A `Retry-After` wins, then the end of a limit with
 * nothing left, then the time in the body.
 */
export function pauseByBody(
  response: ReceivedResponse,
  hint: Hint,
  said: LimitInBody,
  wallTime: number,
): PauseOutcome {
  const { status, headers } = response;
  // The reader takes no wait from a success; with an error in its body it is one.
  const waitMs = hint.waitMs ?? statedWaitMs(headers, wallTime);
  const limits = said.limits.length === 0 ? hint.limits : [...hint.limits, ...said.limits];
  const full: Hint = { waitMs: waitMs ?? said.waitMs, limits };
  const byHeaders = refusalWait({ waitMs, limits: isExhausted(hint) ? hint.limits : [] });
  const wait = byHeaders.waitMs !== null ? byHeaders : bodyWait(said);
  const isSuccess = status >= 200 && status < 300;
  const reason = isSuccess
    ? `${status} with the error ${said.reason}`
    : `${describeStatus(status)} (${said.reason})`;
  return { kind: 'pause', ...wait, reason, hint: full };
}

function bodyWait({ waitMs }: LimitInBody): Pick<PauseOutcome, 'waitMs' | 'waitFrom'> {
  return { waitMs, waitFrom: waitMs === null ? null : 'body' };
}

/** What is looked at is small on the wire, and is to stay so. */
const LONGEST_DECODED_BYTES = 262_144;

export interface FoundLimit {
  /** Where the body refuses the request. */
  readonly pause: PauseOutcome | null;
  /** That of the headers with what the body adds. */
  readonly hint: Hint;
}

/**
 * Looks for a limit in the body of a response, where its status and headers make that worth the
 * time. Null where nothing was found.
 *
 * @param isUsual whether this API says limits in the body of a success (`refusals.inSuccess` of its preset)
 */
export function limitInResponse(
  response: RawResponse,
  hint: Hint,
  isUsual: boolean,
  wallTime: number,
): FoundLimit | null {
  const { status, headers, chunks } = response;
  if (!mayHoldLimit(response, hint, isUsual)) return null;
  const encoding = singleHeader(headers['content-encoding']);
  const decoded = decodeBody(Buffer.concat(chunks), encoding, LONGEST_DECODED_BYTES);
  if (!decoded.ok) return null;
  const said = limitInBody(parsed(decoded.bytes), status >= 200 && status < 300);
  if (said === null) return null;
  const pause = said.isRefusal ? pauseByBody(response, hint, said, wallTime) : null;
  return {
    pause,
    hint: pause?.hint ?? { waitMs: hint.waitMs, limits: [...hint.limits, ...said.limits] },
  };
}

/** Errors come as plain text, too. */
function parsed(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
