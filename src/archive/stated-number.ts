/** Whether a number belongs to the page that states it: read again, two pages still state two. */
export class ByPage {
  readonly #said = new Set<number>();
  #isSteady = true;

  hear(before: number | null, again: number | null): void {
    if (before === null || again !== before) this.#isSteady = false;
    else this.#said.add(before);
  }

  get isSo(): boolean {
    return this.#isSteady && this.#said.size > 1;
  }
}

/** What the server said of one number, by the order of the pages and the time they were read. */
export class StatedNumber {
  start: number | null = null;
  end: number | null = null;
  between: number | null = null;
  #endReadAt = 0;

  hear(value: number, readAt: number): void {
    this.start ??= value;
    if (value !== this.start) this.between ??= value;
    if (this.end !== null && readAt < this.#endReadAt) return;
    this.end = value;
    this.#endReadAt = readAt;
  }
}
