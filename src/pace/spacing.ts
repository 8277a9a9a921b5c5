/**
 * Even spacing of starts at a rate: the generic cell rate algorithm (ITU-T I.371), written as a
 * credit that grows with time. Credit of more than `slackMs` is lost: a late timer is made good, an
 * idle minute is not.
 */
/** A timer that is late, or a burst of answers, may be made good within this. */
export const SLACK_MS = 20;
const NEARLY_ONE = 1 - 1e-6;

export class Spacing {
  readonly #slackMs: number;
  /** Per millisecond; Infinity where nothing is held back. */
  #rate: number;
  #credit = 1;
  /** Null before anything was asked. */
  #at: number | null = null;

  constructor(slackMs: number, rate = Number.POSITIVE_INFINITY) {
    this.#slackMs = slackMs;
    this.#rate = rate;
  }

  get rate(): number {
    return this.#rate;
  }

  setRate(rate: number, now: number): void {
    this.#refill(now);
    if (this.#rate === Number.POSITIVE_INFINITY) this.#credit = 1;
    this.#rate = rate;
  }

  startableAt(now: number): number {
    if (this.#rate === Number.POSITIVE_INFINITY) return now;
    this.#refill(now);
    if (this.#credit >= NEARLY_ONE) return now;
    return now + (1 - this.#credit) / this.#rate;
  }

  started(now: number): void {
    if (this.#rate === Number.POSITIVE_INFINITY) return;
    this.#refill(now);
    this.#credit -= 1;
  }

  /** So many may start at once, besides those that the rate allows. */
  grant(credit: number, now: number): void {
    this.#refill(now);
    this.#credit = Math.max(this.#credit, credit);
  }

  /** No credit is left: the next start is one interval away. */
  drain(now: number): void {
    this.#refill(now);
    this.#credit = Math.min(this.#credit, 0);
  }

  #refill(now: number): void {
    this.#at ??= now;
    if (now <= this.#at) return;
    const most = 1 + this.#rate * this.#slackMs;
    // Granted credit may be above what slack allows; it stays until it is used.
    if (this.#credit < most && this.#rate !== Number.POSITIVE_INFINITY) {
      this.#credit = Math.min(most, this.#credit + (now - this.#at) * this.#rate);
    }
    this.#at = now;
  }
}

/** Gives whether it was another rate. */
export function setIfChanged(spacing: Spacing, rate: number, now: number): boolean {
  if (spacing.rate === rate) return false;
  spacing.setRate(rate, now);
  return true;
}
