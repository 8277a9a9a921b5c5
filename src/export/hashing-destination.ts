import { createHash } from 'node:crypto';
import type { Destination } from './format.ts';

/** Hashes what goes to a destination on its way, so that no output is read again for its hash. */
export class HashingDestination implements Destination {
  readonly #to: Destination;
  readonly #hash = createHash('sha256');

  constructor(to: Destination) {
    this.#to = to;
  }

  write(bytes: Uint8Array): Promise<void> | void {
    // First: whoever takes them may transfer them.
    this.#hash.update(bytes);
    return this.#to.write(bytes);
  }

  /** Hex SHA-256 of all that was written. Call it once, at the end. */
  digest(): string {
    return this.#hash.digest('hex');
  }
}
