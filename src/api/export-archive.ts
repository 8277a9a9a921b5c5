import { filesOfArchive } from '../archive/archive-location.ts';
import { ArchiveReader } from '../archive/archive-reader.ts';
import { runIdOf } from '../archive/kept-run.ts';
import { withWritten } from '../archive/verdict.ts';
import { writeManifest } from '../archive-thread/manifest-file.ts';
import { loadSinks, Outputs } from '../archive-thread/outputs.ts';
import { countWritten, wholeArchive } from '../archive-thread/shape-pages.ts';
import {
  abortSignal,
  boolean,
  byteSink,
  checkOptions,
  checkPath,
  type OptionKinds,
  outputs,
  string,
} from '../core/check-options.ts';
import { systemClock } from '../core/clock.ts';
import { EverypageError, usageError } from '../core/errors.ts';
import { escapeText } from '../core/escape.ts';
import { type FormatName, format, formatNames } from '../core/options.ts';
import type { OutputShape } from '../core/output-shape.ts';
import { withoutSinks } from '../core/record-sink.ts';
import { outputsOf } from '../core/resolve-options.ts';
import { isWhole, type Verdict, type WrittenOutput } from '../core/summary.ts';
import { type AskedTable, tableKinds, tableOptions, withTable } from '../core/table-options.ts';
import {
  checkDistinctFiles,
  checkManifest,
  checkOutputFolder,
  type FilesBeside,
  manifestUses,
  outputUses,
  schemaUses,
  sinkUses,
} from '../fetch/check-files.ts';
import { bytesTarget, exportTargets } from '../fetch/export-targets.ts';
import type { ByteSink } from '../fetch/output-sinks.ts';
import { shapeOf } from './export-shape.ts';

export interface ExportOptions extends AskedTable {
  /** Paths whose extensions name their formats, as a run has them, or `stdout`. */
  readonly output?: string | readonly string[];
  readonly stdout?: ByteSink;
  /** As a run's. Default: none. */
  readonly manifest?: string;
  /** Overrides the extension. Default `ndjson`. */
  readonly format?: FormatName;
  /** The key of the records, for `upsert`. Default: the run's. */
  readonly key?: string;
  /** As a run's. Default: what the run took. */
  readonly select?: string;
  /** One record a page, the whole page, for a list that was paginated too. Default false. */
  readonly wholePages?: boolean;
  /** Export what is there although pages are missing. Default false. */
  readonly allowIncomplete?: boolean;
  /** Stops it. Files that it was writing are removed; what was there stays. Default: none. */
  readonly signal?: AbortSignal;
}

const kinds: OptionKinds<Required<ExportOptions>> = {
  ...tableKinds,
  key: string,
  output: outputs,
  stdout: byteSink,
  manifest: string,
  format,
  select: string,
  wholePages: boolean,
  allowIncomplete: boolean,
  signal: abortSignal,
};

export interface ExportedFile extends Omit<WrittenOutput, 'partial'> {
  /** What is to be known of it, a sentence each: names of columns that are not those of the records. */
  readonly notes: readonly string[];
}

/** The first output's own numbers stand here too. */
export interface ExportResult extends ExportedFile {
  readonly outputs: readonly ExportedFile[];
  readonly verdict: Verdict;
}

/**
 * Shapes an archive again, without the network.
 *
 * @throws EverypageError ARCHIVE_INCOMPLETE where pages are missing and that is not allowed;
 * SELECTION where a page does not have `select`
 * @example
 * await exportArchive('items.ndjson.everypage', { output: 'names.json', select: 'data.items' });
 */
export async function exportArchive(path: string, options: ExportOptions): Promise<ExportResult> {
  checkPath('path', path);
  checkOptions('exportArchive', kinds, options);
  return exportBeside(path, options, {});
}

/** What a caller knows of an archive that the archive does not say. */
export interface Judged {
  readonly verdict: Verdict;
  /** It is removed after the export. */
  readonly isArchiveGone: boolean;
}

/**
 * `exportArchive` for a caller that reads and writes other files too.
 *
 * @param judged what a manifest says instead of what is found here
 * @internal
 */
