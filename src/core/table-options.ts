/** What a user says of outputs that are tables. */
import { usageError } from './errors.ts';

/** How lists and objects are written where a format has types for them. */
export const nestings = ['typed', 'json'] as const;

export type Nested = (typeof nestings)[number];

export interface TableColumn {
  readonly name: string;
  /** A dotted path from the record, `@` for the record itself. */
  readonly path: string;
}

export interface TableOptions {
  /** Null: those that the records have. */
  readonly columns: readonly TableColumn[] | null;
  readonly csvSafe: boolean;
  readonly csvBom: boolean;
  readonly csvDelimiter: string;
  readonly nested: Nested;
}

/** As a user gives them; see `RunOptions`. */
export interface AskedTable {
  readonly columns?: readonly string[];
  readonly csvSafe?: boolean;
  readonly csvBom?: boolean;
  readonly csvDelimiter?: string;
  readonly nested?: Nested;
}

/**
 * Fills in the defaults, and checks every value.
 *
 * @throws EverypageError USAGE for a value that is not valid
 */
export function tableOptions(asked: AskedTable): TableOptions {
  const { columns, csvSafe = false, csvBom = false, csvDelimiter = ',', nested = 'typed' } = asked;
  return {
    columns: columns === undefined ? null : tableColumns(columns),
    csvSafe,
    csvBom,
    csvDelimiter: delimiterOf(csvDelimiter),
    nested,
  };
}

/** @throws EverypageError USAGE for text that is no delimiter */
export function delimiterOf(text: string): string {
  const delimiter = text === 'tab' || text === '\\t' ? '\t' : text;
  if (/^[\t !#-~]$/.test(delimiter) && !/[\w.+-]/.test(delimiter)) return delimiter;
  throw usageError(
    `a delimiter is one character of ASCII that is no letter, digit, quote, dot or sign, such as ; or tab; ${JSON.stringify(text)} is none`,
  );
}

/** `a` is the column and the path; in `b=path.to.b` they differ. */
function tableColumns(columns: readonly string[]): readonly TableColumn[] {
  if (columns.length === 0) throw usageError('no column is named; name some, such as id,name');
  const names = new Set<string>();
  return columns.map((text) => {
    const at = text.indexOf('=');
    const name = at === -1 ? text : text.slice(0, at);
    const path = at === -1 ? text : text.slice(at + 1);
    if (name === '' || path === '') {
      throw usageError(`${JSON.stringify(text)} is no column; write its path, or name=path`);
    }
    if (names.has(name)) {
      throw usageError(`two columns are called ${name}; give one another name: other=${path}`);
    }
    names.add(name);
    return { name, path };
  });
}
