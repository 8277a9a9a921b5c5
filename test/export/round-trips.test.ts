/**
 * What is written in each format, read back by a program that knows nothing of ours: DuckDB, and Python with
 * its own readers of CSV and SQLite.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { holdFile } from '../../src/archive/file-locks.ts';
import { tableOptions } from '../../src/core/table-options.ts';
import { outputForm } from '../../src/export/choose-format.ts';
import { createOutput } from '../../src/export/create-output.ts';
import type { ExportPage } from '../../src/export/format.ts';
import { asStored } from '../../src/export/sqlite.ts';
import { writePages } from '../../src/export/write-output.ts';
import { createInference, type RecordSchema } from '../../src/schema/schema.ts';
import { temporaryFolder } from '../archive/sample-pages.ts';
import { documents, exact, exactRow } from '../schema/exact-values.ts';
import { openDuckDb } from './duckdb.ts';

const numRuns = Math.ceil(Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 800) / 20);

const duck = await openDuckDb();
const hasPython = spawnSync('python3', ['-c', 'import csv, sqlite3']).status === 0;
const noDuck = duck === null && 'DuckDB is not installed: npm install @duckdb/node-api';
const noPython = !hasPython && 'python3 is not there';

/** Writes these records, a page each, and returns the path. */
async function written(
  t: TestContext,
  ending: string,
  records: readonly string[],
): Promise<string> {
  const path = join(temporaryFolder(t), `items.${ending}`);
  const form = outputForm(path, null)!;
  const options = tableOptions({ table: 'items' });
  const pages: ExportPage[] = records.map((record, position) => ({
    place: { branch: 0, position },
    url: `https://api.example.com/items?page=${position + 1}`,
    body: Buffer.from(`{"data":[${record}]}`),
  }));
  const file = await createOutput(form, path, holdFile, options);
  try {
    const counts = await writePages(form, () => pages, file, 'data', options);
    assert.equal(counts.records, records.length);
    await file.commit();
    return path;
  } finally {
    await file.abort();
  }
}

function schemaOf(records: readonly string[]): RecordSchema {
  const inference = createInference();
  for (const record of records) inference.add(Buffer.from(record), 0);
  return inference.schema();
}

