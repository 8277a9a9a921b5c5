/** DuckDB as an independent reader of what we write. It is a development dependency with a binary. */
import type {
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBValue,
} from '@duckdb/node-api';
import type { ColumnType, RecordSchema, RowValue } from '../../src/schema/schema.ts';

export interface DuckDb {
  rows(sql: string): Promise<DuckDBValue[][]>;
  /** Rows in the form that our own reader of records gives. */
  values(schema: RecordSchema, sql: string): Promise<RowValue[][]>;
}

/** Null where it is not installed. */
export async function openDuckDb(): Promise<DuckDb | null> {
  let api: typeof import('@duckdb/node-api');
  try {
    api = await import('@duckdb/node-api');
  } catch {
    return null;
  }
  const connection = await (await api.DuckDBInstance.create(':memory:')).connect();
  const rows = async (sql: string): Promise<DuckDBValue[][]> =>
    (await connection.runAndReadAll(sql)).getRows();
  return {
    rows,
    values: async ({ columns }, sql) =>
      (await rows(sql)).map((row) => row.map((it, index) => rowValue(columns[index]!.type, it))),
  };
}

function rowValue(type: ColumnType, value: DuckDBValue): RowValue {
  if (value === null) return null;
  switch (type.kind) {
    case 'decimal':
      return (value as DuckDBDecimalValue).value;
    case 'date':
      return (value as DuckDBDateValue).days;
    case 'timestamp':
      return (value as DuckDBTimestampTZValue).micros;
    case 'list':
      return (value as DuckDBListValue).items.map((item) => rowValue(type.items, item));
    case 'struct': {
      const { entries } = value as DuckDBStructValue;
      const struct = Object.create(null) as { [name: string]: RowValue };
      for (const field of type.fields)
        struct[field.name] = rowValue(field.type, entries[field.name]!);
      return struct;
    }
    default:
      return value as RowValue;
  }
}
