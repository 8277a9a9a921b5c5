import { ArchiveReader } from '../archive/archive-reader.ts';
import { shapeAll } from '../archive-thread/stored-pages.ts';
import { isWhole } from '../core/summary.ts';
import { createRecordTaker } from '../export/page-records.ts';
import { createInference, type RecordSchema } from '../schema/schema.ts';
import type { ExportOptions } from './export-archive.ts';
import { shapeOf } from './export-shape.ts';

export interface ArchiveSchema {
  readonly schema: RecordSchema;
  /** False where pages are missing, whose records may have other types. */
  readonly isOfAll: boolean;
}

/**
 * Infers the types of the records that an export of the archive would write.
 *
 * @throws EverypageError ARCHIVE_DAMAGED, ARCHIVE_LOCKED or ARCHIVE_VERSION where it cannot be read;
 * SELECTION where a page does not have `select`
 */
export function archiveSchema(
  path: string,
  options: Pick<ExportOptions, 'select' | 'wholePages'>,
): ArchiveSchema {
  const archive = ArchiveReader.openReadOnly(path);
  try {
    const output = shapeOf(archive, options);
    const take = createRecordTaker(output.select);
    const inference = createInference();
    for (const page of shapeAll(archive, output)) {
      const { source, spans } = take(page);
      for (let at = 0; at < spans.length; at += 2) inference.add(source, spans[at]!);
    }
    const verdict = archive.verdict({ output, written: null });
    return { schema: inference.schema(), isOfAll: isWhole(verdict.name, null) };
  } finally {
    archive.close();
  }
}
