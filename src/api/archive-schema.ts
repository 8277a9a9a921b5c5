import { ArchiveReader } from '../archive/archive-reader.ts';
import { wholeArchive } from '../archive-thread/shape-pages.ts';
import { isWhole } from '../core/summary.ts';
import { tableOptions } from '../core/table-options.ts';
import { createRecordShaper } from '../export/shape-records.ts';
import { inferSchema } from '../export/typed-rows.ts';
import type { RecordSchema } from '../schema/schema.ts';
import { type ShapeOptions, shapeOf } from './export-shape.ts';

export interface ArchiveSchema {
  readonly schema: RecordSchema;
  /** False where pages are missing, whose records may have other types. */
  readonly isOfAll: boolean;
}

/**
 * Infers the types of the records that an export of the archive would write.
 *
 * @throws EverypageError ARCHIVE_DAMAGED, ARCHIVE_LOCKED or ARCHIVE_VERSION where it cannot be read;
 * SELECTION where a page does not have `select`, or an expression cannot be applied to a record
 */
export async function archiveSchema(path: string, options: ShapeOptions): Promise<ArchiveSchema> {
  const asked = tableOptions(options);
  const archive = ArchiveReader.openReadOnly(path);
  try {
    const output = shapeOf(archive, options);
    const shaper = createRecordShaper(output.select, asked);
    const pages = () => shaper.pages(wholeArchive(archive, output));
    const schema = await inferSchema(pages, output.select, asked);
    const verdict = archive.verdict({ output, written: null });
    return { schema, isOfAll: isWhole(verdict.name, null) };
  } finally {
    archive.close();
  }
}
