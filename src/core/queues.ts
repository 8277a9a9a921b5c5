/** Queues whose cost does not grow with their length: by order of arrival, and by time. */

/** A gap shorter than this is not worth moving what stays. */
const SHORTEST_GAP = 1024;

/** First in, first out: an array and where it begins, moved up only where the gap is the larger part. */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  /** The one that `shift` would give. */
  get next(): T | undefined {
    return this.#items[this.#head];
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

  /** Empties the queue; gives what waited, in order. */
  takeAll(): T[] {
    const all = this.#items.slice(this.#head) as T[];
    this.#items = [];
    this.#head = 0;
    return all;
  }
}

/** Things that become due, earliest first: a binary heap. Equal times keep no particular order. */
export class DelayQueue<T> {
  readonly #items: { readonly dueAt: number; readonly value: T }[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** When the earliest becomes due, or Infinity. */
  get nextDueAt(): number {
    return this.#items[0]?.dueAt ?? Number.POSITIVE_INFINITY;
  }

  add(dueAt: number, value: T): void {
    const items = this.#items;
    const item = { dueAt, value };
    let index = items.push(item) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (items[parent]!.dueAt <= dueAt) break;
      items[index] = items[parent]!;
      index = parent;
    }
    items[index] = item;
  }

  /** Removes and returns the earliest that is due, or undefined. */
  takeDue(now: number): T | undefined {
    const items = this.#items;
    const first = items[0];
    if (first === undefined || first.dueAt > now) return undefined;
    const last = items.pop()!;
    if (items.length > 0) {
      let index = 0;
      for (;;) {
        let child = 2 * index + 1;
        if (child >= items.length) break;
        if (child + 1 < items.length && items[child + 1]!.dueAt < items[child]!.dueAt) child += 1;
        if (items[child]!.dueAt >= last.dueAt) break;
        items[index] = items[child]!;
        index = child;
      }
      items[index] = last;
    }
    return first.value;
  }
}
