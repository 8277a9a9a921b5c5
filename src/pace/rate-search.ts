/**
 * Finds the rate of a limiter that says nothing but "no". The search has four phases. `open`: no rate
 * yet. `measure`: after the first refusal a guess grows until the second. `cruise`: just below the
 * estimate. `probe`: above it, in growing steps, until a refusal, from which the rate is estimated
 * again (limiter-fit.ts). docs/pace.md explains each.
 */

import { Estimate, MARGIN, MOST_MARGIN, marginOf } from './estimate.ts';
import type { FirstRequests } from './first-requests.ts';
import { cruiseMs, type Held, measureMs, probeMs } from './held-time.ts';
import type { AcceptedHistory } from './limiter-fit.ts';
import { Measurement } from './measurement.ts';
import type { FoundPace } from './pace.ts';
import type { RefusalEvent, WindowFill } from './short-window.ts';
import { WindowMode } from './window-mode.ts';

type Phase = 'open' | 'measure' | 'cruise' | 'probe';

/** Pause where the server names none, once a rate is known, at least. */
const LEAST_PAUSE_MS = 200;
/** The slowest rate: one request a minute. */
const LEAST_RATE = 1 / 60_000;
/** A rate of an earlier run is held as long as one that rests on so many refusals. */
const LEARNED_EVENTS = 4;

export class RateSearch {
  readonly #history: AcceptedHistory;
  readonly #firstRequests: FirstRequests;
  #phase: Phase = 'open';
  #rate = Number.POSITIVE_INFINITY;
  readonly #known = new Estimate();
  readonly #measurement = new Measurement();
  /** That of the last canary. */
  #roundTripMs = 0;
  #event: { firstAt: number; lastAt: number; isStated: boolean } | null = null;
  #last: RefusalEvent | null = null;
  #beforeLast: RefusalEvent | null = null;
  #longestPauseMs = 0;
  /** Of one request in the shortest wait that the server named. */
  #promisedRate = 0;
  #lastPauseMs = 0;
  /** Null before the first request. */
  #dwellFrom: number | null = null;
  #dwellAccepted = 0;
  #probeStep = 0.01;
  /** The last event was too near to tell anything by itself. */
  #keepsFrom = false;
  #events = 0;
  readonly #window: WindowMode;

