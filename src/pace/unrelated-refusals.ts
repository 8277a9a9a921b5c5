/** So many times as often as at a lower rate, and so many refusals besides, are no accident. */
const MORE_OFTEN = 4;
const BESIDES = 4;

/**
 * Refusals that have nothing to do with the rate: a server says 429 because it is busy with something else.
 * Each is waited out, and no rate is held, as long as they are not clearly more frequent than they were at
 * a rate that was lower.
 */
export class UnrelatedRefusals {
  readonly #gain: number;
  #credit = BESIDES;

  /** @param acceptedForEach requests that were accepted at the lower rate for each that was refused */
  constructor(acceptedForEach: number) {
    this.#gain = MORE_OFTEN / acceptedForEach;
  }

  accepted(): void {
    this.#credit = Math.min(BESIDES, this.#credit + this.#gain);
  }

  /** @returns whether they follow the rate after all */
  refused(): boolean {
    this.#credit -= 1;
    return this.#credit < 0;
  }
}
