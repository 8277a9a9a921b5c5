/**
 * The pump: starts pages as the pace allows, and does with each attempt what the judge says. It holds
 * the pages that are on their way and nothing of those that are done.
 */
import type { Clock } from '../core/clock.ts';
import type { EventSink } from '../core/events.ts';
import type { ResolvedOptions } from '../core/options.ts';
import type { PageEnd, PageInfo } from '../core/page-info.ts';
import type { PageRequest } from '../core/page-request.ts';
import type { Stop } from '../core/summary.ts';
import { DelayQueue } from '../pace/delay-queue.ts';
import type { AttemptResult } from './attempt.ts';
import type { LimiterRegistry } from './limiter-registry.ts';
import type { Arrival, PageBatcher, Settled } from './page-batcher.ts';
import type { PauseMonitor } from './pause-monitor.ts';
import { type RequestQueue, RequestQueues } from './request-queues.ts';
import { type NextAction, RetryPolicy } from './retry-policy.ts';
import type { Task } from './task.ts';
import { BODY_BUDGET_BYTES } from './transport-options.ts';

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
/** A bucket that answers nothing while it says this often that it did not process a page is failing. */
const MAX_UNPROCESSED = 20;
/** Node fires timers beyond 2^31 ms at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface DispatcherParts {
  readonly options: ResolvedOptions;
  readonly clock: Clock;
  readonly random: () => number;
  readonly emit: EventSink;
  readonly limiters: LimiterRegistry;
  readonly pauseMonitor: PauseMonitor;
  /** The answer to a page that was asked for before there was a plan. */
  readonly answered: (task: Task) => AttemptResult | undefined;
  readonly attempt: (task: Task) => Promise<AttemptResult>;
  /** Whether any page was ever stored in this archive. */
  readonly storedBefore: boolean;
  readonly counters: Counters;
  /** Response headers that say how the list goes on; none for a list. */
  readonly pagingHeaders: readonly string[];
  /** Statuses that mean, for a speculative page, that it is past the end. */
  readonly pastEnd: readonly number[];
  /** A plan that learns is told how each page ended. */
  readonly onPage: ((request: PageRequest, ended: PageEnd) => void) | null;
}

export interface Counters {
  fetched: number;
  retries: number;
  pausedMs: number;
  bodyBytes: number;
}

export function noCounters(): Counters {
  return { fetched: 0, retries: 0, pausedMs: 0, bodyBytes: 0 };
}

