import type { Limit } from '../core/hint.ts';
import { Estimate } from './estimate.ts';
import { FirstRequests } from './first-requests.ts';
import { AcceptedHistory } from './limiter-fit.ts';
import type { Answer, FoundPace, LimitBasis, LimiterPause, ServerLimits } from './pace.ts';
import { OWN_PAUSE_MS, PauseGate } from './pause-gate.ts';
import { RateSearch } from './rate-search.ts';
import { SLACK_MS, Spacing, setIfChanged } from './spacing.ts';
import { StatedLimits } from './stated-limits.ts';
import { UnrelatedRefusals } from './unrelated-refusals.ts';

const ROUNDING_MS = 1500;
const NEVER = Number.NEGATIVE_INFINITY;

/** What the answers of a server say about its limits: pauses, what its headers state, and the rate that refusals showed. */
export class ServerPace implements ServerLimits {
  readonly #random: () => number;
  /** Null until the server asks for a pause, states a limit, or refuses: most never do. */
  #gate: PauseGate | null = null;
  #stated: { readonly limits: StatedLimits; readonly spacing: Spacing } | null = null;
  #search: { readonly rate: RateSearch; readonly spacing: Spacing } | null = null;
  readonly #history = new AcceptedHistory();
  #first: FirstRequests;
  /** Null while refusals are thought to follow the rate. */
  #unrelated: UnrelatedRefusals | null = null;
  #openings = 0;

  constructor(random: () => number, learned: FoundPace | null) {
    this.#random = random;
    const isLimited = learned !== null && learned.lowPerSecond !== null;
    this.#first = new FirstRequests(isLimited);
    if (isLimited) this.#makeSearch(learned);
  }

  get openings(): number {
    return this.#openings;
  }

  get isSafe(): boolean {
    return this.#search?.rate.isSafe ?? false;
  }

