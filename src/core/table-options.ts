/** What a user says of the shape of outputs: which records and what of each, and how tables hold it. */
import { readFileSync } from 'node:fs';
import {
  boolean,
  either,
  type OptionKinds,
  object,
  oneOf,
  string,
  strings,
} from './check-options.ts';
import { usageError } from './errors.ts';
import { whyUnreadable } from './files.ts';

/** How lists and objects are written where a format has types for them. */
export const nestings = ['typed', 'json'] as const;

export type Nested = (typeof nestings)[number];

/** What becomes of a table that is there. */
export const ifExistsWays = ['replace', 'append', 'upsert'] as const;

export type IfExists = (typeof ifExistsWays)[number];

export interface TableColumn {
  readonly name: string;
  /** A dotted path from the record, `@` for the record itself. */
  readonly path: string;
}

/** What is said of each record, in JMESPath; null for nothing. */
export interface RecordExpressions {
  readonly where: string | null;
  readonly fields: string | null;
}

/** A JSON Schema as it was given. */
export interface SchemaText {
  /** Null where it was given as an object. */
  readonly path: string | null;
  readonly text: string;
}

export interface TableOptions extends RecordExpressions {
  /** Null: those that the records have. */
  readonly columns: readonly TableColumn[] | null;
  readonly csvSafe: boolean;
  readonly csvBom: boolean;
  readonly csvDelimiter: string;
  readonly nested: Nested;
  /** Of a database. Null: the last word of the URL's path. */
  readonly table: string | null;
  readonly ifExists: IfExists | null;
  /** A key of the records, for `upsert`. */
  readonly key: string | null;
  /** Types of columns; null: all are found among the values. */
  readonly schema: SchemaText | null;
  /** Two more columns say where each record came from. */
  readonly provenance: boolean;
  /** The run for `provenance`: when it began, in RFC 3339. */
  readonly run: string;
}

/** As a user gives them. */
export interface AskedTable {
  /**
   * Which records every output holds: a JMESPath condition on each, such as ``price > `10` ``. `true`,
   * `false` and `null` mean these values. The verdict counts all records. Default: all.
   */
  readonly where?: string;
  /**
   * What every output holds of a record: a JMESPath expression on it, such as `{id: id, town: address.city}`, or
   * the list `id,town=address.city`, which means the same. Values keep their bytes. Default: all.
   */
  readonly fields?: string;
  /**
   * Columns of a table, in their order: `name`, or `name=path.to.it` for a dotted path from the record
   * (`@` is the record itself). In a CSV or TSV objects there are JSON text. Default: those of all records.
   */
  readonly columns?: readonly string[];
  /** Text in a CSV or TSV output that a spreadsheet may take for a formula gets an apostrophe. Default false. */
  readonly csvSafe?: boolean;
  /** A CSV or TSV output begins with a byte order mark, which Excel needs to read UTF-8. Default false. */
  readonly csvBom?: boolean;
  /** What stands between the cells of a CSV output: one character. Default `,`. */
  readonly csvDelimiter?: string;
  /**
   * Lists and objects in a table: `typed` is LIST and STRUCT in Parquet and DuckDB, jsonb in PostgreSQL, and dotted columns for objects in a
   * CSV or TSV; `json` is JSON text in one column. Default `typed`.
   */
  readonly nested?: Nested;
  /**
   * Types of columns of a table, whatever comes: a JSON Schema of one record as `everypage schema` prints it,
   * or the path of its file. A value that contradicts it is an error. Default: the narrowest types.
   */
  readonly schema?: string | { readonly [keyword: string]: unknown };
  /**
   * A table has two more columns, `_everypage_page` and `_everypage_run`: the place of the page that a record
   * came from, `branch:position`, and when the run began. Default false.
   */
  readonly provenance?: boolean;
  /** The table of a database; `schema.table` in PostgreSQL. Default: the last word of the URL's path. */
  readonly table?: string;
  /**
   * What becomes of a table that is there. Default: one that everypage made is replaced, another one is an
   * error. `upsert` replaces rows that have the key of a record.
   */
  readonly ifExists?: IfExists;
}

