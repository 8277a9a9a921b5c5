import { hash } from 'node:crypto';
import { EverypageError } from '../core/errors.ts';
import { decodeBody } from './content-encoding.ts';
import type { FoundRecords } from './found-records.ts';
import { createJsonScanner, type JsonScan } from './json-scan.ts';
import { describeMissing } from './page-shape.ts';
import type { Selection } from './selection.ts';

/** What is to be thought of a body. `reason` is a sentence without its full stop, safe to show. */
export type BodyVerdict =
  | {
      readonly ok: true;
      /** The body without its content-encoding; a view of `wire` where there was none. */
      readonly decoded: Uint8Array;
      /** SHA-256 of the decoded body, 32 bytes. */
      readonly hash: Uint8Array;
      /** Records under the selection; null where the whole page was selected. */
      readonly records: number | null;
      /** The caller's to keep. */
      readonly found: FoundRecords;
    }
  | Refusal;

interface Refusal {
  readonly ok: false;
  readonly kind: 'empty' | 'encoding' | 'json' | 'selection';
  readonly reason: string;
}

export type BodyCheck = (wire: Uint8Array, encoding: string | null) => BodyVerdict;

const LESS_THAN = 0x3c;

/**
 * A check of bodies as they came off the wire: the content-encoding comes undone to its very end,
 * what it holds is JSON, and the selection leads somewhere in it. It runs in the calling thread and
 * keeps its buffers between bodies.
 *
 *     const check = createBodyCheck(parseSelection('data'), 268_435_456);
 *     check(Buffer.from('{"data":[1,2]}'), null); // { ok: true, records: 2, … }
 */
export function createBodyCheck(selection: Selection, maxDecodedBytes: number): BodyCheck {
  const scanner = createJsonScanner(selection);
  const wholePage = selection.text === '';

  /** An expression may not fit a page: `sum(@)` where there is text. */
  function scanOrRefusal(bytes: Uint8Array): JsonScan | Refusal {
    try {
      return scanner.scan(bytes);
    } catch (error) {
      if (error instanceof EverypageError) return refused('selection', error.message);
      throw error;
    }
  }

  return (wire, encoding) => {
    if (wire.length === 0) return refused('empty', 'the body is empty');
    const decoded = decodeBody(wire, encoding, maxDecodedBytes);
    if (!decoded.ok) return refused('encoding', decoded.reason);
    const bytes = decoded.bytes;
    if (bytes.length === 0) return refused('empty', 'the body is empty once decoded');

    const scan = scanOrRefusal(bytes);
    if ('ok' in scan) return scan;
    if (!scan.valid) {
      const reason = isMarkupFrom(bytes, scan.offset) ? 'it looks like HTML' : scan.reason;
      return refused('json', `the body is not JSON (byte ${scan.offset}: ${reason})`);
    }
    if (scan.found === 'missing') return refused('selection', describeMissing(bytes, selection));
    return {
      ok: true,
      decoded: bytes,
      hash: hash('sha256', bytes, 'buffer'),
      records: wholePage ? null : scan.count,
      found: {
        count: scan.count,
        spans: scan.spans.slice(0, 2 * scan.count),
        compact: scan.compact,
        ...(scan.source === undefined ? {} : { source: scan.source }),
      },
    };
  };
}

/** Whether nothing but white space and a byte order mark stands before a `<` at `offset`. */
function isMarkupFrom(bytes: Uint8Array, offset: number): boolean {
  return (
    bytes[offset] === LESS_THAN &&
    bytes.subarray(0, offset).every((byte) => byte <= 0x20 || byte >= 0xbb)
  );
}

function refused(kind: Refusal['kind'], reason: string): Refusal {
  return { ok: false, kind, reason };
}
