/**
 * Bounds frames that cost us work and bring no page: PING, SETTINGS, RST_STREAM and WINDOW_UPDATE
 * without need, empty DATA, frames of streams that are over, unknown types. A server may send some
 * at any time, but not without end (RFC 9113 §10.5).
 */
import { ConnectionError } from './connection-error.ts';
import { ErrorCode } from './protocol-numbers.ts';

/** Far above what any server at work sends; what carries something adds to it. */
const BURST = 2000;
const PER_SECOND = 200;

export class FloodGuard {
  #left = BURST;
  #filledAt = performance.now();

  /** @throws ConnectionError when there were too many */
  count(): void {
    this.#left -= 1;
    if (this.#left > 0) return;
    const now = performance.now();
    this.#left = Math.min(BURST, ((now - this.#filledAt) / 1000) * PER_SECOND);
    this.#filledAt = now;
    if (this.#left < 1) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, 'too many frames that carry nothing');
    }
  }

  /** Something was of use, and so many frames may have come with it. */
  credit(frames: number): void {
    this.#left = Math.min(BURST, this.#left + frames);
  }
}
