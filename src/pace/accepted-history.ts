/**
 * When requests were accepted, as counts at times: exact for the newest, coarser with age, bounded.
 */
const BIN_MS = 2;
const MOST_BINS = 4096;

export class AcceptedHistory {
  #total = 0;
  #times: number[] = [];
  #counts: number[] = [];

  get total(): number {
    return this.#total;
  }

  /** Answers come back out of order; this is by the time of sending. */
  add(sentAt: number): void {
    this.#total += 1;
    let index = this.#times.length - 1;
    while (index >= 0 && this.#times[index]! > sentAt) index -= 1;
    if (index >= 0 && sentAt - this.#times[index]! < BIN_MS) {
      this.#counts[index]! += 1;
      return;
    }
    this.#times.splice(index + 1, 0, sentAt);
    this.#counts.splice(index + 1, 0, 1);
    if (this.#times.length > MOST_BINS) this.#coarsen();
  }

  forgetBefore(time: number): void {
    let keep = 0;
    while (keep < this.#times.length && this.#times[keep]! <= time) keep += 1;
    this.#times.splice(0, keep);
    this.#counts.splice(0, keep);
  }

  /** Accepted after `from`, up to `to`. */
  between(from: number, to: number): number {
    let sum = 0;
    for (let index = this.#times.length - 1; index >= 0; index -= 1) {
      const time = this.#times[index]!;
      if (time <= from) break;
      if (time <= to) sum += this.#counts[index]!;
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
    for (const [index, time] of this.#times.entries()) {
      if (time <= from) continue;
      if (time > to) break;
      held = Math.max(0, held - rate * (time - at)) + this.#counts[index]!;
      at = time;
    }
    return Math.max(0, held - rate * (to - at));
  }

  /** Pairs of the older half become one. */
  #coarsen(): void {
    const half = this.#times.length >> 1;
    const times: number[] = [];
    const counts: number[] = [];
    for (let index = 0; index < half; index += 2) {
      const [a, b] = [this.#counts[index]!, this.#counts[index + 1]!];
      times.push((a * this.#times[index]! + b * this.#times[index + 1]!) / (a + b));
      counts.push(a + b);
    }
    const rest = times.length === 0 ? 0 : half + (half % 2);
    this.#times = [...times, ...this.#times.slice(rest)];
    this.#counts = [...counts, ...this.#counts.slice(rest)];
  }
}
