/** What stands around the records of a page: read alone, without parsing the records again. */
import type { FoundRecords } from '../decode/decode.ts';

const decoder = new TextDecoder();

/** A name of a field for faults, in part. Of nearly all pages nothing more is read than this. */
const MAY_BE_FAULT = /err|fail|fault|xception|"(?:ok|(?:is_?)?succe\w*)"\s*:\s*"?false/i;

/**
 * The page without its records, parsed, if one of its fields may tell of a fault; else null. The
 * list's other content stays: `{"items":[{…},{…}],"errors":["x"]}` gives `{"items":[],"errors":["x"]}`.
 *
 * @param found records that stand in an array of the page
 */
export function envelopeWithFault(page: Uint8Array, found: FoundRecords): unknown {
  const { count, spans, source } = found;
  if (count === 0 || source !== undefined) return null;
  const head = page.subarray(0, spans[0]);
  const tail = page.subarray(spans[2 * count - 1]);
  const text = decoder.decode(head) + decoder.decode(tail);
  if (!MAY_BE_FAULT.test(text)) return null;
  try {
    return JSON.parse(text);
  } catch {
    // One object in the place of a list leaves no value behind.
    return null;
  }
}
