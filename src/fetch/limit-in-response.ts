import type { Hint } from '../core/hint.ts';
import { limitInBody } from '../core/limit-in-body.ts';
import { decodeBody } from '../decode/content-encoding.ts';
import { mayHoldLimit, pauseByBody } from '../http/body-limit.ts';
import type { Pause } from '../http/outcome.ts';
import type { RawResponse } from '../http/transport.ts';
import { singleHeader } from './task.ts';

/** What is looked at is small on the wire, and is to stay so. */
const LONGEST_DECODED_BYTES = 262_144;

export interface FoundLimit {
  /** Where the body refuses the request. */
  readonly pause: Pause | null;
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
