import { columnNames } from '../core/column-names.ts';
import { type Place, placeName } from '../core/page-request.ts';
import type { TableOptions } from '../core/table-options.ts';
import type { ColumnType, Field, RecordSchema } from '../schema/schema.ts';
import type { ExportPage } from './format.ts';

/** Where a record came from: the columns that `--provenance` adds behind all others. */
export const provenanceKeys = ['_everypage_page', '_everypage_run'] as const;

const TYPES: readonly ColumnType[] = [
  { kind: 'string' },
  { kind: 'timestamp', offset: 'Z', digits: 3 },
];

/** The schema with the two columns. A column of the records that has one of their names keeps it. */
export function withProvenance(schema: RecordSchema): RecordSchema {
  const before = schema.columns.map(({ name }) => name);
  const names = columnNames([...before, ...provenanceKeys], (name) => name.toLowerCase());
  const added = provenanceKeys.map((key, index) => ({
    key,
    name: names[before.length + index]!,
    type: TYPES[index]!,
    hasNulls: false,
    isOptional: false,
  }));
  return { ...schema, columns: [...schema.columns, ...added] };
}

/** What stands in them: the page's place, and when the run began. */
export function provenanceOf(place: Place, run: string): readonly [string, string] {
  return [placeName(place), run];
}

/** The same as one JSON object, for readers of typed columns. */
export function provenanceJson({ place }: ExportPage, run: string): Uint8Array {
  const values = provenanceOf(place, run);
  return Buffer.from(
    JSON.stringify(Object.fromEntries(provenanceKeys.map((key, index) => [key, values[index]]))),
  );
}

/** The columns of the records, and those that `withProvenance` has added. */
export function splitColumns(
  schema: RecordSchema,
  { provenance }: Pick<TableOptions, 'provenance'>,
): { readonly own: RecordSchema; readonly added: readonly Field[] } {
  const count = schema.columns.length - (provenance ? provenanceKeys.length : 0);
  const own = { ...schema, columns: schema.columns.slice(0, count) };
  return { own, added: schema.columns.slice(count) };
}
