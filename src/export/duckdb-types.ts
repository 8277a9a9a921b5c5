/** The types of DuckDB that hold values exactly, and whether a column that is there holds them. */
import type {
  DuckDBDecimalType,
  DuckDBListType,
  DuckDBStructType,
  DuckDBType,
} from '@duckdb/node-api';
import type { ColumnType } from '../schema/schema.ts';
import { asText, quoted, widenedDigits } from './database-table.ts';

/** DECIMAL has no more. */
const MOST_DIGITS = 38;

/** The type of a column that is made for the values. */
export function duckDbType(type: ColumnType): string {
  switch (type.kind) {
    case 'boolean':
      return 'BOOLEAN';
    case 'integer':
      return 'BIGINT';
    case 'decimal':
      return `DECIMAL(${type.precision},${type.scale})`;
    case 'double':
      return 'DOUBLE';
    case 'date':
      return 'DATE';
    case 'timestamp':
      return 'TIMESTAMP WITH TIME ZONE';
    case 'list':
      return `${duckDbType(type.items)}[]`;
    case 'struct':
      return `STRUCT(${type.fields.map((it) => `${quoted(it.name)} ${duckDbType(it.type)}`).join(', ')})`;
    default:
      return 'VARCHAR';
  }
}

/** How values of a type come to a column of any type of text, and to all others. */
export function readAs(target: string, type: ColumnType): ColumnType {
  return target === 'VARCHAR' && duckDbType(type) !== 'VARCHAR' ? asText(type) : type;
}

/**
 * The type that holds what a column has and what comes; null where there is none.
 *
 * @param isOurs everypage made the table, so it may widen numbers
 */
export function commonType(there: DuckDBType, come: ColumnType, isOurs: boolean): string | null {
  const own = there.toString();
  if (come.kind === 'null' || own === duckDbType(come)) return own;
  if (own === 'VARCHAR') return come.kind === 'json' || come.kind === 'string' ? own : null;
  switch (come.kind) {
    case 'integer':
    case 'decimal':
      return commonNumber(there, come, isOurs);
    case 'list': {
      if (!own.endsWith('[]')) return null;
      const items = commonType((there as DuckDBListType).valueType, come.items, isOurs);
      return items && `${items}[]`;
    }
    case 'struct':
      return own.startsWith('STRUCT(')
        ? commonStruct(there as DuckDBStructType, come, isOurs)
        : null;
    default:
      return null;
  }
}

/** DuckDB refuses a number that is too large for a smaller integer. */
const INTEGERS = /^(?:U?(?:TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT))$/;

function commonNumber(there: DuckDBType, come: ColumnType, isOurs: boolean): string | null {
  const own = there.toString();
  if (INTEGERS.test(own) && come.kind === 'integer') return own;
  const digits = digitsOf(there);
  if (digits === null) return null;
  const widened = widenedDigits(digits, come) ?? digits;
  const type = `DECIMAL(${widened.whole + widened.scale},${widened.scale})`;
  if (type === own) return own;
  return isOurs && widened.whole + widened.scale <= MOST_DIGITS ? type : null;
}

function digitsOf(type: DuckDBType): { readonly whole: number; readonly scale: number } | null {
  if (type.toString() === 'BIGINT') return { whole: 19, scale: 0 };
  if (!type.toString().startsWith('DECIMAL(')) return null;
  const { width, scale } = type as DuckDBDecimalType;
  return { whole: width - scale, scale };
}

/** A struct gets the fields that it has not, where everypage made it. */
function commonStruct(
  there: DuckDBStructType,
  come: Extract<ColumnType, { kind: 'struct' }>,
  isOurs: boolean,
): string | null {
  const coming = new Map(come.fields.map((field) => [field.name.toLowerCase(), field]));
  const fields: string[] = [];
  for (const [index, name] of there.entryNames.entries()) {
    const field = coming.get(name.toLowerCase());
    coming.delete(name.toLowerCase());
    const own = there.entryTypes[index]!;
    const type = field === undefined ? own.toString() : commonType(own, field.type, isOurs);
    if (type === null) return null;
    fields.push(`${quoted(name)} ${type}`);
  }
  if (coming.size > 0 && !isOurs) return null;
  for (const { name, type } of coming.values()) fields.push(`${quoted(name)} ${duckDbType(type)}`);
  return `STRUCT(${fields.join(', ')})`;
}
