/**
 * Refusals that have nothing to do with the rate, as of a server that says 429 when it is busy with
 * something else. To a search they are contradictions, and each would make it slower. So after some
 * of those a few requests more are sent at once than the estimate allows: if they are accepted, no
 * bucket that fills at that rate had been empty, and the estimate is worth nothing.
 */

/** So many times what a bucket of that rate could have, and so many more. */
const BEYOND_FACTOR = 2;
const BEYOND = 8;
/** A trial of more would cost more than it can bring. */
const MOST_AT_ONCE = 500;
/** Once found they stay found while so few of what is sent is refused, and not one right after another. */
const MOST_PART = 0.04;
const LEAST_BETWEEN = 8;
/** Over so many requests. */
const MEMORY = 500;

interface Trial {
  readonly rate: number;
  readonly refusedAt: number;
  accepted: number;
}

export class UnrelatedRefusals {
  #trial: Trial | null = null;
  #isFound = false;
  #contradictions = 0;
  /** After each trial that was refused twice as many contradictions make the next. */
  #needed = 1;
  #accepted = 0;
  #refused = 0;

  get isFound(): boolean {
    return this.#isFound;
  }

  /**
   * The pause after a refusal at a rate that was thought safe is over.
   * @param rate what is thought of it now, per millisecond
   * @param refusedAt when the last refused request was sent
   * @returns how many may start at once; 0 for no trial
   */
  contradicted(rate: number, refusedAt: number, now: number, roundTripMs: number): number {
    this.#contradictions += 1;
    if (this.#contradictions < this.#needed) return 0;
    const lasts = now - refusedAt + 2 * roundTripMs;
    const atOnce = Math.ceil(BEYOND_FACTOR * rate * lasts + BEYOND) + 2;
    if (atOnce > MOST_AT_ONCE) return 0;
    this.#contradictions = 0;
    this.#trial = { rate, refusedAt, accepted: 0 };
    return atOnce;
  }

  /** @returns whether this one shows that the estimate is wrong */
  accepted(sentAt: number, now: number): boolean {
    const trial = this.#trial;
    if (trial === null || sentAt <= trial.refusedAt) return false;
    trial.accepted += 1;
    const most = BEYOND_FACTOR * trial.rate * (now - trial.refusedAt) + BEYOND;
    if (trial.accepted <= most) return false;
    this.#trial = null;
    this.#isFound = true;
    this.#accepted = 0;
    this.#refused = 0;
    return true;
  }

  refused(): void {
    if (this.#trial === null) return;
    this.#trial = null;
    this.#needed *= 2;
  }

  /**
   * Refused again where they had been found, after so many were accepted.
   * @returns whether it still has nothing to do with the rate
   */
  again(accepted: number, refused: number): boolean {
    this.#accepted += accepted;
    this.#refused += refused;
    const isFew = this.#refused <= Math.max(3, MOST_PART * this.#accepted);
    if (this.#accepted > MEMORY) {
      this.#accepted /= 2;
      this.#refused /= 2;
    }
    this.#isFound = isFew && accepted >= LEAST_BETWEEN;
    if (!this.#isFound) this.#needed *= 2;
    return this.#isFound;
  }
}
