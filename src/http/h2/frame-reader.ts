/**
 * Reads a socket, and cuts what it gives into frames (RFC 9113 §4.1), whatever the pieces. DATA is handed on
 * as it comes, as views without a copy and without its padding; any other frame whole.
 */
import type { OnReadOpts, Socket } from 'node:net';
import {
  ConnectionError,
  DEFAULT_MAX_FRAME_BYTES,
  ErrorCode,
  Flag,
  FRAME_HEADER_BYTES,
  FrameType,
  Http1AnswerError,
} from './protocol.ts';

export interface FrameHandler {
  /** A DATA frame begins; `frameBytes`, padding included, count against the windows (§6.9.1). */
  onDataBegin(streamId: number, frameBytes: number): void;
  onDataBytes(bytes: Buffer, start: number, end: number): void;
  /** All of it is here. */
  onDataEnd(endsStream: boolean): void;
  /** Any other frame: its payload is `bytes` from `start` to `end`, valid during the call only. */
  onFrame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void;
}

type Stage = 'header' | 'data' | 'payload';

const UNKNOWN = -1;

export class FrameReader {
  readonly #handler: FrameHandler;
  readonly #header = Buffer.allocUnsafe(FRAME_HEADER_BYTES);
  #headerBytes = 0;
  #stage: Stage = 'header';
  #stopped = false;
  #type = 0;
  #flags = 0;
  #streamId = 0;
  /** Bytes of this frame's payload still to come. */
  #left = 0;
  #padding = 0;
  /** Collects a frame that is cut between two chunks. */
  #payload: Buffer | null = null;

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /** Nothing more is handed on, not even what the chunk at hand still holds. */
  stop(): void {
    this.#stopped = true;
  }

  /** @throws ConnectionError */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.#stopped) {
      if (this.#stage === 'header') at = this.#takeHeader(chunk, at);
      else if (this.#stage === 'data') at = this.#takeData(chunk, at);
      else at = this.#takePayload(chunk, at);
    }
  }

  #takeHeader(chunk: Buffer, at: number): number {
    if (this.#headerBytes === 0 && chunk.length - at >= FRAME_HEADER_BYTES) {
      return this.#begin(chunk, at, chunk, at + FRAME_HEADER_BYTES);
    }
    const taken = Math.min(FRAME_HEADER_BYTES - this.#headerBytes, chunk.length - at);
    chunk.copy(this.#header, this.#headerBytes, at, at + taken);
    this.#headerBytes += taken;
    if (this.#headerBytes < FRAME_HEADER_BYTES) return at + taken;
    this.#headerBytes = 0;
    return this.#begin(this.#header, 0, chunk, at + taken);
  }

  /** `header` holds the frame's header at `h`; its payload begins in `chunk` at `at`. */
  #begin(header: Buffer, h: number, chunk: Buffer, at: number): number {
    const length = (header[h]! << 16) | (header[h + 1]! << 8) | header[h + 2]!;
    const type = header[h + 3]!;
    const flags = header[h + 4]!;
    // The highest bit is reserved and ignored (§4.1).
    const streamId =
      ((header[h + 5]! & 0x7f) << 24) |
      (header[h + 6]! << 16) |
      (header[h + 7]! << 8) |
      header[h + 8]!;
    if (length > DEFAULT_MAX_FRAME_BYTES) {
      if (header.toString('latin1', h, h + 5) === 'HTTP/') throw new Http1AnswerError();
      throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `a frame of ${length} bytes`);
    }
    if (type !== FrameType.DATA) {
      const end = at + length;
      if (end <= chunk.length) {
        this.#handler.onFrame(type, flags, streamId, chunk, at, end);
        return end;
      }
      this.#stage = 'payload';
      this.#payload = Buffer.allocUnsafe(length);
    } else {
      this.#stage = 'data';
      this.#padding = (flags & Flag.PADDED) === 0 ? 0 : UNKNOWN;
      if (this.#padding === UNKNOWN && length === 0) {
        throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'DATA without its pad length');
      }
    }
    this.#type = type;
    this.#flags = flags;
    this.#streamId = streamId;
    this.#left = length;
    if (type === FrameType.DATA) {
      this.#handler.onDataBegin(streamId, length);
      if (length === 0) this.#endData();
    }
    return at;
  }

  #takeData(chunk: Buffer, from: number): number {
    let at = from;
    if (this.#padding === UNKNOWN) {
      this.#padding = chunk[at]!;
      at += 1;
      this.#left -= 1;
      if (this.#padding > this.#left) {
        throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'DATA with more padding than payload');
      }
    }
    const taken = Math.min(this.#left - this.#padding, chunk.length - at);
    if (taken > 0) {
      this.#left -= taken;
      this.#handler.onDataBytes(chunk, at, at + taken);
      at += taken;
    }
    if (this.#left <= this.#padding) {
      const skipped = Math.min(this.#left, chunk.length - at);
      this.#left -= skipped;
      this.#padding = this.#left;
      at += skipped;
    }
    if (this.#left === 0) this.#endData();
    return at;
  }

  #endData(): void {
    this.#stage = 'header';
    if (!this.#stopped) this.#handler.onDataEnd((this.#flags & Flag.END_STREAM) !== 0);
  }

  #takePayload(chunk: Buffer, at: number): number {
    const payload = this.#payload!;
    const taken = Math.min(this.#left, chunk.length - at);
    chunk.copy(payload, payload.length - this.#left, at, at + taken);
    this.#left -= taken;
    if (this.#left === 0) {
      this.#stage = 'header';
      this.#payload = null;
      this.#handler.onFrame(this.#type, this.#flags, this.#streamId, payload, 0, payload.length);
    }
    return at + taken;
  }
}

/** The most plain text of a TLS record (RFC 8446 §5.1); Node hands over one record at a time. */
const RECORD_BYTES = 16 * 1024;

type Take = (bytes: Buffer) => void;

/** Who takes the bytes of a socket. */
const takers = new WeakMap<Socket, Take>();

/**
 * An option of `tls.connect`. What arrives stands in one buffer, which is read into again and again: with
 * new memory for each record, collecting that takes more time than reading. A socket that nobody takes the
 * bytes of by `takeBytes` is like any other.
 */
export function readInPlace(): { readonly onread: OnReadOpts } {
  const buffer = Buffer.allocUnsafeSlow(RECORD_BYTES);
  function callback(this: Socket, length: number): boolean {
    const bytes = buffer.subarray(0, length);
    const take = takers.get(this);
    // What came before anybody took it goes first.
    const isNext = this.readableFlowing === true && this.readableLength === 0;
    if (take === undefined || !isNext) return this.push(Buffer.from(bytes));
    take(bytes);
    return true;
  }
  return { onread: { buffer, callback } };
}

/** @param take gets views of memory that may be written over once it returns */
export function takeBytes(socket: Socket, take: Take): void {
  takers.set(socket, take);
  socket.on('data', take);
}
