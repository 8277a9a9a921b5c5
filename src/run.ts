/** The pipeline, from what the user asks for to the summary: each step lives in a folder below. */
import { ArchiveThread } from './archive-thread/archive-thread.ts';
import { systemClock as clock } from './core/clock.ts';
import type { RunOptions } from './core/options.ts';
import type { Summary } from './core/summary.ts';
import type { FilesBeside } from './fetch/check-files.ts';
import { shownError } from './fetch/credentials.ts';
import { Engine } from './fetch/engine.ts';
import { hasBegun, type MakeTransport, openTransport } from './fetch/open-transport.ts';
import type { OutputSinks, ReportSink } from './fetch/output-sinks.ts';
import { type Job, prepare } from './fetch/prepare.ts';
import { type BringPages, fetchHere, finishRun, openArchive } from './fetch/run-archive.ts';
import { RunControl } from './fetch/run-control.ts';
import type { Controlled } from './fetch/user-controls.ts';
import type { Transport } from './http/transport.ts';
import type { PlanSource } from './plan/plan.ts';

/**
 * Reads a list once: plan, fetch, keep, check, export.
 *
 * @param bring how the pages come, if not by this process alone
 */
export async function readList(
  make: MakeTransport,
  sources: readonly PlanSource[],
  options: RunOptions & OutputSinks & FilesBeside & ReportSink & Controlled,
  bring: BringPages = fetchHere,
): Promise<Summary> {
  const startedAt = clock.now();
  const control = new RunControl(options.signal);
  const thread = new ArchiveThread(control.exportSink(options));
  let transport: Transport | null = null;
  let job: Job | null = null;
  try {
    job = await prepare(sources, options);
    const connectTo = bring === fetchHere ? job.connectTo : null;
    transport = openTransport(make, { ...job, connectTo });
    await hasBegun();
    thread.mayBeOnePage = job.mayBeOnePage && bring === fetchHere;
    const opened = await openArchive(thread, job, control.fail);
    const keepsPages = job.open.location !== null;
    const engine = control.attach(new Engine({ ...job, transport, clock, opened, keepsPages }));
    options.controls?.attach(engine, thread);
    const facts = await bring({ job, opened, thread, engine });
    options.controls?.detach();
    return await finishRun(engine, thread, facts, startedAt, options);
  } catch (error) {
    await thread.giveUp();
    throw job === null ? error : shownError(error, job.options);
  } finally {
    options.controls?.detach();
    control.close();
    await Promise.all([transport?.close(), thread.close()]);
  }
}
