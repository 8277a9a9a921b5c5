import { formatNames } from '../../core/options.ts';
import { ifExistsWays, nestings } from '../../core/table-options.ts';
import {
  columns,
  delimiter,
  listed,
  oneOf,
  outputPath,
  path,
  text,
  whole,
} from '../flag-values.ts';
import { group } from './group.ts';

export const output = group('Output', ['fetch', 'export'], {
  output: {
    short: 'o',
    option: 'output',
    list: outputPath,
    help: 'file: .ndjson .csv .parquet .duckdb, or postgres://',
    verbs: ['fetch', 'export', 'report'],
    detail:
      'Default: standard output. Also `.json`, `.jsonl`, `.tsv`, `.db`, `.sqlite`, `postgres://user@host/database?table=items`, and `.gz` or `.zst` after any text format. Can be repeated, for several files from one fetch. A file is written under a temporary name and renamed when it is complete, so there is always the whole new file or the old one. `.everypage` keeps only the archive. `sink:./my-sink.ts` gives the records to a module of your own (docs/sinks.md). `-` is standard output. A pipe (`>(gzip > a.gz)`, a named pipe, `/dev/fd/3`) is written as standard output is. `everypage report` writes one HTML file, whatever its name.',
  },
  manifest: {
    option: 'manifest',
    value: path('items.sha256'),
    help: 'file with SHA-256 of the outputs, pages and verdict',
    detail:
      'Written when the outputs are. `everypage verify --manifest FILE` checks outputs and archive against it, and `sha256sum -c FILE` the outputs. docs/manifest.md explains it.',
    verbs: ['fetch', 'export', 'verify'],
    single: 'there is one manifest',
  },
  format: {
    short: 'f',
    option: 'format',
    value: oneOf('FMT', formatNames),
    help: 'format of the output: ndjson, json, csv and more',
    detail: `One of ${listed(formatNames, 'and')}. Default: what the file name says, else ndjson.`,
  },
  select: {
    option: 'select',
    value: text('PATH', 'data.items'),
    help: 'where the records are in a page, as in data.items',
    detail:
      'A dotted path, `@` for a page that is itself the list, or a JMESPath expression. If it leads to an array, each element is a record. Records keep their bytes; only white space between tokens is removed.',
    verbs: ['fetch', 'export', 'schema', 'explain', 'head'],
    single: 'a run takes one selection; a JMESPath expression can join two',
    excludes: { pages: 'one takes records out of pages, the other keeps pages whole' },
  },
  records: {
    option: 'records',
    on: true,
    help: 'find the records in lists and ranges of URLs too',
    detail:
      'Finds the list of objects in each page by its structure. This is the default for one URL that is paginated.',
    verbs: ['fetch'],
    excludes: { pages: 'one finds the records, the other keeps pages whole' },
  },
  pages: {
    option: 'wholePages',
    on: true,
    help: 'write each page as one record',
    detail: 'The default for lists and ranges.',
    verbs: ['fetch', 'export', 'schema', 'head'],
  },
  rows: {
    value: whole(10, 1, 10_000),
    standard: 10,
    help: 'records to show',
    verbs: ['head'],
  },
  where: {
    option: 'where',
    value: text('EXPR', "state == 'open'"),
    help: "records to write: 'price > `10`', a JMESPath expression",
    detail:
      'A record is written if the result is true: not null, false or empty. `true`, `false` and `null` mean these values. The verdict counts all records.',
    verbs: ['fetch', 'export', 'schema', 'head'],
    single: 'a record meets one condition; && joins two',
  },
  fields: {
    option: 'fields',
    value: text('EXPR', 'id,town=address.city'),
    help: 'what to write of each record: id,town=address.city',
    detail:
      'Names, or names and paths; or a JMESPath expression that makes the new record, as in `{id: id, town: address.city}`. Values keep their bytes.',
    verbs: ['fetch', 'export', 'schema', 'head'],
    single: 'a record is made by one expression',
  },
  columns: {
    option: 'columns',
    value: columns,
    help: 'columns of a table: id,city=address.city',
    detail:
      'A path from the record, or a name and a path; `@` is the whole record. In a CSV, objects become JSON text. Default: the columns of all records.',
  },
  nested: {
    option: 'nested',
    value: oneOf('HOW', nestings),
    help: 'lists and objects in a table: typed, or json for text',
    detail:
      'Default: typed, which is LIST and STRUCT in Parquet and DuckDB, `jsonb` in PostgreSQL, and columns such as address.city in a CSV. `json` is JSON text, and `json` in PostgreSQL, which keeps it as the server wrote it.',
  },
  schema: {
    option: 'schema',
    value: path('types.json'),
    help: 'types of columns, as everypage schema prints them',
    detail:
      'A JSON Schema of one record. Its columns are always written, and a value that is not of its type is an error. Default: the narrowest types that hold all values.',
  },
  provenance: {
    option: 'provenance',
    on: true,
    help: 'two more columns: the page and the run of a record',
    detail:
      '_everypage_page is the place of the page, branch:position; _everypage_run is when the run began.',
  },
  table: {
    option: 'table',
    value: text('NAME', 'items'),
    help: 'table of a database',
    detail:
      'Default: the last word of the path of the URL that is fetched. In PostgreSQL also `schema.table`; `?table=` in the URL of the database comes first.',
  },
  'if-exists': {
    option: 'ifExists',
    value: oneOf('HOW', ifExistsWays),
    help: 'if the table exists: replace, append or upsert',
    detail:
      'Default: a table that everypage made is replaced, another one is an error. append and upsert add columns that are new. upsert replaces rows that have the key of a record (--key).',
  },
  'csv-safe': {
    option: 'csvSafe',
    on: true,
    help: 'keep spreadsheets from reading text as a formula',
    detail:
      'Text that begins with =, +, -, @, a tab or a line end gets an apostrophe before it. Numbers stay as they are.',
  },
  'csv-bom': {
    option: 'csvBom',
    on: true,
    help: 'a CSV begins with a byte order mark, for Excel',
  },
  'csv-delimiter': {
    option: 'csvDelimiter',
    value: delimiter,
    help: 'what stands between the cells of a CSV; default ,',
    detail: 'One character such as ; or |, or the word tab.',
  },
  'allow-incomplete': {
    option: 'allowIncomplete',
    on: true,
    help: 'write the output and exit 0 even if pages are missing',
    detail: 'Without it, only a run with every page writes the output file.',
  },
});
