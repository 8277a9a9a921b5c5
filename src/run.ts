/** The pipeline, from what the user asks for to the summary: each step lives in a folder below. */
import { proveList } from './api/prove.ts';
import { type Sources, sourcesOf } from './api/urls.ts';
import { ArchiveThread } from './archive-thread/archive-thread.ts';
import {
  aFunction,
  byteSink,
  checkOptions,
  type OptionKinds,
  runOptions,
} from './core/check-options.ts';
import { systemClock as clock } from './core/clock.ts';
import type { RunOptions } from './core/options.ts';
import type { PaginationFacts, Summary } from './core/summary.ts';
import type { FilesBeside } from './fetch/check-files.ts';
import { shownError } from './fetch/credentials.ts';
import { Engine } from './fetch/engine.ts';
import { findPages } from './fetch/find-pages.ts';
import { type MakeTransport, openTransport } from './fetch/open-transport.ts';
import type { OutputSinks } from './fetch/output-sinks.ts';
import type { RunParts } from './fetch/pending-pages.ts';
import { type Job, prepare } from './fetch/prepare.ts';
import { fetchPages, finishRun, openArchive } from './fetch/run-archive.ts';
import { RunControl } from './fetch/run-control.ts';
import { createTransport } from './http/create-transport.ts';
import type { Transport } from './http/transport.ts';
import type { PlanSource } from './plan/plan.ts';

type Options = RunOptions & OutputSinks;

const kinds: OptionKinds<Required<Options>> = {
  ...runOptions,
  stdout: byteSink,
  pages: aFunction,
};

/**
 * Fetches every page of the URLs, keeps them in an archive, checks and exports them.
 *
 * With `output`, `archive` or `resume` the same call resumes where an earlier one stopped. What a server
 * does never rejects the promise, nor does an abort: it is in the summary's verdict, failures and stop.
 *
 * @throws EverypageError where the usage is invalid, or the disk or the archive fails
 * @example
 * const { verdict } = await run('https://api.example/items?page=[1-500]', { output: 'items.ndjson' });
 */
export async function run(urls: Sources, options: Options = {}): Promise<Summary> {
  checkOptions('run', kinds, options);
  return runOver(createTransport, sourcesOf(urls, options.literal), options);
}

/**
 * Brings the pages of the plan into the archive, until the plan has ended or the run is stopped. Gives what was
 * found of how the list pages; null for a list of URLs.
 *
 * @internal
 */
export type BringPages = (parts: RunParts) => Promise<PaginationFacts | null>;

/** This process fetches them. */
async function fetchHere(parts: RunParts): Promise<PaginationFacts | null> {
  const found = await findPages(parts);
  if (found !== null && !parts.opened.exportOnly) {
    await fetchPages(parts.engine, found, parts.thread);
  }
  return found?.facts ?? null;
}

/**
 * `run` over a transport that the caller makes.
 *
 * @param bring how the pages come, if not by this process alone
 * @internal
 */
export function runOver(
  make: MakeTransport,
  sources: readonly PlanSource[],
  options: Options & FilesBeside,
  bring?: BringPages,
): Promise<Summary> {
  if (bring !== undefined) return readList(make, sources, options, bring);
  if (!options.prove) return readList(make, sources, options);
  return proveList((...asked) => readList(make, ...asked), sources, options);
}

async function readList(
  make: MakeTransport,
  sources: readonly PlanSource[],
  options: Options & FilesBeside,
  bring: BringPages = fetchHere,
): Promise<Summary> {
  const startedAt = clock.now();
  const control = new RunControl(options.signal);
  // The thread starts up while the job is prepared and the first connection is made.
  const thread = new ArchiveThread(control.exportSink(options));
  let transport: Transport | null = null;
  let job: Job | null = null;
  try {
    job = await prepare(sources, options);
    const connectTo = bring === fetchHere ? job.connectTo : null;
    transport = openTransport(make, { ...job, connectTo });
    const opened = await openArchive(thread, job, control.fail);
    const keepsPages = job.open.location !== null;
    const engine = control.attach(new Engine({ ...job, transport, clock, opened, keepsPages }));
    const facts = await bring({ job, opened, thread, engine });
    return await finishRun(engine, thread, facts, startedAt);
  } catch (error) {
    await thread.giveUp();
    throw job === null ? error : shownError(error, job.options);
  } finally {
    control.close();
    await Promise.all([transport?.close(), thread.close()]);
  }
}
