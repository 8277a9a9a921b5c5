/** Rows in the text format of PostgreSQL's COPY (its manual, COPY, "Text Format"). */
import type { RowValue } from '../schema/schema.ts';

const SPECIAL = /[\\\t\n\r]/;
const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
};

/** A value of a row as COPY reads it. Lists and structs are read as JSON text. */
export function copyText(value: RowValue): string {
  if (value === null) return '\\N';
  if (typeof value !== 'string') return String(value);
  return SPECIAL.test(value) ? value.replaceAll(/[\\\t\n\r]/g, (it) => ESCAPES[it]!) : value;
}