/** What Python says of a file, as JSON. */
function python(script: string, path: string): unknown {
  const { stdout, stderr, status } = spawnSync('python3', ['-c', script, path], {
    encoding: 'utf8',
    maxBuffer: 100_000_000,
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

type ReadBack = (t: TestContext, records: readonly string[]) => Promise<unknown[]>;

/** The records as DuckDB finds them in a file of JSON. */
function byDuckDb(ending: 'json' | 'ndjson'): ReadBack {
  return async (t, records) => {
    const path = await written(t, ending, records);
    const read =
      ending === 'json'
        ? `read_json_objects('${path}', format = 'array')`
        : `read_ndjson_objects('${path}')`;
    const rows = await duck!.rows(`select json::varchar from ${read}`);
    return rows.map(([text]) => exact(String(text)));
  };
}

const parquetByDuckDb: ReadBack = async (t, records) => {
  const path = await written(t, 'parquet', records);
  const schema = schemaOf(records);
  const rows = await duck!.values(schema, `select * from '${path}'`);
  return rows.map((row) => exactRow(schema, row));
};

const SQLITE = `
import json, sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
rows = connection.execute('SELECT * FROM items')
print(json.dumps([[None if it is None else [type(it).__name__, repr(it) if isinstance(it, float) else str(it)] for it in row] for row in rows]))`;

const sqliteByPython: ReadBack = async (t, records) => {
  const path = await written(t, 'db', records);
  const schema = asStored(schemaOf(records));
  const rows = python(SQLITE, path) as (readonly [string, string] | null)[][];
  return rows.map((row) =>
    exactRow(
      schema,
      row.map((cell, index) => {
        if (cell === null) return null;
        const [type, text] = cell;
        if (schema.columns[index]!.type.kind === 'boolean') return text === '1';
        if (type === 'int') return BigInt(text);
        return type === 'float' ? Number(text) : text;
      }),
    ),
  );
};

/** Cells by their columns: a null is no cell, and an empty string is one. */
type Cells = Record<string, string>;

async function csvByDuckDb(path: string): Promise<Cells[]> {
  const how = `header = false, all_varchar = true, delim = ',', quote = '"', escape = '"', allow_quoted_nulls = false, null_padding = false`;
  const [header = [], ...rows] = await duck!.rows(`select * from read_csv('${path}', ${how})`);
  return rows.map((row) =>
    Object.fromEntries(
      row.flatMap((cell, at) => (cell === null ? [] : [[String(header[at]), String(cell)]])),
    ),
  );
}

const CSV = `
import csv, json, sys
with open(sys.argv[1], encoding='utf-8', newline='') as file:
    print(json.dumps(list(csv.reader(file, strict=True))))`;

/** Python does not tell an empty string from null. */
async function csvByPython(path: string): Promise<Cells[]> {
  const [header = [], ...rows] = python(CSV, path) as string[][];
  return rows.map((row) => {
    assert.equal(row.length, header.length);
    return Object.fromEntries(
      row.flatMap((cell, at) => (cell === '' ? [] : [[header[at]!, cell]])),
    );
  });
}

/** The cells of a record, by `JSON.parse`: numbers as they were written, objects with dots. */
function cellsOf(record: string): Cells {
  const cells: Cells = {};
  const add = (value: unknown, path: string): void => {
    if (value === null) return;
    if (value instanceof Literal || typeof value !== 'object') cells[path] = String(value);
    else if (Array.isArray(value)) cells[path] = textOf(value);
    else
      for (const [key, it] of Object.entries(value)) add(it, path === '' ? key : `${path}.${key}`);
  };
  add(
    JSON.parse(record, (_key, value, context?: { source?: string }) =>
      typeof value === 'number' ? new Literal(context!.source!) : value,
    ),
    '',
  );
  return cells;
}

class Literal {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

function textOf(value: unknown): string {
  if (value instanceof Literal) return value.text;
  if (Array.isArray(value)) return `[${value.map(textOf).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, it]) => `${JSON.stringify(key)}:${textOf(it)}`)
    .join(',')}}`;
}

const late = [
  ...new Array(899).fill('{"id":1,"a":1}'),
  '{"id":2,"a":"late"}',
  '{"id":3,"a":[1.50]}',
];
const wide = Array.from({ length: 500 }, (_, at) => `"column ${at}":${at % 7 === 0 ? null : at}`);

const cases: Readonly<Record<string, readonly string[]>> = {
  'identifiers of 64 bits': [
    '{"id":9223372036854775807}',
    '{"id":-9223372036854775808}',
    '{"id":9007199254740993}',
  ],
  'decimals of 30 digits': [
    '{"id":1,"d":123456789012345678901234567.890}',
    '{"id":2,"d":-0.000000000000000000000000000001}',
    '{"id":3,"d":100000000000000000000000000000}',
  ],
  'negative zero': ['{"id":1,"z":-0}', '{"id":2,"z":0}', '{"id":3,"z":1.5}'],
  'numbers beyond a double': ['{"id":1,"n":1e400}', '{"id":2,"n":1}', '{"id":3,"n":-1E-400}'],
  'null and missing': [
    '{"id":1,"a":null,"b":"x"}',
    '{"id":2,"b":null,"o":{"p":null,"q":1}}',
    '{"id":3,"a":true,"o":null}',
    '{"a":false,"l":[null,1]}',
  ],
  'text of all scripts': [
    '{"id":1,"t":"Zoë 東京 𝄞 👩‍👩‍👧 \u200f\u2028"}',
    '{"id":2,"t":"\\ud83d\\ude00 \\u0000x \\"q\\", a,b\\r\\n"}',
    '{"id":3,"t":" leading, = and trailing "}',
  ],
  'an empty string beside null': ['{"id":1,"t":""}', '{"id":2,"t":null}', '{"id":3,"t":"null"}'],
  'lists of structs': [
    '{"id":1,"l":[{"a":1,"b":["x","y"]},{"a":2.50}]}',
    '{"id":2,"l":[]}',
    '{"id":3,"l":[null,{"b":[]}]}',
    '{"id":4,"l":null}',
  ],
  'a column that changes its type on page 900': late,
  '500 columns': [
    `{${wide.join()}}`,
    '{"column 499":-1,"column 1":2}',
    `{${wide.reverse().join()}}`,
  ],
  'names that are SQL, or differ in case alone, or are empty': [
    '{"select":1,"from":"t","order":2,"ID":3,"id":4,"Id":5,"":6,"a b":7,"\\"q\\"":8,"a.b":9}',
    '{"id":4,"table":true,"":"empty","ROWID":5}',
  ],
  'an empty result': [],
};

/** What a table calls columns that had to get a name. */
const renamed = (cells: Cells): Cells =>
  Object.fromEntries(
    Object.entries(cells).map(([name, cell]) => [name === '' ? 'unnamed' : name, cell]),
  );
const withoutEmpty = (cells: Cells): Cells =>
  Object.fromEntries(Object.entries(cells).filter(([, cell]) => cell !== ''));

const AT_ONCE = { concurrency: true };

suite('read back are, exactly as they were,', AT_ONCE, () => {
  for (const [name, records] of Object.entries(cases)) {
    for (const [reader, readBack, skip] of [
      ['JSON by DuckDB', byDuckDb('json'), noDuck],
      ['NDJSON by DuckDB', byDuckDb('ndjson'), noDuck],
      ['Parquet by DuckDB', parquetByDuckDb, noDuck],
      ['SQLite by Python', sqliteByPython, noPython],
    ] as const) {
      test(`${name}: ${reader}`, { skip }, async (t) => {
        assert.deepEqual(await readBack(t, records), records.map(exact));
      });
    }
    test(`${name}: CSV by DuckDB`, { skip: noDuck }, async (t) => {
      const path = await written(t, 'csv', records);
      const expected = records.map((record) => renamed(cellsOf(record)));
      // DuckDB takes a file without a byte for an error.
      if (records.length > 0) assert.deepEqual(await csvByDuckDb(path), expected);
    });
    test(`${name}: CSV by Python`, { skip: noPython }, async (t) => {
      const path = await written(t, 'csv', records);
      const expected = records.map((record) => withoutEmpty(renamed(cellsOf(record))));
      assert.deepEqual(await csvByPython(path), expected);
    });
  }
});

/** DuckDB reads no JSON with half of a surrogate pair (RFC 8259 §8.2 leaves that open). */
const readable = documents.map((records) =>
  records.map((record) => record.replaceAll('"\\ud83d"', '"\\ud83d\\ude00"')),
);

for (const ending of ['json', 'ndjson'] as const) {
  test(`random lists: DuckDB reads every record of ${ending}`, { skip: noDuck }, async (t) => {
    const readBack = byDuckDb(ending);
    await fc.assert(
      fc.asyncProperty(readable, async (records) => {
        assert.deepEqual(await readBack(t, records), records.map(exact));
      }),
      { numRuns },
    );
  });
}

test('random lists: DuckDB reads every cell of CSV', { skip: noDuck }, async (t) => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 12 }),
    fc.constantFrom(
      '',
      ' ',
      '"',
      '""',
      ',',
      '\n',
      '\r\n',
      '\r',
      '\t',
      '=1',
      '\\',
      'null',
      'x'.repeat(90),
    ),
  );
  const value = fc.oneof(
    text,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(text, { maxLength: 3 }),
  );
  const record = fc.record({ id: fc.integer(), a: value, o: fc.record({ b: value, c: text }) });
  await fc.assert(
    fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 6 }), async (drawn) => {
      const records = drawn.map((it) => JSON.stringify(it));
      const path = await written(t, 'csv', records);
      assert.deepEqual(await csvByDuckDb(path), records.map(cellsOf));
    }),
    { numRuns },
  );
});

test('random lists: Python reads every value of SQLite', { skip: noPython }, async (t) => {
  const runs = Math.ceil(numRuns / 20);
  await fc.assert(
    fc.asyncProperty(documents, async (records) => {
      assert.deepEqual(await sqliteByPython(t, records), records.map(exact));
    }),
    { numRuns: runs },
  );
});
