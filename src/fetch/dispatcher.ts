/**
 * Starts pages as their limiters allow, and does after each attempt what the retry policy says. It holds
 * the pages that are on their way and nothing of those that are done.
 */
import type { Rejection } from '../archive-thread/messages.ts';
import type { Clock } from '../core/clock.ts';
import type { Stop } from '../core/summary.ts';
import { DelayQueue } from '../pace/retries.ts';
import type { Limiter, LimiterRegistry, Reaction } from './limiter.ts';
import { BODY_BUDGET_BYTES } from './open-transport.ts';
import type { PauseMonitor } from './pause-monitor.ts';
import { pauseOfRefused } from './refused-page.ts';
import { type RequestQueue, RequestQueues } from './request-queues.ts';
import {
  type NextAction,
  pauseReason,
  RetryPolicy,
  type RetryPolicyParts,
} from './retry-policy.ts';
import type { Attempt, AttemptResult, FinalAttempt, Task } from './task.ts';

/** Pages that may be known and not done: bounds memory, however long a pause lasts. */
const LOOK_AHEAD_PAGES = 1000;
/** Enough for what `-c auto` may send at once, twice; the plan is asked for more below it. */
const READY_PAGES = 128;
/**
 * What a kill may lose besides the requests in flight. Batches go off after 50 ms however few pages
 * they hold, so only a fast server fills it: 250 pages are then some 40 ms of fetching. With 100,
 * fetching waited for the archive while neither thread had work (a sixth slower at 50 at a time).
 */
const COMMIT_GROUP_PAGES = 250;
/** A server that answers nothing while it says this often that it did not process a page is failing. */
const MAX_UNPROCESSED = 20;
/** Node fires timers beyond 2^31 ms at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface DispatcherParts extends RetryPolicyParts {
  readonly clock: Clock;
  readonly limiters: LimiterRegistry;
  readonly pauseMonitor: PauseMonitor;
}

/** What is counted while pages are fetched. */
export interface Counters {
  fetched: number;
  retries: number;
  pausedMs: number;
  bodyBytes: number;
}

/** What is to be fetched: a plan, or what detection asks for. */
export interface PageSource {
  /** In the order in which they should start. The dispatcher waits for a batch as long as it takes. */
  tasks(): AsyncIterable<readonly Task[]>;
  readonly attempt: Attempt;
}

/**
 * Takes pages whose last attempt was made. For each it calls `rejected` or `done` of the dispatcher
 * later.
 */
export interface PageSink {
  /** Taken and not yet done. */
  readonly heldPages: number;
  readonly heldBytes: number;
  add(task: Task, final: FinalAttempt): void;
  /** Nothing is in flight: do not wait for more. */
  flush(): void;
}

