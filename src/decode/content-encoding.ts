import { constants as bufferConstants } from 'node:buffer';
import {
  brotliDecompressSync,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  constants as zlibConstants,
  zstdDecompressSync,
} from 'node:zlib';
import { escapeText } from '../core/escape.ts';
import { formatByteLimit } from '../core/units.ts';

export type DecodedBody =
  | { readonly ok: true; readonly bytes: Uint8Array }
  /** `reason` is a sentence without its full stop: `the gzip body ends early`. */
  | {
      readonly ok: false;
      readonly reason: string;
      /** It meets a limit of ours, and will again. */
      readonly isTooLarge?: true;
    };

type Coding = 'gzip' | 'deflate' | 'br' | 'zstd';

interface Limits {
  readonly maxOutputLength: number;
  readonly chunkSize: number;
}

interface Inflated {
  readonly bytes: Uint8Array;
  /** How much of the input was read. Node passes over what follows without an error. */
  readonly consumed: number;
}

const CODINGS: Readonly<Record<string, Coding>> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  br: 'br',
  zstd: 'zstd',
};

const MAX_LAYERS = 2;

/** Parallel compressors write one frame a block; empty frames without end would cost hours. */
const MAX_ZSTD_FRAMES = 64;

/** A sender may not ask for more window than this (RFC 9659 §3): 8 MiB. */
const ZSTD_MAX_WINDOW_LOG = 23;

const MAX_CHUNK_BYTES = 1_048_576;

/**
 * JSON seldom unpacks to more than 30 times its size. What goes beyond this is made to fill memory; a
 * small page may, whatever its ratio.
 */
const MAX_RATIO = 200;
const ANY_RATIO_BYTES = 16 * 1_048_576;

/** Deflate's best ratio, so what a gzip trailer may truthfully claim. */
const MAX_DEFLATE_RATIO = 1032;

/**
 * Undoes a content-encoding (RFC 9110 §8.4), at most two layers of it, in this thread: below
 * 100 KB the synchronous call is cheaper than a stream or the thread pool. The whole of `wire` must
 * be used up, neither less nor more. `encoding` is the header as it came; `identity`, empty text
 * and null leave the body as it is (the result is then `wire` itself).
 *
 *     decodeBody(gzipSync('[]'), 'gzip', 1_000_000); // { ok: true, bytes: … }
 */
export function decodeBody(
  wire: Uint8Array,
  encoding: string | null,
  maxDecodedBytes: number,
): DecodedBody {
  const names = (encoding ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  if (names.length > MAX_LAYERS) {
    return faulty(`the body has ${names.length} layers of content-encoding; the most is 2`);
  }
  let bytes = wire;
  for (const name of names.reverse()) {
    const coding = Object.hasOwn(CODINGS, name) ? CODINGS[name] : undefined;
    if (coding === undefined) {
      return faulty(`the content-encoding "${escapeText(name, 40)}" is not known`);
    }
    const decoded = undo(coding, bytes, maxDecodedBytes);
    if (!decoded.ok) return decoded;
    bytes = decoded.bytes;
  }
  return bytes.length > maxDecodedBytes ? tooLarge(maxDecodedBytes) : { ok: true, bytes };
}

function undo(coding: Coding, wire: Uint8Array, maxDecodedBytes: number): DecodedBody {
  if (!mayBe(coding, wire)) return faulty(`the body is not ${coding}, though its header says so`);
  const ratioBytes = Math.max(ANY_RATIO_BYTES, MAX_RATIO * wire.length);
  const limits = {
    maxOutputLength: Math.max(1, Math.min(maxDecodedBytes, ratioBytes, bufferConstants.MAX_LENGTH)),
    chunkSize: chunkSizeFor(coding, wire),
  };
  try {
    const { bytes, consumed } = inflate(coding, wire, limits);
    if (consumed !== wire.length) {
      return faulty(`${wire.length - consumed} bytes follow the end of the ${coding} body`);
    }
    return { ok: true, bytes };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      return ratioBytes < maxDecodedBytes ? tooPacked(wire.length) : tooLarge(maxDecodedBytes);
    }
    if (code === 'Z_BUF_ERROR') return faulty(`the ${coding} body ends early`);
    return faulty(`the ${coding} body is damaged, or something else follows its end`);
  }
}

