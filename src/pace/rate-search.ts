/**
 * Finds the rate of a limiter that says nothing but "no". When it refuses, its bucket is empty, so
 * the requests it accepted from one refusal to the next, by the time between, are its rate,
 * whatever its burst.
 */
import { AcceptedLog } from './accepted-log.ts';
import type { LearnedPace } from './pace.ts';

/** Requests refused together, and the pause that followed. */
interface Event {
  firstAt: number;
  lastAt: number;
  /** When the canary went out that was accepted. */
  openAt: number;
  acceptedByLast: number;
}

type Phase = 'open' | 'measure' | 'search' | 'cruise' | 'probe';

const FIRST_PAUSE_MS = 500;
const NARROW = 1.08;

export class RateSearch {
  readonly #log = new AcceptedLog();
  #phase: Phase = 'open';
  #rate = Number.POSITIVE_INFINITY;
  #low = 0;
  #high = Number.POSITIVE_INFINITY;
  #burst = 0;
  #firstSegment: { readonly accepted: number; readonly ms: number } | null = null;
  #windowMs: number | null = null;
  #startedAt = Number.NaN;
  #event: Event | null = null;
  #last: Event | null = null;
  #longestPauseMs = 0;
  #lastPauseMs = 0;
  #dwellFrom = 0;
  #dwellAccepted = 0;
  #probeStep = 0.01;
  #pooled: { accepted: number; ms: number }[] = [];

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

  get hasMetLimit(): boolean {
    return this.#last !== null;
  }

  /** How long to pause where the server names no time. */
  get ownPauseMs(): number {
    return this.#low === 0 ? FIRST_PAUSE_MS : Math.max(1.5 / this.#low, 200);
  }

  started(now: number): void {
    if (!Number.isNaN(this.#startedAt)) return;
    this.#startedAt = now;
    this.#dwellFrom = now;
  }

  accepted(sentAt: number): void {
    this.#log.add(sentAt);
  }

  refused(sentAt: number, isNew: boolean): void {
    if (this.#event === null) {
      // A straggler of a pause that is over.
      if (!isNew) return;
      this.#event = { firstAt: sentAt, lastAt: sentAt, openAt: 0, acceptedByLast: 0 };
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
    event.acceptedByLast = this.#log.sentUpTo(event.lastAt);
    const pauseMs = openAt - event.lastAt;
    this.#lastPauseMs = pauseMs;
    this.#longestPauseMs = Math.max(this.#longestPauseMs, pauseMs);
    const acceptedByFirst = this.#log.sentUpTo(event.firstAt);
    if (this.#last === null && this.#phase === 'open')
      this.#firstEvent(event, acceptedByFirst, now);
    else this.#nextEvent(event, acceptedByFirst, now);
    this.#last = event;
    if (pauseMs > 2000 || this.#low === 0) return 0;
    return Math.min(0.8 * this.#burst, 0.95 * this.#low * (now - event.lastAt));
  }

  tick(now: number): void {
    if (this.#event !== null || this.#phase === 'open') return;
    const elapsedMs = now - this.#dwellFrom;
    if (elapsedMs < this.#dwellMs()) return;
    const used = this.#log.total - this.#dwellAccepted;
    const isUsed = used > 0.8 * this.#rate * elapsedMs;
    switch (this.#phase) {
      case 'measure':
        if (isUsed) this.#setRate(this.#rate * 1.6, now);
        else this.#setRate(this.#rate, now);
        return;
      case 'search':
        if (isUsed) this.#low = Math.max(this.#low, this.#rate);
        this.#choose(now);
        return;
      case 'cruise':
        this.#phase = 'probe';
        this.#probeStep = 0.01;
        this.#setRate(this.#low * 1.01, now);
        return;
      case 'probe':
        if (isUsed) {
          this.#low = this.#rate;
          this.#high = Math.max(this.#high, this.#low * 1.01);
          this.#probeStep = Math.min(0.5, this.#probeStep * 2);
          this.#setRate(this.#rate * (1 + this.#probeStep), now);
        } else this.#setRate(this.#rate, now);
    }
  }

  #dwellMs(): number {
    const perRequest = 1 / this.#rate;
    if (this.#phase === 'cruise') {
      return Math.min(600_000, Math.max(30_000, 800 * perRequest, 100 * this.#lastPauseMs));
    }
    if (this.#phase === 'measure') {
      const pauseMs = this.#longestPauseMs > 2000 ? this.#longestPauseMs : 0;
      return Math.max(250, 8 * perRequest, pauseMs);
    }
    return Math.max(2000, 20 * perRequest, 2 * this.#longestPauseMs);
  }

  #setRate(rate: number, now: number): void {
    this.#rate = rate;
    this.#dwellFrom = now;
    this.#dwellAccepted = this.#log.total;
  }

  #firstEvent(event: Event, accepted: number, now: number): void {
    const ms = event.firstAt - this.#startedAt;
    this.#firstSegment = { accepted, ms };
    this.#phase = 'measure';
    const pauseMs = event.openAt - event.lastAt;
    this.#setRate(Math.max(accepted, 1) / (ms + Math.max(pauseMs, 500)), now);
  }

  #nextEvent(event: Event, acceptedByFirst: number, now: number): void {
    const rate = this.#rate;
    const last = this.#last;
    const from = last?.lastAt ?? this.#startedAt;
    const accepted = acceptedByFirst - (last?.acceptedByLast ?? 0);
    const elapsedMs = Math.max(1, event.firstAt - from);
    let estimate = accepted / elapsedMs;
    if (last !== null) {
      const openMs = event.firstAt - last.openAt;
      const first = this.#firstSegment;
      if (this.#phase === 'measure' && first !== null && openMs > 1.5 * first.ms + 200) {
        estimate = Math.max(estimate, (accepted - first.accepted) / (openMs - first.ms));
        this.#burst = Math.max(0, first.accepted - estimate * first.ms);
      }
      const isWindowLike = event.openAt - event.lastAt > Math.max(2000, 10 / rate);
      if (isWindowLike) estimate = Math.max(estimate, accepted / (event.openAt - last.openAt));
    }
    estimate = Math.min(estimate, rate);
    if (this.#phase === 'measure') {
      this.#low = 0.98 * estimate;
      this.#high = Math.min(rate, 1.05 * estimate);
    } else {
      this.#pooled.push({ accepted, ms: elapsedMs });
      if (this.#pooled.length > 3) this.#pooled.shift();
      let [n, t] = [0, 0];
      for (const { accepted, ms } of this.#pooled) {
        n += accepted;
        t += ms;
      }
      estimate = Math.max(estimate, n / t);
      this.#high = rate;
      if (rate > this.#low) this.#low = Math.max(this.#low, Math.min(estimate, 0.99 * rate));
      else this.#low = Math.min(estimate, 0.99 * rate);
    }
    this.#choose(now);
  }

  #choose(now: number): void {
    const ratio = this.#high / this.#low;
    if (ratio > NARROW) {
      const weight = ratio > 1.3 ? 0.2 : 0.1;
      this.#phase = 'search';
      this.#setRate(this.#low ** (1 - weight) * this.#high ** weight, now);
    } else {
      this.#phase = 'cruise';
      this.#setRate(0.99 * this.#low, now);
    }
  }
}
