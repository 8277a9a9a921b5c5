/**
 * Finds the rate of a limiter that says nothing but "no". Whenever it refuses, its bucket is empty:
 * of all rates, the true one is that by which the requests accepted from one refusal to the next
 * fill the bucket just up to where it was, with its burst as known from the run's start.
 */
import { AcceptedHistory } from './accepted-history.ts';
import type { LearnedPace } from './pace.ts';

/** Requests refused together, and the pause that followed. */
interface Event {
  firstAt: number;
  lastAt: number;
  /** When the canary went out that was accepted. */
  openAt: number;
}

type Phase = 'open' | 'measure' | 'cruise' | 'probe';

const FIRST_PAUSE_MS = 500;
const LONG_PAUSE_MS = 2000;
const WIDE = 1.15;
const UNSURE = 1.05;
const DOUBTS = 3;
const BIGGEST_STEP = 0.3;
const BISECTIONS = 16;
const TOLERANCE = 1.5;
const UNUSUAL = 0.012;
const MOST_SEGMENTS = 4;
/** Accepted requests between two refusals that make an estimate. */
const ENOUGH = 12;

export class RateSearch {
  readonly #history = new AcceptedHistory();
  #phase: Phase = 'open';
  #rate = Number.POSITIVE_INFINITY;
  #low = 0;
  #high = Number.POSITIVE_INFINITY;
  #burst = 0;
  #firstAt = 0;
  #firstRate = 0;
  #firstPauseMs = FIRST_PAUSE_MS;
  #roundTripMs = 0;
  #windowMs: number | null = null;
  #startedAt = Number.NaN;
  #event: Event | null = null;
  #last: Event | null = null;
  #beforeLast: Event | null = null;
  #longestPauseMs = 0;
  #lastPauseMs = 0;
  #dwellFrom = 0;
  #dwellAccepted = 0;
  #probeStep = 0.01;
  /** The last event was too near to tell anything by itself. */
  #keepsFrom = false;
  #events = 0;
  #isWindow = false;
  #proven = 0;
  /** So often the model must foretell a refusal before it is trusted. */
  #doubts = DOUBTS;
  #refusedAt = Number.POSITIVE_INFINITY;
  #segments: { readonly from: number; readonly to: number; readonly accepted: number }[] = [];
  #contradictions = 0;
  trace: ((...said: unknown[]) => void) | null = null;

  constructor(learned: LearnedPace | null) {
    if (learned?.lowPerSecond == null) return;
    this.#low = learned.lowPerSecond / 1000;
    this.#high = (learned.highPerSecond ?? learned.lowPerSecond * 1.5) / 1000;
    this.#burst = learned.burst;
    this.#windowMs = learned.windowMs;
    this.#rate = 0.97 * this.#low;
    this.#phase = 'cruise';
  }

  /** Requests per millisecond. */
  get rate(): number {
    return this.#rate;
  }

  get low(): number {
    return this.#low;
  }

  get high(): number {
    return this.#high;
  }

  get burst(): number {
    return this.#burst;
  }

  get windowMs(): number | null {
    return this.#windowMs;
  }

  /** How long to pause where the server names no time. */
  get ownPauseMs(): number {
    return this.#low === 0 ? this.#firstPauseMs : Math.max(1.5 / this.#low, 200);
  }

