/**
 * A limiter says when its next request may start, and takes in what each answer says: it joins the server's limits (`Pacer`), its health (`ServerHealth`) and the reader of hints.
 */
import { type Hint, noHint } from '../core/hint.ts';
import { BackoffReader } from '../http/limits/backoff-in-body.ts';
import { createHintReader, type HintReader } from '../http/limits/hint-reader.ts';
import type { RawResponse, TransportFault } from '../http/transport.ts';
import type { Answer, LearnedPace, PaceBasis, PaceSettings, ServerLimits } from '../pace/pace.ts';
import { Pacer } from '../pace/pacer.ts';
import {
  type FailureKind,
  type Judged,
  type Judgement,
  ServerHealth,
} from '../pace/server-health.ts';
import type { BusyMeter } from './busy-meter.ts';
import type { AttemptResult } from './task.ts';

/** What an answer did to its limiter. */
export interface Reaction {
  /** A pause that began or grew, and when it ends. */
  readonly pauseMs: number | null;
  /** The pause is longer than the server asked for, if it asked at all. */
  readonly isOwnPause: boolean;
  /** The pause is for a server that is down, and not for a limit of it. */
  readonly isOutage: boolean;
  /** What a failure says about its page. */
  readonly attempt: Judgement;
  /** The probe that attempts were held for has ended: whether the server is up. */
  readonly settled: 'up' | 'down' | null;
  /** Nothing has ever come from there, and it was tried enough. */
  readonly isUnreachable: boolean;
}

/**
 * Who asked. The witness shows whether the server is up. A page that is only read to check others is
 * worth no outage: its failure says nothing about the server.
 */
export type Role = 'page' | 'witness' | 'recheck';

export class Limiter {
  readonly name: string;
  readonly #pacer: Pacer;
  readonly #health: ServerHealth;
  /** Null where no latency is measured. */
  #busy: Pick<BusyMeter, 'isBusy'> | null;
  /** Other processes send to the origin too. */
  readonly #isShared: boolean;
  readonly #hints: HintReader = createHintReader();
  readonly #backoffs = new BackoffReader();
  #inFlight = 0;
  #requests = 0;

  constructor(
    name: string,
    settings: PaceSettings,
    random: () => number,
    learned: LearnedPace | null,
    busy: Pick<BusyMeter, 'isBusy'> | null,
    maxWaitMs = Number.POSITIVE_INFINITY,
    shared: ServerLimits | null = null,
  ) {
    this.name = name;
    this.#busy = busy;
    this.#isShared = shared !== null;
    this.#pacer = new Pacer(this.#own(settings), random, learned, shared ?? undefined);
    this.#health = new ServerHealth(random, maxWaitMs);
  }

  get requests(): number {
    return this.#requests;
  }

  /** Most requests in flight for now. */
  get concurrency(): number {
    return this.#backoffs.mayComeLate ? 1 : this.#pacer.concurrency;
  }

  /** The user has other wishes now. */
  change(settings: PaceSettings, busy: Pick<BusyMeter, 'isBusy'> | null, now: number): void {
    this.#busy = busy;
    this.#pacer.change(this.#own(settings), now);
  }

