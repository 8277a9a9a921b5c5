/** How many requests that were sent up to a moment were accepted, whatever order they came back in. */
const RECENT = 1024;

export class AcceptedLog {
  #total = 0;
  readonly #recent = new Float64Array(RECENT);

  get total(): number {
    return this.#total;
  }

  add(sentAt: number): void {
    this.#recent[this.#total % RECENT] = sentAt;
    this.#total += 1;
  }

  /** Exact as long as fewer than 1,024 requests that were sent later are back. */
  sentUpTo(time: number): number {
    let later = 0;
    for (let index = Math.min(RECENT, this.#total) - 1; index >= 0; index -= 1) {
      if (this.#recent[index]! > time) later += 1;
    }
    return this.#total - later;
  }
}
