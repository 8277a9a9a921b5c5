/**
 * Frames checked for what can be checked without knowing any stream (RFC 9113 §6): length, stream
 * or none, and that nothing comes between the parts of a header block.
 */
import { ConnectionError } from './connection-error.ts';
import type { FloodGuard } from './flood-guard.ts';
import type { FrameHandler } from './frame-reader.ts';
import { HeaderBlocks, type OnBlock } from './header-blocks.ts';
import { ErrorCode, Flag, FrameType, MAX_31_BITS } from './protocol-numbers.ts';

/** Frames of streams. */
export interface StreamFrames {
  onDataBegin(streamId: number, frameBytes: number): void;
  onDataBytes(bytes: Buffer): void;
  onDataEnd(endsStream: boolean): void;
  onHeaderBlock(...block: Parameters<OnBlock>): void;
  onReset(streamId: number, code: number): void;
}

/** Frames of the connection. */
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

  onDataBytes(bytes: Buffer): void {
    this.#streams.onDataBytes(bytes);
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
        // Of an extension that we did not agree to: ignored (§4.1).
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
