import { extname } from 'node:path';
import { isDatabaseUrl, shownOutput } from '../core/database-url.ts';
import { usageError } from '../core/errors.ts';
import { type FormatName, formatNames } from '../core/options.ts';
import type { TableOptions } from '../core/table-options.ts';
import { isExpression, parseSelection, readRecordExpressions } from '../decode/decode.ts';
import { readPinnedTypes } from '../schema/schema.ts';
import { csv, tsv } from './csv.ts';
import { isWrittenInPlace } from './file-destination.ts';
import {
  type Compression,
  compressions,
  type Format,
  type OutputForm,
  type TableFormat,
} from './format.ts';
import { json, ndjson } from './json.ts';
import { sqlite } from './sqlite.ts';

const FORMATS = { ndjson, json } as const satisfies Partial<Record<FormatName, Format>>;
const TABLES = {
  csv,
  tsv,
  parquet: async (...given) => (await import('./parquet.ts')).parquet(...given),
  sqlite,
  duckdb: async (...given) => (await import('./duckdb.ts')).duckdb(...given),
  postgres: async (...given) => (await import('./postgres.ts')).postgres(...given),
} as const satisfies Partial<Record<FormatName, TableFormat>>;

const NAMES_BY_EXTENSION: Readonly<Record<string, FormatName | 'none'>> = {
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.json': 'json',
  '.csv': 'csv',
  '.tsv': 'tsv',
  '.parquet': 'parquet',
  '.db': 'sqlite',
  '.sqlite': 'sqlite',
  '.duckdb': 'duckdb',
  '.everypage': 'none',
};

const GIVE_URL = "PostgreSQL is -o 'postgres://user@host/database?table=items'";

const DATABASES: ReadonlySet<FormatName> = new Set(['sqlite', 'duckdb', 'postgres']);

/** Text is compressed; these are none. */
const BINARY: ReadonlySet<FormatName | 'none'> = new Set(['parquet', 'sqlite', 'duckdb']);

/** The format of that name; a table is written by `tableFor`. */
export function formatFor(name: Exclude<FormatName, keyof typeof TABLES>): Format {
  return FORMATS[name];
}

export function isTable(name: FormatName): name is keyof typeof TABLES {
  return Object.hasOwn(TABLES, name);
}

/** The table of that name. */
export function tableFor(name: keyof typeof TABLES): TableFormat {
  return TABLES[name];
}

/** Whether the output is bytes of ours; what is in a database is its program's. */
export function isMadeOfBytes({ format }: OutputForm): boolean {
  return !DATABASES.has(format);
}

/** How the path says that the output is compressed; null for as it is. */
function compressionOf(path: string): Compression | null {
  return compressions.find((ending) => ending === extname(path).toLowerCase()) ?? null;
}

/**
 * The format for an output path: `override` where it is given, else what the extension says, before
 * `.gz` or `.zst`; `none` is the archive alone. What is written as it stands (a pipe, `/dev/fd/3`) may have any
 * name: it gets NDJSON, as standard output does. Throws `EverypageError` with code `USAGE` for other extensions.
 *
 *     formatNameFor('items.jsonl.gz', null); // 'ndjson'
 */
export function formatNameFor(path: string, override: FormatName | null): FormatName | 'none' {
  if (isDatabaseUrl(path)) {
    if (override === null || override === 'postgres') return 'postgres';
    throw usageError(
      `${shownOutput(path)} is a database, which takes no ${override}; leave out -f ${override}`,
    );
  }
  if (override === 'postgres') throw usageError(`${path} is a file; ${GIVE_URL}`);
  if (override !== null) return override;
  const compression = compressionOf(path);
  const extension = extname(path.slice(0, path.length - (compression ?? '').length)).toLowerCase();
  const name = Object.hasOwn(NAMES_BY_EXTENSION, extension)
    ? NAMES_BY_EXTENSION[extension]
    : undefined;
  // Nothing is put in the place of a pipe, an archive neither.
  const isNone = name === 'none' && (compression !== null || isWrittenInPlace(path));
  if (name !== undefined && !isNone) return name;
  if (isWrittenInPlace(path)) return 'ndjson';
  const ending = `${extension}${compression ?? ''}`;
  const what = ending === '' ? 'has no extension' : `ends in ${ending}, which is not known`;
  throw usageError(
    `The output ${path} ${what}. Known endings: ${Object.keys(NAMES_BY_EXTENSION).join(', ')} ` +
      `(.everypage is the archive alone), and .gz or .zst after the others. Or name the format: ${formatNames.map((it) => `-f ${it}`).join(', ')}.`,
  );
}

/**
 * How an output is written; null for the archive alone. Throws as `formatNameFor` does.
 *
 * @param path null for standard output
 */
export function outputForm(path: null, override: FormatName | null): OutputForm;
export function outputForm(path: string | null, override: FormatName | null): OutputForm | null;
export function outputForm(path: string | null, override: FormatName | null): OutputForm | null {
  if (path === null) {
    if (override === 'sqlite') throw usageError('a SQLite database is a file; give -o items.db');
    if (override === 'duckdb')
      throw usageError('a DuckDB database is a file; give -o items.duckdb');
    if (override === 'postgres') throw usageError(`standard output is no database; ${GIVE_URL}`);
    return { format: override ?? 'ndjson', compression: null };
  }
  const format = formatNameFor(path, override);
  const compression = format === 'postgres' ? null : compressionOf(path);
  if (BINARY.has(format) && compression !== null) {
    throw usageError(
      `${path}: text is compressed, and ${format} is none; leave out ${compression}`,
    );
  }
  return format === 'none' ? null : { format, compression };
}

/**
 * Throws `EverypageError`: `USAGE` where flags of tables are given and no output is one, or a column is
 * an expression; `SELECTION` where its path cannot be read.
 */
export function checkTable(
  options: TableOptions,
  forms: readonly OutputForm[],
  hasSink = false,
): void {
  const { columns, csvSafe, csvBom, csvDelimiter, nested, table, ifExists } = options;
  const { schema, provenance } = options;
  if (readRecordExpressions(options) !== null && forms.length === 0 && !hasSink) {
    throw usageError(
      '--where and --fields shape an output, and there is none; name one, such as -o items.csv',
    );
  }
  for (const { name, path } of columns ?? []) {
    parseSelection(path);
    if (!isExpression(path)) continue;
    throw usageError(
      `the column ${name} is an expression, ${path}; a column takes a dotted path, and --fields an expression`,
    );
  }
  const has = (...names: readonly FormatName[]): boolean =>
    forms.some(({ format }) => names.includes(format));
  if (schema !== null) readPinnedTypes(schema);
  const ofTables = Object.entries({
    '--columns': columns !== null,
    '--schema': schema !== null,
    '--nested': nested !== 'typed',
    '--provenance': provenance,
  });
  const [ofTable] = ofTables.find(([, isSaid]) => isSaid) ?? [];
  if (ofTable !== undefined && !forms.some(({ format }) => isTable(format))) {
    throw usageError(
      `${ofTable} is for tables, and no output is one; name one, such as -o items.csv or -o items.parquet`,
    );
  }
  if ((table !== null || ifExists !== null) && !forms.some(({ format }) => DATABASES.has(format))) {
    throw usageError(
      '--table and --if-exists are for databases, and no output is one; give -o items.db',
    );
  }
  if (!(csvSafe || csvBom || csvDelimiter !== ',') || has('csv', 'tsv')) return;
  throw usageError(
    'the CSV settings are for .csv and .tsv, and no output is one; name one, or give -f csv',
  );
}
