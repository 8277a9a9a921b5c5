/** Limits that a body states, against its status or beside it, and what they mean for the page. */
import type { Hint } from '../../core/hint.ts';
import { decodeBody } from '../../decode/decode.ts';
import {
  describeStatus,
  type PauseOutcome,
  type ReceivedResponse,
  singleHeader,
} from '../outcome.ts';
import type { RawResponse } from '../transport.ts';
import { type LimitInBody, limitInBody } from './limit-in-body.ts';
import { isExhausted, refusalWait, statedWaitMs } from './retry-after.ts';

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

/** Looks for a limit in the body of a response for which `mayHoldLimit` holds. Null where there is none. */
export function limitInResponse(
  response: RawResponse,
  hint: Hint,
  wallTime: number,
): FoundLimit | null {
  const { status, headers, chunks } = response;
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
