import { ArchiveReader } from '../archive/archive-reader.ts';
import { archivePages, createShaper, decodeStored } from '../archive-thread/stored-pages.ts';
import { EverypageError } from '../core/errors.ts';
import type { FormatName } from '../core/options.ts';
import { isWhole, type Verdict } from '../core/summary.ts';
import { formatFor, formatNameFor } from '../export/choose-format.ts';
import { createFileDestination } from '../export/file-destination.ts';
import { checkOutputFolder } from '../fetch/check-files.ts';
import type { ByteSink } from '../fetch/prepare.ts';

export interface ExportOptions {
  /** A path whose extension names the format, or `stdout`. */
  readonly output?: string;
  readonly stdout?: ByteSink;
  /** Overrides the extension. Default `ndjson`. */
  readonly format?: FormatName;
  /** As a run's. Default: the records that were found where the list was paginated, else whole pages. */
  readonly select?: string;
  /** One record a page, the whole page, for a list that was paginated too. Default false. */
  readonly wholePages?: boolean;
  /** Export what is there although pages are missing. Default false. */
  readonly allowIncomplete?: boolean;
}

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
  const { output, stdout } = options;
  if (output === undefined && stdout === undefined) {
    throw new EverypageError('USAGE', 'say where the export goes: give output, or stdout');
  }
  const format =
    output === undefined
      ? (options.format ?? 'ndjson')
      : formatNameFor(output, options.format ?? null);
  if (format === 'none') {
    throw new EverypageError(
      'USAGE',
      `${output} would be an archive; an export is .ndjson, .jsonl or .json`,
    );
  }
  checkOutputFolder(output ?? null);
  const archive = ArchiveReader.openReadOnly(path);
  try {
    const verdict = archive.verdict();
    if (!isWhole(verdict.name, null) && !options.allowIncomplete) throw incomplete(path, verdict);
    const { pagination } = archive.run;
    const found = pagination?.records ?? null;
    const select = options.wholePages ? null : (options.select ?? found);
    const shape = createShaper(pagination, select === found);
    const pages = archivePages(archive).map((page) => shape(decodeStored(archive, page)));
    const file = output === undefined ? null : createFileDestination(output);
    try {
      const counts = await formatFor(format)(pages, file ?? stdout!, select);
      file?.commit();
      return { destination: output ?? 'stdout', ...counts, verdict };
    } catch (error) {
      file?.abort();
      throw error;
    }
  } finally {
    archive.close();
  }
}

function incomplete(path: string, { stored, planned }: Verdict): EverypageError {
  const of = planned === null ? '' : ` of ${planned}`;
  return new EverypageError(
    'ARCHIVE_INCOMPLETE',
    `${path} holds ${stored}${of} pages and is not complete. Run the command that began it again, ` +
      'or take what is there with --allow-incomplete.',
  );
}
