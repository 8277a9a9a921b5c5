/**
 * Finds the rate of a limiter that says nothing but "no". The search has four phases. `open`: no rate
 * yet. `measure`: after the first refusal a guess grows until the second. `cruise`: just below the
 * estimate. `probe`: above it, in growing steps, until a refusal, from which the rate is estimated
 * again (limiter-fit.ts). docs/pace.md explains each.
 */

import { Contradictions, UnrelatedRefusals } from './contradictions.ts';
import { cruiseMs, DOUBTS, type Known, measureMs, probeMs } from './held-time.ts';
import { AcceptedHistory, fitRate, type Segment } from './limiter-fit.ts';
import { ENOUGH, Measurement } from './measurement.ts';
import type { FoundPace } from './pace.ts';
import type { RefusalEvent, WindowFill } from './short-window.ts';
import { LONG_PAUSE_MS, WindowMode } from './window-mode.ts';

type Phase = 'open' | 'measure' | 'cruise' | 'probe';

/** Pause where the server names none, once a rate is known, at least. */
const LEAST_PAUSE_MS = 200;
/** The slowest rate: one request a minute. */
const LEAST_RATE = 1 / 60_000;
/** A rate of an earlier run is held as long as one that rests on so many refusals. */
const LEARNED_EVENTS = 4;
/** How far below the estimate a cruise is: less where it is trusted, more where it rests on little. */
const MARGIN = 0.01;
const TRUSTED_MARGIN = 0.006;
const MOST_MARGIN = 0.04;
/** A window that is filled is known to a few requests. */
const FILLED_HIGH = 1.03;
/** Steps of a probe; each doubles the last. */
const FIRST_STEP = 0.01;
const TRUSTED_STEP = 0.03;
const WINDOW_STEP = 0.04;
const BIGGEST_STEP = 0.3;

export class RateSearch {
  readonly #history = new AcceptedHistory();
  #phase: Phase = 'open';
  #rate = Number.POSITIVE_INFINITY;
  #low = 0;
  #high = Number.POSITIVE_INFINITY;
  #burst = 0;
  #hasBegun = false;
  #measurement = new Measurement();
  #roundTripMs = 0;
  #event: { firstAt: number; lastAt: number; count: number } | null = null;
  #last: RefusalEvent | null = null;
  #beforeLast: RefusalEvent | null = null;
  #longestPauseMs = 0;
  /** Of one request in the shortest wait that the server named. */
  #promisedRate = 0;
  #lastPauseMs = 0;
  #dwellFrom = 0;
  #dwellAccepted = 0;
  #probeStep = 0.01;
  /** The last event was too near to tell anything by itself. */
  #keepsFrom = false;
  #events = 0;
  #proven = 0;
  /** How many more refusals must come where the estimate predicts them before it is trusted. */
  #doubts = DOUBTS;
  readonly #contradictions = new Contradictions();
  /** Null until a refusal contradicts the estimate. */
  #unrelated: UnrelatedRefusals | null = null;
  #window: WindowMode;

  constructor(learned: FoundPace | null) {
    this.#window = new WindowMode(learned?.windowMs ?? null, (learned?.lowPerSecond ?? 0) / 1000);
    if (learned?.lowPerSecond == null) return;
    this.#low = learned.lowPerSecond / 1000;
    this.#high = (learned.highPerSecond ?? learned.lowPerSecond * 1.5) / 1000;
    this.#burst = learned.burst;
    this.#rate = 0.97 * this.#low;
    this.#phase = 'cruise';
    this.#events = LEARNED_EVENTS;
  }

  /** Requests per millisecond. */
  get rate(): number {
    return this.#rate;
  }

  /** How close one request may follow another. */
  get spacingRate(): number {
    return this.#window.fill?.spacingRate ?? this.#rate;
  }

  /** Not before this, because a window is full until then. */
  startableAt(now: number): number {
    return this.#window.fill?.startableAt(now) ?? Number.NEGATIVE_INFINITY;
  }

  /** The rate is thought to be below the limit. */
  get isSafe(): boolean {
    return this.#phase === 'cruise';
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
    return this.#window.windowMs;
  }

