/** First in, first out, at constant cost: attempts that wait for a free stream or connection. */
import type { Attempt } from './attempt.ts';
import type { TransportError } from './transport.ts';

export class AttemptQueue {
  #items: (Attempt | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  /** The one that `shift` would give. */
  get next(): Attempt | undefined {
    return this.#items[this.#head];
  }

  push(attempt: Attempt): void {
    this.#items.push(attempt);
  }

  shift(): Attempt | undefined {
    const next = this.#items[this.#head];
    if (next === undefined) return undefined;
    this.#items[this.#head] = undefined;
    this.#head += 1;
    // Cutting the front off only now and then keeps the cost of one shift constant.
    if (this.#head > 1024 || this.#head === this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return next;
  }

  /** Empties the queue; gives what waited, in order. */
  takeAll(): Attempt[] {
    const all = this.#items.slice(this.#head).filter((item) => item !== undefined);
    this.#items = [];
    this.#head = 0;
    return all;
  }

  failAll(error: TransportError): void {
    for (const attempt of this.takeAll()) attempt.failWith(error);
  }
}
