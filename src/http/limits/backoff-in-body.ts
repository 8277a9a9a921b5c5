import { decodeBody } from '../../decode/decode.ts';
import { singleHeader } from '../outcome.ts';
import type { RawResponse } from '../transport.ts';
import { secondsMs } from './limit-in-body.ts';

/** Nearly no server says limits in good bodies, and undoing the encoding of each of them takes time. */
const FIRST_BODIES = 5;
const LONGEST_DECODED_BYTES = 8_388_608;
/** What this server says of limits it says beside the records: it may ask for a backoff. */
const BACKOFF = 'backoff';
const SPEAKS_OF_LIMITS = /"(?:quota_?(?:max|remaining)|backoff)"\s*:/i;

/**
 * Finds the order to wait that some servers put beside the records of a good answer: `backoff`, in
 * seconds (Stack Exchange, which shuts out who ignores it). One reader serves one limiter.
 */
export class BackoffReader {
  #looked = 0;
  #speaksOfLimits = false;

  /** Such an order would come too late for requests that are on their way. */
  get mayComeLate(): boolean {
    return this.#speaksOfLimits;
  }

  /** @returns milliseconds; null where the body asks for nothing */
  read({ status, headers, chunks, bodyBytes }: RawResponse): number | null {
    if (status < 200 || status >= 300 || bodyBytes > LONGEST_DECODED_BYTES) return null;
    const encoding = singleHeader(headers['content-encoding']);
    const isPlain = encoding === null || encoding === 'identity';
    const isFirst = this.#looked < FIRST_BODIES;
    if (!isPlain && !this.#speaksOfLimits && !isFirst) return null;
    // Most bodies end here, and need not be put together. With its quotes the word is looked for ten times as
    // long: JSON is full of them.
    if (isPlain && !isFirst && !standsIn(chunks, BACKOFF)) return null;
    const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    const decoded = decodeBody(body, encoding, LONGEST_DECODED_BYTES);
    if (!decoded.ok) return null;
    const { bytes } = decoded;
    const text = asBuffer(bytes);
    if (isFirst && !this.#speaksOfLimits) {
      this.#looked += 1;
      this.#speaksOfLimits = SPEAKS_OF_LIMITS.test(text.toString('latin1'));
    }
    const waitMs = text.includes(`"${BACKOFF}"`) ? backoffMs(text) : null;
    this.#speaksOfLimits ||= waitMs !== null;
    return waitMs;
  }
}

/** Whether a text of ASCII stands in a body, also where its chunks meet. */
function standsIn(chunks: readonly Uint8Array[], text: string): boolean {
  const [first] = chunks;
  if (chunks.length === 1) return asBuffer(first!).includes(text);
  const most = text.length - 1;
  let before = '';
  for (const chunk of chunks.map(asBuffer)) {
    const start = chunk.toString('latin1', 0, most);
    if (`${before}${start}`.includes(text) || chunk.includes(text)) return true;
    const end = chunk.toString('latin1', Math.max(0, chunk.length - most));
    before = `${before}${end}`.slice(-most);
  }
  return false;
}

function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Beside a list alone: in any other object it may be a property of what the page is about. */
function backoffMs(text: Buffer): number | null {
  let page: unknown;
  try {
    page = JSON.parse(text.toString());
  } catch {
    return null;
  }
  if (typeof page !== 'object' || page === null || !Object.hasOwn(page, 'backoff')) return null;
  const holdsList = Object.values(page).some(Array.isArray);
  return holdsList ? secondsMs((page as { readonly backoff: unknown }).backoff) : null;
}