  /** How long to pause where the server names no time. */
  get ownPauseMs(): number {
    return this.#low === 0
      ? this.#measurement.ownPauseMs
      : Math.max(1.5 / this.#low, LEAST_PAUSE_MS);
  }

  started(now: number): void {
    this.#window.fill?.started(now);
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#measurement.begin(now);
    this.#dwellFrom = now;
  }

  accepted(sentAt: number, now: number): void {
    const tookMs = now - sentAt;
    if (this.#history.total === 0) this.#roundTripMs = tookMs;
    this.#roundTripMs += (tookMs - this.#roundTripMs) / 16;
    this.#history.add(sentAt);
    if (this.#unrelated?.accepted(sentAt, now)) this.startOver(now);
  }

  /** @param statedMs the wait that the server named, or null */
  refused(sentAt: number, isNew: boolean, statedMs: number | null): void {
    if (statedMs !== null) this.#promisedRate = Math.max(this.#promisedRate, 1 / statedMs);
    if (this.#event === null) {
      // A straggler of a pause that is over.
      if (!isNew) return;
      this.#event = { firstAt: sentAt, lastAt: sentAt, count: 1 };
      this.#unrelated?.refused();
      return;
    }
    this.#event.count += 1;
    this.#event.lastAt = Math.max(this.#event.lastAt, sentAt);
  }

  /**
   * The canary sent at `openAt` was accepted.
   * @returns how many may follow it at once, because the server's bucket filled during the pause
   */
  opened(openAt: number, now: number): number {
    if (this.#event === null) return 0;
    const { count, ...refused } = this.#event;
    const event = { ...refused, openAt };
    this.#event = null;
    if (this.#unrelated?.isFound) {
      const accepted = this.#history.between(Number.NEGATIVE_INFINITY, event.firstAt);
      if (this.#unrelated.again(accepted, count)) {
        this.#history.forgetBefore(event.lastAt);
        return 0;
      }
    }
    const isSafe = this.#phase === 'cruise';
    const pauseMs = openAt - event.lastAt;
    this.#lastPauseMs = now - event.lastAt;
    this.#longestPauseMs = Math.max(this.#longestPauseMs, pauseMs);
    this.#window.refused(this.#history, event);
    if (this.#phase === 'open') this.#firstEvent(event, now);
    else if (this.#window.fill !== null) this.#fillEvent(this.#window.fill, now);
    else {
      this.#nextEvent(event, now);
      this.#findWindow(now);
    }
    if (this.#keepsFrom) this.#keepsFrom = false;
    else {
      if (this.#beforeLast !== null && this.#phase !== 'measure')
        this.#history.forgetBefore(this.#beforeLast.lastAt);
      this.#beforeLast = this.#last;
      this.#last = event;
    }
    if (pauseMs > LONG_PAUSE_MS || this.#low === 0 || this.#window.fill !== null) return 0;
    if (isSafe) {
      this.#unrelated ??= new UnrelatedRefusals();
      const trial = this.#unrelated.contradicted(this.#low, event.lastAt, now, this.#roundTripMs);
      if (trial > 0) return trial;
    }
    return 0.5 * Math.min(this.#burst, this.#low * (now - event.lastAt));
  }

  tick(now: number): void {
    if (this.#event !== null || this.#phase === 'open') return;
    const { fill } = this.#window;
    if (fill !== null) {
      fill.tick(now);
      this.#low = fill.rate;
      this.#rate = fill.rate;
      return;
    }
    const elapsedMs = now - this.#dwellFrom;
    if (elapsedMs < this.#dwellMs()) return;
    const used = this.#history.total - this.#dwellAccepted;
    const isUsed = used > 0.8 * this.#rate * elapsedMs;
    switch (this.#phase) {
      case 'measure':
        this.#setRate(isUsed ? this.#measurement.grown(this.#rate) : this.#rate, now);
        return;
      case 'cruise':
        if (isUsed) this.#proven = Math.max(this.#proven, this.#provenBy(used, elapsedMs));
        this.#phase = 'probe';
        this.#probeStep = this.#firstStep();
        this.#setRate(this.#low * (1 + this.#probeStep), now);
        return;
      case 'probe':
        if (!isUsed) {
          this.#setRate(this.#rate, now);
          return;
        }
        this.#survived(used, elapsedMs);
        this.#probeStep = Math.min(BIGGEST_STEP, this.#probeStep * 2);
        this.#setRate(this.#rate * (1 + this.#probeStep), now);
    }
  }

  /** As if nothing had been refused yet. */
  startOver(now: number): void {
    this.#phase = 'open';
    this.#event = null;
    this.#rate = Number.POSITIVE_INFINITY;
    this.#low = 0;
    this.#high = Number.POSITIVE_INFINITY;
    this.#burst = 0;
    this.#measurement = new Measurement();
    this.#measurement.begin(now);
    this.#window = new WindowMode(null, 0);
    this.#history.forgetBefore(now);
    this.#contradictions.end();
    [this.#last, this.#beforeLast] = [null, null];
    [this.#keepsFrom, this.#doubts, this.#events, this.#proven] = [false, DOUBTS, 0, 0];
  }

  /** Once a short window is found, nothing but its filling counts. */
  #findWindow(now: number): void {
    if (this.#keepsFrom || this.#doubts === 0) return;
    const fill = this.#window.findShort(this.#proven, now);
    if (fill === null) return;
    this.#burst = 0;
    this.#low = fill.rate;
    this.#high = FILLED_HIGH * fill.rate;
  }

  #fillEvent(fill: WindowFill, now: number): void {
    this.#window.refusedFill(fill, now);
    this.#low = fill.rate;
    this.#high = FILLED_HIGH * fill.rate;
    if (this.#window.fill !== null) return;
    this.#proven = 0;
    this.#doubts = DOUBTS;
    this.#cruise(MOST_MARGIN, now);
  }

  /** Half of the way to what was refused, but with care once the estimate is trusted. */
  #firstStep(): number {
    const trusted = this.#doubts > 0 ? BIGGEST_STEP : TRUSTED_STEP;
    const most = this.#window.isLong ? WINDOW_STEP : trusted;
    return Math.min(most, Math.max(FIRST_STEP, Math.sqrt(this.#high / this.#low) - 1));
  }

  /** What is in flight may have held it below its rate. */
  #provenBy(used: number, elapsedMs: number): number {
    return Math.min(this.#rate, used / elapsedMs) - this.#burst / elapsedMs;
  }

  /** By what is known the probe should have been refused within half of this time, where it could. */
  #survived(used: number, elapsedMs: number): void {
    const proven = this.#provenBy(used, elapsedMs);
    const before = this.#low;
    if (proven > before) {
      this.#low = proven;
      this.#proven = Math.max(this.#proven, proven);
      // Half of the way to what was refused; beyond that the limit has risen, and steps grow.
      if (this.#rate < this.#high && proven > 1.02 * before) {
        this.#burst = Math.max(1, this.#burst / 2);
        this.#probeStep = (Math.sqrt(this.#high / this.#low) - 1) / 2;
        this.#doubts = DOUBTS;
      }
    }
    this.#high = Math.max(this.#high, 1.01 * this.#rate);
  }

  /** What a pause costs: the time in which the server's bucket is full. */
  get #lostMs(): number {
    return this.#low === 0 ? 0 : Math.max(0, this.#lastPauseMs - this.#burst / this.#low);
  }

  #dwellMs(): number {
    const known: Known = {
      rate: this.#rate,
      low: this.#low,
      high: this.#high,
      burst: this.#burst,
      doubts: this.#doubts,
      isSlow: this.#measurement.isSlow,
      events: this.#events,
      agreements: this.#window.agreements,
      isWindow: this.#window.isLong,
      longestPauseMs: this.#longestPauseMs,
      lostMs: this.#lostMs,
    };
    if (this.#phase === 'measure') return measureMs(known, this.#measurement.isAgain);
    return this.#phase === 'cruise' ? cruiseMs(known) : probeMs(known);
  }

  #setRate(rate: number, now: number): void {
    this.#rate = Math.max(LEAST_RATE, rate);
    this.#dwellFrom = now;
    this.#dwellAccepted = this.#history.total;
  }

  #firstEvent(event: RefusalEvent, now: number): void {
    this.#phase = 'measure';
    const rate = this.#measurement.first(this.#history, event, this.#roundTripMs);
    this.#window.isLongAfter(event.openAt - event.lastAt, rate);
    this.#setRate(rate, now);
  }

  #nextEvent(event: RefusalEvent, now: number): void {
    const rate = this.#rate;
    const last = this.#last;
    if (last === null) {
      // The rate is from an earlier run, and its limiter's state is not known: a window may have
      // been half used, a bucket half empty.
      this.#low = this.#window.isLong ? this.#low : 0.9 * rate;
      this.#high = Math.max(rate, this.#low);
      this.#cruise(MARGIN, now);
      return;
    }
    this.#events += 1;
    const pauseMs = event.openAt - event.lastAt;
    const wasLong = this.#window.isLong;
    if (this.#window.isLongAfter(pauseMs, rate)) {
      if (!wasLong) this.#proven = 0;
      this.#longWindowEvent(event, last, now);
    } else if (this.#phase === 'measure') this.#measureEvent(event, last, now);
    else this.#laterEvent(event, last, now);
  }

  #longWindowEvent(event: RefusalEvent, last: RefusalEvent, now: number): void {
    if (this.#phase === 'cruise') this.#proven = 0;
    const rates = { rate: this.#rate, low: this.#low, proven: this.#proven };
    const isProbe = this.#phase === 'probe';
    this.#burst = 0;
    this.#low = this.#window.longRate(this.#history, last, event, rates, isProbe);
    this.#high = rates.rate;
    this.#cruise(MARGIN, now);
  }

  #measureEvent(event: RefusalEvent, last: RefusalEvent, now: number): void {
    const { found, nextRate, accepted } = this.#measurement.next(this.#history, last, event, {
      rate: this.#rate,
      roundTripMs: this.#roundTripMs,
      lastPauseMs: this.#lastPauseMs,
      promisedRate: this.#promisedRate,
    });
    if (found === null) this.#keepsFrom = true;
    else ({ low: this.#low, high: this.#high, burst: this.#burst } = found);
    if (nextRate === null) this.#cruise(marginOf(accepted), now);
    else this.#setRate(nextRate, now);
  }

  #laterEvent(event: RefusalEvent, last: RefusalEvent, now: number): void {
    const rate = this.#rate;
    let segment = this.#since(last, event);
    const openMs = Math.max(1, event.firstAt - last.openAt);
    // Refused before even what the pause refilled was used: the burst is smaller than thought.
    if (this.#low * openMs < this.#burst && segment.accepted > 3) {
      this.#burst = Math.min(this.#burst, Math.max(1, segment.accepted - this.#low * openMs));
    }
    if (segment.accepted < ENOUGH && this.#beforeLast !== null) {
      segment = this.#since(this.#beforeLast, event);
    }
    let estimate = Math.min(fitRate(this.#history, this.#burst, segment, rate), 0.995 * rate);
    const isContradicted = this.#phase === 'cruise';
    if (isContradicted) {
      this.#proven = 0;
      const fitted = { rate: estimate, burst: this.#burst };
      const guess = this.#contradictions.next(this.#history, last, event, rate, fitted);
      estimate = guess.rate;
      this.#burst = guess.burst;
    } else {
      this.#contradictions.end();
      if (estimate < this.#proven) {
        estimate = this.#proven;
        const level = this.#history.levelAt(estimate, this.#burst, segment.from, segment.to);
        this.#burst = Math.max(1, Math.min(this.#burst, level));
      }
    }
    const isAsBefore = Math.abs(estimate / this.#low - 1) < 0.03;
    this.#low = estimate;
    this.#high = rate;
    if (isContradicted) this.#doubts = DOUBTS;
    else if (isAsBefore && this.#doubts > 0) this.#doubts -= 1;
    const trusted = this.#doubts === 0 ? TRUSTED_MARGIN : MARGIN;
    this.#cruise(isAsBefore ? trusted : marginOf(segment.accepted), now);
  }

  #since(last: RefusalEvent, event: RefusalEvent): Segment {
    const [from, to] = [last.lastAt, event.firstAt];
    return { from, to, accepted: this.#history.between(from, to) };
  }

  #cruise(margin: number, now: number): void {
    this.#phase = 'cruise';
    this.#setRate((1 - margin) * this.#low, now);
  }
}

/** An estimate of few requests may be off by two. */
function marginOf(accepted: number): number {
  return Math.min(MOST_MARGIN, Math.max(MARGIN, 2 / accepted));
}