function inflate(coding: Coding, wire: Uint8Array, limits: Limits): Inflated {
  switch (coding) {
    case 'gzip':
      return inflated(gunzipSync(wire, { ...limits, info: true }));
    case 'deflate':
      // "deflate" means zlib's wrapping (RFC 9110 §8.4.1.2), but some servers send it bare.
      return hasZlibHeader(wire)
        ? inflated(inflateSync(wire, { ...limits, info: true }))
        : inflated(inflateRawSync(wire, { ...limits, info: true }));
    case 'br':
      return inflated(brotliDecompressSync(wire, { ...limits, info: true }));
    case 'zstd':
      return inflateZstd(wire, limits);
  }
}

/** A zstd body may be several frames (RFC 8878 §3.1); Node stops after the first. */
function inflateZstd(wire: Uint8Array, limits: Limits): Inflated {
  const params = { [zlibConstants.ZSTD_d_windowLogMax]: ZSTD_MAX_WINDOW_LOG };
  const parts: Uint8Array[] = [];
  let consumed = 0;
  let room = limits.maxOutputLength;
  do {
    const rest = wire.subarray(consumed);
    const maxOutputLength = Math.max(1, room);
    const frame = inflated(
      zstdDecompressSync(rest, { ...limits, maxOutputLength, params, info: true }),
    );
    parts.push(frame.bytes);
    consumed += frame.consumed;
    room -= frame.bytes.length;
    if (frame.consumed === 0) break;
  } while (
    consumed < wire.length &&
    parts.length < MAX_ZSTD_FRAMES &&
    mayBe('zstd', wire.subarray(consumed))
  );
  return { bytes: parts.length === 1 ? parts[0]! : Buffer.concat(parts), consumed };
}

/** What zlib gives back with `info: true`; its types know only the buffer. */
function inflated(result: unknown): Inflated {
  const { buffer, engine } = result as {
    readonly buffer: Uint8Array;
    readonly engine: { readonly bytesWritten: number };
  };
  return { bytes: buffer, consumed: engine.bytesWritten };
}

/** Whether the first bytes are those of `coding`; brotli and bare deflate have none to know by. */
function mayBe(coding: Coding, wire: Uint8Array): boolean {
  if (coding === 'gzip') return begins(wire, [0x1f, 0x8b]);
  if (coding !== 'zstd') return true;
  // A frame, or a skippable frame, whose first byte has sixteen values (RFC 8878 §3.1.2).
  const skippable = (wire[0] ?? 0x50) >> 4 === 5 && begins(wire.subarray(1), [0x2a, 0x4d, 0x18]);
  return skippable || begins(wire, [0x28, 0xb5, 0x2f, 0xfd]);
}

/** A body that ends within the mark still begins with it: it is cut, not something else. */
function begins(wire: Uint8Array, mark: readonly number[]): boolean {
  return mark.every((byte, at) => at >= wire.length || wire[at] === byte);
}

/** RFC 1950 §2.2: method 8, and the first two bytes are a multiple of 31. */
function hasZlibHeader(wire: Uint8Array): boolean {
  const [first = 0, second = 0] = wire;
  return (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0;
}

/** A first chunk that holds the whole result saves copying it together from 16 KiB pieces. */
function chunkSizeFor(coding: Coding, wire: Uint8Array): number {
  const guess = Math.max(1024, Math.min(8 * wire.length, MAX_CHUNK_BYTES));
  if (coding !== 'gzip' || wire.length < 18) return guess;
  // RFC 1952 §2.3.1: the last four bytes are the length; one more tells zlib's end from "more room".
  const view = new DataView(wire.buffer, wire.byteOffset, wire.byteLength);
  const claimed = view.getUint32(wire.length - 4, true) + 1;
  // It is that of the last member alone: a small one behind a large one made millions of small chunks.
  const believable =
    claimed >= wire.length / 2 &&
    claimed <= MAX_DEFLATE_RATIO * wire.length &&
    claimed <= 8 * MAX_CHUNK_BYTES;
  return believable ? Math.max(64, claimed) : guess;
}

function tooLarge(maxDecodedBytes: number): DecodedBody {
  const reason = `the body is larger than ${formatByteLimit(maxDecodedBytes)} decoded; --max-decoded-bytes raises the limit`;
  return { ok: false, reason, isTooLarge: true };
}

function tooPacked(wireBytes: number): DecodedBody {
  const reason =
    `the body unpacks to more than ${MAX_RATIO} times its ${wireBytes.toLocaleString('en')} bytes; ` +
    "-H 'accept-encoding: identity' asks for it unpacked";
  return { ok: false, reason, isTooLarge: true };
}

function faulty(reason: string): DecodedBody {
  return { ok: false, reason };
}
