import { aFunction, byteSink, checkOptions, type OptionKinds } from '../core/check-options.ts';
import { type RunOptions, runOptions } from '../core/options.ts';
import type { Summary } from '../core/summary.ts';
import type { FilesBeside } from '../fetch/check-files.ts';
import type { MakeTransport } from '../fetch/open-transport.ts';
import type { OutputSinks, ReportSink } from '../fetch/output-sinks.ts';
import type { BringPages } from '../fetch/run-archive.ts';
import type { Controlled } from '../fetch/user-controls.ts';
import { createTransport } from '../http/create-transport.ts';
import type { PlanSource } from '../plan/plan.ts';
import { withTelemetry } from '../report/telemetry.ts';
import { readList } from '../run.ts';
import { proveList } from './prove.ts';
import { type Sources, sourcesOf } from './urls.ts';

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
 * `run` over a transport that the caller makes.
 *
 * @param bring how the pages come, if not by this process alone
 * @internal
 */
export function runOver(
  make: MakeTransport,
  sources: readonly PlanSource[],
  options: Options & FilesBeside & ReportSink & Controlled,
  bring?: BringPages,
): Promise<Summary> {
  return withTelemetry(options, (observed) =>
    observed.prove
      ? proveList((...asked) => readList(make, ...asked, bring), sources, observed)
      : readList(make, sources, observed, bring),
  );
}
