/**
 * Frames checked for what can be checked without knowing any stream (RFC 9113 §6): length, stream
 * or none, and that nothing comes between the parts of a header block.
 */

import { systemClock } from '../../core/clock.ts';
import type { FrameHandler } from './frame-reader.ts';
import { ConnectionError, ErrorCode, Flag, FrameType, MAX_31_BITS } from './protocol.ts';

export interface StreamFrames {
  onDataBegin(streamId: number, frameBytes: number): void;
  onDataBytes(bytes: Buffer, start: number, end: number): void;
  onDataEnd(endsStream: boolean): void;
  onHeaderBlock(...block: Parameters<OnBlock>): void;
  onReset(streamId: number, code: number): void;
}

export interface ConnectionFrames {
  onSettings(bytes: Buffer, start: number, end: number): void;
  /** The answer to it is this function's; `opaque` is 8 bytes at `start`. */
  onPing(opaque: Buffer, start: number): void;
  onPingAck(): void;
  onGoaway(lastId: number, code: number): void;
  /** @param streamId 0: of the connection */
  onWindowUpdate(streamId: number, increment: number): void;
}

export class FrameDispatch implements FrameHandler {
  readonly #streams: StreamFrames;
  readonly #connection: ConnectionFrames;
  readonly #guard: FloodGuard;
  readonly #blocks: HeaderBlocks;
  #hasSettings = false;

  constructor(streams: StreamFrames, connection: ConnectionFrames, guard: FloodGuard) {
    this.#streams = streams;
    this.#connection = connection;
    this.#guard = guard;
    this.#blocks = new HeaderBlocks((...block) => streams.onHeaderBlock(...block));
  }

  onDataBegin(streamId: number, frameBytes: number): void {
    this.#checkOrder(FrameType.DATA, 0);
    if (streamId === 0) throw wrong('DATA without a stream');
    this.#streams.onDataBegin(streamId, frameBytes);
  }

  onDataBytes(bytes: Buffer, start: number, end: number): void {
    this.#streams.onDataBytes(bytes, start, end);
  }

  onDataEnd(endsStream: boolean): void {
    this.#streams.onDataEnd(endsStream);
  }

  onFrame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    this.#checkOrder(type, flags);
    const length = end - start;
    switch (type) {
      case FrameType.HEADERS:
        if (streamId === 0) throw wrong('HEADERS without a stream');
        this.#blocks.headers(flags, streamId, bytes, start, end);
        return;
      case FrameType.CONTINUATION:
        this.#blocks.continuation(flags, streamId, bytes, start, end);
        return;
      case FrameType.PRIORITY:
        if (streamId === 0) throw wrong('PRIORITY without a stream');
        this.#guard.count();
        return;
      case FrameType.RST_STREAM:
        if (streamId === 0) throw wrong('RST_STREAM without a stream');
        checkLength('RST_STREAM', length === 4);
        this.#streams.onReset(streamId, bytes.readUInt32BE(start));
        return;
      case FrameType.SETTINGS:
        if (streamId !== 0) throw wrong('SETTINGS on a stream');
        this.#settings(flags, bytes, start, end);
        return;
      case FrameType.PUSH_PROMISE:
        throw wrong('PUSH_PROMISE, which was turned off');
      case FrameType.PING:
        if (streamId !== 0) throw wrong('PING on a stream');
        checkLength('PING', length === 8);
        this.#guard.count();
        if ((flags & Flag.ACK) !== 0) this.#connection.onPingAck();
        else this.#connection.onPing(bytes, start);
        return;
      case FrameType.GOAWAY:
        if (streamId !== 0) throw wrong('GOAWAY on a stream');
        checkLength('GOAWAY', length >= 8);
        this.#guard.count();
        this.#connection.onGoaway(
          bytes.readUInt32BE(start) & MAX_31_BITS,
          bytes.readUInt32BE(start + 4),
        );
        return;
      case FrameType.WINDOW_UPDATE:
        checkLength('WINDOW_UPDATE', length === 4);
        this.#connection.onWindowUpdate(streamId, bytes.readUInt32BE(start) & MAX_31_BITS);
        return;
      default:
        // A frame of an extension that was not agreed on is ignored (§4.1).
        this.#guard.count();
    }
  }

  #settings(flags: number, bytes: Buffer, start: number, end: number): void {
    if ((flags & Flag.ACK) !== 0) {
      checkLength('SETTINGS with ACK', start === end);
      this.#guard.count();
      return;
    }
    if (this.#hasSettings) this.#guard.count();
    this.#hasSettings = true;
    this.#connection.onSettings(bytes, start, end);
  }

  #checkOrder(type: number, flags: number): void {
    if (this.#blocks.isOpen !== (type === FrameType.CONTINUATION)) {
      throw wrong('a header block that is not continued');
    }
    if (this.#hasSettings) return;
    if (type !== FrameType.SETTINGS || (flags & Flag.ACK) !== 0) {
      throw wrong('something else before SETTINGS');
    }
  }
}

