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
