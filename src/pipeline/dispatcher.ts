/**
 * The pump: starts pages as the pace allows, and acts on what comes of each attempt. It holds the
 * pages that are on their way and nothing of those that are done.
 */
import type { Clock } from '../core/clock.ts';
import { EverypageError } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import type { Lesson, PageEnd } from '../core/lesson.ts';
import type { ResolvedOptions } from '../core/options.ts';
import type { PageRequest } from '../core/page-request.ts';
import type { Stop } from '../core/summary.ts';
import { formatDuration } from '../core/units.ts';
import type { Outcome } from '../http/outcome.ts';
import type { RawResponse } from '../http/transport.ts';
import { backoffDelayMs } from '../pace/backoff.ts';
import { DelayQueue } from '../pace/delay-queue.ts';
import { arrivedPage, logTry, type Timing } from './arrived-page.ts';
import type { AttemptResult } from './attempt.ts';
import { type Bucket, Buckets } from './buckets.ts';
import { describeRefusal } from './describe-refusal.ts';
import { contentTypeOf } from './kept-headers.ts';
import type { Rejection } from './messages.ts';
import type { Arrival, PageBatcher, Settled } from './page-batcher.ts';
import type { Task } from './task.ts';
import { BODY_BUDGET_BYTES } from './transport-options.ts';

