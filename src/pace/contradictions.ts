import type { AcceptedHistory } from './limiter-fit.ts';
import type { RefusalEvent } from './short-window.ts';

/**
 * Refusals at a rate that was thought safe contradict the estimate. Two answers stand here: what to
 * believe then (`Contradictions`), and how to find out whether refusals have anything to do with the
 * rate at all (`UnrelatedRefusals`).
 */

/** How near the upper bound the second is taken to be, and the ones after it. */
const SECOND_WEIGHT = 0.5;
const LATER_WEIGHT = 0.2;
/** The next rate, as parts of the present one. */
const LEAST_NEXT = 0.7;
const MOST_NEXT = 0.99;
/** A trial sends so many times what a token bucket of that rate could have gained, and so many more. */
const BEYOND_FACTOR = 2;
const BEYOND = 8;
/** A trial of more requests would cost more than it can bring. */
const MOST_AT_ONCE = 500;
/** Refusals stay unrelated while no more than this part is refused, and not one right after another. */
const MOST_REFUSED = 0.04;
const LEAST_BETWEEN = 8;
/** Counted over so many requests. */
const MEMORY = 500;

/** Requests per millisecond, and requests at once. */
export interface Guess {
  readonly rate: number;
  readonly burst: number;
}

/**
 * What to believe after a refusal at a safe rate. The first is fitted again. After that the burst may
 * be as wrong as the rate, so only two bounds count, which need no model.
 */
export class Contradictions {
  #inARow = 0;

  /** A refusal came as the estimate had said. */
  end(): void {
    this.#inARow = 0;
  }

  /**
   * @param current the rate that was refused
   * @param fitted what the refusal tells where the burst is right
   */
  next(
    history: AcceptedHistory,
    last: RefusalEvent,
    event: RefusalEvent,
    current: number,
    fitted: Guess,
  ): Guess {
    this.#inARow += 1;
    const openMs = Math.max(1, event.firstAt - last.openAt);
    const accepted = history.between(last.lastAt, event.firstAt);
    // By the time since the last refusal, and by the time since the last pause.
    const least = accepted / Math.max(1, event.firstAt - last.lastAt);
    const most = Math.min(current, accepted / openMs);
    const { burst } = fitted;
    if (this.#inARow === 1) return { rate: Math.max(least, Math.min(fitted.rate, most)), burst };
    const weight = this.#inARow === 2 ? SECOND_WEIGHT : LATER_WEIGHT;
    const rate = Math.max(least ** (1 - weight) * most ** weight, LEAST_NEXT * current);
    const found = Math.max(0, accepted - rate * openMs);
    const refilled = rate * (last.openAt - last.lastAt);
    return {
      rate: Math.min(rate, MOST_NEXT * current),
      burst: found < 0.9 * refilled ? found : Math.max(burst, found),
    };
  }
}

interface Trial {
  readonly rate: number;
  readonly refusedAt: number;
  accepted: number;
}

/**
 * Some refusals have nothing to do with the rate: a server says 429 because it is busy with something
 * else. To the search they are contradictions, and each would make it slower. So after some of them
 * more requests are sent at once than the estimate allows. If all are accepted, no token bucket of
 * that rate had been empty, and the estimate is worth nothing.
 */
export class UnrelatedRefusals {
  #trial: Trial | null = null;
  #isFound = false;
  #contradictions = 0;
  /** Contradictions before the next trial; each refused trial doubles it. */
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
   * Refused again after refusals were found unrelated.
   * @returns whether it still has nothing to do with the rate
   */
  again(accepted: number, refused: number): boolean {
    this.#accepted += accepted;
    this.#refused += refused;
    const isFew = this.#refused <= Math.max(3, MOST_REFUSED * this.#accepted);
    if (this.#accepted > MEMORY) {
      this.#accepted /= 2;
      this.#refused /= 2;
    }
    this.#isFound = isFew && accepted >= LEAST_BETWEEN;
    if (!this.#isFound) this.#needed *= 2;
    return this.#isFound;
  }
}