  /** The user's rate is for all processes together, so what they share has it. */
  #own(settings: PaceSettings): PaceSettings {
    return this.#isShared ? { ...settings, rate: null } : settings;
  }

  /** Nothing was asked for so long by the user's own will: `--max-wait` does not count it. */
  excuse(ms: number, now: number): void {
    this.#pacer.excuse(ms, now);
    this.#health.excuse(ms, now);
  }

  /** Until when nothing starts, by a pause or by a window that is used up; in the past while there is neither. */
  heldUntil(now: number): number {
    return Math.max(this.#pacer.heldUntil(now), this.#health.opensAt);
  }

  /** Requests go out as the pace allows, and not as probes. */
  get isUp(): boolean {
    return this.#health.isUp;
  }

  /** The server is down, until a probe shows that it is not. */
  get isDown(): boolean {
    return this.#health.isDown;
  }

  /** How long the server has been down; 0 while it is not. */
  downForMs(now: number): number {
    return this.#health.downForMs(now);
  }

  /** How long the server has refused everything; 0 where it does not. */
  refusedForMs(now: number): number {
    return this.#pacer.refusedForMs(now);
  }

  /** When the last request that succeeded was sent. */
  get upSentAt(): number {
    return this.#health.upSentAt;
  }

  /** What is asked for next is to be the witness. */
  get isWitnessDue(): boolean {
    return this.#health.isWitnessDue;
  }

  /** There is a page that the server has given before, or gives if it is up. */
  haveWitness(): void {
    this.#health.hasWitness = true;
  }

  /**
   * A page is about to fail.
   *
   * @returns whether the witness is asked first: nothing that was sent since then has succeeded
   */
  doubt(since: number, now: number): boolean {
    return this.#health.upSentAt < since && this.#health.doubt(now);
  }

  /** ≤ now: one may start; finite: not before; Infinity: only after an answer. */
  startableAt(now: number): number {
    // A request on its way breaks the backoff that the answer before it asks for.
    if (this.#inFlight > 0 && this.#backoffs.mayComeLate) return Number.POSITIVE_INFINITY;
    return Math.max(this.#pacer.startableAt(now), this.#health.startableAt());
  }

  started(now: number): void {
    this.#requests += 1;
    this.#inFlight += 1;
    this.#pacer.started(now);
    this.#health.started(now);
  }

  /** What the headers of one of its responses say, and the body of a good one. */
  readHint(response: RawResponse, now: number, wallTime: number): Hint {
    const hint = this.#hints.read(response.status, response.headers, now, wallTime);
    const waitMs = this.#backoffs.read(response);
    return waitMs === null ? hint : { ...hint, waitMs };
  }

  /**
   * The result, or the refusal that it is, where the server states its limit with errors. Call it for a
   * page before `ended`.
   */
  readRefusal(result: AttemptResult, sentAt: number, now: number): AttemptResult {
    const { outcome, response, hint } = result;
    if (outcome.kind !== 'retry' || kindOf(result) !== 'failed') return result;
    // 500 is a fault of the server itself; no proxy refuses with it.
    if (!this.#health.isUp || response?.status === 500) return result;
    const is = this.#pacer.readError(sentAt, now);
    if (is === 'down') this.#health.doubt(now);
    if (is !== 'refusal') return result;
    const { reason } = outcome;
    const refusal = { kind: 'pause', waitMs: null, waitFrom: null, reason } as const;
    return { ...result, outcome: { ...refusal, hint: hint ?? noHint } };
  }

  /**
   * Call once for each `started`.
   * @param failures how often this page had failed before
   */
  ended(
    result: AttemptResult,
    failures: number,
    sentAt: number,
    now: number,
    role: Role = 'page',
  ): Reaction {
    this.#inFlight -= 1;
    const kind = kindOf(result);
    const isCalm = result.fault === 'calm';
    const isBusy = this.#busy?.isBusy(now) ?? false;
    const answer = { sentAt, now, kind, isCalm, isBusy, hint: hintOf(result) };
    const limited = this.#pacer.ended(answer);
    if (result.response !== null) this.#health.answered(now);
    const judged = this.#judge(result, kind, failures, sentAt, now, role);
    const isUnreachable = this.#health.isDown && !this.#health.hasAnswered;
    if (limited === null && judged === COUNTS && !isUnreachable) return NOTHING;
    const { attempt, waitMs, settled } = judged;
    const isPaused = limited !== null || waitMs !== null;
    const until = this.heldUntil(now);
    return {
      pauseMs: isPaused ? Math.max(0, until - now) : null,
      isOwnPause: isPaused && until > this.#pacer.statedUntil(now),
      isOutage: waitMs !== null,
      attempt,
      settled,
      isUnreachable,
    };
  }

  /** The body of an answer that had ended as a success says that it was refused. */
  refusedAfterAll(sentAt: number, waitMs: number | null, now: number): Reaction {
    const pause = this.#pacer.refusedAfterAll(sentAt, now, waitMs);
    const until = this.heldUntil(now);
    return {
      ...NOTHING,
      pauseMs: pause === null ? null : Math.max(0, until - now),
      isOwnPause: until > this.#pacer.statedUntil(now),
    };
  }

  learned(): LearnedPace {
    return this.#pacer.learned();
  }

  /** What the server's headers allow a second; null where they state no limit. */
  statedPerSecond(now: number): number | null {
    return this.#pacer.statedPerSecond(now);
  }

  basis(now: number): PaceBasis {
    return { ...this.#pacer.basis(now), concurrency: this.concurrency };
  }

  #judge(
    { outcome, fault }: AttemptResult,
    kind: Answer['kind'],
    failures: number,
    sentAt: number,
    now: number,
    role: Role,
  ): Judged & Pick<Reaction, 'settled'> {
    const health = this.#health;
    const isError = kind === 'failed' || kind === 'late';
    // A witness was given before: whatever keeps it from coming now is the server's.
    const isLost = kind === 'lost' && (role === 'witness' || outcome.kind === 'retry');
    const isTrouble = isError || isLost;
    if (isTrouble && !OURS.has(fault) && role !== 'recheck') {
      const judged = health.failed(failureKind(fault), sentAt, now);
      return { ...judged, settled: judged.waitMs === null ? null : 'down' };
    }
    if (kind === 'accepted') {
      const isUp = health.succeeded(failures, sentAt);
      return isUp ? { ...COUNTS, settled: 'up' } : COUNTS;
    }
    health.ended(sentAt);
    return COUNTS;
  }
}

/** They say nothing about the server. */
const OURS = new Set<TransportFault | null>(['closed', 'open-files']);

const COUNTS = { attempt: 'counts', waitMs: null, settled: null } as const;

/** The reaction to nearly all answers. */
const NOTHING: Reaction = {
  pauseMs: null,
  isOwnPause: false,
  isOutage: false,
  attempt: 'counts',
  settled: null,
  isUnreachable: false,
};

/** A refusal's own wait may come from its body or its API's habits, of which the headers know nothing. */
function hintOf({ outcome, hint }: AttemptResult): Hint | null {
  if (outcome.kind !== 'pause' || outcome.waitMs === null) return hint;
  return { waitMs: outcome.waitMs, limits: hint?.limits ?? [] };
}

function kindOf({ outcome, response, fault }: AttemptResult): Answer['kind'] {
  if (outcome.kind === 'pause') return 'refused';
  if (response === null) return isTimeout(fault) ? 'late' : 'lost';
  return response.status >= 500 && outcome.kind === 'retry' ? 'failed' : 'accepted';
}

function isTimeout(fault: TransportFault | null): boolean {
  return fault === 'timeout' || fault === 'idle-timeout' || fault === 'connect-timeout';
}

/** Faults of making the connection, which no page is the cause of. */
const UNREACHABLE = new Set<TransportFault | null>([
  'no-name',
  'dns',
  'refused',
  'connect-timeout',
  'proxy',
]);

function failureKind(fault: TransportFault | null): FailureKind {
  if (UNREACHABLE.has(fault)) return 'unreachable';
  return isTimeout(fault) ? 'timeout' : 'error';
}
