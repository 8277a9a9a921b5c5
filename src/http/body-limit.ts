/**
 * Limits that a body says, against its status or beside it. Bodies are decoded elsewhere: here is
 * decided when one is worth it, and what the finding means for the page.
 */
import type { Hint } from '../core/hint.ts';
import type { LimitInBody } from '../core/limit-in-body.ts';
import { isExhausted, refusalWait } from './limits/refusal.ts';
import { statedWaitMs } from './limits/stated-wait.ts';
import { describeStatus, type Pause } from './outcome.ts';
import type { HeaderValues } from './transport.ts';

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
): Pause {
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

function bodyWait({ waitMs }: LimitInBody): Pick<Pause, 'waitMs' | 'waitFrom'> {
  return { waitMs, waitFrom: waitMs === null ? null : 'body' };
}
