/**
 * A worker's view of what all workers know of a limiter. One of them leads (pace-leader.ts); it hands out starts by way
 * of the queue, and every worker tells what came of those it used. A start is used at its time or not at all, so no
 * two workers add up to a burst. Where no limit is known, each starts as it likes.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Clock } from '../core/clock.ts';
import type { Rate } from '../core/units.ts';
import type { Answer, FoundPace, LimitBasis, LimiterPause, ServerLimits } from '../pace/pace.ts';
import { statedWaitMs } from '../pace/server-pace.ts';
import {
  type GateAnswer,
  type GateReport,
  type GateState,
  readAnswer,
  type Told,
} from './gate-report.ts';
import { type GateKeys, gateKeys, NEWS_CHANNEL } from './keys.ts';
import { Lead } from './lead.ts';
import { runScript } from './scripts.ts';
import { StartsInTime } from './starts-in-time.ts';

/** The worker that leads is taken for gone after this. */
const LEADS_MS = 1500;
/** While a refusal is waited out, the one that leads asks so often. */
const PROVING_MS = 25;
/** A worker that begins asks so often, a few times. */
const FIRST_MS = 60;
const FIRST_TIMES = 4;
/** How old an answer of the queue may be if requests start without asking. */
const VALID_MS = 750;
/** A pause that is longer by less is no news. */
const ROUNDING_MS = 1500;
/** How often to ask before the leading worker has said how often. */
const GUESS_MS = 100;
const LEAVING_MS = 1000;
const NOTHING_FOUND: FoundPace = {
  lowPerSecond: null,
  highPerSecond: null,
  burst: 0,
  windowMs: null,
};

/** What all gates of a worker share. */
export interface GateParts {
  readonly redis: Redis;
  readonly clock: Clock;
  readonly who: string;
  /** The run that it works for. */
  readonly run: string;
  readonly rate: Rate | null;
  /** The run is paused, or this worker has lost sight of the queue. */
  readonly isHeld: () => boolean;
  /** A gate that said Infinity may say something else now. */
  readonly wake: () => void;
  readonly fail: (error: unknown) => void;
}

export class SharedGate implements ServerLimits {
  readonly keys: GateKeys;
  readonly #parts: GateParts;
  readonly #starts: StartsInTime;
  readonly #lead: Lead;
  #state: GateState | null = null;
  /** Counts the refusals that made all wait: what is of an older one holds no more. */
  #epoch = 0;
  #told: Told[] = [];
  #pausedUntil = Number.NEGATIVE_INFINITY;
  /** Until when a pause of our own is shown, before it is known how long it is. */
  #shownUntil = Number.NEGATIVE_INFINITY;
  #closedAt = Number.NEGATIVE_INFINITY;
  #validUntil = Number.NEGATIVE_INFINITY;
  /** Pages wait to be started. */
  #isWanted = false;
  #timer: NodeJS.Timeout | null = null;
  #isAsking = false;
  #asked = 0;
  #askedAt = Number.NEGATIVE_INFINITY;
  #openings = 0;
  #isClosed = false;

  constructor(limiter: string, parts: GateParts) {
    this.keys = gateKeys(limiter);
    this.#parts = parts;
    this.#lead = new Lead(parts.who);
    this.#starts = new StartsInTime(parts.rate?.perMs ?? null);
  }

  get openings(): number {
    return this.#openings;
  }

  get isSafe(): boolean {
    return this.#state?.isSafe ?? false;
  }

