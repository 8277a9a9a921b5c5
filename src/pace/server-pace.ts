import type { Limit } from '../core/hint.ts';
import type { Answer, FoundPace, LimitBasis, LimiterPause, ServerLimits } from './pace.ts';
import { PauseGate } from './pause-gate.ts';
import { RateSearch } from './rate-search.ts';
import { Spacing, setIfChanged } from './spacing.ts';
import { StatedLimits } from './stated-limits.ts';

/** A timer that is late, or a burst of answers, may be made good within this. */
const SLACK_MS = 20;
const ROUNDING_MS = 1500;
const NEVER = Number.NEGATIVE_INFINITY;

/** What the answers of a server say of its limits: pauses, what its headers state, and the rate that refusals showed. */
export class ServerPace implements ServerLimits {
  readonly #random: () => number;
  /** Null until the server asks for a pause, and until it states a limit: most never do. */
  #gate: PauseGate | null = null;
  #stated: StatedLimits | null = null;
  readonly #search: RateSearch;
  readonly #searched = new Spacing(SLACK_MS);
  readonly #statedSpacing = new Spacing(SLACK_MS);
  #openings = 0;

  constructor(random: () => number, learned: FoundPace | null) {
    this.#random = random;
    this.#search = new RateSearch(learned);
  }

  get openings(): number {
    return this.#openings;
  }

  get isSafe(): boolean {
    return this.#search.isSafe;
  }

  isUnlimited(now: number): boolean {
    return (
      this.#search.rate === Number.POSITIVE_INFINITY &&
      (this.#gate === null || this.#gate.isOpen(now)) &&
      (this.#stated === null ||
        (this.#stated.rate(now) === Number.POSITIVE_INFINITY &&
          this.#stated.startableAt(now, 0) <= now))
    );
  }

  /** A refusal is being waited out, or a request is out to show whether it is over. */
  isProving(now: number): boolean {
    return this.#gate !== null && !this.#gate.isOpen(now);
  }

  excuse(ms: number, now: number): void {
    this.#gate?.excuse(ms, now);
  }

  heldUntil(now: number): number {
    return Math.max(this.#gate?.opensAt ?? NEVER, this.#stated?.usedUpUntil(now) ?? NEVER);
  }

  statedUntil(now: number): number {
    return Math.max(this.#gate?.statedUntil ?? NEVER, this.#stated?.usedUpUntil(now) ?? NEVER);
  }

  refusedForMs(now: number): number {
    return this.#gate?.refusedForMs(now) ?? 0;
  }

  startableAt(now: number, inFlight: number): number {
    this.#search.tick(now);
    this.#setRates(now);
    return Math.max(
      this.#gate?.startableAt() ?? NEVER,
      this.#stated?.startableAt(now, inFlight) ?? NEVER,
      this.#searched.startableAt(now),
      this.#search.startableAt(now),
      this.#statedSpacing.startableAt(now),
    );
  }

  started(now: number): void {
    this.#gate?.started(now);
    this.#search.started(now);
    this.#stated?.started();
    this.#searched.started(now);
    this.#statedSpacing.started(now);
  }

  /** Another process sent a request while nothing held it back. */
  sawStart(sentAt: number): void {
    this.#search.started(sentAt);
  }

  /** How long a pause is where the server names no time. */
  get ownPauseMs(): number {
    return this.#search.ownPauseMs;
  }

  startOver(now: number): void {
    this.#search.startOver(now);
  }

  ended({ sentAt, now, kind, hint }: Answer, inFlight: number): LimiterPause | null {
    const before = this.heldUntil(now);
    this.#gate?.ended(sentAt);
    if (hint !== null && hint.limits.length > 0) this.#said(hint.limits, sentAt, now, inFlight);
    if (kind === 'refused') return this.#refused(sentAt, now, statedWaitMs(hint), before);
    if (kind === 'lost') return null;
    if (kind === 'accepted') this.#search.accepted(sentAt, now);
    if (this.#gate?.succeeded(sentAt)) {
      this.#openings += 1;
      const atOnce = this.#search.opened(sentAt, now);
      this.#setRates(now);
      this.#searched.drain(now);
      if (atOnce > 0) this.#searched.grant(atOnce, now);
    }
    if (hint?.waitMs != null) this.#makeGate().hold(now + hint.waitMs);
    return this.#longer(before, now);
  }

  refusedAfterAll(sentAt: number, now: number, waitMs: number | null): LimiterPause | null {
    return this.#refused(sentAt, now, waitMs, this.heldUntil(now));
  }

  learned(): FoundPace {
    const { known, windowMs } = this.#search;
    const { low, high, burst } = known;
    return {
      lowPerSecond: low > 0 ? low * 1000 : null,
      highPerSecond: Number.isFinite(high) ? high * 1000 : null,
      burst,
      windowMs,
    };
  }

  statedPerSecond(now: number): number | null {
    const rate = this.#stated?.rate(now) ?? Number.POSITIVE_INFINITY;
    return rate === Number.POSITIVE_INFINITY ? null : rate * 1000;
  }

  basis(now: number): LimitBasis | null {
    const stated = this.#stated?.rate(now) ?? Number.POSITIVE_INFINITY;
    const searched = this.#search.rate;
    const rate = Math.min(stated, searched);
    if (rate === Number.POSITIVE_INFINITY) return null;
    return rate === stated
      ? { by: 'headers', perSecond: rate * 1000, windowMs: this.#stated?.windowMs(now) ?? null }
      : { by: 'refusals', perSecond: rate * 1000, windowMs: this.#search.windowMs };
  }

  #said(limits: readonly Limit[], sentAt: number, now: number, inFlight: number): void {
    this.#stated ??= new StatedLimits();
    this.#stated.said(limits, sentAt, now, inFlight);
  }

  #refused(
    sentAt: number,
    now: number,
    retryAfterMs: number | null,
    before: number,
  ): LimiterPause | null {
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

  #setRates(now: number): void {
    setIfChanged(this.#searched, this.#search.spacingRate, now);
    if (this.#stated !== null) setIfChanged(this.#statedSpacing, this.#stated.rate(now), now);
  }
}

/** A refusal waits for what it names, or for the end of the window that it says is used up; null where it says neither. */
export function statedWaitMs(hint: Answer['hint']): number | null {
  if (hint === null) return null;
  let waitMs = hint.waitMs ?? 0;
  for (const { remaining, resetMs } of hint.limits) {
    if (remaining === 0 && resetMs !== null) waitMs = Math.max(waitMs, resetMs);
  }
  return waitMs > 0 ? waitMs : null;
}
