/**
 * The pipeline: plan → pace → http → archive → export, told as events. `run` reads like a table of
 * contents; each part lives in the folder that bears its name.
 */
import { systemClock } from './core/clock.ts';
import { EverypageError } from './core/errors.ts';
import type { EventSink } from './core/events.ts';
import type { RunOptions } from './core/options.ts';
import type { Stop, Summary } from './core/summary.ts';
import { createTransport } from './http/create-transport.ts';
import type { Transport } from './http/transport.ts';
import { ArchiveThread } from './pipeline/archive-thread.ts';
import { noCounters } from './pipeline/dispatcher.ts';
import { type Fetching, fetchPlan } from './pipeline/fetch-plan.ts';
import type { Opened, SentPage } from './pipeline/messages.ts';
import { type Job, prepare } from './pipeline/prepare.ts';
import { summarize } from './pipeline/summarize.ts';
import type { PlanSource } from './plan/plan.ts';

/** Takes bytes; resolves when more may come. Rejecting with `CLOSED_PIPE` ends the run quietly. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<void>;
}

/** Who gets the export where `output` names no file. */
export interface Receivers {
  readonly stdout?: ByteSink;
  /** Pages in page order; the next ones come when it resolves. */
  readonly pages?: (pages: readonly SentPage[]) => Promise<void>;
}

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
  options: RunOptions & Receivers = {},
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
    const job = await prepare(sources, options, receiverOf(options));
    transport = createTransport(job.transport);
    if (job.connectTo !== null) transport.connect(job.connectTo);
    const opened = await thread.call('open', job.open);
    await emitStart(job, opened, emit);
    const counters = noCounters();
    if (!opened.exportOnly) {
      await control.watch(
        fetchPlan({ ...job, transport, thread, opened, counters, clock: systemClock, emit }),
      );
    }
    emit({ type: 'phase', phase: 'exporting' });
    const finished = await thread.call('finish', { stopped: control.stop !== null });
    const durationMs = systemClock.now() - startedAt;
    const summary = summarize(job, finished, control.stop, counters, transport, durationMs);
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

function receiverOf({ stdout, pages }: Receivers): 'bytes' | 'pages' | 'none' {
  if (stdout !== undefined) return 'bytes';
  return pages === undefined ? 'none' : 'pages';
}

async function emitStart(job: Job, opened: Opened, emit: EventSink): Promise<void> {
  const { resumed, exportOnly } = opened;
  const total = exportOnly ? opened.planCount : await job.plan.count();
  emit({ type: 'start', total, archivePath: job.open.part, resumed, exportOnly });
}

/** What ends a run early: the caller's signal, a closed pipe, an export that cannot go on. */
class RunControl {
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.#stopFor({ kind: 'aborted' });
  #fetching: Fetching | null = null;
  #failure: unknown = null;
  stop: Stop | null = null;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    if (signal?.aborted) this.stop = { kind: 'aborted' };
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
    this.#fetching?.stop(stop);
  }
}
