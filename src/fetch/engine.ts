/**
 * fetch/: one engine for every request. It holds the dispatcher and all that makes requests wait, try
 * again or stop; what detection asks for, lists of URLs and lists that page by themselves run on it.
 * It does not know how lists page (plan/), when a server allows a request (pace/), how one is sent
 * (http/) or what is stored (archive/); it may import all of these and archive-thread/, nothing above.
 */
import type { Opened } from '../archive-thread/messages.ts';
import type { Clock } from '../core/clock.ts';
import type { EventSink } from '../core/events.ts';
import type { ResolvedOptions } from '../core/resolve-options.ts';
import type { Stop } from '../core/summary.ts';
import { createBodyCheck } from '../decode/check-body.ts';
import { parseSelection, readCondition } from '../decode/decode.ts';
import type { Transport } from '../http/transport.ts';
import { type Ask, AskedPages, type FailureCheck } from './asked-pages.ts';
import { Dispatcher, LONGEST_TIMER_MS } from './dispatcher.ts';
import { LimiterRegistry, type MakeGate } from './limiter-registry.ts';
import { PaceLog } from './pace-log.ts';
import type { Counters, PageSink, PageSource } from './page-flow.ts';
import { PauseMonitor } from './pause-monitor.ts';
import type { Attempt } from './task.ts';

/** After a stop, what is in flight has this long to arrive, and the output to be taken. */
const DRAIN_MS = 10_000;
/** Where nothing is in flight, only the reader of the output is waited for. */
const READER_MS = 2_000;

interface EngineParts {
  readonly options: ResolvedOptions;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly emit: EventSink;
  /** What an earlier run left in the archive; null where nothing is stored. */
  readonly opened: Pick<Opened, 'pace' | 'resumed'> | null;
  /** What arrives after a stop is there for the next run. */
  readonly keepsPages: boolean;
  /** Where several processes share the limits of servers. */
  readonly makeGate?: MakeGate;
}

export class Engine {
  readonly options: ResolvedOptions;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly emit: EventSink;
  readonly limiters: LimiterRegistry;
  readonly dispatcher: Dispatcher;
  readonly paceLog: PaceLog;
  readonly counters: Counters = {
    fetched: 0,
    retries: 0,
    pausedMs: 0,
    outageMs: 0,
    bodyBytes: 0,
  };
  readonly #pauseMonitor: PauseMonitor;
  readonly #keepsPages: boolean;
  readonly #deadline: NodeJS.Timeout | undefined;
  #isRunning = false;
  #drain: NodeJS.Timeout | undefined;
  #giveUp: (() => void) | null = null;
  #isGivenUp = false;
  /** The deadline has passed while the output was written; it counts where that was not done. */
  overdue: Stop | null = null;

  constructor({ options, transport, clock, emit, opened, keepsPages, makeGate }: EngineParts) {
    this.options = options;
    this.#keepsPages = keepsPages;
    this.transport = transport;
    this.clock = clock;
    this.emit = emit;
    this.limiters = new LimiterRegistry(options, opened?.pace, makeGate);
    const storedBefore = (opened?.resumed?.stored ?? 0) > 0;
    const { counters, limiters } = this;
    const paceLog = new PaceLog({ clock, limiters, credentials: options.credentials });
    this.paceLog = paceLog;
    const emitPause: EventSink = (event) => {
      paceLog.event(event);
      emit(event);
    };
    const pauseMonitor = new PauseMonitor({ clock, emit: emitPause, counters });
    this.#pauseMonitor = pauseMonitor;
    const random = Math.random;
    const parts = { options, clock, random, emit, counters, storedBefore, limiters, pauseMonitor };
    this.dispatcher = new Dispatcher(parts);
    const { deadlineMs } = options;
    if (deadlineMs !== null) {
      this.#deadline = setTimeout(
        () => this.stop({ kind: 'deadline', deadlineMs }),
        Math.min(LONGEST_TIMER_MS, deadlineMs),
      );
    }
  }

  /** Why it stopped before everything was fetched; null while it has not. */
  get stopped(): Stop | null {
    return this.dispatcher.stopped;
  }

  /** Ends the fetching early: nothing starts, what is in flight has ten seconds. */
  readonly stop = (stop: Stop): void => {
    if (stop.kind === 'deadline' && this.#giveUp !== null) {
      // Everything was fetched; whether anything is missed is not known yet.
      this.overdue = stop;
      this.#giveUp();
      return;
    }
    if (this.#isRunning) this.emit({ type: 'phase', phase: 'draining' });
    this.dispatcher.stop(stop);
    if (stop.kind === 'closed-pipe') {
      // Nobody waits for what is in flight, unless an earlier stop does.
      if (this.#isRunning) this.#drain ??= setTimeout(() => void this.transport.close(), 0);
      return;
    }
    // An abort waits only for pages that will be kept.
    const isLeft = stop.kind === 'aborted' && !this.#keepsPages;
    const drainMs = this.#isRunning ? DRAIN_MS : READER_MS;
    this.#drain ??= setTimeout(
      () => {
        void this.transport.close();
        this.#isGivenUp = true;
        this.#giveUp?.();
      },
      isLeft ? 0 : drainMs,
    );
  };

  /** @param giveUp ends the wait for whoever takes the output, some time after a stop */
  whileExporting(giveUp: () => void): void {
    this.#giveUp = giveUp;
    if (this.#isGivenUp) giveUp();
  }

  /** The run is over: nothing of it is to happen any more. */
  ended(): void {
    clearTimeout(this.#deadline);
    clearTimeout(this.#drain);
    this.pausesEnded();
  }

  /** Fetches every page of a source. Rejects where the run cannot go on; a stop is no such thing. */
  async fetch(source: PageSource, sink: PageSink): Promise<void> {
    this.#isRunning = true;
    try {
      await this.dispatcher.run(source, sink);
    } finally {
      this.#isRunning = false;
    }
  }

  /**
   * Fetches the pages that `work` asks for, one at a time, and gives what it makes of them; null where
   * the run was stopped before.
   */
  async askFor<T>(
    attempt: Attempt,
    work: (ask: Ask, asked: AskedPages) => Promise<T>,
    isFailure: FailureCheck = () => false,
  ): Promise<T | null> {
    const { failWhen, maxDecodedBytes, credentials } = this.options;
    const condition = readCondition(failWhen);
    const check = createBodyCheck(parseSelection(null), maxDecodedBytes, condition);
    const asked = new AskedPages(attempt, check, isFailure, credentials, this.dispatcher);
    const result = work(asked.ask, asked).finally(() => asked.close());
    // An error is thrown below where the result is awaited; a run that was stopped does not await it.
    result.catch(() => {});
    await this.fetch(asked, asked);
    return this.stopped === null ? result : null;
  }

  /** Nothing is waited for any more, though pauses may go on. */
  pausesEnded(): void {
    this.#pauseMonitor.ended(this.clock.now());
  }
}
