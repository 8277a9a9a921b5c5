/**
 * The limiters of a run. Each says when its next request may start, and takes in what each answer
 * says: it joins the server's limits (`Pacer`), its health (`RetryBudget`) and the reader of hints.
 */
import { performance } from 'node:perf_hooks';
import type { Hint } from '../core/hint.ts';
import type { ResolvedOptions } from '../core/options.ts';
import type { PaceFacts } from '../core/summary.ts';
import { createHintReader, type HintReader, policyName } from '../http/limits/hint-reader.ts';
import type { HeaderValues, TransportFault } from '../http/transport.ts';
import type { Answer, LearnedPace, PaceBasis, PaceSettings } from '../pace/pace.ts';
import { readLearnedPace } from '../pace/pace.ts';
import { Pacer } from '../pace/pacer.ts';
import { RetryBudget } from '../pace/retries.ts';
import type { AttemptResult } from './task.ts';

/** What an answer did to its limiter. */
export interface Reaction {
  /** A pause that began or grew, and when it ends. */
  readonly pauseMs: number | null;
  /** The pause is longer than the server asked for, if it asked at all. */
  readonly isOwnPause: boolean;
  /** The server fails so much that the attempt says nothing of its page, and does not count. */
  readonly isExcused: boolean;
  /** Nothing has ever come from there, and it was tried enough. */
  readonly isUnreachable: boolean;
}

export class Limiter {
  readonly name: string;
  readonly #pacer: Pacer;
  readonly #budget: RetryBudget;
  readonly #busy: Pick<BusyMeter, 'isBusy'>;
  readonly #hints: HintReader = createHintReader();
  #requests = 0;
  /** Whether anything was ever answered; before that a failure is as likely a wrong address. */
  #isAnswering = false;

  constructor(
    name: string,
    settings: PaceSettings,
    random: () => number,
    learned: LearnedPace | null,
    busy: Pick<BusyMeter, 'isBusy'>,
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

  /** The body of an answer that had ended as a success says that it was refused. */
  refusedAfterAll(sentAt: number, waitMs: number | null, now: number): Reaction {
    const pause = this.#pacer.refusedAfterAll(sentAt, now, waitMs);
    const until = this.heldUntil(now);
    return {
      pauseMs: pause === null ? null : Math.max(0, until - now),
      isOwnPause: until > this.#pacer.statedUntil(now),
      isExcused: false,
      isUnreachable: false,
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

/** A server that names a new policy with each answer names none. */
const MOST_POLICIES = 16;

/** The policies of one origin: GitHub counts its search apart from the rest, Discord each route. */
interface Policies {
  /** That of the origin's own limiter. */
  readonly first: string;
  /** Routes that count in another. */
  readonly byRoute: Map<string, string>;
  readonly names: Set<string>;
}

/**
 * The limiters of a run, made when first met and shared by all who send. A run has one set of
 * credentials for an origin, so a limiter is an origin, and a policy where it names more than one.
 */
export class LimiterRegistry {
  readonly #options: Pick<ResolvedOptions, 'concurrency' | 'rate'>;
  readonly #kept: Readonly<Record<string, unknown>>;
  readonly #busy = new BusyMeter();
  readonly #byName = new Map<string, Limiter>();
  readonly #policies = new Map<string, Policies>();

  /** @param kept what an earlier run of the same archive learned, by limiter */
  constructor(
    options: Pick<ResolvedOptions, 'concurrency' | 'rate'>,
    kept: Readonly<Record<string, unknown>> = {},
  ) {
    this.#options = options;
    this.#kept = kept;
  }

  /** @param path with or without a query */
  of(origin: string, path: string): Limiter {
    const policies = this.#policies.get(origin);
    const policy =
      policies === undefined || policies.byRoute.size === 0
        ? undefined
        : policies.byRoute.get(routeOf(path));
    const name = policy === undefined ? origin : `${origin} ${policy}`;
    let limiter = this.#byName.get(name);
    if (limiter === undefined) {
      const kept = Object.hasOwn(this.#kept, name) ? this.#kept[name] : null;
      const learned = readLearnedPace(kept);
      limiter = new Limiter(name, this.#options, Math.random, learned, this.#busy);
      this.#byName.set(name, limiter);
    }
    return limiter;
  }

  /** A response names the policy that its request counted in: from now on its route goes there. */
  notePolicy(origin: string, path: string, headers: HeaderValues): void {
    const name = policyName(headers);
    if (name === null) return;
    const policies = this.#policies.get(origin);
    if (policies === undefined) {
      this.#policies.set(origin, { first: name, byRoute: new Map(), names: new Set([name]) });
    } else if (name !== policies.first && policies.names.size < MOST_POLICIES) {
      policies.names.add(name);
      policies.byRoute.set(routeOf(path), name);
    }
  }

  /** What is worth keeping, by limiter. */
  learned(): Readonly<Record<string, unknown>> {
    const entries = [...this.#byName].map(([name, limiter]) => [name, limiter.learned()]);
    return Object.fromEntries(entries);
  }

  /** How each limiter's pace was set, the busiest first. */
  facts(now: number): readonly PaceFacts[] {
    return [...this.#byName.values()]
      .filter(({ requests }) => requests > 0)
      .sort((a, b) => b.requests - a.requests)
      .map((limiter) => ({ limiter: limiter.name, ...limiter.basis(now) }));
  }
}

/** The path without its query and without what names one thing: `/channels/:/messages`. */
function routeOf(path: string): string {
  const query = path.indexOf('?');
  const plain = query === -1 ? path : path.slice(0, query);
  return plain.replace(/\/(?:\d+|[0-9a-f-]{16,})(?=\/|$)/gi, '/:');
}

/** A shorter look would catch single turns. */
const LOOK_MS = 250;
/** Fetching as fast as it can this thread is busy for 0.7 to 0.95 of the time; behind any network for less than 0.3. */
const BUSY_PART = 0.5;

/**
 * Whether this thread has little time to spare. Answers are then late because of us, so their latency
 * says nothing of the server.
 */
class BusyMeter {
  #last = performance.eventLoopUtilization();
  #lookedAt: number | null = null;
  #isBusy = false;

  isBusy(now: number): boolean {
    if (this.#lookedAt === null) {
      // What came before the first answer was loading.
      this.#last = performance.eventLoopUtilization();
      this.#lookedAt = now;
    } else if (now - this.#lookedAt >= LOOK_MS) {
      this.#isBusy = performance.eventLoopUtilization(this.#last).utilization > BUSY_PART;
      this.#last = performance.eventLoopUtilization();
      this.#lookedAt = now;
    }
    return this.#isBusy;
  }
}
