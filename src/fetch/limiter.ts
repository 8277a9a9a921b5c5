/**
 * The pace of one bucket: when its next request may start, and what each answer teaches. It joins
 * the server's limits (`Pacer`), its health (`RetryBudget`) and the reader of what it says.
 */
import type { Hint } from '../core/hint.ts';
import { createHintReader, type HintReader } from '../http/limits/hint-reader.ts';
import type { HeaderValues, TransportFault } from '../http/transport.ts';
import type { Answer, LearnedPace, PaceBasis, PaceSettings } from '../pace/pace.ts';
import { Pacer } from '../pace/pacer.ts';
import { RetryBudget } from '../pace/retry-budget.ts';
import type { AttemptResult } from './attempt.ts';
import type { BusyMeter } from './busy-meter.ts';

/** What an answer did to the bucket. */
export interface Reaction {
  /** A pause that began or grew, and when it ends. */
  readonly pauseMs: number | null;
  /** The pause is longer than the server asked for, if it asked at all. */
  readonly isOwnPause: boolean;
  /** The bucket fails so much that the attempt says nothing of its page, and does not count. */
  readonly isExcused: boolean;
  /** Nothing has ever come from there, and it was tried enough. */
  readonly isUnreachable: boolean;
}

export class Limiter {
  readonly name: string;
  readonly #pacer: Pacer;
  readonly #budget: RetryBudget;
  readonly #busy: BusyMeter;
  readonly #hints: HintReader = createHintReader();
  #requests = 0;
  /** Whether anything was ever answered; before that a failure is as likely a wrong address. */
  #isAnswering = false;

  constructor(
    name: string,
    settings: PaceSettings,
    random: () => number,
    learned: LearnedPace | null,
    busy: BusyMeter,
  ) {
    this.name = name;
    this.#busy = busy;
    this.#pacer = new Pacer(settings, random, learned);
    this.#budget = new RetryBudget(random);
  }

  get requests(): number {
    return this.#requests;
  }

  /** Most requests in flight for now. */
  get concurrency(): number {
    return this.#pacer.concurrency;
  }

  /** Until when nothing starts, by a pause or by a window that is used up; in the past while there is neither. */
  heldUntil(now: number): number {
    return Math.max(this.#pacer.heldUntil(now), this.#budget.opensAt);
  }

  /** How long the server has refused or failed everything; 0 where it does not. */
  shutForMs(now: number): number {
    return Math.max(this.#pacer.refusedForMs(now), this.#budget.pausedForMs(now));
  }

  /** ≤ now: one may start; finite: not before; Infinity: only after an answer. */
  startableAt(now: number): number {
    return Math.max(this.#pacer.startableAt(now), this.#budget.startableAt());
  }

  started(now: number): void {
    this.#requests += 1;
    this.#pacer.started(now);
    this.#budget.started(now);
  }

  /** What the headers of one of its responses say. */
  readHint(status: number, headers: HeaderValues, now: number, wallTime: number): Hint {
    return this.#hints.read(status, headers, now, wallTime);
  }

  /**
   * Call once for each `started`.
   * @param failures how often this page had failed before
   */
  ended(result: AttemptResult, failures: number, sentAt: number, now: number): Reaction {
    const kind = kindOf(result);
    const isCalm = result.fault === 'calm';
    const isBusy = this.#busy.isBusy(now);
    const answer = { sentAt, now, kind, isCalm, isBusy, hint: hintOf(result) };
    const limited = this.#pacer.ended(answer);
    if (result.response !== null) this.#isAnswering = true;
    const troubled = this.#health(result, kind, failures, sentAt, now);
    const pause = limited ?? troubled;
    const until = this.heldUntil(now);
    return {
      pauseMs: pause === null ? null : Math.max(0, until - now),
      isOwnPause: pause !== null && until > this.#pacer.statedUntil(now),
      isExcused: this.#budget.isPaused && this.#isAnswering,
      isUnreachable: this.#budget.isPaused && !this.#isAnswering,
    };
  }

  learned(): LearnedPace {
    return this.#pacer.learned();
  }

  basis(now: number): PaceBasis {
    return this.#pacer.basis(now);
  }

  #health(
    { outcome, fault }: AttemptResult,
    kind: Answer['kind'],
    failures: number,
    sentAt: number,
    now: number,
  ): { readonly waitMs: number } | null {
    const isFailure = kind === 'overloaded' || (kind === 'lost' && outcome.kind === 'retry');
    // Closed by us: it says nothing of the server.
    if (isFailure && fault !== 'closed') {
      return this.#budget.failed(isTimeout(fault) ? 'timeout' : 'error', sentAt, now);
    }
    if (kind === 'accepted') this.#budget.succeeded(failures, sentAt);
    else this.#budget.ended(sentAt);
    return null;
  }
}

/** A refusal's own wait may come from its body or its API's habits, of which the headers know nothing. */
function hintOf({ outcome, hint }: AttemptResult): Hint | null {
  if (outcome.kind !== 'pause' || outcome.waitMs === null) return hint;
  return { waitMs: outcome.waitMs, limits: hint?.limits ?? [] };
}

function kindOf({ outcome, response, fault }: AttemptResult): Answer['kind'] {
  if (outcome.kind === 'pause') return 'refused';
  if (response === null) return isTimeout(fault) ? 'overloaded' : 'lost';
  return response.status >= 500 && outcome.kind === 'retry' ? 'overloaded' : 'accepted';
}

function isTimeout(fault: TransportFault | null): boolean {
  return fault === 'timeout' || fault === 'idle-timeout' || fault === 'connect-timeout';
}
