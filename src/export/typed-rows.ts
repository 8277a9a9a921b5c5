import type { TableOptions } from '../core/table-options.ts';
import { createRowReader, type RecordSchema, type RowValue } from '../schema/schema.ts';
import type { ExportPage } from './format.ts';
import { createRecordTaker } from './page-records.ts';
import { provenanceJson, splitColumns } from './provenance.ts';

/** The rows of a page. */
export interface PageRows {
  readonly count: number;
  /** The values of a row, from 0, in the order of the columns. */
  read(row: number): RowValue[];
}

/**
 * Takes the rows that an export writes of each page; the next page may overwrite them.
 *
 * @param schema what `inferSchema` gave for the same options, with other types for the same values at most
 */
export function createRowTaker(
  schema: RecordSchema,
  selection: string | null,
  options: Pick<TableOptions, 'provenance' | 'run'>,
): (page: ExportPage) => PageRows {
  const take = createRecordTaker(selection);
  const { own, added } = splitColumns(schema, options);
  const readRow = createRowReader(own);
  const readAdded = createRowReader({ ...own, columns: added, paths: null, isWhole: false });
  return (page) => {
    const { source, spans } = take(page);
    const beside = added.length === 0 ? [] : readAdded(provenanceJson(page, options.run), 0);
    return {
      count: spans.length / 2,
      read(row) {
        const values = readRow(source, spans[2 * row]!);
        for (const value of beside) values.push(value);
        return values;
      },
    };
  };
}