function checkLength(name: string, isRight: boolean): void {
  if (!isRight) throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, `${name} of a wrong length`);
}

function wrong(what: string): ConnectionError {
  return new ConnectionError(ErrorCode.PROTOCOL_ERROR, what);
}

/** Both bound what a flood of CONTINUATION frames can cost; four frames hold 64 KiB. */
const MAX_BLOCK_BYTES = 64 * 1024;
const MAX_FRAMES = 32;

export type OnBlock = (
  streamId: number,
  endsStream: boolean,
  bytes: Buffer,
  start: number,
  end: number,
) => void;

/** HEADERS and the CONTINUATION frames behind it, joined (RFC 9113 §4.3, §6.2, §6.10). */
class HeaderBlocks {
  readonly #onBlock: OnBlock;
  #streamId = 0;
  #endsStream = false;
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(onBlock: OnBlock) {
    this.#onBlock = onBlock;
  }

  /** Until the block ends no other frame may come, of whatever stream. */
  get isOpen(): boolean {
    return this.#streamId !== 0;
  }

  headers(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    let from = start;
    let to = end;
    if ((flags & Flag.PADDED) !== 0) {
      if (from >= to) throw tooShort();
      to -= bytes[from]!;
      from += 1;
    }
    // Deprecated, and to be skipped (§5.3.2).
    if ((flags & Flag.PRIORITY) !== 0) {
      if (from + 5 > end) throw tooShort();
      from += 5;
    }
    if (from > to) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'HEADERS with more padding than payload');
    }
    const endsStream = (flags & Flag.END_STREAM) !== 0;
    if ((flags & Flag.END_HEADERS) !== 0) {
      this.#onBlock(streamId, endsStream, bytes, from, to);
      return;
    }
    this.#streamId = streamId;
    this.#endsStream = endsStream;
    this.#keep(bytes, from, to);
  }

  continuation(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (streamId !== this.#streamId || streamId === 0) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'CONTINUATION of no header block');
    }
    this.#keep(bytes, start, end);
    if ((flags & Flag.END_HEADERS) === 0) return;
    const block = Buffer.concat(this.#parts, this.#bytes);
    this.#streamId = 0;
    this.#parts = [];
    this.#bytes = 0;
    this.#onBlock(streamId, this.#endsStream, block, 0, block.length);
  }

  #keep(bytes: Buffer, start: number, end: number): void {
    this.#bytes += end - start;
    if (this.#bytes > MAX_BLOCK_BYTES || this.#parts.length >= MAX_FRAMES) {
      const what = `headers of more than ${MAX_BLOCK_BYTES} bytes or ${MAX_FRAMES} frames`;
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, what);
    }
    this.#parts.push(Buffer.from(bytes.subarray(start, end)));
  }
}

function tooShort(): ConnectionError {
  return new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'HEADERS shorter than its flags say');
}

/** Far above what any server at work sends; what carries something adds to it. */
const BURST = 2000;
const PER_SECOND = 200;

/**
 * Bounds frames that cost us work and bring no page: PING, SETTINGS, RST_STREAM and WINDOW_UPDATE
 * without need, empty DATA, frames of streams that are over, unknown types. A server may send some
 * at any time, but not without end (RFC 9113 §10.5).
 */
export class FloodGuard {
  #left = BURST;
  #filledAt = systemClock.now();

  /** @throws ConnectionError when there were too many */
  count(): void {
    this.#left -= 1;
    if (this.#left > 0) return;
    const now = systemClock.now();
    this.#left = Math.min(BURST, ((now - this.#filledAt) / 1000) * PER_SECOND);
    this.#filledAt = now;
    if (this.#left < 1) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, 'too many frames that carry nothing');
    }
  }

  /** Useful data came, and so many frames may have come with it. */
  credit(frames: number): void {
    this.#left = Math.min(BURST, this.#left + frames);
  }
}