export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #policy: RetryPolicy;
  readonly #queues: RequestQueues;
  readonly #delayed = new DelayQueue<Task>();
  /** Most requests in flight in all queues together. */
  readonly #mostInFlight: number;
  #sink: PageSink | null = null;
  #attempt!: Attempt;
  #tasks!: AsyncIterator<readonly Task[]>;
  #pulling = false;
  #exhausted = false;
  #inFlight = 0;
  /** Pages taken from the source that have not reached their end state. */
  #open = 0;
  #timer: NodeJS.Timeout | null = null;
  #stop: Stop | null = null;
  #failure: { readonly error: unknown } | null = null;
  #settled = Promise.withResolvers<void>();

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    this.#policy = new RetryPolicy(parts);
    this.#queues = new RequestQueues(parts.limiters);
    const { concurrency } = parts.options;
    this.#mostInFlight = concurrency === 'auto' ? Number.POSITIVE_INFINITY : concurrency;
  }

  get stopped(): Stop | null {
    return this.#stop;
  }

  /**
   * Fetches one source to its end; the next may follow. Resolves when every page has ended, or a stop
   * has drained; rejects on a fatal error.
   */
  async run(source: PageSource, sink: PageSink): Promise<void> {
    if (this.#failure !== null) throw this.#failure.error;
    this.#sink = sink;
    this.#attempt = source.attempt;
    this.#tasks = source.tasks()[Symbol.asyncIterator]();
    this.#exhausted = false;
    this.#pulling = false;
    this.#settled = Promise.withResolvers();
    this.#pump();
    try {
      await this.#settled.promise;
    } finally {
      this.#sink = null;
      if (this.#timer !== null) clearTimeout(this.#timer);
      void this.#tasks.return?.();
    }
  }

  /** Starts nothing more. What is in flight may still arrive; the first reason counts. */
  stop(stop: Stop): void {
    if (this.#stop !== null) return;
    this.#stop = stop;
    this.#parts.pauseMonitor.ended(this.#parts.clock.now());
    this.#pump();
  }

  /** The run cannot go on at all. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    if (this.#sink !== null) this.#settled.reject(error);
  }

  /** The sink found that a body is no page. */
  rejected(task: Task, final: FinalAttempt, rejection: Omit<Rejection, 'index'>): void {
    try {
      const isPause = this.#pauseAfterAll(task, final, rejection);
      this.#do(task, this.#policy.rejected(task, final, rejection, isPause));
      this.#pump();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Whether a page that says that it was refused speaks of a limit or a wait, as a 429 does. */
  #pauseAfterAll(task: Task, final: FinalAttempt, rejection: Omit<Rejection, 'index'>): boolean {
    const { clock, limiters } = this.#parts;
    const outcome = pauseOfRefused(rejection, final, clock.wallTime());
    if (outcome === null) return false;
    const now = clock.now();
    const limiter = limiters.of(task.origin, task.path);
    const reaction = limiter.refusedAfterAll(final.timing.sentAt, outcome.waitMs, now);
    this.#pauseOrStop(task, limiter, reaction, outcome, now);
    return true;
  }

  /** A page has reached its end state. */
  done(): void {
    this.#open -= 1;
    this.#pump();
  }

  #pump(): void {
    const sink = this.#sink;
    if (sink === null) return;
    const { clock, pauseMonitor } = this.#parts;
    const now = clock.now();
    if (this.#stop === null) {
      for (const { limiter } of this.#queues.all) pauseMonitor.opened(limiter, now);
      for (let due = this.#delayed.takeDue(now); due; due = this.#delayed.takeDue(now)) {
        this.#queues.add(due, 'again');
      }
      while (this.#mayStart(sink)) {
        const next = this.#queues.takeReady(now);
        if (next === undefined) break;
        void this.#start(next.task, next.queue);
      }
      this.#pull();
    }
    if (this.#inFlight === 0) sink.flush();
    if (this.#isDone(sink)) this.#settled.resolve();
    else this.#setTimer(now, sink);
  }

  #mayStart({ heldPages, heldBytes }: PageSink): boolean {
    return (
      this.#inFlight < this.#mostInFlight &&
      heldPages < COMMIT_GROUP_PAGES &&
      heldBytes < BODY_BUDGET_BYTES
    );
  }

  #isDone({ heldPages }: PageSink): boolean {
    if (this.#inFlight > 0 || heldPages > 0) return false;
    return this.#stop !== null || (this.#exhausted && this.#open === 0);
  }

  /** Takes the next batch from the source while few pages are ready. */
  #pull(): void {
    const enough = this.#queues.readyCount >= READY_PAGES;
    if (this.#pulling || this.#exhausted || enough || this.#open >= LOOK_AHEAD_PAGES) return;
    this.#pulling = true;
    this.#tasks
      .next()
      .then(({ done, value }) => {
        this.#pulling = false;
        if (done === true) this.#exhausted = true;
        else this.#take(value);
        this.#pump();
      })
      .catch((error) => this.fail(error));
  }

  #take(tasks: readonly Task[]): void {
    this.#open += tasks.length;
    for (const task of tasks) {
      if (task.ended === null) this.#queues.add(task, 'fresh');
      else this.#sink?.add(task, task.ended);
    }
  }

  /** Sleeps until the next retry is due or the next page may start; everything else pumps by itself. */
  #setTimer(now: number, sink: PageSink): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#stop !== null) return;
    const nextStartAt = this.#mayStart(sink)
      ? this.#queues.nextStartAt(now)
      : Number.POSITIVE_INFINITY;
    const next = Math.min(this.#delayed.nextDueAt, nextStartAt);
    if (next === Number.POSITIVE_INFINITY) return;
    const waitMs = Math.min(LONGEST_TIMER_MS, Math.max(1, Math.ceil(next - now)));
    this.#timer = setTimeout(() => this.#pump(), waitMs);
  }

  async #start(task: Task, queue: RequestQueue): Promise<void> {
    const { clock, pauseMonitor } = this.#parts;
    const { limiter } = queue;
    this.#inFlight += 1;
    const startedAt = clock.wallTime();
    const sentAt = clock.now();
    limiter.started(sentAt);
    try {
      const result = await this.#attempt(task);
      this.#inFlight -= 1;
      const now = clock.now();
      const reaction = limiter.ended(result, task.attempts, sentAt, now);
      pauseMonitor.answered(limiter, result, now);
      const action = this.#policy.next(task, result, {
        timing: { startedAt, sentAt, durationMs: now - sentAt },
        isStopped: this.#stop !== null,
        isExcused: reaction.isExcused || this.#wasUnprocessed(queue, result),
      });
      this.#pauseOrStop(task, limiter, reaction, result.outcome, now);
      this.#do(task, action);
      this.#pump();
    } catch (error) {
      this.fail(error);
    }
  }

  #pauseOrStop(
    task: Task,
    limiter: Limiter,
    reaction: Reaction,
    outcome: AttemptResult['outcome'],
    now: number,
  ): void {
    const { pauseMs, isUnreachable } = reaction;
    if (pauseMs === null && !isUnreachable) return;
    const { pauseMonitor } = this.#parts;
    const reason = pauseReason(outcome);
    const pauses = pauseMonitor.pausesOf(limiter);
    const stop = this.#policy.whyStop(limiter, reaction, reason, task, pauses, now);
    if (stop !== null) this.stop(stop);
    else if (pauseMs !== null) pauseMonitor.paused(limiter, pauseMs, reason, now);
  }

  /** Such a page goes again at once and uncounted, unless the server does nothing else. */
  #wasUnprocessed(queue: RequestQueue, { outcome, response }: AttemptResult): boolean {
    if (response !== null) queue.unprocessedInARow = 0;
    if (outcome.kind !== 'unprocessed') return false;
    queue.unprocessedInARow += 1;
    return queue.unprocessedInARow <= MAX_UNPROCESSED * queue.limiter.concurrency;
  }

  #do(task: Task, action: NextAction): void {
    switch (action.kind) {
      case 'end':
        this.#sink?.add(task, action.final);
        return;
      case 'again':
        this.#queues.add(task, 'again');
        return;
      case 'later':
        this.#delayed.add(this.#parts.clock.now() + action.delayMs, task);
        return;
      case 'stop':
        this.stop(action.stop);
        return;
      case 'leave':
        return;
    }
  }
}
