/** `everypage report ARCHIVE`: the run as one HTML page. */
import { reportArchive } from '../api/report-archive.ts';
import { filesOfArchive } from '../archive/archive-location.ts';
import { escapeText } from '../core/escape.ts';
import { formatBytes } from '../core/units.ts';
import { checkDistinctFiles, checkOutputFolder, outputUses } from '../fetch/check-files.ts';
import { type CliContext, openScreen, watchSignals, writeOut } from './context.ts';
import type { ExitCode } from './exit-code.ts';
import { onlyArchive } from './only-archive.ts';
import { optionsOfTable } from './run-options.ts';
import { type TypedArguments, UsageError } from './typed-arguments.ts';
import { writeWholeFile } from './write-file.ts';

export async function reportCommand(typed: TypedArguments, context: CliContext): Promise<ExitCode> {
  const archivePath = onlyArchive(typed);
  const path = pathOf(typed, archivePath, context);
  const screen = openScreen(typed, context);
  if (path !== null) {
    checkOutputFolder(path);
    checkDistinctFiles(
      outputUses([path]),
      filesOfArchive(archivePath).map((file) => ['the archive', file] as const),
    );
  }
  const signals = watchSignals(context.signals);
  try {
    const now = context.clock.wallTime();
    const report = await reportArchive(archivePath, { signal: signals.signal, now });
    for (const notice of report.notices) screen.line(`everypage: ${escapeText(notice)}`);
    if (path === null) {
      await writeOut(context, report.html);
      return 0;
    }
    await writeWholeFile(path, report.html, {
      name: path,
      advice: 'The same command writes it once it can be written.',
    });
    if (!typed.has('quiet')) {
      screen.line(`report → ${escapeText(path)} (${formatBytes(Buffer.byteLength(report.html))})`);
    }
    return 0;
  } finally {
    signals.close();
  }
}

/** Null for standard output. */
function pathOf(typed: TypedArguments, archivePath: string, { stdout }: CliContext): string | null {
  const [path = null, second] = [optionsOfTable(typed).output ?? []].flat();
  if (second !== undefined) {
    throw new UsageError('a report is one file; give one -o', ['report', archivePath, '-o', path!]);
  }
  if (path === null && stdout.isTTY === true) {
    throw new UsageError('a report is a page for a browser; name a file for it', [
      'report',
      archivePath,
      '-o',
      'report.html',
    ]);
  }
  return path;
}
