import { existsSync } from 'node:fs';
import { archiveOf } from '../archive/archive-location.ts';
import type { RunOptions } from '../core/options.ts';
import { checkDistinctFiles } from '../fetch/check-files.ts';
import { createTransport } from '../http/create-transport.ts';
import type { TransportOptions } from '../http/transport.ts';
import { sourceOf } from '../plan/written-url.ts';
import type { CliContext } from './context.ts';
import type { ExitCode } from './exit-code.ts';
import { type TypedArguments, UsageError } from './parse-arguments.ts';
import { readRunOptions, readSummaryPath } from './run-options.ts';

/** The main job: plan, fetch, verify, export. */
export async function fetchCommand(
  typed: TypedArguments,
  context: CliContext,
  outputName?: string,
): Promise<ExitCode> {
  if (typed.positionals.length === 0) {
    throw new UsageError('no URL is given', [
      'https://api.example.com/items',
      '-o',
      'items.ndjson',
    ]);
  }
  for (const argument of typed.positionals) checkIsNoFile(argument);
  const literal = typed.has('globoff');
  const sources = typed.positionals.map((argument) => sourceOf(argument, literal));
  const options = await readRunOptions(typed, context);
  const summaryPath = readSummaryPath(typed);
  checkFiles(typed, summaryPath, options);
  const job = { sources, options, summaryPath, outputName };
  const makeTransport = (asked: TransportOptions) => createTransport(asked, context.network);
  const { fetchAndReport } = await import('./fetch-and-report.ts');
  return fetchAndReport(job, makeTransport, typed, context);
}

/** Files that only the command line knows of; those of the run it checks itself. */
function checkFiles(typed: TypedArguments, summary: string | null, options: RunOptions): void {
  const { output, archive = output === undefined ? undefined : archiveOf(output) } = options;
  const files = { '-o': output, '--archive': archive, '--summary': summary ?? undefined };
  const written = Object.entries(files).flatMap(([use, path]) =>
    // An output may be the archive alone.
    path === undefined || (use === '--archive' && path === output) ? [] : [[use, path] as const],
  );
  const named = (use: string, values: readonly string[]) =>
    values.filter((value) => /^@(?!-$)/.test(value)).map((value) => [use, value.slice(1)] as const);
  const read = [
    ...named('the list', typed.positionals),
    ...typed
      .list('header')
      .flatMap((line) =>
        typeof line === 'string' ? [['the file of --header', line] as const] : [],
      ),
    ...named('the file of --data', typed.list('data')),
  ];
  checkDistinctFiles(written, read);
}

/** A file's name where a URL is due is a slip that has a better cure than a scheme. */
function checkIsNoFile(argument: string): void {
  if (/^(?:@|-$|[a-z]+:)/i.test(argument) || !existsSync(argument)) return;
  if (/\.everypage(?:\.part)?$/.test(argument)) {
    throw new UsageError(
      `${argument} is an archive, not a URL; everypage export and verify read it`,
      ['verify', argument],
    );
  }
  throw new UsageError(
    `${argument} is a file, not a URL; to read URLs from it, write @${argument}`,
    [`@${argument}`],
  );
}