/** Pages that may be known and not done: bounds memory, however long a pause lasts. */
const LOOK_AHEAD_PAGES = 1000;
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
  readonly attempt: (task: Task) => Promise<AttemptResult>;
  /** Whether any page was ever stored in this archive. */
  readonly storedBefore: boolean;
  readonly counters: Counters;
  /** Response headers that say how the list goes on; none for a list. */
  readonly pagingHeaders: readonly string[];
  /** Statuses that mean, for a speculative page, that it is past the end. */
  readonly pastEnd: readonly number[];
  /** A plan that learns is told how each page ended. */
  readonly learn: ((request: PageRequest, ended: PageEnd) => void) | null;
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
  readonly #buckets = new Buckets();
  readonly #delayed = new DelayQueue<Task>();
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
  #anyStored: boolean;
  /** Whether any answer was a success, checked or not. */
  #anySucceeded: boolean;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    this.#anyStored = parts.storedBefore;
    this.#anySucceeded = parts.storedBefore;
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
    this.#pump();
  }

  /** The run cannot go on at all. */
  fail(error: unknown): void {
    this.#settled.reject(error);
  }

  /** PageBatcher tells here what became of a page it was given. */
  onSettled(arrival: Arrival, settled: Settled): void {
    const { task, page } = arrival;
    if (settled.kind === 'rejected') {
      const { rejection } = settled;
      const reason = this.#whyRefused(task, page, rejection);
      if (rejection.kind === 'selection' && !this.#anyStored) {
        this.fail(
          new EverypageError(
            'SELECTION',
            `${reason}: ${task.shownUrl}. Give the path to the records with --select, or leave it out for whole pages.`,
          ),
        );
        return;
      }
      if (rejection.kind === 'too-large') {
        this.#fail(task, { ...page, state: 'failed', reason });
        return;
      }
      logTry(task, page, reason, null, null);
      this.#retryOrFail(task, reason, page.status, page);
      return;
    }
    this.#open -= 1;
    if (page.state === 'stored') {
      this.#anyStored = true;
      this.#parts.counters.fetched += 1;
      this.#parts.counters.bodyBytes += page.bodyBytes;
    }
    this.#parts.emit({
      type: 'page',
      place: page.place,
      url: page.url,
      state: page.state,
      status: page.status,
      reason: page.reason,
      bodyBytes: page.bodyBytes,
      durationMs: page.durationMs,
      attempts: page.attempts,
    });
    this.#parts.learn?.(task.request, endOf(page, settled.lesson));
    this.#pump();
  }

  #whyRefused(task: Task, page: Arrival['page'], rejection: Rejection): string {
    return describeRefusal(
      rejection,
      contentTypeOf(page.headers),
      task.request.url,
      this.#parts.options,
    );
  }

  #pump(): void {
    const now = this.#parts.clock.now();
    if (this.#stop === null) {
      this.#announceOpenings(now);
      for (let due = this.#delayed.takeDue(now); due; due = this.#delayed.takeDue(now)) {
        this.#buckets.add(due, 'again');
      }
      while (this.#mayStart()) {
        const next = this.#buckets.takeReady(now);
        if (next === undefined) break;
        void this.#start(next.task, next.bucket);
      }
      this.#pull();
    }
    if (this.#inFlight === 0) this.#batcher.flush();
    if (this.#isDone()) this.#settled.resolve();
    else this.#setTimer(now);
  }

  #mayStart(): boolean {
    const { concurrency } = this.#parts.options;
    return (
      this.#inFlight < concurrency &&
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
    const enough = this.#buckets.readyCount >= this.#parts.options.concurrency * 2;
    if (this.#pulling || this.#exhausted || enough || this.#open >= LOOK_AHEAD_PAGES) return;
    this.#pulling = true;
    this.#source!.next().then(
      ({ done, value }) => {
        this.#pulling = false;
        if (done === true) this.#exhausted = true;
        else {
          this.#open += value.length;
          for (const task of value) this.#buckets.add(task, 'fresh');
        }
        this.#pump();
      },
      (error) => this.fail(error),
    );
  }

  /** Sleeps until the next retry is due or the next gate opens; everything else pumps by itself. */
  #setTimer(now: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#stop !== null) return;
    const next = Math.min(this.#delayed.nextDueAt, this.#buckets.nextOpensAt(now));
    if (next === Number.POSITIVE_INFINITY) return;
    const waitMs = Math.min(LONGEST_TIMER_MS, Math.max(1, Math.ceil(next - now)));
    this.#timer = setTimeout(() => this.#pump(), waitMs);
  }

  async #start(task: Task, bucket: Bucket): Promise<void> {
    const { clock } = this.#parts;
    this.#inFlight += 1;
    bucket.gate.started();
    const startedAt = clock.wallTime();
    const sentAt = clock.now();
    try {
      const { outcome, response, attempts = 1 } = await this.#parts.attempt(task);
      // All but the last, which is counted where it turns out to be one.
      task.attempts += attempts - 1;
      const durationMs = clock.now() - sentAt;
      this.#inFlight -= 1;
      bucket.gate.ended();
      this.#act(task, bucket, outcome, response, { startedAt, sentAt, durationMs });
      this.#pump();
    } catch (error) {
      this.fail(error);
    }
  }

  #act(
    task: Task,
    bucket: Bucket,
    outcome: Outcome,
    response: RawResponse | null,
    timing: Timing,
  ): void {
    const status = response?.status ?? null;
    if (outcome.kind === 'pause') {
      this.#pause(task, bucket, outcome, status, timing);
      return;
    }
    if (response !== null) {
      bucket.gate.succeeded(timing.sentAt);
      bucket.unprocessedInARow = 0;
    }
    if (outcome.kind === 'unprocessed') {
      bucket.unprocessedInARow += 1;
      if (bucket.unprocessedInARow <= MAX_UNPROCESSED * this.#parts.options.concurrency) {
        this.#buckets.add(task, 'again');
        return;
      }
    }
    task.attempts += 1;
    task.spentMs += timing.durationMs;
    switch (outcome.kind) {
      case 'body':
        this.#anySucceeded = true;
        this.#batcher.add({
          task,
          page: this.#page(task, 'stored', response, null, timing),
          chunks: response!.chunks,
        });
        return;
      case 'retry':
      case 'unprocessed':
        // After a stop the transport is closed under the requests that did not drain: still pending.
        if (this.#stop !== null) return;
        logTry(task, timing, outcome.reason, null, status);
        this.#retryOrFail(
          task,
          outcome.reason,
          status,
          this.#page(task, 'failed', response, outcome.reason, timing),
        );
        return;
      case 'credentials':
        this.stop({ kind: 'credentials', status: status ?? 401, url: task.shownUrl });
        return;
      case 'unsafe':
        this.stop({
          kind: 'safety',
          code: response === null ? 'CERTIFICATE' : 'OTHER_ORIGIN',
          message: outcome.reason,
        });
        return;
      default:
        // 403 before anything has succeeded: the credentials, not the page.
        if (status === 403 && !this.#anySucceeded) {
          this.stop({ kind: 'credentials', status, url: task.shownUrl });
          return;
        }
        this.#fail(
          task,
          this.#page(task, 'failed', response, 'reason' in outcome ? outcome.reason : '', timing),
        );
    }
  }

  #pause(
    task: Task,
    bucket: Bucket,
    outcome: Outcome & { kind: 'pause' },
    status: number | null,
    timing: Timing,
  ): void {
    const { clock, options, emit } = this.#parts;
    const now = clock.now();
    logTry(task, timing, outcome.reason, outcome.waitMs, status);
    this.#buckets.add(task, 'again');
    const before = Math.max(now, bucket.gate.opensAt);
    const { waitMs, isNew } = bucket.gate.refused({
      sentAt: timing.sentAt,
      now,
      retryAfterMs: outcome.waitMs,
    });
    this.#parts.counters.pausedMs += Math.max(0, now + waitMs - before);
    const untilWallTime = clock.wallTime() + waitMs;
    const reason =
      outcome.waitMs === null
        ? `${outcome.reason}, without a Retry-After`
        : `${outcome.reason}, Retry-After ${formatDuration(outcome.waitMs)}`;
    if (waitMs > options.maxWaitMs || bucket.gate.refusedForMs(now) > options.maxWaitMs) {
      this.stop({ kind: 'max-wait', untilWallTime, reason });
    } else if (isNew || now + waitMs > before) {
      bucket.paused = true;
      emit({ type: 'pause', bucket: bucket.name, reason, durationMs: waitMs, untilWallTime });
    }
  }

  #announceOpenings(now: number): void {
    for (const bucket of this.#buckets.all) {
      if (!bucket.paused || bucket.gate.opensAt > now) continue;
      bucket.paused = false;
      this.#parts.emit({ type: 'resume', bucket: bucket.name });
    }
  }

  #retryOrFail(task: Task, reason: string, status: number | null, page: Arrival['page']): void {
    const { options, random, clock, emit } = this.#parts;
    const delayMs = backoffDelayMs(task.attempts, random());
    const isLast =
      task.attempts > options.retries || task.spentMs + delayMs > options.retryMaxTimeMs;
    if (isLast) {
      this.#fail(task, { ...page, state: 'failed', reason, log: task.log.slice(0, -1) });
      return;
    }
    task.spentMs += delayMs;
    this.#parts.counters.retries += 1;
    this.#delayed.add(clock.now() + delayMs, task);
    const { place } = task.request;
    emit({
      type: 'retry',
      place,
      url: task.shownUrl,
      attempt: task.attempts,
      status,
      reason,
      delayMs,
    });
    this.#pump();
  }

  #fail(task: Task, page: Arrival['page']): void {
    const { request } = task;
    const isPastEnd =
      request.speculative === true &&
      page.status !== null &&
      this.#parts.pastEnd.includes(page.status);
    const state = isPastEnd ? 'beyond-end' : 'failed';
    this.#batcher.add({ task, page: { ...page, state, bodyBytes: 0 }, chunks: [] });
  }

  #page(
    task: Task,
    state: 'stored' | 'failed',
    response: RawResponse | null,
    reason: string | null,
    timing: Timing,
  ): Arrival['page'] {
    const { pagingHeaders, options } = this.#parts;
    const { secretParams } = options;
    const names = { pagingHeaders, secretParams };
    return arrivedPage(task, state, response, reason, timing, names);
  }
}

/** What a plan that learns is told. */
function endOf(page: Arrival['page'], lesson: Lesson | null): PageEnd {
  if (page.state === 'stored' && lesson !== null) return { state: 'stored', lesson };
  const { status } = page;
  return { state: page.state === 'beyond-end' ? 'beyond-end' : 'failed', status };
}
