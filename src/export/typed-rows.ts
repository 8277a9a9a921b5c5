import { EverypageError } from '../core/errors.ts';
import { escapeText } from '../core/escape.ts';
import type { TableOptions } from '../core/table-options.ts';
import {
  createInference,
  createRowReader,
  PinFault,
  type RecordSchema,
  type RowValue,
  readPinnedTypes,
  withoutNesting,
} from '../schema/schema.ts';
import type { ExportPage, PageSource } from './format.ts';
import { createRecordTaker } from './page-records.ts';
import { provenanceJson, splitColumns, withProvenance } from './provenance.ts';

interface PageRows {
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

/**
 * The types of all records that an export writes, with the columns and types that the user wants.
 *
 * @throws EverypageError SCHEMA for a value that is not of a type that is pinned
 */
export async function inferSchema(
  pages: PageSource,
  selection: string | null,
  options: Pick<TableOptions, 'columns' | 'schema' | 'nested' | 'provenance'>,
): Promise<RecordSchema> {
  const { columns, schema, nested, provenance } = options;
  const pinned = schema === null ? null : readPinnedTypes(schema);
  const inference = createInference({ columns, pinned });
  const take = createRecordTaker(selection);
  for await (const page of pages()) {
    const { source, spans } = take(page);
    let at = 0;
    try {
      for (; at < spans.length; at += 2) inference.add(source, spans[at]!);
    } catch (error) {
      if (!(error instanceof PinFault)) throw error;
      throw contradiction(error, page, at / 2, schema?.path ?? 'the schema');
    }
  }
  const inferred = inference.schema();
  const flat = nested === 'json' ? withoutNesting(inferred) : inferred;
  return provenance ? withProvenance(flat) : flat;
}

/** @param index among the records that are taken of the page */
function contradiction(
  fault: PinFault,
  { url, place, skip = 0, repeats }: ExportPage,
  index: number,
  schema: string,
): EverypageError {
  let number = skip;
  for (let left = index; left > 0 || repeats?.has(number); number += 1) {
    if (!repeats?.has(number)) left -= 1;
  }
  return new EverypageError(
    'SCHEMA',
    `page ${place.position + 1}, record ${number + 1}: ${escapeText(fault.message)} (${url}). ` +
      `Change ${schema}, or leave such records out with --where; the pages are kept and need no new fetch.`,
    { cause: fault },
  );
}
