import { hash } from 'node:crypto';
import { EverypageError } from '../core/errors.ts';
import { escapeText } from '../core/escape.ts';
import { describeMissing, isText, nameFormat } from './body-faults.ts';
import { type DecodedBody, decodeBody } from './content-encoding.ts';
import { createJsonScanner, type JsonScan, MOST_KEPT_SPANS } from './json-scan.ts';
import type { PageCondition } from './read-selection.ts';
import type { FoundRecords, Selection } from './selection.ts';

/** Long enough that a secret which begins in what is shown ends in it. */
const BEGINNING_BYTES = 4096;

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
  | BodyFault;

export interface BodyFault {
  readonly ok: false;
  /**
   * `too-large` will be the same the next time. `unlike`: it is not like the other pages of its list.
   * `no-records`: there must be some.
   */
  readonly kind:
    | 'empty'
    | 'too-large'
    | 'encoding'
    | 'json'
    | 'fail-when'
    | 'selection'
    | 'unlike'
    | 'no-records';
  readonly reason: string;
  /**
   * The beginning of the body where that tells what came instead, as the server wrote it; null
   * where it does not. Not safe to show: it may hold controls, and a secret that the server echoes.
   */
  readonly beginning: string | null;
  /** SHA-256 of the body as it came, where another one may be a page; null where the size decides. */
  readonly digest: string | null;
}

export type BodyCheck = (wire: Uint8Array, encoding: string | null) => BodyVerdict;

const OPEN_BRACKET = 0x5b;
const OPEN_BRACE = 0x7b;

/**
 * A check of bodies as they came off the wire: the content-encoding comes undone to its very end,
 * what it holds is JSON that does not report a failure, and the selection leads
 * somewhere in it. It runs in the calling thread and
 * keeps its buffers between bodies.
 *
 *     const check = createBodyCheck(parseSelection('data'), 268_435_456);
 *     check(Buffer.from('{"data":[1,2]}'), null); // { ok: true, records: 2, … }
 */
export function createBodyCheck(
  selection: Selection,
  maxDecodedBytes: number,
  failWhen: PageCondition | null = null,
): BodyCheck {
  const scanner = createJsonScanner(selection);
  const wholePage = selection.text === '';

  /** An expression may not fit a page: `sum(@)` where there is text. */
  function scanOrFault(bytes: Uint8Array): JsonScan | BodyFault {
    try {
      return scanner.scan(bytes);
    } catch (error) {
      if (error instanceof EverypageError) return faulty('selection', error.message);
      throw error;
    }
  }

  function failsItself(bytes: Uint8Array): BodyFault | null {
    if (failWhen === null) return null;
    try {
      if (!failWhen.isMet(bytes)) return null;
    } catch (error) {
      if (error instanceof EverypageError) return faulty('fail-when', error.message);
      throw error;
    }
    const what = escapeText(failWhen.text, 80);
    return faulty('fail-when', `the page says that it failed (--fail-when "${what}")`, bytes);
  }

  function judge(wire: Uint8Array, encoding: string | null): BodyVerdict {
    if (wire.length === 0) return faulty('empty', 'the body is empty');
    const isPlain = encoding === null && wire.length <= maxDecodedBytes;
    const decoded: DecodedBody = isPlain
      ? { ok: true, bytes: wire }
      : decodeBody(wire, encoding, maxDecodedBytes);
    if (!decoded.ok && decoded.isTooLarge) return faulty('too-large', decoded.reason);
    if (!decoded.ok) return faulty('encoding', decoded.reason, isText(wire) ? wire : null);
    const bytes = decoded.bytes;
    if (bytes.length === 0) return faulty('empty', 'the body is empty once decoded');

    const scan = scanOrFault(bytes);
    if ('ok' in scan) return scan;
    if (!scan.valid) {
      const format = nameFormat(bytes, scan.offset);
      const reason = format === null ? scan.reason : `it looks like ${format}`;
      const first = firstByte(bytes);
      // Of what begins as JSON the offset says more than its beginning.
      const tells = first !== OPEN_BRACE && first !== OPEN_BRACKET && isText(bytes);
      return faulty(
        'json',
        `the body is not JSON (byte ${scan.offset}: ${reason})`,
        tells ? bytes : null,
      );
    }
    const failed = failsItself(bytes);
    if (failed !== null) return failed;
    if (scan.found === 'missing') return faulty('selection', describeMissing(bytes, selection));
    return {
      ok: true,
      decoded: bytes,
      // Asked for as a buffer the digest takes a microsecond more.
      hash: Buffer.from(hash('sha256', bytes, 'binary'), 'latin1'),
      records: wholePage ? null : scan.count,
      found: foundIn(scan),
    };
  }

  return (wire, encoding) => {
    const verdict = judge(wire, encoding);
    return verdict.ok ? verdict : withDigest(verdict, wire);
  };
}

/** Of the scanner's own spans a copy is kept, unless they are many. */
function foundIn({ count, spans: all, compact, source }: FoundRecords): FoundRecords {
  const spans = all.length > MOST_KEPT_SPANS ? all : all.slice(0, 2 * count);
  return source === undefined ? { count, spans, compact } : { count, spans, compact, source };
}

/** The same body twice will be the same the next time. */
export function withDigest(fault: BodyFault, wire: Uint8Array): BodyFault {
  if (fault.kind === 'too-large' || fault.kind === 'empty') return fault;
  return { ...fault, digest: hash('sha256', wire, 'hex') };
}

function firstByte(bytes: Uint8Array): number | undefined {
  return bytes.find((byte) => byte > 0x20 && byte < 0xbb);
}

/** @param bytes where they tell what came instead */
export function faulty(
  kind: BodyFault['kind'],
  reason: string,
  bytes: Uint8Array | null = null,
): BodyFault {
  if (bytes === null) return { ok: false, kind, reason, beginning: null, digest: null };
  const beginning = new TextDecoder().decode(bytes.subarray(0, BEGINNING_BYTES));
  return { ok: false, kind, reason, beginning, digest: null };
}