export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #policy: RetryPolicy;
  readonly #pauseMonitor: PauseMonitor;
  readonly #queues: RequestQueues;
  readonly #delayed = new DelayQueue<Task>();
  /** Most requests in flight in all buckets together. */
  readonly #mostInFlight: number;
  #batcher!: PageBatcher;
  #source: AsyncIterator<readonly Task[]> | null = null;
  #pulling = false;
  #exhausted = false;
  #inFlight = 0;
  /** Pages taken from the plan that have not reached their end state. */
  #open = 0;
  #timer: NodeJS.Timeout | null = null;
  #stop: Stop | null = null;
  #settled = Promise.withResolvers<void>();

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    this.#policy = new RetryPolicy(parts);
    this.#pauseMonitor = parts.pauseMonitor;
    this.#queues = new RequestQueues(parts.limiters);
    const { concurrency } = parts.options;
    this.#mostInFlight = concurrency === 'auto' ? Number.POSITIVE_INFINITY : concurrency;
  }

  get stopped(): Stop | null {
    return this.#stop;
  }

  /** Resolves when every page of `source` has ended, or a stop has drained; rejects on a fatal error. */
  async run(source: AsyncIterable<readonly Task[]>, batcher: PageBatcher): Promise<void> {
    this.#batcher = batcher;
    this.#source = source[Symbol.asyncIterator]();
    this.#pump();
    try {
      await this.#settled.promise;
    } finally {
      if (this.#timer !== null) clearTimeout(this.#timer);
      void this.#source.return?.();
    }
  }

  /** Starts nothing more. What is in flight may still arrive; the first reason counts. */
  stop(stop: Stop): void {
    if (this.#stop !== null) return;
    this.#stop = stop;
    this.#pauseMonitor.ended(this.#parts.clock.now());
    this.#pump();
  }

  /** The run cannot go on at all. */
  fail(error: unknown): void {
    this.#settled.reject(error);
  }

  /** PageBatcher tells here what became of a page it was given. */
  onSettled({ task, page }: Arrival, settled: Settled): void {
    if (settled.kind === 'rejected') {
      try {
        this.#do(task, this.#policy.rejected(task, page, settled.rejection));
        this.#pump();
      } catch (error) {
        this.fail(error);
      }
      return;
    }
    this.#open -= 1;
    if (page.state === 'stored') {
      this.#policy.stored();
      this.#parts.counters.fetched += 1;
      this.#parts.counters.bodyBytes += page.bodyBytes;
    }
    this.#parts.emit({
      type: 'page',
      place: page.place,
      url: page.url,
      state: page.state,
      status: page.status,
      code: page.code,
      reason: page.reason,
      bodyBytes: page.bodyBytes,
      durationMs: page.durationMs,
      attempts: page.attempts,
    });
    this.#parts.onPage?.(task.request, endOf(page, settled.pageInfo));
    this.#pump();
  }

  #pump(): void {
    const now = this.#parts.clock.now();
    if (this.#stop === null) {
      for (const { pace } of this.#queues.all) this.#pauseMonitor.opened(pace, now);
      for (let due = this.#delayed.takeDue(now); due; due = this.#delayed.takeDue(now)) {
        this.#queues.add(due, 'again');
      }
      while (this.#mayStart()) {
        const next = this.#queues.takeReady(now);
        if (next === undefined) break;
        void this.#start(next.task, next.queue);
      }
      this.#pull();
    }
    if (this.#inFlight === 0) this.#batcher.flush();
    if (this.#isDone()) this.#settled.resolve();
    else this.#setTimer(now);
  }

  #mayStart(): boolean {
    return (
      this.#inFlight < this.#mostInFlight &&
      this.#batcher.uncommittedPages < COMMIT_GROUP_PAGES &&
      this.#batcher.uncommittedBytes < BODY_BUDGET_BYTES
    );
  }

  #isDone(): boolean {
    if (this.#inFlight > 0 || this.#batcher.uncommittedPages > 0) return false;
    return this.#stop !== null || (this.#exhausted && this.#open === 0);
  }

  /** Takes the next batch from the plan while few pages are ready. */
  #pull(): void {
    const enough = this.#queues.readyCount >= READY_PAGES;
    if (this.#pulling || this.#exhausted || enough || this.#open >= LOOK_AHEAD_PAGES) return;
    this.#pulling = true;
    this.#source!.next().then(
      ({ done, value }) => {
        this.#pulling = false;
        if (done === true) this.#exhausted = true;
        else {
          this.#open += value.length;
          for (const task of value) this.#take(task);
        }
        this.#pump();
      },
      (error) => this.fail(error),
    );
  }

  #take(task: Task): void {
    const known = this.#parts.answered(task);
    if (known === undefined) {
      this.#queues.add(task, 'fresh');
      return;
    }
    const { clock } = this.#parts;
    const timing = { startedAt: clock.wallTime(), sentAt: clock.now(), durationMs: 0 };
    task.attempts += (known.attempts ?? 1) - 1;
    this.#do(
      task,
      this.#policy.policy(task, known, { timing, isStopped: false, isExcused: false }),
    );
  }

  /** Sleeps until the next retry is due or the next page may start; everything else pumps by itself. */
  #setTimer(now: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#stop !== null) return;
    const nextStartAt = this.#mayStart() ? this.#queues.nextStartAt(now) : Number.POSITIVE_INFINITY;
    const next = Math.min(this.#delayed.nextDueAt, nextStartAt);
    if (next === Number.POSITIVE_INFINITY) return;
    const waitMs = Math.min(LONGEST_TIMER_MS, Math.max(1, Math.ceil(next - now)));
    this.#timer = setTimeout(() => this.#pump(), waitMs);
  }

  async #start(task: Task, queue: RequestQueue): Promise<void> {
    const { clock } = this.#parts;
    this.#inFlight += 1;
    const startedAt = clock.wallTime();
    const sentAt = clock.now();
    queue.pace.started(sentAt);
    try {
      const result = await this.#parts.attempt(task);
      // All but the last, which is counted where it turns out to be one.
      task.attempts += (result.attempts ?? 1) - 1;
      this.#inFlight -= 1;
      const now = clock.now();
      const reaction = queue.pace.ended(result, task.attempts, sentAt, now);
      const stop = this.#pauseMonitor.answered(queue.pace, result, reaction, task.shownUrl, now);
      const action = this.#policy.policy(task, result, {
        timing: { startedAt, sentAt, durationMs: now - sentAt },
        isStopped: this.#stop !== null,
        isExcused: reaction.isExcused || this.#wasUnprocessed(queue, result),
      });
      if (stop !== null) this.stop(stop);
      this.#do(task, action);
      this.#pump();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Such a page goes again at once and uncounted, unless the server does nothing else. */
  #wasUnprocessed(queue: RequestQueue, { outcome, response }: AttemptResult): boolean {
    if (response !== null) queue.unprocessedInARow = 0;
    if (outcome.kind !== 'unprocessed') return false;
    queue.unprocessedInARow += 1;
    return queue.unprocessedInARow <= MAX_UNPROCESSED * queue.pace.concurrency;
  }

  #do(task: Task, action: NextAction): void {
    switch (action.kind) {
      case 'keep':
        this.#batcher.add({ task, page: action.page, chunks: action.chunks });
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

/** What a plan that learns is told. */
function endOf(page: Arrival['page'], pageInfo: PageInfo | null): PageEnd {
  if (page.state === 'stored' && pageInfo !== null) return { state: 'stored', pageInfo };
  const { status } = page;
  return { state: page.state === 'beyond-end' ? 'beyond-end' : 'failed', status };
}
