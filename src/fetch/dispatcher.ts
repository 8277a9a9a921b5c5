/**
 * Starts pages as their limiters allow. One that came goes to the sink; after any other attempt it does
 * what the retry policy says. It holds the pages that are on their way and nothing of those that are done.
 */
import type { Rejection } from '../archive-thread/messages.ts';
import type { Clock } from '../core/clock.ts';
import { noHint } from '../core/hint.ts';
import { ENOUGH_HELD_BYTES } from '../core/memory-budget.ts';
import { isRecheck } from '../core/page-request.ts';
import { DelayQueue } from '../core/queues.ts';
import type { Stop } from '../core/summary.ts';
import { freeChunks } from '../http/response-body.ts';
import type { PaceSettings } from '../pace/pace.ts';
import type { Limiter, Reaction } from './limiter.ts';
import type { LimiterRegistry } from './limiter-registry.ts';
import { LongWaits } from './long-waits.ts';
import type { PageSink, PageSource } from './page-flow.ts';
import type { PauseMonitor } from './pause-monitor.ts';
import { pauseOfRefused } from './refused-page.ts';
import {
  type Made,
  type ReadyRequest,
  type RequestQueue,
  RequestQueues,
} from './request-queues.ts';
import { type NextAction, RetryPolicy, type RetryPolicyParts } from './retry-policy.ts';
import {
  type Attempt,
  type AttemptResult,
  countAttempt,
  type FinalAttempt,
  finalAttempt,
  type Task,
} from './task.ts';

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
/** A page that meets a limit by errors so often has a trouble of its own. */
const MOST_REFUSALS_BY_ERROR = 5;
/** Node fires timers beyond 2^31 ms at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface DispatcherParts extends RetryPolicyParts {
  readonly clock: Clock;
  readonly limiters: LimiterRegistry;
  readonly pauseMonitor: PauseMonitor;
}

export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #policy: RetryPolicy;
  readonly #queues: RequestQueues;
  readonly #waits: LongWaits;
  readonly #delayed = new DelayQueue<Task>();
  /** Most requests in flight in all queues together. */
  #mostInFlight: number;
  /** When the user has paused the run; null while they have not. */
  #heldSince: number | null = null;
  #sink: PageSink | null = null;
  #attempt!: Attempt;
  #tasks!: AsyncIterator<readonly Task[]>;
  #pulling = false;
  #exhausted = false;
  #inFlight = 0;
  /** Whether any answer was a success, checked or not. */
  #hasSucceeded: boolean;
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
    this.#waits = new LongWaits(parts, this.#queues);
    this.#mostInFlight = mostInFlight(parts.options);
    this.#hasSucceeded = parts.storedBefore;
  }

  get inFlight(): number {
    return this.#inFlight;
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
    if (source.witness != null) this.#noteWitness(this.#queues.of(source.witness), source.witness);
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

  /** A gate that is shared with other processes has news. */
  wake(): void {
    this.#pump();
  }

  /** Starts nothing until `release`. What is in flight arrives. */
  hold(): void {
    this.#heldSince ??= this.#parts.clock.now();
    this.#pump();
  }

  /** Ends what `hold` began. What servers asked for meanwhile holds. */
  release(): void {
    if (this.#heldSince === null) return;
    const { clock, pauseMonitor } = this.#parts;
    const now = clock.now();
    const ms = now - this.#heldSince;
    this.#heldSince = null;
    for (const { limiter } of this.#queues.all) {
      limiter.excuse(ms, now);
      pauseMonitor.resumedByUser(limiter, now);
    }
    this.#pump();
  }

  /** The user has other wishes now. */
  change(settings: PaceSettings): void {
    this.#mostInFlight = mostInFlight(settings);
    this.#parts.limiters.change(settings, this.#parts.clock.now());
    this.#pump();
  }

  /** The run cannot go on at all. */
  readonly fail = (error: unknown): void => {
    this.#failure ??= { error };
    if (this.#sink !== null) this.#settled.reject(error);
  };

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
    const { clock } = this.#parts;
    const outcome = pauseOfRefused(rejection, final, clock.wallTime());
    if (outcome === null) return false;
    const now = clock.now();
    const queue = this.#queues.of(task);
    const reaction = queue.limiter.refusedAfterAll(final.timing.sentAt, outcome.waitMs, now);
    this.#pauseOrStop(task, queue, reaction, { outcome, response: null }, now);
    return true;
  }

  /** Pages have reached their end state. */
  done(pages = 1): void {
    this.#open -= pages;
    this.#pump();
  }

  #pump(now = this.#parts.clock.now()): void {
    const sink = this.#sink;
    if (sink === null) return;
    const { pauseMonitor } = this.#parts;
    if (this.#stop === null) {
      if (pauseMonitor.isWatching) {
        for (const { limiter } of this.#queues.all) pauseMonitor.opened(limiter, now);
      }
      if (this.#heldSince !== null) {
        for (const { limiter } of this.#queues.all) pauseMonitor.pausedByUser(limiter, now);
      }
      for (let due = this.#delayed.takeDue(now); due; due = this.#delayed.takeDue(now)) {
        this.#queues.add(due, 'again');
      }
      this.#endTooLong(now);
      while (this.#mayStart(sink)) {
        const next = this.#queues.takeReady(now);
        if (next === undefined) break;
        this.#start(next);
      }
      this.#pull();
    }
    if (this.#inFlight === 0) sink.flush();
    if (this.#isDone(sink)) this.#settled.resolve();
    else this.#setTimer(now, sink);
  }

  #mayStart({ heldPages, heldBytes }: PageSink): boolean {
    return (
      this.#heldSince === null &&
      this.#inFlight < this.#mostInFlight &&
      heldPages < COMMIT_GROUP_PAGES &&
      heldBytes < ENOUGH_HELD_BYTES
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
    // Nothing else may keep the process while it waits for its user.
    if (next === Number.POSITIVE_INFINITY && this.#heldSince !== null) {
      this.#timer = setTimeout(() => this.#pump(), LONGEST_TIMER_MS);
    }
    if (next === Number.POSITIVE_INFINITY) return;
    const waitMs = Math.min(LONGEST_TIMER_MS, Math.max(1, Math.ceil(next - now)));
    this.#timer = setTimeout(() => this.#pump(), waitMs);
  }

  #start(ready: ReadyRequest): void {
    const { clock } = this.#parts;
    const { task, queue } = ready;
    this.#inFlight += 1;
    const startedAt = clock.wallTime();
    const sentAt = clock.now();
    const wasUp = queue.limiter.isUp;
    queue.limiter.started(sentAt);
    // An async function would take three times the memory, for each page.
    this.#attempt(task).then((result) => {
      this.#inFlight -= 1;
      const now = clock.now();
      const timing = { startedAt, sentAt, durationMs: now - sentAt };
      try {
        this.#received({ task, result, timing, wasUp }, ready, now);
        this.#pump(now);
      } catch (error) {
        this.fail(error);
      }
    }, this.fail);
  }

  #received(made: Made, { queue, isWitness }: ReadyRequest, now: number): void {
    const { task, timing } = made;
    const { limiter } = queue;
    const isForCheck = isRecheck(task.request.place);
    const role = isWitness ? 'witness' : isForCheck ? 'recheck' : 'page';
    const result =
      role === 'page' && task.refusals < MOST_REFUSALS_BY_ERROR
        ? limiter.readRefusal(made.result, timing.sentAt, now)
        : made.result;
    const isRefusal = result !== made.result;
    if (isRefusal) task.refusals += 1;
    const attempt = isRefusal ? { ...made, result } : made;
    const reaction = limiter.ended(result, task.attempts, timing.sentAt, now, role);
    const { pauseMonitor } = this.#parts;
    if (pauseMonitor.isWatching || result.hint !== noHint) {
      pauseMonitor.answered(limiter, result, now);
    }
    // A witness comes for what it shows alone: its page is there.
    const action = role === 'witness' ? null : this.#actionAfter(attempt, queue, reaction);
    this.#pauseOrStop(task, queue, reaction, result, now);
    if (action === null) freeChunks(result.response?.chunks ?? []);
    if (action?.kind === 'hold') queue.held.push(attempt);
    else if (action !== null) this.#do(task, action);
    this.#settle(queue, reaction);
  }

  #actionAfter(attempt: Made, queue: RequestQueue, reaction: Reaction): NextAction {
    const { result } = attempt;
    if (result.outcome.kind === 'body') return this.#arrived(attempt, queue);
    if (reaction.attempt === 'held' && this.#stop === null) return { kind: 'hold' };
    const isExcused = reaction.attempt === 'excused' || this.#wasUnprocessed(queue, result);
    return this.#judge(attempt, queue.limiter, isExcused);
  }

  #arrived({ task, result, timing }: Made, queue: RequestQueue): NextAction {
    this.#hasSucceeded = true;
    queue.unprocessedInARow = 0;
    this.#noteWitness(queue, task);
    countAttempt(task, timing);
    return { kind: 'end', final: finalAttempt(result, null, timing) };
  }

  /** @param mayDoubt whether the witness may still be asked */
  #judge(
    { task, result, timing, wasUp }: Made,
    limiter: Limiter,
    isExcused: boolean,
    mayDoubt = true,
  ): NextAction {
    const now = this.#parts.clock.now();
    // An error shows that something answers: then it is enough that another page came meanwhile.
    const since = result.response === null ? now : timing.sentAt;
    return this.#policy.next(task, result, {
      timing,
      isStopped: this.#stop !== null,
      isExcused,
      upSentAt: limiter.upSentAt,
      wasUp,
      hasSucceeded: this.#hasSucceeded,
      doubt: () => mayDoubt && limiter.doubt(since, now),
    });
  }

  /** Does what the probe has shown with the attempts that waited for it. */
  #settle(queue: RequestQueue, { settled }: Reaction): void {
    if (settled === null) return;
    for (const held of queue.held.splice(0)) {
      this.#do(held.task, this.#judge(held, queue.limiter, settled === 'down', false));
    }
  }

  #noteWitness(queue: RequestQueue, task: Task): void {
    if (queue.witness !== null) return;
    queue.witness = task;
    queue.limiter.haveWitness();
  }

  #pauseOrStop(
    task: Task,
    queue: RequestQueue,
    reaction: Reaction,
    result: Pick<AttemptResult, 'outcome' | 'response'>,
    now: number,
  ): void {
    if (reaction.pauseMs === null && !reaction.isUnreachable) return;
    const stop = this.#waits.paused(task, queue, reaction, result, now);
    if (stop !== null) this.stop(stop);
  }

  #endTooLong(now: number): void {
    for (const queue of this.#queues.all) {
      if (queue.tooLong === null) continue;
      const { stop, notRead } = this.#waits.endOf(queue, queue.tooLong, now);
      for (const { task, final } of notRead) this.#sink?.add(task, final);
      if (stop === null) continue;
      this.stop(stop);
      return;
    }
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
      case 'hold':
      case 'leave':
        return;
    }
  }
}

/** In all queues together. */
function mostInFlight({ concurrency }: Pick<PaceSettings, 'concurrency'>): number {
  return concurrency === 'auto' ? Number.POSITIVE_INFINITY : concurrency;
}
