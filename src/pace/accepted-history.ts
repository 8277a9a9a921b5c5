/**
 * When requests were accepted: exactly for the newest, as evenly spread over short stretches for
 * those before, in bounded memory.
 */
const MOST_STRETCHES = 4096;

interface Stretch {
  /** When its first and its last request were sent. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

export class AcceptedHistory {
  #total = 0;
  #stretches: Stretch[] = [];

  get total(): number {
    return this.#total;
  }

  /** Answers come back out of order; this is by the time of sending. */
  add(sentAt: number): void {
    this.#total += 1;
    const stretches = this.#stretches;
    let index = stretches.length;
    while (index > 0 && stretches[index - 1]!.from > sentAt) index -= 1;
    stretches.splice(index, 0, { from: sentAt, to: sentAt, count: 1 });
    if (stretches.length > MOST_STRETCHES) this.#coarsen();
  }

  forgetBefore(time: number): void {
    const keep = this.#stretches.findIndex(({ from }) => from > time);
    this.#stretches.splice(0, keep === -1 ? this.#stretches.length : keep);
  }

  /** Accepted after `from`, up to `to`. */
  between(from: number, to: number): number {
    let sum = 0;
    for (let index = this.#stretches.length - 1; index >= 0; index -= 1) {
      const stretch = this.#stretches[index]!;
      if (stretch.from <= from) break;
      if (stretch.to <= to) sum += stretch.count;
    }
    return sum;
  }

  /**
   * What a leaky bucket holds at `to` that held `level` at `from`, gains one for each accepted
   * request and leaks at `rate`: the part of a server's burst that is used.
   */
  levelAt(rate: number, level: number, from: number, to: number): number {
    let at = from;
    let held = level;
    for (const stretch of this.#stretches) {
      if (stretch.from <= from) continue;
      if (stretch.to > to) break;
      held = Math.max(0, held - rate * Math.max(0, stretch.from - at));
      held = Math.max(0, held + stretch.count - rate * (stretch.to - stretch.from));
      at = stretch.to;
    }
    return Math.max(0, held - rate * (to - at));
  }

  /** Pairs of the older half become one. */
  #coarsen(): void {
    const half = this.#stretches.length >> 1;
    const older: Stretch[] = [];
    for (let index = 0; index + 1 < half; index += 2) {
      const [a, b] = [this.#stretches[index]!, this.#stretches[index + 1]!];
      older.push({ from: a.from, to: Math.max(a.to, b.to), count: a.count + b.count });
    }
    this.#stretches = [...older, ...this.#stretches.slice(older.length * 2)];
  }
}
