import type { TableOptions } from '../core/table-options.ts';
import { createRowReader, type RecordSchema, type RowValue } from '../schema/schema.ts';
import type { ExportPage } from './format.ts';
import { createRecordTaker } from './page-records.ts';
import { provenanceKeys, provenanceOf } from './provenance.ts';

/** The rows of a page. */
export interface PageRows {
  readonly count: number;
  /** The values of a row, from 0, in the order of the columns. */
  read(row: number): RowValue[];
  /** So much JSON it was made of. */
  bytesOf(row: number): number;
}

/**
 * Takes the rows that an export writes of each page; the next page may overwrite them.
 *
 * @param schema what `inferSchema` gave for the same options, with other types for the same values at most
 */
export function createRowTaker(
  schema: RecordSchema,
  selection: string | null,
  { provenance, run }: Pick<TableOptions, 'provenance' | 'run'>,
): (page: ExportPage) => PageRows {
  const take = createRecordTaker(selection);
  const own = provenance ? schema.columns.slice(0, -provenanceKeys.length) : schema.columns;
  const added = schema.columns.slice(own.length);
  const readRow = createRowReader({ ...schema, columns: own });
  const readAdded = createRowReader({ ...schema, columns: added, paths: null, isWhole: false });
  return (page) => {
    const { source, spans } = take(page);
    const beside = added.length === 0 ? [] : readAdded(provenanceJson(page, run), 0);
    return {
      count: spans.length / 2,
      read(row) {
        const values = readRow(source, spans[2 * row]!);
        for (const value of beside) values.push(value);
        return values;
      },
      bytesOf: (row) => spans[2 * row + 1]! - spans[2 * row]!,
    };
  };
}

function provenanceJson({ place }: ExportPage, run: string): Uint8Array {
  const values = provenanceOf(place, run);
  return Buffer.from(
    JSON.stringify(Object.fromEntries(provenanceKeys.map((key, index) => [key, values[index]]))),
  );
}
