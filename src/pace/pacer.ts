import { AutoConcurrency } from './auto-concurrency.ts';
import { HiddenLimit, type ServerError } from './hidden-limit.ts';
import type { Answer, LearnedPace, LimiterPause, PaceBasis, PaceSettings } from './pace.ts';
import { PauseGate } from './pause-gate.ts';
import { RateSearch } from './rate-search.ts';
import { StatedLimits } from './stated-limits.ts';

/** A timer that is late, or a burst of answers, may be made good within this. */
const SLACK_MS = 20;
const ROUNDING_MS = 1500;
const NEVER = Number.NEGATIVE_INFINITY;
/** The user's rate is a promise: so much of its window may be early, and is taken off the rate. */
const USER_SLACK_PART = 0.002;
const USER_SLACK_CAP_MS = 50;

/**
 * The pace of one limiter (an origin with its credential, and one policy of it). A request starts
 * when all agree: the gate, the user's caps, what the headers allow, the rate that refusals showed,
 * and the requests in flight. Errors never speed anything up.
 */
export class Pacer {
  #settings: PaceSettings;
  readonly #random: () => number;
  /** Null until the server asks for a pause, and until it states a limit: most never do. */
  #gate: PauseGate | null = null;
  #stated: StatedLimits | null = null;
  readonly #search: RateSearch;
  #auto: AutoConcurrency | null;
  readonly #searched = new Spacing(SLACK_MS);
  readonly #statedSpacing = new Spacing(SLACK_MS);
  readonly #trial = new Spacing(SLACK_MS);
  /** Null until the server answers with an error. */
  #hidden: HiddenLimit | null = null;
  /** It refuses and says for how long. */
  #namesWaits = false;
  #accepted = 0;
  #user: Spacing;
  #userIsSet = false;
  #inFlight = 0;

  constructor(settings: PaceSettings, random: () => number, learned: LearnedPace | null) {
    this.#settings = settings;
    this.#random = random;
    this.#search = new RateSearch(learned);
    this.#auto =
      settings.concurrency === 'auto' ? new AutoConcurrency(learned?.concurrency ?? null) : null;
    this.#user = new Spacing(userSlackMs(settings));
  }

  /** Most requests in flight for now. */
  get concurrency(): number {
    return this.#auto?.limit ?? (this.#settings.concurrency as number);
  }

  /** The user has other wishes now. What was found of the server stays. */
  change(settings: PaceSettings, now: number): void {
    const { concurrency } = this;
    if (settings.concurrency !== 'auto') this.#auto = null;
    else this.#auto ??= new AutoConcurrency(concurrency);
    this.#settings = settings;
    this.#user = new Spacing(userSlackMs(settings));
    this.#userIsSet = false;
    this.#setRates(now);
    // What has just been sent belongs to the new rate too.
    this.#user.drain(now);
  }

  /** Nothing was asked for so long by the user's own will. */
  excuse(ms: number, now: number): void {
    this.#gate?.excuse(ms, now);
    this.#auto?.interrupted(now);
  }

  /** Nothing starts before this; it is in the past while no pause holds. */
  get opensAt(): number {
    return this.#gate?.opensAt ?? NEVER;
  }