/**
 * What each of them takes.
 *
 * @internal
 */
export const tableKinds: OptionKinds<Required<AskedTable>> = {
  where: string,
  fields: string,
  columns: strings,
  csvSafe: boolean,
  csvBom: boolean,
  csvDelimiter: string,
  nested: oneOf(nestings),
  table: string,
  ifExists: oneOf(ifExistsWays),
  schema: either('the path of a file, or a JSON Schema as an object', string, object),
  provenance: boolean,
};

/**
 * Fills in the defaults, and checks every value.
 *
 * @throws EverypageError USAGE for a value that is not valid
 */
export function tableOptions(asked: AskedTable & { readonly key?: string }): TableOptions {
  const { columns, csvSafe = false, csvBom = false, csvDelimiter = ',', nested = 'typed' } = asked;
  const { table = null, ifExists = null, key = null, where = null, fields = null } = asked;
  return {
    where,
    fields,
    columns: columns === undefined ? null : tableColumns(columns),
    csvSafe,
    csvBom,
    csvDelimiter: delimiterOf(csvDelimiter),
    nested,
    table: table === null ? null : tableName(table),
    ifExists,
    key,
    schema: asked.schema === undefined ? null : schemaText(asked.schema),
    provenance: asked.provenance ?? false,
    run: '',
  };
}

/** @throws EverypageError USAGE for a file that cannot be read */
function schemaText(schema: NonNullable<AskedTable['schema']>): SchemaText {
  if (typeof schema !== 'string') return { path: null, text: JSON.stringify(schema) };
  try {
    return { path: schema, text: readFileSync(schema, 'utf8') };
  } catch (cause) {
    throw usageError(`the schema ${schema} cannot be read: ${whyUnreadable(cause)}`, cause);
  }
}

/** @throws EverypageError USAGE for text that is no delimiter */
export function delimiterOf(text: string): string {
  const delimiter = text === 'tab' || text === '\\t' ? '\t' : text;
  if (/^[\t !#-~]$/.test(delimiter) && !/[\w.+-]/.test(delimiter)) return delimiter;
  throw usageError(
    `a delimiter is one character of ASCII that is no letter, digit, quote, dot or sign, such as ; or tab; ${JSON.stringify(text)} is none`,
  );
}

/**
 * `a` is the column and the path; in `b=path.to.b` they differ.
 *
 * @throws EverypageError USAGE for what is no column, and for a name twice
 */
export function tableColumns(columns: readonly string[]): readonly TableColumn[] {
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

/** @throws EverypageError USAGE for a name that a table cannot have */
function tableName(text: string): string {
  if (text !== '' && !/\p{Cc}|\p{Cs}/u.test(text) && !/^sqlite_/i.test(text)) return text;
  throw usageError(
    `${JSON.stringify(text)} cannot be the name of a table; it is not empty, has no control characters, and does not begin with sqlite_`,
  );
}

/** The last word of a URL's path: what a table is called where nobody names it. */
export function tableNameOf(url: string): string {
  const [path = ''] = url.replace(/^[a-z]+:\/\/[^/?#]*/i, '').split(/[?#]/);
  const word = path
    .split('/')
    .map((part) => part.replace(/\.\w+$/, ''))
    .filter((part) => isWord(part) && !/^sqlite_/i.test(part))
    .at(-1);
  return word ?? 'items';
}

/** V8 takes long to compile what knows all letters there are. */
function isWord(text: string): boolean {
  const isAscii = /^[ -~]*$/.test(text);
  return isAscii ? /^[a-z_][\w-]*$/i.test(text) : /^[\p{L}_][\p{L}\p{N}_-]*$/u.test(text);
}

/**
 * The options with what a run knows of the table: the URL that it is called by, the key of its records, and
 * when it began, in milliseconds since 1970.
 */
export function withTable(
  options: TableOptions,
  url: string | undefined,
  key: string | null | undefined,
  beganAt?: number,
): TableOptions {
  return {
    ...options,
    table: options.table ?? tableNameOf(url ?? ''),
    key: options.key ?? key ?? null,
    run: beganAt === undefined ? options.run : new Date(beganAt).toISOString(),
  };
}
