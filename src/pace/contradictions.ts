import type { AcceptedHistory } from './limiter-fit.ts';
import type { RefusalEvent } from './short-window.ts';

/** How near the upper bound the second is taken to be, and the ones after it. */
const SECOND_WEIGHT = 0.5;
const LATER_WEIGHT = 0.2;
/** The next rate, as a part of the present one, at least. */
const LEAST_NEXT = 0.7;
/** More contradictions in a row than this show that refusals do not follow the rate. */
const MOST_IN_A_ROW = 4;

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
  /** In the row. */
  #accepted = 0;

  /**
   * A limit that is met at a lower and lower rate is soon not met at all. Where the row is too long for one,
   * refusals have nothing to do with the rate: how many requests are accepted for each. Null otherwise.
   */
  get acceptedForEach(): number | null {
    return this.#inARow > MOST_IN_A_ROW ? Math.max(1, this.#accepted / this.#inARow) : null;
  }

  /** A refusal came as the estimate had said. */
  end(): void {
    [this.#inARow, this.#accepted] = [0, 0];
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
    this.#accepted += accepted;
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
      rate,
      burst: found < 0.9 * refilled ? found : Math.max(burst, found),
    };
  }
}