  /** As `opensAt`, and not before the end of a window of which the server says nothing is left. */
  heldUntil(now: number): number {
    return Math.max(this.#gate?.opensAt ?? NEVER, this.#stated?.usedUpUntil(now) ?? NEVER);
  }

  /** The part of `heldUntil` that the server stated; what lies beyond is our own wait. */
  statedUntil(now: number): number {
    return Math.max(this.#gate?.statedUntil ?? NEVER, this.#stated?.usedUpUntil(now) ?? NEVER);
  }

  /** Milliseconds since the first refusal that no success has followed; 0 where there is none. */
  refusedForMs(now: number): number {
    return this.#gate?.refusedForMs(now) ?? 0;
  }

  /** ≤ now: one may start; finite: not before; Infinity: only after an answer. */
  startableAt(now: number): number {
    if (this.#inFlight >= this.concurrency) return Number.POSITIVE_INFINITY;
    this.#search.tick(now);
    this.#setRates(now);
    return Math.max(
      this.#gate?.startableAt() ?? NEVER,
      this.#stated?.startableAt(now, this.#inFlight) ?? NEVER,
      this.#user.startableAt(now),
      this.#searched.startableAt(now),
      this.#search.startableAt(now),
      this.#statedSpacing.startableAt(now),
      this.#trial.startableAt(now),
    );
  }

  started(now: number): void {
    this.#inFlight += 1;
    this.#gate?.started(now);
    this.#search.started(now);
    this.#stated?.started();
    this.#user.started(now);
    this.#searched.started(now);
    this.#statedSpacing.started(now);
    this.#trial.started(now);
  }

  /** What an error of the server is. Call it before `ended`, which is told of a refusal as of any other. */
  readError(sentAt: number, now: number): ServerError {
    this.#hidden ??= new HiddenLimit(this.#accepted);
    if (this.#namesWaits) this.#hidden.doubtLess();
    const is = this.#hidden.failed(sentAt, now, this.#search.isSafe);
    if (is === 'misled' || is === 'down') this.#search.startOver(now);
    if (is === 'usual') this.#search.restore(now);
    return is;
  }

  /** Call once for each `started`. */
  ended({ sentAt, now, kind, isCalm, isBusy = false, hint }: Answer): LimiterPause | null {
    const inFlight = this.#inFlight;
    const before = this.heldUntil(now);
    this.#inFlight -= 1;
    this.#gate?.ended(sentAt);
    if (hint !== null && hint.limits.length > 0) {
      this.#stated ??= new StatedLimits();
      this.#stated.said(hint.limits, sentAt, now, this.#inFlight);
    }
    if (kind === 'refused') {
      if (isCalm) this.#auto?.calmed(sentAt, now);
      return this.#refused(sentAt, now, statedWaitMs(hint), before);
    }
    if (kind === 'lost') return null;
    // How long an error took says nothing of how long an answer takes.
    if (kind !== 'failed') {
      const answer = kind === 'late' ? 'strained' : isBusy ? 'busy' : 'answered';
      this.#auto?.ended(answer, inFlight, sentAt, now);
    }
    if (kind === 'accepted') {
      this.#accepted += 1;
      this.#hidden?.accepted(sentAt, now);
      this.#search.accepted(sentAt, now);
    }
    if (this.#gate?.succeeded(sentAt)) {
      this.#auto?.interrupted(now);
      const atOnce = this.#search.opened(sentAt, now);
      this.#setRates(now);
      this.#searched.drain(now);
      if (atOnce > 0) this.#searched.grant(atOnce, now);
    }
    if (hint?.waitMs != null) this.#makeGate().hold(now + hint.waitMs);
    return this.#longer(before, now);
  }

  /** An answer that had counted as accepted turned out to be a refusal. */
  refusedAfterAll(sentAt: number, now: number, waitMs: number | null): LimiterPause | null {
    return this.#refused(sentAt, now, waitMs, this.heldUntil(now));
  }

  #refused(
    sentAt: number,
    now: number,
    retryAfterMs: number | null,
    before: number,
  ): LimiterPause | null {
    this.#namesWaits ||= retryAfterMs !== null;
    const gate = this.#makeGate();
    gate.firstPauseMs = this.#search.ownPauseMs;
    const pause = gate.refused({ sentAt, now, retryAfterMs });
    this.#search.refused(sentAt, pause.isNew, retryAfterMs);
    return pause.isNew || now + pause.waitMs > Math.max(now, before) ? pause : null;
  }

  #makeGate(): PauseGate {
    this.#gate ??= new PauseGate(this.#random);
    return this.#gate;
  }

  /** Ends of windows are stated in whole seconds: less is no news. */
  #longer(before: number, now: number): LimiterPause | null {
    const until = this.heldUntil(now);
    const isNew = before <= now;
    if (until <= now || (!isNew && until <= before + ROUNDING_MS)) return null;
    return { waitMs: until - now, isNew };
  }

  learned(): LearnedPace {
    const { known, windowMs } = this.#search;
    const { low, high, burst } = known;
    return {
      version: 1,
      lowPerSecond: low > 0 ? low * 1000 : null,
      highPerSecond: Number.isFinite(high) ? high * 1000 : null,
      burst,
      windowMs,
      concurrency: this.concurrency,
    };
  }

  /** What the server's headers allow a second at this moment; null where they state no limit. */
  statedPerSecond(now: number): number | null {
    const rate = this.#stated?.rate(now) ?? Number.POSITIVE_INFINITY;
    return rate === Number.POSITIVE_INFINITY ? null : rate * 1000;
  }

  /** @param now for what the headers allow at this moment */
  basis(now: number): PaceBasis {
    const { concurrency } = this;
    const user = this.#user.rate;
    const stated = this.#stated?.rate(now) ?? Number.POSITIVE_INFINITY;
    const searched = this.#search.rate;
    const rate = Math.min(user, stated, searched);
    if (rate === Number.POSITIVE_INFINITY) {
      const auto = this.#auto;
      const by = auto === null ? 'user' : auto.isByLatency ? 'latency' : 'none';
      return { by, perSecond: null, concurrency, windowMs: null };
    }
    const by = rate === user ? 'user' : rate === stated ? 'headers' : 'refusals';
    const windowMs =
      by === 'headers'
        ? (this.#stated?.windowMs ?? null)
        : by === 'refusals'
          ? this.#search.windowMs
          : null;
    return { by, perSecond: rate * 1000, concurrency, windowMs };
  }

  #setRates(now: number): void {
    if (!this.#userIsSet && this.#settings.rate !== null) {
      const { count, perMs } = this.#settings.rate;
      this.#user.setRate(count / (perMs + userSlackMs(this.#settings)), now);
      this.#userIsSet = true;
    }
    setIfChanged(this.#searched, this.#search.spacingRate, now);
    if (this.#hidden !== null && setIfChanged(this.#trial, this.#hidden.rate(now), now)) {
      this.#trial.drain(now);
    }
    if (this.#stated !== null) setIfChanged(this.#statedSpacing, this.#stated.rate(now), now);
  }
}

function setIfChanged(spacing: Spacing, rate: number, now: number): boolean {
  if (spacing.rate === rate) return false;
  spacing.setRate(rate, now);
  return true;
}

function userSlackMs({ rate }: PaceSettings): number {
  return rate === null ? 0 : Math.min(USER_SLACK_CAP_MS, USER_SLACK_PART * rate.perMs);
}

/** A refusal waits for what it names, or for the end of the window that it says is used up. */
function statedWaitMs(hint: Answer['hint']): number | null {
  if (hint === null) return null;
  let waitMs = hint.waitMs ?? 0;
  for (const { remaining, resetMs } of hint.limits) {
    if (remaining === 0 && resetMs !== null) waitMs = Math.max(waitMs, resetMs);
  }
  return waitMs > 0 ? waitMs : null;
}

/**
 * Even spacing of starts at a rate: the generic cell rate algorithm (ITU-T I.371), written as a
 * credit that grows with time. Credit of more than `slackMs` is lost: a late timer is made good, an
 * idle minute is not.
 */
const NEARLY_ONE = 1 - 1e-6;

export class Spacing {
  readonly #slackMs: number;
  /** Per millisecond; Infinity where nothing is held back. */
  #rate = Number.POSITIVE_INFINITY;
  #credit = 1;
  #at = 0;

  constructor(slackMs: number) {
    this.#slackMs = slackMs;
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
    if (now <= this.#at) return;
    const most = 1 + this.#rate * this.#slackMs;
    // Granted credit may be above what slack allows; it stays until it is used.
    if (this.#credit < most && this.#rate !== Number.POSITIVE_INFINITY) {
      this.#credit = Math.min(most, this.#credit + (now - this.#at) * this.#rate);
    }
    this.#at = now;
  }
}