  /**
   * Made at the first refusal, or with what an earlier run learned.
   * @param history of what was accepted, which the search keeps from then on
   */
  constructor(learned: FoundPace | null, history: AcceptedHistory, first: FirstRequests) {
    this.#history = history;
    this.#firstRequests = first;
    this.#window = new WindowMode(learned?.windowMs ?? null, (learned?.lowPerSecond ?? 0) / 1000);
    if (learned?.lowPerSecond == null) return;
    this.#known.low = learned.lowPerSecond / 1000;
    this.#known.high = (learned.highPerSecond ?? learned.lowPerSecond * 1.5) / 1000;
    this.#known.burst = learned.burst;
    this.#rate = 0.97 * this.#known.low;
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

  get known(): Readonly<Pick<Estimate, 'low' | 'high' | 'burst' | 'acceptedForEach'>> {
    return this.#known;
  }

  get windowMs(): number | null {
    return this.#window.windowMs;
  }

  /** How long to pause where the server names no time. */
  get ownPauseMs(): number {
    return this.#known.low === 0
      ? this.#measurement.ownPauseMs
      : Math.max(1.5 / this.#known.low, LEAST_PAUSE_MS);
  }

  started(now: number): void {
    this.#window.fill?.started(now);
    this.#dwellFrom ??= now;
  }

  accepted(sentAt: number): void {
    this.#history.add(sentAt);
  }

  /** @param statedMs the wait that the server named, or null */
  refused(sentAt: number, isNew: boolean, statedMs: number | null): void {
    if (statedMs !== null) this.#promisedRate = Math.max(this.#promisedRate, 1 / statedMs);
    if (this.#event === null) {
      // A straggler of a pause that is over.
      if (!isNew) return;
      this.#event = { firstAt: sentAt, lastAt: sentAt, isStated: statedMs !== null };
      return;
    }
    this.#event.isStated ||= statedMs !== null;
    this.#event.lastAt = Math.max(this.#event.lastAt, sentAt);
  }

  /**
   * The canary sent at `openAt` was accepted.
   * @returns how many may follow it at once, because the server's bucket filled during the pause
   */
  opened(openAt: number, now: number): number {
    if (this.#event === null) return 0;
    const event = { ...this.#event, openAt };
    this.#event = null;
    this.#roundTripMs = now - openAt;
    this.#lastPauseMs = now - event.lastAt;
    this.#longestPauseMs = Math.max(this.#longestPauseMs, openAt - event.lastAt);
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
    if (this.#window.isLong || this.#known.low === 0 || this.#window.fill !== null) return 0;
    return 0.5 * Math.min(this.#known.burst, this.#known.low * (now - event.lastAt));
  }

  tick(now: number): void {
    if (this.#event !== null || this.#phase === 'open') return;
    const { fill } = this.#window;
    if (fill !== null) {
      fill.tick(now);
      this.#known.low = fill.rate;
      this.#rate = fill.rate;
      return;
    }
    const known = this.#known;
    const elapsedMs = now - (this.#dwellFrom ?? now);
    if (elapsedMs < this.#dwellMs()) return;
    const used = this.#history.total - this.#dwellAccepted;
    const isUsed = used > 0.8 * this.#rate * elapsedMs;
    switch (this.#phase) {
      case 'measure':
        this.#setRate(isUsed ? this.#measurement.grown(this.#rate) : this.#rate, now);
        return;
      case 'cruise':
        if (isUsed)
          known.proven = Math.max(known.proven, known.shownBy(this.#rate, used, elapsedMs));
        this.#phase = 'probe';
        this.#probeStep = known.firstStep(this.#window.isLong);
        this.#setRate(this.#known.low * (1 + this.#probeStep), now);
        return;
      case 'probe':
        if (!isUsed) {
          this.#setRate(this.#rate, now);
          return;
        }
        this.#probeStep = known.survived(this.#rate, used, elapsedMs, this.#probeStep);
        this.#setRate(this.#rate * (1 + this.#probeStep), now);
    }
  }

  /** Once a short window is found, nothing but its filling counts. */
  #findWindow(now: number): void {
    if (this.#keepsFrom || this.#known.doubts === 0) return;
    const fill = this.#window.findShort(this.#known.proven, now);
    if (fill !== null) this.#known.fills(fill.rate);
  }

  #fillEvent(fill: WindowFill, now: number): void {
    this.#window.refusedFill(fill, now);
    this.#known.fills(fill.rate);
    if (this.#window.fill !== null) return;
    this.#known.doubt();
    this.#cruise(MOST_MARGIN, now);
  }

  #dwellMs(): number {
    const held: Held = {
      rate: this.#rate,
      isSlow: this.#measurement.isSlow,
      events: this.#events,
      agreements: this.#window.agreements,
      isWindow: this.#window.isLong,
      longestPauseMs: this.#longestPauseMs,
      lastPauseMs: this.#lastPauseMs,
    };
    if (this.#phase === 'measure') return measureMs(held);
    return this.#phase === 'cruise' ? cruiseMs(held, this.#known) : probeMs(held, this.#known);
  }

  #setRate(rate: number, now: number): void {
    this.#rate = Math.max(LEAST_RATE, rate);
    this.#dwellFrom = now;
    this.#dwellAccepted = this.#history.total;
  }

  #firstEvent(event: RefusalEvent, now: number): void {
    this.#phase = 'measure';
    const trip = this.#roundTripMs;
    // Where nothing was accepted before, nothing is known of the time before.
    const reachedAt = this.#firstRequests.arrive(this.#history, trip) ?? event.firstAt;
    event.firstAt = Math.max(event.firstAt, reachedAt);
    event.lastAt = Math.max(event.lastAt, reachedAt);
    const isLong = this.#window.isLongAfter(event);
    this.#setRate(this.#measurement.first(this.#history, event, reachedAt, trip, isLong), now);
  }

  #nextEvent(event: RefusalEvent, now: number): void {
    const last = this.#last;
    if (last === null) {
      // The rate is from an earlier run, and its limiter's state is not known: a window may have
      // been half used, a bucket half empty.
      this.#known.low = this.#window.isLong ? this.#known.low : 0.9 * this.#rate;
      this.#known.high = Math.max(this.#rate, this.#known.low);
      this.#cruise(MARGIN, now);
      return;
    }
    this.#events += 1;
    const wasLong = this.#window.isLong;
    if (this.#window.isLongAfter(event, this.#rate)) {
      if (!wasLong) this.#known.proven = 0;
      this.#longWindowEvent(event, last, now);
    } else if (this.#phase === 'measure') this.#measureEvent(event, last, now);
    else this.#laterEvent(event, last, now);
  }

  #longWindowEvent(event: RefusalEvent, last: RefusalEvent, now: number): void {
    if (this.#phase === 'cruise') this.#known.proven = 0;
    const rates = { rate: this.#rate, low: this.#known.low, proven: this.#known.proven };
    const isProbe = this.#phase === 'probe';
    this.#known.burst = 0;
    this.#known.low = this.#window.longRate(this.#history, last, event, rates, isProbe);
    this.#known.high = rates.rate;
    this.#cruise(MARGIN, now);
  }

  #measureEvent(event: RefusalEvent, last: RefusalEvent, now: number): void {
    const { found, nextRate, accepted } = this.#measurement.next(this.#history, last, event, {
      rate: this.#rate,
      roundTripMs: this.#roundTripMs,
      promisedRate: this.#promisedRate,
    });
    if (found === null) this.#keepsFrom = true;
    else ({ low: this.#known.low, high: this.#known.high, burst: this.#known.burst } = found);
    if (nextRate === null) this.#cruise(marginOf(accepted), now);
    else this.#setRate(nextRate, now);
  }

  #laterEvent(event: RefusalEvent, last: RefusalEvent, now: number): void {
    const refusals = { beforeLast: this.#beforeLast, last, event };
    this.#cruise(this.#known.refused(this.#history, refusals, this.#rate, this.isSafe), now);
  }

  #cruise(margin: number, now: number): void {
    this.#phase = 'cruise';
    this.#setRate((1 - margin) * this.#known.low, now);
  }
}