  startableAt(now: number): number {
    if (this.#parts.isHeld() || this.#isClosed) return Number.POSITIVE_INFINITY;
    if (!this.#isWanted) {
      this.#isWanted = true;
      this.#schedule(now);
    }
    if (this.#pausedUntil > now) return this.#pausedUntil;
    if (this.#isFree) return now <= this.#validUntil ? now : Number.POSITIVE_INFINITY;
    return this.#starts.next(now);
  }

  started(now: number): void {
    this.#starts.started(now, this.#isFree);
  }

  ended(answer: Answer): LimiterPause | null {
    const { sentAt, now, kind } = answer;
    const hint = answer.hint?.waitMs == null && !answer.hint?.limits.length ? null : answer.hint;
    const at = this.#starts.ended(sentAt);
    const tookMs = Math.round((now - sentAt) * 1000) / 1000;
    this.#told.push(hint === null && kind === 'accepted' ? [at, tookMs] : [at, tookMs, kind, hint]);
    if (kind === 'refused') return this.#refused(sentAt, now, statedWaitMs(hint));
    if (hint?.waitMs != null) return this.#refused(sentAt, now, hint.waitMs, 0);
    if (this.#state?.isProving) void this.#ask();
    return null;
  }

  refusedAfterAll(sentAt: number, now: number, waitMs: number | null): LimiterPause | null {
    const hint = waitMs === null ? null : { waitMs, limits: [] };
    this.#told.push([this.#starts.microsOf(sentAt), now - sentAt, 'after-all', hint]);
    return this.#refused(sentAt, now, waitMs);
  }

  startOver(now: number): void {
    this.#told.push([this.#starts.microsOf(now), 0, 'start-over']);
  }

  excuse(): void {}

  heldUntil(now: number): number {
    const opensAt = this.#state?.opensAt ?? 0;
    const told = opensAt === 0 ? now - 1 : this.#starts.localOf(opensAt);
    return Math.max(this.#pausedUntil, this.#shownUntil, told);
  }

  statedUntil(now: number): number {
    const statedUntil = this.#state?.statedUntil ?? 0;
    return Math.max(
      this.#pausedUntil,
      statedUntil === 0 ? now - 1 : this.#starts.localOf(statedUntil),
    );
  }

  refusedForMs(now: number): number {
    const since = this.#state?.refusedSince ?? 0;
    return since === 0 ? 0 : Math.max(0, now - this.#starts.localOf(since));
  }

  statedPerSecond(): number | null {
    return this.#state?.statedPerSecond ?? null;
  }

  learned(): FoundPace {
    return this.#state?.found ?? NOTHING_FOUND;
  }

  basis(): LimitBasis | null {
    return this.#state?.basis ?? null;
  }

  /** All were told to wait: nothing that was handed out before holds. Times are microseconds. */
  heard(epoch: number, until: number): void {
    if (epoch > this.#epoch) this.#newEpoch(epoch);
    if (this.#state !== null) this.#hold(this.#starts.localOf(until));
    if (this.#isWanted || this.#lead.isLeading) void this.#ask();
  }

  /** Tells what is left, and leads no more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#isWanted = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    // A queue that is gone answers nothing.
    if (this.#asked > 0) await Promise.race([this.#ask(), wait(LEAVING_MS, null, { ref: false })]);
  }

  get #isFree(): boolean {
    return this.#state?.isFree === true && this.#state.epoch === this.#epoch;
  }

  #refused(
    sentAt: number,
    now: number,
    statedMs: number | null,
    ownMs = this.#state?.ownPauseMs ?? 0,
  ): LimiterPause | null {
    const before = Math.max(this.#pausedUntil, this.#shownUntil);
    const isNew = sentAt >= this.#closedAt && before <= now;
    this.#hold(now + (statedMs ?? 0));
    this.#shownUntil = Math.max(this.#shownUntil, now + (statedMs ?? ownMs));
    const until = Math.max(this.#pausedUntil, this.#shownUntil);
    const isLonger = until > before + ROUNDING_MS;
    if (!isNew && !isLonger) return null;
    if (isNew) {
      this.#closedAt = now;
      // Nothing that it holds is used any more, whatever the queue says and when.
      this.#starts.dropAll();
      this.#validUntil = Number.NEGATIVE_INFINITY;
    }
    void this.#ask({ sentAt, waitMs: statedMs ?? 0 });
    return { waitMs: until - now, isNew };
  }

  #hold(until: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, until);
  }

  #newEpoch(epoch: number): void {
    this.#epoch = epoch;
    this.#starts.dropAll();
  }

  /** @param pause a refusal that all have to hear of */
  async #ask(
    pause: { readonly sentAt: number; readonly waitMs: number } | null = null,
  ): Promise<void> {
    if (this.#isAsking && pause === null && !this.#isClosed) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#isAsking = true;
    this.#asked += 1;
    const { redis, clock, wake, fail } = this.#parts;
    const sentAt = clock.now();
    this.#askedAt = sentAt;
    try {
      const values = this.#words(pause, sentAt);
      const { gate, reports, starts } = this.keys;
      const answer = await runScript(redis, 'ask', [gate, reports, starts], values);
      this.#answered(readAnswer(answer), sentAt);
    } catch (error) {
      fail(error);
    } finally {
      this.#isAsking = false;
      this.#schedule(clock.now());
      if (!this.#isClosed) wake();
    }
  }

  #words(
    pause: { readonly sentAt: number; readonly waitMs: number } | null,
    now: number,
  ): (string | number)[] {
    const report = this.#report(now);
    return [
      this.#parts.who,
      JSON.stringify(report),
      this.#lead.term,
      this.#lead.isLeading ? JSON.stringify(this.#state) : '',
      LEADS_MS * 1000,
      NEWS_CHANNEL,
      pause === null ? '' : this.#starts.microsOf(pause.sentAt),
      pause === null ? 0 : Math.ceil(pause.waitMs * 1000),
      this.#isClosed ? 1 : 0,
      ...this.#lead.takeWords(),
    ];
  }

  /** What is new since the last report. */
  #report(now: number): GateReport {
    const { who, run, rate } = this.#parts;
    const told = this.#told;
    this.#told = [];
    const everyMs = this.#state?.everyMs ?? GUESS_MS;
    const isWanted = !this.#isClosed && (this.#isWanted || this.#starts.inFlight > 0);
    const wants = isWanted ? this.#starts.wanted(now, everyMs) : 0;
    const dropped = this.#starts.takeDropped(now);
    this.#isWanted = false;
    return { who, run, rate, wants, told, dropped };
  }

  #answered(answer: GateAnswer, sentAt: number): void {
    const { now, epoch, pause, given } = answer;
    const local = this.#parts.clock.now();
    this.#starts.sawTime(now, sentAt, local);
    if (epoch > this.#epoch) this.#newEpoch(epoch);
    if (pause > now) this.#hold(this.#starts.localOf(pause));
    this.#validUntil = sentAt + VALID_MS;
    const wasProving = this.#state?.isProving ?? false;
    const { state, starts } = this.#lead.answered(answer, this.#epoch);
    this.#state = state;
    if (wasProving && state?.isProving === false) {
      this.#openings += 1;
      this.#shownUntil = local;
    }
    this.#starts.add(starts);
    for (const batch of given) {
      if (batch.epoch === this.#epoch) this.#starts.add(batch.starts);
      else this.#starts.drop(batch.starts);
    }
  }

  #schedule(now: number): void {
    if (this.#isClosed || this.#timer !== null || this.#isAsking) return;
    const isBusy = this.#isWanted || this.#starts.isBusy || this.#told.length > 0;
    if (!isBusy && !this.#lead.hasOthers) return;
    const waitMs = this.#askedAt + this.#nextMs() - now;
    if (waitMs > 0) this.#timer = setTimeout(() => void this.#ask(), waitMs);
    else void this.#ask();
  }

  #nextMs(): number {
    if (this.#asked < FIRST_TIMES) return FIRST_MS;
    const everyMs = this.#state?.everyMs ?? GUESS_MS;
    if (!this.#lead.isLeading) return everyMs;
    if (this.#lead.isNews) return 0;
    if (!this.#state?.isProving) return everyMs / 2;
    const opensInMs = this.#starts.localOf(this.#state.opensAt) - this.#askedAt;
    return Math.max(PROVING_MS, Math.min(everyMs / 2, opensInMs - everyMs));
  }
}
