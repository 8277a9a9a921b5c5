/**
 * Finds the token bucket (rate and burst) that explains when requests were accepted and when refused.
 * At a refusal the server's bucket is empty. Think of a leaky bucket that accepted requests fill and
 * that leaks at the true rate: at every refusal it stands at the same height, the burst.
 */

/** Newest requests are kept exactly; beyond this, older ones as evenly spread over short stretches. */
const MOST_STRETCHES = 4096;

/** From one rate that is tried to the next. */
const STEP = 1.02;
/** How far the height may be off by chance: requests, their rate in 25 ms of jitter, part of the burst. */
const CHANCE = 1.5;
const JITTER_MS = 25;
const CHANCE_PART = 0.04;
const BISECTIONS = 16;

/**
 * When requests were accepted, in bounded memory: stretches of time, in columns, since an object for each
 * request would be the longest-lived of its page.
 */
export class AcceptedHistory {
  #total = 0;
  /** When the first request of each stretch was sent, and the last, and how many there were. */
  readonly #from: number[] = [];
  readonly #to: number[] = [];
  readonly #count: number[] = [];

  get total(): number {
    return this.#total;
  }

  /** Answers come back out of order; this is by the time of sending. */
  add(sentAt: number): void {
    this.#total += 1;
    let index = this.#from.length;
    while (index > 0 && this.#from[index - 1]! > sentAt) index -= 1;
    insert(this.#from, index, sentAt);
    insert(this.#to, index, sentAt);
    insert(this.#count, index, 1);
    if (this.#from.length > MOST_STRETCHES) this.#coarsen();
  }

  forgetBefore(time: number): void {
    const keep = this.#from.findIndex((from) => from > time);
    const gone = keep === -1 ? this.#from.length : keep;
    for (const column of [this.#from, this.#to, this.#count]) column.splice(0, gone);
  }

  /** Accepted after `from`, up to `to`. */
  between(from: number, to: number): number {
    let sum = 0;
    for (let index = this.#from.length - 1; index >= 0; index -= 1) {
      if (this.#from[index]! <= from) break;
      if (this.#to[index]! <= to) sum += this.#count[index]!;
    }
    return sum;
  }

  /**
   * The level at `to` of a leaky bucket that stood at `level` at `from`, gains one for each accepted
   * request and leaks at `rate`: the part of the server's burst that is used.
   */
  levelAt(rate: number, level: number, from: number, to: number): number {
    let at = from;
    let held = level;
    for (let index = 0; index < this.#from.length; index += 1) {
      const first = this.#from[index]!;
      const last = this.#to[index]!;
      if (first <= from) continue;
      if (last > to) break;
      held = Math.max(0, held - rate * Math.max(0, first - at));
      held = Math.max(0, held + this.#count[index]! - rate * (last - first));
      at = last;
    }
    return Math.max(0, held - rate * (to - at));
  }

  /** Pairs of the older half become one. */
  #coarsen(): void {
    const pairs = this.#from.length >> 2;
    for (let pair = 0; pair < pairs; pair += 1) {
      const [a, b] = [2 * pair, 2 * pair + 1];
      this.#from[pair] = this.#from[a]!;
      this.#to[pair] = Math.max(this.#to[a]!, this.#to[b]!);
      this.#count[pair] = this.#count[a]! + this.#count[b]!;
    }
    for (const column of [this.#from, this.#to, this.#count]) column.splice(pairs, pairs);
  }
}

/** Nearly always close to the end. */
function insert(column: number[], index: number, value: number): void {
  for (let at = column.length; at > index; at -= 1) column[at] = column[at - 1]!;
  column[index] = value;
}

/** From one refusal to the next. */
export interface Segment {
  readonly from: number;
  readonly to: number;
  readonly accepted: number;
}

export interface Fit {
  /** Requests per millisecond. */
  readonly rate: number;
  readonly burst: number;
  /** The range of rates that explain it nearly as well. */
  readonly leastLikely: number;
  readonly mostLikely: number;
}

/**
 * Rate and burst together, from the run's first refusal (before which the server's bucket was full, at
 * `startedAt`) and the segments since.
 * @param refusedAt the lowest rate that was refused
 */
export function fitRateAndBurst(
  history: AcceptedHistory,
  startedAt: number,
  firstAt: number,
  segments: readonly Segment[],
  refusedAt: number,
): Fit {
  let least = 0;
  for (const { from, to, accepted } of segments) {
    least = Math.max(least, (accepted - 3) / Math.max(1, to - from));
  }
  const tried: { rate: number; burst: number; cost: number }[] = [];
  for (let rate = 0.97 * least; rate < Math.max(1.1 * least, refusedAt); rate *= STEP) {
    // One millisecond earlier, so that what went out at the start counts.
    const burst = history.levelAt(rate, 0, startedAt - 1, firstAt);
    const chance = CHANCE + JITTER_MS * rate + CHANCE_PART * burst;
    let cost = 0;
    for (const { from, to } of segments) {
      cost += ((history.levelAt(rate, burst, from, to) - burst) / chance) ** 2;
    }
    tried.push({ rate, burst, cost });
  }
  let best = tried[0]!;
  for (const one of tried) if (one.cost < best.cost) best = one;
  const likely = tried.filter(({ cost }) => cost <= best.cost + 1);
  const { rate, burst } = best;
  return { rate, burst, leastLikely: likely[0]!.rate, mostLikely: likely.at(-1)!.rate };
}

/** The rate alone, with the burst known. */
export function fitRate(
  history: AcceptedHistory,
  burst: number,
  { from, to, accepted }: Segment,
  refusedAt: number,
): number {
  // The rate is at least what was accepted, and more where the server's bucket was full for a time.
  let below = (0.98 * accepted) / Math.max(1, to - from);
  let above = Math.max(refusedAt, below);
  for (let round = 0; round < BISECTIONS; round += 1) {
    const middle = (below + above) / 2;
    if (history.levelAt(middle, burst, from, to) <= burst) above = middle;
    else below = middle;
  }
  return above;
}