  started(now: number): void {
    if (!Number.isNaN(this.#startedAt)) return;
    this.#startedAt = now;
    this.#dwellFrom = now;
  }

  accepted(sentAt: number, now: number): void {
    this.#roundTripMs += (now - sentAt - this.#roundTripMs) / 16;
    this.#history.add(sentAt);
  }

  refused(sentAt: number, isNew: boolean): void {
    if (this.#event === null) {
      // A straggler of a pause that is over.
      if (!isNew) return;
      this.#event = { firstAt: sentAt, lastAt: sentAt, openAt: 0 };
      return;
    }
    this.#event.firstAt = Math.min(this.#event.firstAt, sentAt);
    this.#event.lastAt = Math.max(this.#event.lastAt, sentAt);
  }

  /**
   * The canary sent at `openAt` was accepted.
   * @returns how many may follow it at once, because the bucket filled during the pause
   */
  opened(openAt: number, now: number): number {
    const event = this.#event;
    if (event === null) return 0;
    this.#event = null;
    event.openAt = openAt;
    const pauseMs = openAt - event.lastAt;
    this.#lastPauseMs = pauseMs;
    this.#longestPauseMs = Math.max(this.#longestPauseMs, pauseMs);
    if (this.#phase === 'open') this.#firstEvent(event, now);
    else this.#nextEvent(event, now);
    if (this.#keepsFrom) this.#keepsFrom = false;
    else {
      if (this.#beforeLast !== null && this.#phase !== 'measure') this.#history.forgetBefore(this.#beforeLast.lastAt);
      this.#beforeLast = this.#last;
      this.#last = event;
    }
    if (pauseMs > LONG_PAUSE_MS || this.#low === 0) return 0;
    return 0.5 * Math.min(this.#burst, this.#low * (now - event.lastAt));
  }

  tick(now: number): void {
    if (this.#event !== null || this.#phase === 'open') return;
    const elapsedMs = now - this.#dwellFrom;
    if (elapsedMs < this.#dwellMs()) return;
    const used = this.#history.total - this.#dwellAccepted;
    const isUsed = used > 0.8 * this.#rate * elapsedMs;
    switch (this.#phase) {
      case 'measure':
        this.#setRate(isUsed ? this.#grown() : this.#rate, now);
        return;
      case 'cruise':
        if (isUsed) this.#proven = Math.max(this.#proven, this.#rate - this.#burst / elapsedMs);
        this.#phase = 'probe';
        this.#probeStep = this.#firstStep();
        this.#setRate(this.#low * (1 + this.#probeStep), now);
        return;
      case 'probe':
        if (!isUsed) {
          this.#setRate(this.#rate, now);
          return;
        }
        this.#survived(elapsedMs);
        this.#probeStep = Math.min(BIGGEST_STEP, this.#probeStep * 2);
        this.#setRate(this.#rate * (1 + this.#probeStep), now);
    }
  }

  /** Half of the way to what was refused, but with care once the estimate is trusted. */
  #firstStep(): number {
    const most = this.#isWindow ? 0.04 : this.#doubts > 0 ? BIGGEST_STEP : 0.03;
    return Math.min(most, Math.max(0.01, Math.sqrt(this.#high / this.#low) - 1));
  }

  /** Slowly beyond what the run's start had accepted: no bucket refills faster. */
  #grown(): number {
    return Math.min(1.6 * this.#rate, Math.max(1.1 * this.#firstRate, 1.06 * this.#rate));
  }

  /** By what is known the probe should have been refused within half of this time, where it could. */
  #survived(elapsedMs: number): void {
    const proven = this.#rate - this.#burst / elapsedMs;
    if (proven > this.#low) {
      this.#low = proven;
      this.#proven = Math.max(this.#proven, proven);
      // Half of the way to what was refused; beyond that the limit has risen, and steps grow.
      if (this.#rate < this.#high) {
        this.#burst = Math.max(1, this.#burst / 2);
        this.#probeStep = (Math.sqrt(this.#high / this.#low) - 1) / 2;
        this.#doubts = DOUBTS;
      }
    }
    this.#high = Math.max(this.#high, 1.01 * this.#rate);
  }

  /** What a pause costs: the time that the bucket is full in it. */
  get #lostMs(): number {
    return Math.max(0, this.#lastPauseMs - this.#burst / this.#low);
  }

  #dwellMs(): number {
    const perRequest = 1 / this.#rate;
    if (this.#phase === 'cruise') {
      const part = Math.min(1, 2 ** (this.#events - 1) / 8);
      const wasteful = this.#high > WIDE * this.#low || this.#doubts === DOUBTS ? 15 : 80;
      return Math.max(part * 15_000, part * 400 * perRequest, wasteful * this.#lostMs);
    }
    if (this.#phase === 'measure') {
      const pauseMs = this.#longestPauseMs > LONG_PAUSE_MS ? this.#longestPauseMs : 0;
      return Math.max(this.#segments.length > 0 ? 400 : 250, 8 * perRequest, pauseMs);
    }
    const pauseMs = this.#longestPauseMs > LONG_PAUSE_MS ? 2 * this.#longestPauseMs : 0;
    // Long enough to prove something, as long as little is known.
    const isUnsure = this.#high > UNSURE * this.#low && !this.#isWindow && this.#doubts > 0;
    const proofMs = isUnsure ? (2 * this.#burst) / (this.#rate - this.#low) : 0;
    return Math.max(1000, 10 * perRequest, pauseMs, Math.min(20_000, proofMs));
  }

  #setRate(rate: number, now: number): void {
    this.trace?.(now, this.#phase, 'rate', rate * 1000);
    this.#rate = rate;
    this.#dwellFrom = now;
    this.#dwellAccepted = this.#history.total;
  }

  #firstEvent(event: Event, now: number): void {
    const ms = event.firstAt - this.#startedAt;
    const accepted = this.#history.between(Number.NEGATIVE_INFINITY, event.firstAt);
    this.#firstAt = event.firstAt;
    this.#firstRate = accepted / ms;
    this.#phase = 'measure';
    const pauseMs = event.openAt - event.lastAt;
    this.trace?.(now, 'first', accepted, ms, 'pause', pauseMs);
    const rate = Math.max(accepted, 1) / (ms + (pauseMs > LONG_PAUSE_MS ? pauseMs : 500));
    // A bucket of such a rate would have had a token long before.
    this.#isWindow = pauseMs > Math.max(LONG_PAUSE_MS, 10 / rate);
    this.#setRate(rate, now);
  }

  #nextEvent(event: Event, now: number): void {
    const rate = this.#rate;
    const last = this.#last;
    if (last === null) {
      // The rate is from an earlier run, and its limiter's state is not known.
      this.#low = 0.9 * rate;
      this.#high = rate;
      this.#cruise(0.01, now);
      return;
    }
    this.#events += 1;
    const pauseMs = event.openAt - event.lastAt;
    if (this.#isWindow || pauseMs > Math.max(LONG_PAUSE_MS, 10 / rate)) {
      this.#windowEvent(event, last, now);
    } else if (this.#phase === 'measure') this.#measureEvent(event, last, now);
    else this.#laterEvent(event, last, now);
  }

  /** Every pause ends with a window, so what was accepted from one end to the next is its quota. */
  #windowEvent(event: Event, last: Event, now: number): void {
    const rate = this.#rate;
    if (!this.#isWindow) this.#proven = 0;
    this.#isWindow = true;
    this.#burst = 0;
    const accepted = this.#history.between(last.lastAt, event.firstAt);
    const estimate = Math.max(
      accepted / Math.max(1, event.firstAt - last.lastAt),
      accepted / Math.max(1, event.openAt - last.openAt),
    );
    if (this.#phase === 'cruise') this.#proven = 0;
    this.#low = Math.max(this.#proven, Math.min(estimate, 0.995 * rate));
    this.#high = rate;
    this.trace?.(now, this.#phase, 'window event at', rate * 1000, 'n', accepted, 'open', event.openAt - last.openAt, 'est', estimate * 1000, 'low', this.#low * 1000);
    this.#cruise(0.01, now);
  }

  /** The burst is not known yet: rate and burst must explain all refusals so far together. */
  #measureEvent(event: Event, last: Event, now: number): void {
    const rate = this.#rate;
    const accepted = this.#history.between(last.lastAt, event.firstAt);
    const spanMs = event.firstAt - last.lastAt;
    if (accepted < ENOUGH) {
      this.#setRate(Math.min(rate, (accepted + 1) / spanMs), now);
      this.#firstPauseMs = Math.max(FIRST_PAUSE_MS, 1.5 / this.#rate);
      this.#keepsFrom = true;
      return;
    }
    this.#segments.push({ from: last.lastAt, to: event.firstAt, accepted });
    // In flight may have held it below its rate; no bucket refills faster than it was emptied.
    const lately = Math.max(250, 2 * this.#roundTripMs, 8 / rate);
    const used = this.#history.between(event.firstAt - lately, event.firstAt) / lately;
    this.#refusedAt = Math.min(this.#refusedAt, rate, 1.15 * used);
    let least = 0;
    for (const { from, to, accepted: n } of this.#segments) {
      least = Math.max(least, (n - 3) / (to - from));
    }
    const most = Math.max(1.1 * least, this.#refusedAt);
    let best = { rate: least, burst: 0, cost: Number.POSITIVE_INFINITY };
    const tried: { rate: number; cost: number }[] = [];
    for (let candidate = 0.97 * least; candidate < most; candidate *= 1.02) {
      const burst = this.#history.levelAt(candidate, 0, this.#startedAt - 1, this.#firstAt);
      let cost = 0;
      for (const { from, to } of this.#segments) {
        const miss = this.#history.levelAt(candidate, burst, from, to) - burst;
        cost += (miss / (TOLERANCE + 25 * candidate + 0.04 * burst)) ** 2;
      }
      // Where several fit, a burst of about a second is the likeliest.
      cost += UNUSUAL * Math.log((burst + 1) / (1000 * candidate)) ** 2;
      tried.push({ rate: candidate, cost });
      if (cost < best.cost) best = { rate: candidate, burst, cost };
    }
    const likely = tried.filter(({ cost }) => cost <= best.cost + 1);
    const [low, high] = [likely[0]!.rate, likely.at(-1)!.rate];
    this.#burst = best.burst;
    this.trace?.(now, 'measure event at', rate * 1000, 'n', accepted, 'in', spanMs, 'best', best.rate * 1000, best.burst, best.cost, 'likely', low * 1000, high * 1000);
    this.#low = best.rate;
    this.#high = Math.max(1.02 * best.rate, high);
    const isWide = high > (this.#segments.length === 1 ? 1.3 : 1.45) * low;
    const lostMs = event.openAt - event.lastAt - best.burst / best.rate;
    const isDear = lostMs > 400 && best.burst > 5 && best.cost < 0.4;
    if (isDear) this.#high = 1.04 * best.rate;
    if (isWide && !isDear && this.#segments.length < MOST_SEGMENTS) {
      this.#setRate(Math.sqrt(low * high), now);
      return;
    }
    this.#cruise(Math.min(0.04, Math.max(0.01, 2 / accepted)), now);
  }

  #laterEvent(event: Event, last: Event, now: number): void {
    const rate = this.#rate;
    let from = last;
    let accepted = this.#history.between(from.lastAt, event.firstAt);
    const openMs = Math.max(1, event.firstAt - last.openAt);
    // Refused before even what the pause refilled was used: the burst is smaller than thought.
    if (this.#low * openMs < this.#burst && accepted > 3) {
      this.#burst = Math.min(this.#burst, Math.max(1, accepted - this.#low * openMs));
    }
    if (accepted < ENOUGH && this.#beforeLast !== null) {
      from = this.#beforeLast;
      accepted = this.#history.between(from.lastAt, event.firstAt);
    }
    const spanMs = Math.max(1, event.firstAt - from.lastAt);
    let below = (0.98 * accepted) / spanMs;
    let above = Math.max(rate, below);
    for (let round = 0; round < BISECTIONS; round += 1) {
      const middle = (below + above) / 2;
      const level = this.#history.levelAt(middle, this.#burst, from.lastAt, event.firstAt);
      if (level <= this.#burst) above = middle;
      else below = middle;
    }
    let estimate = Math.min(above, 0.995 * rate);
    const isContradicted = this.#phase === 'cruise';
    if (isContradicted) {
      this.#proven = 0;
      estimate = this.#contradicted(event, last, estimate);
    } else {
      this.#contradictions = 0;
      if (estimate < this.#proven) {
        estimate = this.#proven;
        const level = this.#history.levelAt(estimate, this.#burst, from.lastAt, event.firstAt);
        this.#burst = Math.max(1, Math.min(this.#burst, level));
      }
    }
    const isAsBefore = Math.abs(estimate / this.#low - 1) < 0.03;
    this.trace?.(now, this.#phase, 'event at', rate * 1000, 'n', accepted, 'in', spanMs, 'pause', event.openAt - event.lastAt, 'est', estimate * 1000, 'burst', this.#burst);
    this.#low = estimate;
    this.#high = rate;
    if (isContradicted) this.#doubts = DOUBTS;
    else if (isAsBefore && this.#doubts > 0) this.#doubts -= 1;
    this.#cruise(isAsBefore ? (this.#doubts === 0 ? 0.006 : 0.01) : Math.min(0.04, Math.max(0.01, 2 / accepted)), now);
  }

  #cruise(margin: number, now: number): void {
    this.#phase = 'cruise';
    this.#segments = [];
    this.#setRate((1 - margin) * this.#low, now);
  }

  /** Refused at a rate that was thought safe: the burst may be wrong too, so bounds alone count. */
  #contradicted(event: Event, last: Event, fitted: number): number {
    this.#contradictions += 1;
    const openMs = Math.max(1, event.firstAt - last.openAt);
    const accepted = this.#history.between(last.lastAt, event.firstAt);
    const least = accepted / Math.max(1, event.firstAt - last.lastAt);
    const most = Math.min(this.#rate, accepted / openMs);
    if (this.#contradictions === 1) return Math.max(least, Math.min(fitted, most));
    const weight = this.#contradictions === 2 ? 0.5 : 0.2;
    const estimate = Math.max(least ** (1 - weight) * most ** weight, 0.7 * this.#rate);
    const found = Math.max(0, accepted - estimate * openMs);
    const refilled = estimate * (last.openAt - last.lastAt);
    this.#burst = found < 0.9 * refilled ? found : Math.max(this.#burst, found);
    return Math.min(estimate, 0.99 * this.#rate);
  }
}
