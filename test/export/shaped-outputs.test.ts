/**
 * `where`, `fields` and `columns` on random records, read back by other programs and held against the
 * same in plain JavaScript.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { holdFile } from '../../src/archive/file-locks.ts';
import type { FormatName } from '../../src/core/options.ts';
import { tableOptions } from '../../src/core/table-options.ts';
import type { ExportPage } from '../../src/export/format.ts';
import { createDatabaseDestination } from '../../src/export/sqlite-file.ts';
import { writePages } from '../../src/export/write-output.ts';
import { temporaryFolder } from '../archive/sample-pages.ts';
import { openDuckDb } from './duckdb.ts';

const numRuns = Math.ceil(Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 800) / 4);

const duck = await openDuckDb();
const skip = duck === null ? 'DuckDB is not installed: npm install @duckdb/node-api' : false;

/** A record; numbers are literals, since JavaScript has none for some. */
interface Item {
  readonly id: string;
  readonly price: string | null;
  readonly state: string;
  /** Undefined: the record has none. */
  readonly at?: { readonly city?: string | null; readonly zip: string };
}

const item: fc.Arbitrary<Item> = fc.record(
  {
    id: fc.bigInt({ min: 2n ** 53n - 2n, max: 2n ** 53n + 4n }).map(String),
    price: fc.oneof(fc.constant(null), fc.constantFrom('1.0', '1.50', '-2', '12.345', '3E2', '0')),
    state: fc.oneof(
      fc.constantFrom('open', 'closed', '', "it's", 'a,b', '2024-06-01', 'z'),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }),
    ),
    at: fc.record(
      { city: fc.constantFrom('Ulm', 'Bonn', null), zip: fc.constantFrom('1', '2') },
      { requiredKeys: ['zip'] },
    ),
  },
  { requiredKeys: ['id', 'price', 'state'] },
);

function textOf({ id, price, state, at }: Item): string {
  const more = at === undefined ? '' : `, "at": ${JSON.stringify(at)}`;
  return `{"id":${id} ,"state":${JSON.stringify(state)},"price":${price}${more}}`;
}

const isNumber = (literal: string | null): literal is string => literal !== null;

/** Conditions, and the same in JavaScript. */
const conditions: readonly (readonly [string | undefined, (item: Item) => boolean])[] = [
  [undefined, () => true],
  ['at', ({ at }) => at !== undefined],
  ['!at.city', ({ at }) => at?.city == null],
  ['id > `9007199254740992`', ({ id }) => BigInt(id) > 2n ** 53n],
  ['id == `9007199254740993`', ({ id }) => id === '9007199254740993'],
  ["state >= 'o' && state < 'p'", ({ state }) => state >= 'o' && state < 'p'],
  ['price == null || price <= `1.50`', ({ price }) => !isNumber(price) || Number(price) <= 1.5],
  ["at.zip == '1' && price", ({ at, price }) => at?.zip === '1' && isNumber(price)],
  ["contains(['open', ''], state)", ({ state }) => state === 'open' || state === ''],
];

/** Shapes, and the row of a record in JavaScript, numbers as their literals. */
const shapes: readonly (readonly [
  { readonly fields?: string; readonly columns?: readonly string[] },
  readonly string[],
  (item: Item) => readonly (string | null)[],
])[] = [
  [
    { fields: '{town: at.city, id: id, s: state}' },
    ['town', 'id', 's'],
    ({ id, state, at }) => [at?.city ?? null, id, state],
  ],
  [{ fields: 'state,zip=at.zip' }, ['state', 'zip'], ({ state, at }) => [state, at?.zip ?? null]],
  [
    { columns: ['price', 'i=id', 'c=at.city'] },
    ['price', 'i', 'c'],
    ({ id, price, at }) => [price, id, at?.city ?? null],
  ],
  [
    { fields: '{n: {a: price}, id: id}', columns: ['n.a', 'id'] },
    ['n.a', 'id'],
    ({ id, price }) => [price, id],
  ],
];

interface Asked {
  readonly items: readonly Item[];
  readonly condition: number;
  readonly shape: number;
}

const asked: fc.Arbitrary<Asked> = fc.record({
  items: fc.array(item, { maxLength: 12 }),
  condition: fc.nat(conditions.length - 1),
  shape: fc.nat(shapes.length - 1),
});

/** What is asked for in plain JavaScript. */
function expected({ items, condition, shape }: Asked) {
  const [, holds] = conditions[condition]!;
  const [, names, rowOf] = shapes[shape]!;
  return { names, rows: items.filter(holds).map(rowOf) };
}

const PAGE_ITEMS = 5;

