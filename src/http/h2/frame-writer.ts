/**
 * Writes frames one after the other into a slab and hands them to the socket together: a write costs
 * a TLS record and a system call, about 10 µs, as much as ten requests cost to encode.
 */

import { systemClock } from '../../core/clock.ts';
import type { HeaderBlock } from './message-fields.ts';
import {
  DEFAULT_WINDOW_BYTES,
  Flag,
  FRAME_HEADER_BYTES,
  FrameType,
  MAX_HEADER_LIST_BYTES,
  Setting,
} from './protocol.ts';

const SLAB_BYTES = 32 * 1024;
/**
 * Where twenty answers come together, the first request that they free should not wait until all of
 * them are dealt with: behind 50 ms that cost 1.5 ms a round. So much of a turn is gathered at most.
 */
const LONGEST_HOLD_MS = 0.5;
/** From here on a body is cheaper to hand over than to copy. */
const COPIED_BYTES = 2048;

export class FrameWriter {
  readonly #write: (bytes: Buffer) => void;
  readonly #flushLater: () => void;
  #slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  /** Where what is not yet handed over begins and ends. */
  #start = 0;
  #end = 0;
  /** Since when something waits. */
  #heldSince = 0;
  #closed = false;

  /** @param write takes bytes over for good */
  constructor(write: (bytes: Buffer) => void) {
    this.#write = write;
    let scheduled = false;
    const flush = (): void => {
      scheduled = false;
      this.flush();
    };
    this.#flushLater = () => {
      if (scheduled) return;
      scheduled = true;
      setImmediate(flush);
    };
  }

  flush(): void {
    if (this.#start === this.#end || this.#closed) return;
    const bytes = this.#slab.subarray(this.#start, this.#end);
    this.#start = this.#end;
    this.#write(bytes);
  }

  /** What comes from now on is dropped. */
  close(): void {
    this.#closed = true;
  }

  bytes(bytes: Uint8Array): void {
    this.#slab.set(bytes, this.#claim(bytes.length));
  }

  settings(settings: readonly (readonly [id: number, value: number])[]): void {
    let at = this.#frame(FrameType.SETTINGS, 0, 0, settings.length * 6);
    for (const [id, value] of settings) {
      at = this.#slab.writeUInt16BE(id, at);
      at = this.#slab.writeUInt32BE(value, at);
    }
  }

  settingsAck(): void {
    this.#frame(FrameType.SETTINGS, Flag.ACK, 0, 0);
  }

  /** @param opaque 8 bytes at `start` */
  ping(flags: number, opaque: Buffer, start: number): void {
    const at = this.#frame(FrameType.PING, flags, 0, 8);
    opaque.copy(this.#slab, at, start, start + 8);
  }

  windowUpdate(streamId: number, increment: number): void {
    this.#number(FrameType.WINDOW_UPDATE, streamId, increment);
  }

  reset(streamId: number, code: number): void {
    this.#number(FrameType.RST_STREAM, streamId, code);
  }

  /** Streams that the server began are none, so the last id is 0. */
  goaway(code: number): void {
    const at = this.#frame(FrameType.GOAWAY, 0, 0, 8);
    this.#slab.writeUInt32BE(0, at);
    this.#slab.writeUInt32BE(code, at + 4);
  }

  /** A header block, in as many frames as it takes; nothing may come in between (RFC 9113 §4.3). */
  headers(
    streamId: number,
    { bytes, length }: HeaderBlock,
    endsStream: boolean,
    maxFrameBytes: number,
  ): void {
    let type: number = FrameType.HEADERS;
    let flags: number = endsStream ? Flag.END_STREAM : 0;
    let from = 0;
    do {
      const to = Math.min(from + maxFrameBytes, length);
      if (to === length) flags |= Flag.END_HEADERS;
      const at = this.#frame(type, flags, streamId, to - from);
      bytes.copy(this.#slab, at, from, to);
      type = FrameType.CONTINUATION;
      flags = 0;
      from = to;
    } while (from < length);
    if (systemClock.now() - this.#heldSince > LONGEST_HOLD_MS) this.flush();
  }

  /** `body` must stay as it is. */
  data(streamId: number, body: Uint8Array, start: number, end: number, endsStream: boolean): void {
    const length = end - start;
    const copied = length <= COPIED_BYTES;
    const at = this.#claim(FRAME_HEADER_BYTES + (copied ? length : 0));
    this.#putHeader(at, FrameType.DATA, endsStream ? Flag.END_STREAM : 0, streamId, length);
    const part = body.subarray(start, end);
    if (copied) {
      this.#slab.set(part, at + FRAME_HEADER_BYTES);
    } else {
      this.flush();
      if (!this.#closed) this.#write(Buffer.from(part.buffer, part.byteOffset, part.byteLength));
    }
  }

  /** Begins a frame; gives the place in the slab where its payload of `length` bytes is due. */
  #frame(type: number, flags: number, streamId: number, length: number): number {
    const at = this.#claim(FRAME_HEADER_BYTES + length);
    this.#putHeader(at, type, flags, streamId, length);
    return at + FRAME_HEADER_BYTES;
  }

  #number(type: number, streamId: number, value: number): void {
    const at = this.#frame(type, 0, streamId, 4);
    this.#slab.writeUInt32BE(value, at);
  }

  #claim(bytes: number): number {
    if (this.#end + bytes > this.#slab.length) {
      this.flush();
      this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, bytes));
      this.#start = 0;
      this.#end = 0;
    }
    if (this.#start === this.#end) this.#heldSince = systemClock.now();
    const at = this.#end;
    this.#end += bytes;
    this.#flushLater();
    return at;
  }

  #putHeader(at: number, type: number, flags: number, streamId: number, length: number): void {
    const slab = this.#slab;
    slab[at] = length >>> 16;
    slab[at + 1] = length >>> 8;
    slab[at + 2] = length;
    slab[at + 3] = type;
    slab[at + 4] = flags;
    slab[at + 5] = streamId >>> 24;
    slab[at + 6] = streamId >>> 16;
    slab[at + 7] = streamId >>> 8;
    slab[at + 8] = streamId;
  }
}

export interface PrefaceSettings {
  readonly streamWindowBytes: number;
  /** At least 65,535, which is what it begins with. */
  readonly connectionWindowBytes: number;
}

const MAGIC = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** What a client says first (RFC 9113 §3.4), with the windows that a long way needs. */
export function writePreface(writer: FrameWriter, settings: PrefaceSettings): void {
  writer.bytes(MAGIC);
  writer.settings([
    [Setting.ENABLE_PUSH, 0],
    [Setting.INITIAL_WINDOW_SIZE, settings.streamWindowBytes],
    [Setting.MAX_HEADER_LIST_SIZE, MAX_HEADER_LIST_BYTES],
  ]);
  const increment = settings.connectionWindowBytes - DEFAULT_WINDOW_BYTES;
  if (increment > 0) writer.windowUpdate(0, increment);
  writer.flush();
}