export async function exportBeside(
  path: string,
  options: ExportOptions,
  { alsoWritten = [], alsoRead = [], ownsThread = false }: FilesBeside,
  judged: Judged | null = null,
): Promise<ExportResult> {
  const { stdout, signal, manifest = null } = options;
  signal?.throwIfAborted();
  const paths = outputsOf(options.output);
  if (paths.length === 0 && stdout === undefined) {
    throw usageError('say where the export goes: give output, or stdout');
  }
  const format = options.format ?? null;
  const asked = tableOptions(options);
  const targets =
    paths.length === 0 ? [bytesTarget(format, asked)] : exportTargets(paths, format, asked);
  if (targets.length < paths.length) {
    const archiveAlone = withoutSinks(paths).find((it) => it.endsWith('.everypage'));
    throw usageError(`${archiveAlone} would be an archive; an export is ${formatNames.join(', ')}`);
  }
  for (const output of withoutSinks(paths)) checkOutputFolder(output);
  checkManifest(manifest);
  checkDistinctFiles(
    [...outputUses(withoutSinks(paths)), ...manifestUses(manifest), ...alsoWritten],
    [
      ...filesOfArchive(path).map((file) => ['the archive', file] as const),
      ...sinkUses(paths),
      ...schemaUses(asked),
      ...alsoRead,
    ],
  );
  const archive = ArchiveReader.openReadOnly(path);
  let outputs: Outputs | null = null;
  try {
    const shape = shapeOf(archive, options);
    const count = isAllThatIsCounted(archive, shape) ? countWritten(archive, shape) : null;
    const verdict = archive.verdict({ output: shape, written: count });
    if (!isWhole(verdict.name, null) && !options.allowIncomplete) throw incomplete(path, verdict);
    const [page] = archive.readPages(null, 1, 1);
    const { pagination, createdAt } = archive.run;
    const table = withTable(asked, page?.url, pagination?.key, createdAt);
    // A sink that the user wrote may never answer.
    const stopped = Promise.withResolvers<never>();
    signal?.addEventListener('abort', () => stopped.reject(signal.reason), { once: true });
    const sinks = await Promise.race([loadSinks(targets, ownsThread), stopped.promise]);
    stopped.promise.catch(() => {
      for (const sink of sinks.values()) sink.leave();
    });
    signal?.throwIfAborted();
    const main = { write: (bytes: Uint8Array) => stdout!.write(bytes) };
    outputs = await Outputs.open(targets, table, main, sinks, manifest !== null);
    const isStopped = (): boolean => {
      signal?.throwIfAborted();
      return false;
    };
    const pages = () => wholeArchive(archive, shape, isStopped);
    await outputs.writeAll(pages, shape.select, runIdOf(archive.run));
    const settled = await outputs.settle(true, () => false);
    const written = settled.map(({ finished }) => finished);
    const first = written[0]!;
    const counted = withWritten(verdict, first.records + first.leftOut);
    if (manifest !== null) {
      writeManifest(manifest, archive, {
        verdict:
          judged === null ? counted : withWritten(judged.verdict, first.records + first.leftOut),
        takes: shape,
        outputs: settled.map(({ described }) => described),
        archive: judged?.isArchiveGone ? null : path,
        writtenAt: systemClock.wallTime(),
      });
    }
    return { ...first, outputs: written, verdict: counted };
  } catch (error) {
    const why = signal?.aborted ? signal.reason : error;
    await outputs?.abort(why);
    throw why;
  } finally {
    archive.close();
  }
}

/** Where the list's own records stand is not known: then totals are held against the selection. */
function isAllThatIsCounted(
  { run: { pagination } }: ArchiveReader,
  { kind }: OutputShape,
): boolean {
  return pagination !== null && pagination.records === null && kind === 'selection';
}

function incomplete(path: string, { name, reasons }: Verdict): EverypageError {
  return new EverypageError(
    'ARCHIVE_INCOMPLETE',
    `${path} is ${name}: ${reasons.map((reason) => escapeText(reason)).join('; ')}. ` +
      'Run the command that began it again, or export what is there with --allow-incomplete.',
  );
}
