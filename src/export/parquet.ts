import type { TableFormat } from './format.ts';
import { inferSchema } from './infer-schema.ts';

/**
 * Apache Parquet, compressed with Zstandard: nested values as STRUCT and LIST, or as JSON text where the
 * user says so. What its types do not tell (the offset of timestamps, the keys of columns that were
 * renamed) stands in the metadata, under `everypage.columns`.
 */
export const parquet: TableFormat = async (pages, destination, selection, options) => {
  const schema = await inferSchema(pages, selection, options);
  // Loaded only where it is needed.
  const { writeParquet } = await import('./parquet/write-parquet.ts');
  const counts = await writeParquet(pages, schema, destination, selection, options);
  return { ...counts, notes: schema.notes };
};
