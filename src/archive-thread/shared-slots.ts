/**
 * Memory that both threads see. A batch is copied into a slot of it, and checked, stored and exported from
 * there. The same memory is used again and again: new memory costs more than the copy.
 */

import { SLOT_BYTES, SLOTS } from '../core/memory-budget.ts';

/** Slots of pages that are stored and wait for their turn in the output. The others are for what arrives. */
export const MOST_KEPT_SLOTS = SLOTS / 2;

export interface Slot {
  readonly number: number;
  readonly bytes: Buffer;
}

/** For the main thread, which fills them. */
export class FreeSlots {
  /** The system gives the memory of a slot when that is first used. */
  readonly #memory = new SharedArrayBuffer(SLOTS * SLOT_BYTES);
  /** The last one that came back is taken first. */
  readonly #free = Array.from({ length: SLOTS }, (_, index) => SLOTS - 1 - index);

  /** Null where all are in use: they come back with the answers to batches, or are asked for. */
  take(): Slot | null {
    const number = this.#free.pop();
    if (number === undefined) return null;
    return { number, bytes: Buffer.from(this.#memory, number * SLOT_BYTES, SLOT_BYTES) };
  }

  giveBack(numbers: readonly number[]): void {
    this.#free.push(...numbers);
  }
}
