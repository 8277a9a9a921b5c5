/** HEADERS and the CONTINUATION frames behind it, joined (RFC 9113 §4.3, §6.2, §6.10). */
import { ConnectionError } from './connection-error.ts';
import { ErrorCode, Flag } from './protocol-numbers.ts';

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

export class HeaderBlocks {
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
