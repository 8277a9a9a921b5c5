/**
 * Finds the rate of a limiter that says nothing but "no". Whenever it refuses, its bucket is empty:
 * of all rates, the true one is that by which the requests accepted from one refusal to the next
 * fill the bucket just up to where it was, with its burst as known from the run's start.
 */
import { AcceptedHistory } from './accepted-history.ts';
import { fitRate, fitRateAndBurst, type Segment } from './limiter-fit.ts';
import type { LearnedPace } from './pace.ts';
import { WindowFill } from './window-fill.ts';
import { WindowPhase } from './window-phase.ts';

/** Requests refused together, and the pause that followed. */
interface Event {
  firstAt: number;
  lastAt: number;
  /** When the canary went out that was accepted. */
  openAt: number;
}

type Phase = 'open' | 'measure' | 'cruise' | 'probe';

/** Pause where the server names none: at first, and once a rate is known at least. */
const FIRST_PAUSE_MS = 500;
const LEAST_PAUSE_MS = 200;
/** A longer pause than a bucket needs for its next token is the rest of a window. */
const LONG_PAUSE_MS = 2000;
const SHORT_WINDOW_MS = 1000;
const WINDOWS_MS = [1000, 10_000, 60_000, 900_000, 3_600_000] as const;
/** Slower than once a minute nothing is asked. */
const LEAST_RATE = 1 / 60_000;
/** After the first refusal so many may be on their way, which are refused if the bucket is empty. */
const FEW_AT_ONCE = 1;
const PART_AT_ONCE = 1 / 40;
/** Accepted requests between two refusals that make an estimate. */
const ENOUGH = 12;
/** Likely rates that lie so far apart are measured again, unless a pause costs too much. */
const WIDE = 1.3;
const WIDE_AGAIN = 1.45;
const MOST_SEGMENTS = 4;
const SLOW_PART = 0.6;
const DEAR_MS = 400;
const GOOD_COST = 0.4;
/** Below the estimate by this, less where it has proved itself, more where it rests on little. */
const MARGIN = 0.01;
const TRUSTED_MARGIN = 0.006;
const MOST_MARGIN = 0.04;
/** So many refusals must come as the estimate foretells before it is trusted. */
const DOUBTS = 3;
const UNSURE = 1.05;
/** Steps of a probe; each doubles the last. */
const FIRST_STEP = 0.01;
const TRUSTED_STEP = 0.03;
const WINDOW_STEP = 0.04;
/** Each refusal that tells the same of a window within this lets the rate be held twice as long. */
const WINDOW_AGREES = 0.012;
const MOST_AGREEMENTS = 3;
const BIGGEST_STEP = 0.3;
/** How long the rate is held before a probe: time, requests, and times what a pause loses. */
const CRUISE_MS = 15_000;
const CRUISE_REQUESTS = 300;
const CRUISE_SLOW_REQUESTS = 450;
const CRUISE_LOSSES = 80;
const CRUISE_LOSSES_TRUSTED = 160;
const CRUISE_LOSSES_AT_FIRST = 15;
const SOON_EMPTY_MS = 3000;
const LONGEST_PROOF_MS = 20_000;

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
  /** Refused again after a few requests: a low rate, of which every refusal is a large part. */
  #isSlow = false;
  /** The first refusal came before enough was accepted to tell anything. */
  #isUninformed = false;
  #events = 0;
  #isWindow = false;
  #proven = 0;
  /** So often the model must foretell a refusal before it is trusted. */
  #doubts = DOUBTS;
  #refusedAt = Number.POSITIVE_INFINITY;
  #segments: Segment[] = [];
  #contradictions = 0;
  /** Refusals in a row that told the same of a window. */
  #agreements = 0;
  readonly #windowPhase = new WindowPhase(SHORT_WINDOW_MS);
  /** Where refusals showed a short window. */
  #fill: WindowFill | null = null;

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

  /** How close one request may follow another. */
  get spacingRate(): number {
    return this.#fill?.spacingRate ?? this.#rate;
  }

  /** Not before this, because a window is full until then. */
  startableAt(now: number): number {
    return this.#fill?.startableAt(now) ?? Number.NEGATIVE_INFINITY;
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
    return this.#low === 0 ? this.#firstPauseMs : Math.max(1.5 / this.#low, LEAST_PAUSE_MS);
  }

  started(now: number): void {
    this.#fill?.started(now);
    if (!Number.isNaN(this.#startedAt)) return;
    this.#startedAt = now;
    this.#dwellFrom = now;
  }

  accepted(sentAt: number, now: number): void {
    const tookMs = now - sentAt;
    if (this.#history.total === 0) this.#roundTripMs = tookMs;
    this.#roundTripMs += (tookMs - this.#roundTripMs) / 16;
    this.#history.add(sentAt);
  }

  refused(sentAt: number, isNew: boolean): void {
    if (this.#event === null) {
      // A straggler of a pause that is over.
      if (!isNew) return;
      this.#event = { firstAt: sentAt, lastAt: sentAt, openAt: 0 };
      return;
    }
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
    this.#lastPauseMs = now - event.lastAt;
    this.#longestPauseMs = Math.max(this.#longestPauseMs, pauseMs);
    this.#windowPhase.refused(this.#history, event);
    if (this.#phase === 'open') this.#firstEvent(event, now);
    else if (this.#fill !== null) this.#fillEvent(this.#fill, now);
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
    if (pauseMs > LONG_PAUSE_MS || this.#low === 0 || this.#fill !== null) return 0;
    return 0.5 * Math.min(this.#burst, this.#low * (now - event.lastAt));
  }

  tick(now: number): void {
    if (this.#event !== null || this.#phase === 'open') return;
    if (this.#fill !== null) {
      this.#fill.tick(now);
      this.#low = this.#fill.rate;
      this.#rate = this.#fill.rate;
      return;
    }
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

  /** Once a short window is found, nothing but its filling counts. */
  #findWindow(now: number): void {
    if (this.#isWindow || this.#keepsFrom || this.#doubts === 0) return;
    const found = this.#windowPhase.find(this.#proven);
    if (found === null) return;
    this.#fill = new WindowFill(found, now);
    this.#windowMs = found.windowMs;
    this.#burst = 0;
    this.#low = this.#fill.rate;
    this.#high = 1.03 * this.#low;
  }

  #fillEvent(fill: WindowFill, now: number): void {
    const isFilled = fill.refused(this.#windowPhase.find(0), now);
    this.#low = fill.rate;
    this.#high = 1.03 * this.#low;
    if (isFilled) return;
    this.#fill = null;
    this.#windowMs = null;
    this.#windowPhase.forget();
    this.#proven = 0;
    this.#doubts = DOUBTS;
    this.#cruise(MOST_MARGIN, now);
  }

  /** Half of the way to what was refused, but with care once the estimate is trusted. */
  #firstStep(): number {
    const trusted = this.#doubts > 0 ? BIGGEST_STEP : TRUSTED_STEP;
    const most = this.#isWindow ? WINDOW_STEP : trusted;
    return Math.min(most, Math.max(FIRST_STEP, Math.sqrt(this.#high / this.#low) - 1));
  }

  /** Slowly beyond what the run's start had accepted: no bucket refills faster. */
  #grown(): number {
    if (this.#isSlow) return 1.25 * this.#rate;
    if (this.#isUninformed) return 1.5 * this.#rate;
    return Math.min(1.6 * this.#rate, Math.max(1.1 * this.#firstRate, 1.06 * this.#rate));
  }

  /** By what is known the probe should have been refused within half of this time, where it could. */
  #survived(elapsedMs: number): void {
    const proven = this.#rate - this.#burst / elapsedMs;
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

  /** What a pause costs: the time that the bucket is full in it. */
  get #lostMs(): number {
    return Math.max(0, this.#lastPauseMs - this.#burst / this.#low);
  }

  #dwellMs(): number {
    const perRequest = 1 / this.#rate;
    if (this.#phase === 'cruise') {
      const part = Math.min(1, 2 ** (this.#events - 1) / (this.#isSlow ? 4 : 8));
      const requests = this.#isSlow ? CRUISE_SLOW_REQUESTS : CRUISE_REQUESTS;
      const isNew = this.#doubts === DOUBTS || (this.#doubts > 0 && this.#high > 1.15 * this.#low);
      const losses = this.#doubts === 0 ? CRUISE_LOSSES_TRUSTED : CRUISE_LOSSES;
      const lostMs = (isNew ? CRUISE_LOSSES_AT_FIRST : losses) * this.#lostMs;
      const times = part * 2 ** this.#agreements;
      return Math.max(times * CRUISE_MS, times * requests * perRequest, lostMs);
    }
    if (this.#phase === 'measure') {
      const pauseMs = this.#longestPauseMs > LONG_PAUSE_MS ? this.#longestPauseMs : 0;
      return Math.max(this.#segments.length > 0 ? 400 : 250, 8 * perRequest, pauseMs);
    }
    const pauseMs = this.#longestPauseMs > LONG_PAUSE_MS ? 2 * this.#longestPauseMs : 0;
    // Long enough to prove something, as long as little is known.
    const isUnsure = this.#high > UNSURE * this.#low && !this.#isWindow && this.#doubts > 0;
    const emptyMs = this.#burst / (this.#rate - this.#low);
    // A step that empties the bucket soon is not made bigger before it has.
    const isEnough = this.#doubts === 0 && emptyMs < SOON_EMPTY_MS;
    const proofMs = isUnsure ? 2 * emptyMs : isEnough ? 1.5 * emptyMs : 0;
    return Math.max(1000, 10 * perRequest, pauseMs, Math.min(LONGEST_PROOF_MS, proofMs));
  }

  #setRate(rate: number, now: number): void {
    this.#rate = Math.max(LEAST_RATE, rate);
    this.#dwellFrom = now;
    this.#dwellAccepted = this.#history.total;
  }

  #firstEvent(event: Event, now: number): void {
    const ms = Math.max(1, event.firstAt - this.#startedAt);
    const accepted = this.#history.between(Number.NEGATIVE_INFINITY, event.firstAt);
    this.#firstAt = event.firstAt;
    this.#firstRate = accepted / ms;
    this.#phase = 'measure';
    const pauseMs = event.openAt - event.lastAt;
    const atOnce = Math.max(FEW_AT_ONCE, accepted * PART_AT_ONCE) / Math.max(1, this.#roundTripMs);
    // Who is refused at once has met what others used up, and knows nothing of the rate yet.
    this.#isUninformed = accepted < ENOUGH;
    const byAccepted = accepted / (ms + (pauseMs > LONG_PAUSE_MS ? pauseMs : FIRST_PAUSE_MS));
    const rate = this.#isUninformed ? atOnce : Math.min(byAccepted, atOnce);
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
      this.#cruise(MARGIN, now);
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
    const openMs = Math.max(1, event.openAt - last.openAt);
    const windowMs = commonWindow(openMs);
    if (windowMs !== null) this.#windowMs = windowMs;
    const estimate = Math.max(
      accepted / Math.max(1, event.firstAt - last.lastAt),
      accepted / (windowMs ?? openMs),
    );
    if (this.#phase === 'cruise') this.#proven = 0;
    const low = Math.max(this.#proven, Math.min(estimate, 0.995 * rate));
    const isNarrow = rate < (1 + 2 * WINDOW_AGREES) * low;
    const isAsBefore =
      this.#phase === 'probe' && isNarrow && Math.abs(low / this.#low - 1) < WINDOW_AGREES;
    this.#agreements = isAsBefore ? Math.min(MOST_AGREEMENTS, this.#agreements + 1) : 0;
    this.#low = low;
    this.#high = rate;
    this.#cruise(MARGIN, now);
  }

  /** The burst is not known yet: rate and burst must explain all refusals so far together. */
  #measureEvent(event: Event, last: Event, now: number): void {
    const rate = this.#rate;
    const accepted = this.#history.between(last.lastAt, event.firstAt);
    const spanMs = Math.max(1, event.firstAt - last.lastAt);
    if (accepted < ENOUGH) {
      this.#setRate(Math.min(rate, (SLOW_PART * Math.max(1, accepted)) / spanMs), now);
      this.#firstPauseMs = Math.max(FIRST_PAUSE_MS, 1.5 / this.#rate);
      this.#keepsFrom = true;
      this.#isSlow = true;
      return;
    }
    this.#segments.push({ from: last.lastAt, to: event.firstAt, accepted });
    // In flight may have held it below its rate; no bucket refills faster than it was emptied.
    const lately = Math.max(250, 2 * this.#roundTripMs, 8 / rate);
    const used = this.#history.between(event.firstAt - lately, event.firstAt) / lately;
    this.#refusedAt = Math.min(this.#refusedAt, rate, 1.15 * used);
    const fit = fitRateAndBurst(
      this.#history,
      this.#startedAt,
      this.#firstAt,
      this.#segments,
      this.#refusedAt,
    );
    this.#burst = fit.burst;
    this.#low = fit.rate;
    this.#high = Math.max(1.02 * fit.rate, fit.mostLikely);
    const isWide =
      fit.mostLikely > (this.#segments.length === 1 ? WIDE : WIDE_AGAIN) * fit.leastLikely;
    const isDear = this.#lostMs > DEAR_MS && fit.burst > 5 && fit.cost < GOOD_COST;
    if (isDear) this.#high = 1.04 * fit.rate;
    if (isWide && !isDear && !this.#isSlow && this.#segments.length < MOST_SEGMENTS) {
      this.#setRate(Math.sqrt(fit.leastLikely * fit.mostLikely), now);
    } else this.#cruise(marginOf(accepted), now);
  }

  #laterEvent(event: Event, last: Event, now: number): void {
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
      estimate = this.#contradicted(event, last, estimate);
    } else {
      this.#contradictions = 0;
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

  #since(last: Event, event: Event): Segment {
    const [from, to] = [last.lastAt, event.firstAt];
    return { from, to, accepted: this.#history.between(from, to) };
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

/** An estimate of few requests may be off by two. */
function marginOf(accepted: number): number {
  return Math.min(MOST_MARGIN, Math.max(MARGIN, 2 / accepted));
}

/** The usual window that an interval is, give or take what a pause overshoots, or null. */
function commonWindow(ms: number): number | null {
  return WINDOWS_MS.find((windowMs) => Math.abs(ms / windowMs - 1) < 0.05) ?? null;
}
