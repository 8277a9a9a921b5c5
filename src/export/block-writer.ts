import { BLOCK_BYTES } from '../core/memory-budget.ts';
import type { Destination } from './format.ts';

/**
 * Gathers output in a block for a destination, and fills it again where that did not take it away. Call
 * `reserve`, await what it returns if that is a promise, then fill `block` from `used` on.
 */
export class BlockWriter {
  readonly #destination: Destination;
  #writtenBytes = 0;
  block = new Uint8Array(0);
  used = 0;

  constructor(destination: Destination) {
    this.#destination = destination;
  }

  /** Makes room for `bytes` more in the block; a block larger than usual where that takes one. */
  reserve(bytes: number): Promise<void> | void {
    if (this.used + bytes <= this.block.length) return;
    const written = this.flush();
    const renew = (): void => {
      const isFit = this.block.length >= bytes && this.block.length <= BLOCK_BYTES;
      if (!isFit) this.block = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, bytes));
    };
    return written ? written.then(renew) : renew();
  }

  /** Writes what is in the block. */
  flush(): Promise<void> | void {
    if (this.used === 0) return;
    const full = this.block.subarray(0, this.used);
    this.#writtenBytes += this.used;
    this.used = 0;
    return this.#destination.write(full);
  }

  /** Adds bytes for which room was reserved. */
  add(bytes: Uint8Array): void {
    this.block.set(bytes, this.used);
    this.used += bytes.length;
  }

  /** Bytes written so far. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }
}