async function write(t: TestContext, format: FormatName, { items, condition, shape }: Asked) {
  const pages: ExportPage[] = [];
  for (let from = 0; from < items.length; from += PAGE_ITEMS) {
    const body = Buffer.from(
      `[${items
        .slice(from, from + PAGE_ITEMS)
        .map(textOf)
        .join(', ')}]`,
    );
    const place = { branch: 0, position: pages.length };
    pages.push({ place, url: 'https://api.example.com/items', body });
  }
  const [where] = conditions[condition]!;
  const [shaped] = shapes[shape]!;
  const options = tableOptions({
    table: 'items',
    ...shaped,
    ...(where === undefined ? {} : { where }),
  });
  const path = join(temporaryFolder(t), `a.${format}`);
  const blocks: Buffer[] = [];
  const destination =
    format === 'sqlite'
      ? createDatabaseDestination(path, holdFile)
      : { write: (bytes: Uint8Array) => void blocks.push(Buffer.from(bytes)) };
  const form = { format, compression: null };
  const { records, leftOut } = await writePages(form, () => pages, destination, '@', options);
  assert.equal(records + leftOut, items.length);
  if ('commit' in destination) destination.commit();
  else writeFileSync(path, Buffer.concat(blocks));
  return { path, text: Buffer.concat(blocks).toString(), records };
}

/** Of a number its digits, however it is written. */
function plain(value: string | null): string | null {
  return value !== null && /^-?\d[\d.]*(?:E\d+)?$/.test(value) && !/^2024-/.test(value)
    ? value
        .replace(/^3E2$/, '300')
        .replace(/(\.\d*?)0+$/, '$1')
        .replace(/\.$/, '')
    : value;
}

test('NDJSON, by JSON.parse', async (t) => {
  await fc.assert(
    fc.asyncProperty(asked, async (it) => {
      const { text, records } = await write(t, 'ndjson', it);
      const { names, rows } = expected(it);
      assert.equal(records, rows.length);
      // Columns are of tables.
      if (shapes[it.shape]![0].columns !== undefined) return;
      const lines = text.split('\n').slice(0, -1);
      const source = (_: string, value: unknown, context?: { source?: string }) =>
        typeof value === 'number' ? context!.source : value;
      const read = lines.map((line) => JSON.parse(line, source) as Record<string, string | null>);
      assert.deepEqual(
        read.map(Object.keys),
        rows.map(() => names),
      );
      assert.deepEqual(read.map(Object.values), rows);
    }),
    { numRuns },
  );
});

test('CSV, by csv-parse', async (t) => {
  await fc.assert(
    fc.asyncProperty(asked, async (it) => {
      const { text } = await write(t, 'csv', it);
      const { names, rows } = expected(it);
      const [header, ...read] = parse(text, { relax_column_count: false }) as string[][];
      const isNamed = shapes[it.shape]![0].columns !== undefined;
      if (rows.length === 0 && !isNamed) return assert.equal(text, '');
      assert.deepEqual(header, names);
      assert.deepEqual(
        read,
        rows.map((row) => row.map((value) => value ?? '')),
      );
    }),
    { numRuns },
  );
});

test('SQLite, by node:sqlite', async (t) => {
  await fc.assert(
    fc.asyncProperty(asked, async (it) => {
      const { path } = await write(t, 'sqlite', it);
      const { names, rows } = expected(it);
      const database = new DatabaseSync(path, { readOnly: true });
      try {
        const query = database.prepare('SELECT * FROM items ORDER BY rowid');
        query.setReadBigInts(true);
        const read = query.all();
        assert.equal(read.length, rows.length);
        for (const [index, row] of read.entries()) {
          assert.deepEqual(Object.keys(row), names);
          const values = Object.values(row).map((value) => (value === null ? null : String(value)));
          assert.deepEqual(values.map(plain), rows[index]!.map(plain));
        }
      } finally {
        database.close();
      }
    }),
    { numRuns: Math.ceil(numRuns / 4) },
  );
});

test('Parquet, by DuckDB', { skip }, async (t) => {
  await fc.assert(
    fc.asyncProperty(asked, async (it) => {
      const { path } = await write(t, 'parquet', it);
      const { names, rows } = expected(it);
      const isNamed = shapes[it.shape]![0].columns !== undefined;
      const columns = names.map((name) => `"${name}"::varchar`).join(', ');
      if (rows.length === 0 && !isNamed) return;
      const read = (await duck!.rows(`select ${columns} from '${path}'`)) as (string | null)[][];
      assert.deepEqual(
        read.map((row) => row.map(plain)),
        rows.map((row) => row.map(plain)),
      );
    }),
    { numRuns: Math.ceil(numRuns / 4) },
  );
});
