import { holdFile } from '../archive/archive-file.ts';
import { filesOfArchive } from '../archive/archive-location.ts';
import { ArchiveReader } from '../archive/archive-reader.ts';
import { withWritten } from '../archive/verdict.ts';
import { countWritten, shapeAll } from '../archive-thread/stored-pages.ts';
import {
  boolean,
  byteSink,
  checkOptions,
  checkPath,
  format,
  type OptionKinds,
  string,
} from '../core/check-options.ts';
import { EverypageError, usageError } from '../core/errors.ts';
import { escapeText } from '../core/escape.ts';
import type { FormatName } from '../core/options.ts';
import { keptShape, type OutputShape, outputShape } from '../core/output-shape.ts';
import { isWhole, type Verdict } from '../core/summary.ts';
import { formatFor, formatNameFor } from '../export/choose-format.ts';
import { createFileDestination } from '../export/file-destination.ts';
import { checkDistinctFiles, checkOutputFolder, type FilesBeside } from '../fetch/check-files.ts';
import type { ByteSink } from '../fetch/prepare.ts';

export interface ExportOptions {
  /** A path whose extension names the format, or `stdout`. */
  readonly output?: string;
  readonly stdout?: ByteSink;
  /** Overrides the extension. Default `ndjson`. */
  readonly format?: FormatName;
  /** As a run's. Default: what the run took. */
  readonly select?: string;
  /** One record a page, the whole page, for a list that was paginated too. Default false. */
  readonly wholePages?: boolean;
  /** Export what is there although pages are missing. Default false. */
  readonly allowIncomplete?: boolean;
}

const kinds: OptionKinds<Required<ExportOptions>> = {
  output: string,
  stdout: byteSink,
  format,
  select: string,
  wholePages: boolean,
  allowIncomplete: boolean,
};

export interface ExportResult {
  readonly destination: string;
  readonly records: number;
  readonly bytes: number;
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

/** `exportArchive` for a caller that reads and writes other files too. */
export async function exportBeside(
  path: string,
  options: ExportOptions,
  { alsoWritten = [], alsoRead = [] }: FilesBeside,
): Promise<ExportResult> {
  const { output, stdout } = options;
  if (output === undefined && stdout === undefined) {
    throw usageError('say where the export goes: give output, or stdout');
  }
  const formatName =
    output === undefined
      ? (options.format ?? 'ndjson')
      : formatNameFor(output, options.format ?? null);
  if (formatName === 'none') {
    throw usageError(`${output} would be an archive; an export is .ndjson, .jsonl or .json`);
  }
  checkOutputFolder(output ?? null);
  checkDistinctFiles(
    [...(output === undefined ? [] : [['the output', output] as const]), ...alsoWritten],
    [...filesOfArchive(path).map((file) => ['the archive', file] as const), ...alsoRead],
  );
  const archive = ArchiveReader.openReadOnly(path);
  try {
    const shape = shapeOf(archive, options);
    const written = isAllThatIsCounted(archive, shape) ? countWritten(archive, shape) : null;
    const verdict = archive.verdict({ output: shape, written });
    if (!isWhole(verdict.name, null) && !options.allowIncomplete) throw incomplete(path, verdict);
    const pages = shapeAll(archive, shape);
    const file = output === undefined ? null : createFileDestination(output, holdFile);
    try {
      const counts = await formatFor(formatName)(pages, file ?? stdout!, shape.select);
      file?.commit();
      const destination = output ?? 'stdout';
      return { destination, ...counts, verdict: withWritten(verdict, counts.records) };
    } catch (error) {
      file?.abort();
      throw error;
    }
  } finally {
    archive.close();
  }
}

/** As the user says; without a word as the run did. */
function shapeOf(
  { run: { pagination, selection } }: ArchiveReader,
  options: ExportOptions,
): OutputShape {
  const { select = selection, wholePages } = options;
  if (pagination === null) return { kind: 'selection', select: wholePages ? null : select };
  const isSaid = wholePages || options.select !== undefined;
  return isSaid ? outputShape(pagination, options) : keptShape(pagination);
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
