/**
 * How many requests to have in flight: it raises concurrency while throughput grows, and lowers it
 * where fewer bring as many answers (by Little's law the rest only wait in the server's queue). It
 * measures in epochs. Only an epoch in which the limit was really used counts: one in which the rate
 * held requests back says nothing.
 */
const STEPS = [1, 2, 3, 5, 8, 12, 18, 27, 40, 64] as const;
const FIRST_STEP = 3;
/** An epoch has at least so many answers, so many for each request in flight, and so many ms. */
const EPOCH_ANSWERS = 42;
const ROUNDS = 2;
/** Where a limit is near, the last steps cost most refusals, so they are taken slowly. */
const MANY = 27;
const ROUNDS_OF_MANY = 7;
const EPOCH_MS = 50;
/** Where answers take long, an epoch of few rounds must be enough. */
const LONG_EPOCH_MS = 800;
const ROUNDS_OF_LONG = 1.3;
/** Steps of 1.5 to 1.6 that bring less than this are not worth their load. */
const WORTH = 1.06;
/** Where answers take so long, a step that brings nearly all it can is followed by two at a time. */
const STEEP = 1.35;
const LATE_MS = 250;
/** A lower step that reaches this part of what the search down began with is as good. */
const AS_GOOD = 0.93;
/** How long a settled limit stays before the next one is tried. */
const SETTLED_MS = 10_000;
const STRAINED_PART = 0.1;
/**
 * Where this process itself delays the answers, latency says nothing, and more requests at once let it
 * work in larger portions: 20 bring a quarter more than 5, and 50 no more than 20.
 */
const ENOUGH_WHEN_BUSY = 27;

export class AutoConcurrency {
  #step: number;
  #goal: 'grow' | 'shrink' | 'settled' = 'grow';
  /** Throughput at the step that the present one is compared with. */
  #reference = 0;
  #settledAt = 0;
  #triedUpLast = true;
  #epochFrom = Number.NEGATIVE_INFINITY;
  #answers = 0;
  #latencyMs = 0;
  #full = 0;
  #strained = 0;
  #busy = 0;
  #wasSettled = false;
  #calmedAt = Number.NEGATIVE_INFINITY;

  constructor(learned: number | null) {
    const step = learned === null ? FIRST_STEP : STEPS.findLastIndex((size) => size <= learned);
    this.#step = Math.max(0, step);
  }

  get limit(): number {
    return STEPS[this.#step]!;
  }

  /** Whether more in flight was tried and brought no more answers. */
  get isByLatency(): boolean {
    return this.#wasSettled && this.#step < STEPS.length - 1;
  }

  /**
   * @param kind `busy`: answered, and this process had little time to spare
   * @param inFlight with the one that ended
   */
  ended(
    kind: 'answered' | 'busy' | 'strained',
    inFlight: number,
    sentAt: number,
    now: number,
  ): void {
    // Requests from before a change of the limit tell of the old one.
    if (sentAt < this.#epochFrom) return;
    if (this.#epochFrom === Number.NEGATIVE_INFINITY) this.#epochFrom = sentAt;
    this.#answers += 1;
    this.#latencyMs += now - sentAt;
    if (inFlight >= this.limit) this.#full += 1;
    if (kind === 'strained') this.#strained += 1;
    if (kind === 'busy') this.#busy += 1;
    const elapsedMs = now - this.#epochFrom;
    const isLong = elapsedMs > LONG_EPOCH_MS;
    const rounds = isLong ? ROUNDS_OF_LONG : this.limit < MANY ? ROUNDS : ROUNDS_OF_MANY;
    const least = isLong ? 0 : EPOCH_ANSWERS;
    if (this.#answers < Math.max(least, rounds * this.limit) || elapsedMs < EPOCH_MS) return;
    // Little's law: steadier over a few answers than their number by the time they took.
    const throughput = (this.limit * (this.#answers - this.#strained)) / this.#latencyMs;
    const isStrained = this.#strained >= 2 && this.#strained > STRAINED_PART * this.#answers;
    const isFull = this.#full > 0.7 * this.#answers;
    const isBusy = this.#busy > this.#answers / 2;
    const isLate = this.#latencyMs > LATE_MS * this.#answers;
    this.#restart(now);
    if (isStrained) this.#shrinkOnStrain(now);
    else if (isBusy) this.#growWhileBusy(now);
    else if (isFull) this.#compare(throughput, isLate, now);
  }

  /** The server asked for fewer at once: half as many, once for all that were under way. */
  calmed(sentAt: number, now: number): void {
    if (sentAt < this.#calmedAt) return;
    this.#calmedAt = now;
    const half = this.limit / 2;
    this.#step = Math.max(
      0,
      STEPS.findLastIndex((size) => size <= half),
    );
    this.#restart(now);
    this.#settle(now);
  }

  /** A pause ended, so what was measured before it does not count. */
  interrupted(now: number): void {
    this.#restart(now);
  }

  #restart(now: number): void {
    this.#epochFrom = now;
    this.#answers = 0;
    this.#latencyMs = 0;
    this.#full = 0;
    this.#strained = 0;
    this.#busy = 0;
  }

  #growWhileBusy(now: number): void {
    if (this.limit < ENOUGH_WHEN_BUSY) this.#step += 1;
    this.#reference = 0;
    this.#settle(now);
    this.#wasSettled = false;
  }

  #shrinkOnStrain(now: number): void {
    this.#step = Math.max(0, this.#step - 1);
    this.#settle(now);
  }

  #compare(throughput: number, isLate: boolean, now: number): void {
    switch (this.#goal) {
      case 'grow':
        if (throughput >= this.#reference * WORTH) {
          const isSteep = this.#reference > 0 && throughput >= this.#reference * STEEP;
          const steps = isLate && isSteep ? 2 : 1;
          this.#reference = throughput;
          if (this.#step === STEPS.length - 1) this.#settle(now);
          else this.#step = Math.min(STEPS.length - 1, this.#step + steps);
          return;
        }
        this.#step -= 1;
        this.#tryLower(now);
        return;
      case 'shrink':
        if (throughput >= this.#reference * AS_GOOD) this.#tryLower(now);
        else {
          this.#step += 1;
          this.#settle(now);
        }
        return;
      case 'settled':
        if (now - this.#settledAt < SETTLED_MS) return;
        this.#reference = throughput;
        this.#triedUpLast = !this.#triedUpLast;
        if (this.#triedUpLast && this.#step < STEPS.length - 1) {
          this.#goal = 'grow';
          this.#step += 1;
        } else this.#tryLower(now);
    }
  }

  #tryLower(now: number): void {
    if (this.#step === 0) this.#settle(now);
    else {
      this.#goal = 'shrink';
      this.#step -= 1;
    }
  }

  #settle(now: number): void {
    this.#goal = 'settled';
    this.#settledAt = now;
    this.#wasSettled = true;
  }
}
