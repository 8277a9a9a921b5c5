/** Gaps shorter than this are not worth moving what stays. */
const SHORTEST_GAP = 1024;

/** First in, first out: an array and where it begins, moved up only where the gap is the larger part. */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head += 1;
    // A queue that is never empty would otherwise keep a place for everything that went through it.
    const isMostlyGap = this.#head >= SHORTEST_GAP && this.#head * 2 >= this.#items.length;
    if (isMostlyGap || this.#head === this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