  isUnlimited(now: number): boolean {
    return (
      this.#foundRate === Number.POSITIVE_INFINITY &&
      (this.#gate === null || this.#gate.isOpen(now)) &&
      (this.#stated === null ||
        (this.#stated.limits.rate(now) === Number.POSITIVE_INFINITY &&
          this.#stated.limits.startableAt(now, 0) <= now))
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
    return Math.max(this.#gate?.opensAt ?? NEVER, this.#stated?.limits.usedUpUntil(now) ?? NEVER);
  }

  statedUntil(now: number): number {
    const usedUpUntil = this.#stated?.limits.usedUpUntil(now) ?? NEVER;
    return Math.max(this.#gate?.statedUntil ?? NEVER, usedUpUntil);
  }

  refusedForMs(now: number): number {
    return this.#gate?.refusedForMs(now) ?? 0;
  }

  startableAt(now: number, inFlight: number): number {
    this.#search?.rate.tick(now);
    this.#setRates(now);
    return Math.max(
      this.#gate?.startableAt() ?? NEVER,
      this.#stated?.limits.startableAt(now, inFlight) ?? NEVER,
      this.#search?.spacing.startableAt(now) ?? NEVER,
      this.#search?.rate.startableAt(now) ?? NEVER,
      this.#stated?.spacing.startableAt(now) ?? NEVER,
    );
  }

  started(now: number): void {
    this.#gate?.started(now);
    this.#search?.rate.started(now);
    this.#stated?.limits.started();
    this.#search?.spacing.started(now);
    this.#stated?.spacing.started(now);
  }

  /** Another process sent a request while nothing held it back. */
  sawStart(sentAt: number): void {
    this.#search?.rate.started(sentAt);
  }

  /** How long a pause is where the server names no time. */
  get ownPauseMs(): number {
    return this.#search?.rate.ownPauseMs ?? OWN_PAUSE_MS;
  }

  /** As if nothing had been refused yet. */
  startOver(now: number): void {
    this.#search = null;
    this.#unrelated = null;
    this.#history.forgetBefore(now);
    this.#first = new FirstRequests();
  }

  ended({ sentAt, now, kind, hint }: Answer, inFlight: number): LimiterPause | null {
    const before = this.heldUntil(now);
    this.#gate?.ended(sentAt);
    if (hint !== null && hint.limits.length > 0) this.#said(hint.limits, sentAt, now, inFlight);
    if (kind === 'refused') return this.#refused(sentAt, now, statedWaitMs(hint), before);
    if (kind === 'lost') return null;
    if (kind === 'accepted') this.#accepted(sentAt, now);
    if (this.#gate?.succeeded(sentAt)) this.#opened(sentAt, now);
    if (hint?.waitMs != null) this.#makeGate().hold(now + hint.waitMs);
    return this.#longer(before, now);
  }

  refusedAfterAll(sentAt: number, now: number, waitMs: number | null): LimiterPause | null {
    return this.#refused(sentAt, now, waitMs, this.heldUntil(now));
  }

  learned(): FoundPace {
    const { low, high, burst } = this.#search?.rate.known ?? new Estimate();
    return {
      lowPerSecond: low > 0 ? low * 1000 : null,
      highPerSecond: Number.isFinite(high) ? high * 1000 : null,
      burst,
      windowMs: this.#search?.rate.windowMs ?? null,
    };
  }

  statedPerSecond(now: number): number | null {
    const rate = this.#statedRate(now);
    return rate === Number.POSITIVE_INFINITY ? null : rate * 1000;
  }

  basis(now: number): LimitBasis | null {
    const stated = this.#statedRate(now);
    const rate = Math.min(stated, this.#foundRate);
    if (rate === Number.POSITIVE_INFINITY) return null;
    return rate === stated
      ? {
          by: 'headers',
          perSecond: rate * 1000,
          windowMs: this.#stated?.limits.windowMs(now) ?? null,
        }
      : { by: 'refusals', perSecond: rate * 1000, windowMs: this.#search?.rate.windowMs ?? null };
  }

  /** Requests per millisecond. */
  get #foundRate(): number {
    return this.#search?.rate.rate ?? Number.POSITIVE_INFINITY;
  }

  #statedRate(now: number): number {
    return this.#stated?.limits.rate(now) ?? Number.POSITIVE_INFINITY;
  }

  #accepted(sentAt: number, now: number): void {
    this.#unrelated?.accepted();
    if (sentAt < this.#first.answeredAt) this.#first.add(sentAt, now);
    else if (this.#search === null) this.#history.add(sentAt);
    else this.#search.rate.accepted(sentAt);
  }

  #opened(sentAt: number, now: number): void {
    this.#openings += 1;
    if (this.#search === null) return;
    const { rate, spacing } = this.#search;
    const atOnce = rate.opened(sentAt, now);
    this.#setRates(now);
    spacing.drain(now);
    if (atOnce > 0) spacing.grant(atOnce, now);
    const { acceptedForEach } = rate.known;
    if (acceptedForEach === null) return;
    this.startOver(now);
    this.#unrelated = new UnrelatedRefusals(acceptedForEach);
  }

  #said(limits: readonly Limit[], sentAt: number, now: number, inFlight: number): void {
    this.#stated ??= { limits: new StatedLimits(), spacing: new Spacing(SLACK_MS) };
    this.#stated.limits.said(limits, sentAt, now, inFlight);
  }

  #refused(
    sentAt: number,
    now: number,
    retryAfterMs: number | null,
    before: number,
  ): LimiterPause | null {
    const gate = this.#makeGate();
    if (this.#unrelated?.refused()) this.#unrelated = null;
    if (this.#unrelated === null && this.#search === null) this.#makeSearch(null);
    gate.firstPauseMs = this.ownPauseMs;
    const pause = gate.refused({ sentAt, now, retryAfterMs });
    this.#search?.rate.refused(sentAt, pause.isNew, retryAfterMs);
    return pause.isNew || now + pause.waitMs > Math.max(now, before) ? pause : null;
  }

  #makeGate(): PauseGate {
    this.#gate ??= new PauseGate(this.#random);
    return this.#gate;
  }

  #makeSearch(learned: FoundPace | null): void {
    const rate = new RateSearch(learned, this.#history, this.#first);
    this.#search = { rate, spacing: new Spacing(SLACK_MS) };
  }

  /** Ends of windows are stated in whole seconds: less is no news. */
  #longer(before: number, now: number): LimiterPause | null {
    const until = this.heldUntil(now);
    const isNew = before <= now;
    if (until <= now || (!isNew && until <= before + ROUNDING_MS)) return null;
    return { waitMs: until - now, isNew };
  }

  #setRates(now: number): void {
    if (this.#search !== null) {
      setIfChanged(this.#search.spacing, this.#search.rate.spacingRate, now);
    }
    if (this.#stated !== null) {
      setIfChanged(this.#stated.spacing, this.#stated.limits.rate(now), now);
    }
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
