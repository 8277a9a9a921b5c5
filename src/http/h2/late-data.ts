import { ConnectionError } from './connection-error.ts';
import { ErrorCode, FRAME_HEADER_BYTES } from './protocol-numbers.ts';

/**
 * DATA that may still be on its way to streams that we gave up (RFC 9113 §5.1): passed over, but
 * not without end.
 */
export class LateData {
  readonly #perStream: number;
  readonly #most: number;
  #left = 0;

  constructor(perStream: number, most: number) {
    this.#perStream = perStream;
    this.#most = most;
  }

  /** A stream was given up. */
  expect(): void {
    this.#left = Math.min(this.#left + this.#perStream, this.#most);
  }

  /** @throws ConnectionError */
  take(frameBytes: number): void {
    this.#left -= frameBytes + FRAME_HEADER_BYTES;
    if (this.#left < 0) {
      throw new ConnectionError(ErrorCode.STREAM_CLOSED, 'DATA on a stream that had ended');
    }
  }
}
