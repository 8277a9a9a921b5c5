import { existsSync } from 'node:fs';
import { beginTransport } from '../begin-transport.ts';
import { EverypageError } from '../core/errors.ts';
import { loadInTurns } from '../core/load-in-turns.ts';
import type { RunOptions } from '../core/options.ts';
import { checkDistinctFiles } from '../pipeline/check-distinct-files.ts';
import type { PlanSource } from '../plan/plan.ts';
import { sourceOf } from '../plan/sources.ts';
import type { CliContext } from './context.ts';
import type { ExitCode } from './exit-code.ts';
import type { TypedArguments } from './parse-arguments.ts';
import { readRunOptions, readSummaryPath } from './run-options.ts';

/** The main job: plan, fetch, verify, export. */
export async function fetchCommand(
  typed: TypedArguments,
  context: CliContext,
  outputName?: string,
): Promise<ExitCode> {
  if (typed.positionals.length === 0) {
    throw new EverypageError(
      'USAGE',
      "no URL is given; as in everypage 'https://api.example.com/items?page=[1-9]' -o items.ndjson (everypage -h shows more)",
    );
  }
  for (const argument of typed.positionals) checkIsNoFile(argument);
  const literal = typed.has('globoff');
  const sources = typed.positionals.map((argument) => sourceOf(argument, literal));
  const options = await readRunOptions(typed, context);
  const summaryPath = readSummaryPath(typed);
  if (summaryPath !== null) checkSummaryPath(summaryPath, sources, options);
  const begun = beginTransport(sources, options, context.network);
  try {
    // The connection is on its way; the rest loads meanwhile.
    await loadInTurns([
      () => import('../pipeline/archive-thread.ts'),
      () => import('../pipeline/dispatcher.ts'),
      () => import('../archive/archive-location.ts'),
      () => import('../pipeline/prepare.ts'),
    ]);
    const { fetchAndReport } = await import('./fetch-and-report.ts');
    const job = { sources, options, summaryPath, outputName };
    return await fetchAndReport(job, begun.make, typed, context);
  } finally {
    await begun.close();
  }
}

/** Written last of all, it would be what is left of the others. */
function checkSummaryPath(
  summary: string,
  sources: readonly PlanSource[],
  { output, archive }: RunOptions,
): void {
  const lists = sources.flatMap((source) => (source.kind === 'file' ? [source.path] : []));
  const others = { '-o': output, '--archive': archive, 'the list': lists[0] };
  for (const [use, path] of Object.entries(others)) {
    if (path !== undefined) checkDistinctFiles({ [use]: path, '--summary': summary });
  }
}

/** A file's name where a URL is due is a slip that has a better cure than a scheme. */
function checkIsNoFile(argument: string): void {
  if (/^(?:@|-$|[a-z]+:)/i.test(argument) || !existsSync(argument)) return;
  const cure = /\.everypage(?:\.part)?$/.test(argument)
    ? `use everypage verify ${argument}, or everypage export ${argument} -o FILE`
    : `to read URLs from it, write @${argument}`;
  throw new EverypageError('USAGE', `${argument} is a file, not a URL; ${cure}`);
}
