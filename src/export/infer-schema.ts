import { EverypageError } from '../core/errors.ts';
import { escapeText } from '../core/escape.ts';
import type { TableOptions } from '../core/table-options.ts';
import {
  createInference,
  PinFault,
  type RecordSchema,
  readPinnedTypes,
  withoutNesting,
} from '../schema/schema.ts';
import type { ExportPage, PageSource } from './format.ts';
import { createRecordTaker } from './page-records.ts';
import { withProvenance } from './provenance.ts';

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
