/**
 * The pipeline: plan → pace → http → archive → export, told as events. `run` reads like a table of
 * contents; each part lives in the folder that bears its name.
 */

import type { OutputSinks } from './api/output-sinks.ts';
import { readUntilAgreed } from './api/repair.ts';
import { ArchiveThread } from './archive-thread/archive-thread.ts';
import { echoWarning } from './archive-thread/echoed-credentials.ts';
import type { Opened } from './archive-thread/messages.ts';
import { systemClock } from './core/clock.ts';
import { EverypageError } from './core/errors.ts';
import type { EventSink } from './core/events.ts';
import type { RunOptions } from './core/options.ts';
import type { Stop, Summary } from './core/summary.ts';
import { createPageSource } from './fetch/create-page-source.ts';
import { noCounters } from './fetch/dispatcher.ts';
import { type Fetching, fetchPlan } from './fetch/fetch-plan.ts';
import { LimiterRegistry } from './fetch/limiter-registry.ts';
import { PauseMonitor } from './fetch/pause-monitor.ts';
import { type Job, prepare } from './fetch/prepare.ts';
import { summarize } from './fetch/summarize.ts';
import { createTransport } from './http/create-transport.ts';
import type { MakeTransport, Transport } from './http/transport.ts';
import type { PlanSource } from './plan/plan.ts';

/**
 * Fetches every page of the sources, keeps them in an archive, checks and exports them.
 *
 * The same call goes on where an earlier one stopped. What a server does never rejects: it is in
 * the summary's verdict, failures and stop.
 *
 * @throws EverypageError where the job cannot be meant, or the disk or the archive gives out
 */
export async function run(
  sources: readonly PlanSource[],
  options: RunOptions & OutputSinks = {},
): Promise<Summary> {
  return runOver(createTransport, sources, options);
}

/** `run` over a transport that the caller makes. */
export async function runOver(
  makeTransport: MakeTransport,
  sources: readonly PlanSource[],
  options: RunOptions & OutputSinks,
): Promise<Summary> {
  if (!options.repair) return readOnce(makeTransport, sources, options);
  return readUntilAgreed(readOnce.bind(null, makeTransport), sources, options);
}

async function readOnce(
  makeTransport: MakeTransport,
  sources: readonly PlanSource[],
  options: RunOptions & OutputSinks,
): Promise<Summary> {
  const startedAt = systemClock.now();
  const emit = options.onEvent ?? (() => {});
  const control = new RunControl(options.signal);
  // The thread starts up while the job is prepared and the first connection is made.
  const thread = new ArchiveThread({
    bytes: async (bytes) => options.stdout?.write(bytes),
    pages: async (pages) => options.pages?.(pages),
    failed: (error) => control.exportFailed(error),
  });
  let transport: Transport | null = null;
  try {
    const job = await prepare(sources, options, sinkOf(options));
    transport = makeTransport(job.transport);
    if (job.connectTo !== null) transport.connect(job.connectTo);
    const opened = await thread.call('open', job.open);
    await emitStart(job, opened, emit);
    const counters = noCounters();
    const limiters = new LimiterRegistry(job.options, opened.pace);
    const pauseMonitor = new PauseMonitor({
      options: job.options,
      clock: systemClock,
      emit,
      counters,
    });
    const clock = systemClock;
    const run = { job, transport, thread, opened, clock, emit, counters, limiters, pauseMonitor };
    const parts = { ...job, ...run };
    const source = await control.unlessStopped(
      createPageSource({ ...parts, sleep: control.sleep }),
    );
    if (source !== null && !opened.exportOnly) {
      await control.watch(fetchPlan({ ...parts, ...source }));
    }
    pauseMonitor.ended(systemClock.now());
    // Connections say goodbye, which takes a round trip, while the archive is finished.
    const closing = transport.close();
    emit({ type: 'phase', phase: 'exporting' });
    const finished = await thread.call('finish', { stopped: control.stop !== null });
    if (finished.echo !== null) {
      emit({ type: 'warning', code: 'ECHOED_CREDENTIAL', message: echoWarning(finished.echo) });
    }
    const durationMs = systemClock.now() - startedAt;
    const facts = source?.facts ?? null;
    const pace = limiters.facts(systemClock.now());
    const summary = summarize(finished, control.stop, counters, transport, facts, pace, durationMs);
    await closing;
    emit({ type: 'end', summary });
    return summary;
  } catch (error) {
    await thread.call('close', null).catch(() => {});
    throw error;
  } finally {
    control.close();
    await Promise.all([transport?.close(), thread.close()]);
  }
}

function sinkOf({ stdout, pages }: OutputSinks): 'bytes' | 'pages' | 'none' {
  if (stdout !== undefined) return 'bytes';
  return pages === undefined ? 'none' : 'pages';
}

async function emitStart(job: Job, opened: Opened, emit: EventSink): Promise<void> {
  const { resumed, exportOnly } = opened;
  const isListed = job.paginate === null && !exportOnly;
  const total = isListed ? await job.plan.count() : opened.planCount;
  emit({ type: 'start', total, archivePath: job.open.part, resumed, exportOnly });
}

/** What ends a run early: the caller's signal, a closed pipe, an export that cannot go on. */
class RunControl {
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.#stopFor(stopOf(this.#signal?.reason));
  readonly #stopped = Promise.withResolvers<void>();
  #fetching: Fetching | null = null;
  #failure: unknown = null;
  stop: Stop | null = null;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    if (signal?.aborted) this.stop = stopOf(signal.reason);
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Waits for the fetching to end, and passes on what would end it early. */
  async watch(fetching: Fetching): Promise<void> {
    this.#fetching = fetching;
    if (this.stop !== null) fetching.stop(this.stop);
    if (this.#failure !== null) fetching.fail(this.#failure);
    this.stop = (await fetching.done) ?? null;
    this.#fetching = null;
  }

  /** What `work` gives, or null where the run is stopped before. */
  async unlessStopped<T>(work: Promise<T>): Promise<T | null> {
    work.catch(() => {});
    const stopped = this.#stopped.promise.then(() => null);
    if (this.stop !== null) return null;
    return Promise.race([work, stopped]);
  }

  /** Resolves after so long; rejects when the run is stopped before. */
  readonly sleep = async (ms: number): Promise<void> => {
    let timer: NodeJS.Timeout | undefined;
    const slept = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([slept, this.#stopped.promise]).finally(() => clearTimeout(timer));
    if (this.stop !== null) throw new EverypageError('INTERRUPTED', 'the run was stopped');
  };

  exportFailed(error: unknown): void {
    if (error instanceof EverypageError && error.code === 'CLOSED_PIPE') {
      this.#stopFor({ kind: 'closed-pipe' });
      return;
    }
    this.#failure ??= error;
    this.#fetching?.fail(error);
  }

  close(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  #stopFor(stop: Stop): void {
    this.stop ??= stop;
    this.#stopped.resolve();
    this.#fetching?.stop(stop);
  }
}

/** A reader who has left says so in the reason: nobody waits for what is still in flight. */
function stopOf(reason: unknown): Stop {
  const isLeft = reason instanceof EverypageError && reason.code === 'CLOSED_PIPE';
  return { kind: isLeft ? 'closed-pipe' : 'aborted' };
}
