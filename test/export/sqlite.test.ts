import assert from 'node:assert/strict';
import { chmodSync, existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { holdFile } from '../../src/archive/file-locks.ts';
import { EverypageError } from '../../src/core/errors.ts';
import { type AskedTable, tableNameOf, tableOptions } from '../../src/core/table-options.ts';
import type { ExportPage } from '../../src/export/format.ts';
import { asStored, sqlite } from '../../src/export/sqlite.ts';
import { createDatabaseDestination } from '../../src/export/sqlite-file.ts';
import { checkDatabase } from '../../src/export/sqlite-table.ts';
import { createInference, type RowValue } from '../../src/schema/schema.ts';
import { temporaryFolder } from '../archive/sample-pages.ts';
import { documents, exact, exactRow } from '../schema/exact-values.ts';

const numRuns = Math.ceil(Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 800) / 10);

async function write(
  path: string,
  records: readonly string[],
  asked: AskedTable & { readonly key?: string } = {},
) {
  const pages: ExportPage[] = records.map((record, position) => ({
    place: { branch: 0, position },
    url: 'https://api.example.com/items',
    body: Buffer.from(`{"data":[${record}]}`),
  }));
  const destination = createDatabaseDestination(path, holdFile);
  try {
    const options = tableOptions({ table: 'items', ...asked });
    const counts = await sqlite(() => pages, destination, 'data', options);
    destination.commit();
    assert.equal(counts.bytes, statSync(path).size);
    return counts;
  } finally {
    destination.abort();
  }
}

function read(path: string, sql = 'SELECT * FROM items'): Record<string, unknown>[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const query = database.prepare(sql);
    query.setReadBigInts(true);
    return query.all().map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}

function databaseIn(t: TestContext): string {
  return join(temporaryFolder(t), 'items.db');
}

const usage = (message: RegExp) => (error: unknown) =>
  error instanceof EverypageError && error.code === 'USAGE' && message.test(error.message);

test('values of a table are those of the records, exactly', async (t) => {
  const path = databaseIn(t);
  await write(path, [
    '{"id":9223372036854775807,"d":1.50,"f":1e300,"z":-0,"b":true,"at":"2024-02-29T00:00:00Z"}',
    '{"id":-1,"d":12345678901234567890.1,"select":"a","o":{"x": [1]},"n":null,"ID":"0"}',
  ]);
  assert.deepEqual(read(path), [
    {
      id: 2n ** 63n - 1n,
      d: '1.50',
      f: 1e300,
      z: '-0',
      b: 1n,
      at: '2024-02-29T00:00:00Z',
      select: null,
      o: null,
      n: null,
      ID_2: null,
    },
    {
      id: -1n,
      d: '12345678901234567890.1',
      f: null,
      z: null,
      b: null,
      at: null,
      select: 'a',
      o: '{"x":[1]}',
      n: null,
      ID_2: '0',
    },
  ]);
  assert.deepEqual(readdirSync(join(path, '..')), ['items.db']);
});

test('an empty result is an empty table', async (t) => {
  const path = databaseIn(t);
  await write(path, []);
  assert.deepEqual(read(path), []);
});

test('a table of everypage is replaced, and the other tables of the file stay', async (t) => {
  const path = databaseIn(t);
  await write(path, ['{"a":1}']);
  await write(path, ['{"x":"y"}'], { table: 'others' });
  await write(path, ['{"b":2}', '{"b":3}']);
  assert.deepEqual(read(path), [{ b: 2n }, { b: 3n }]);
  assert.deepEqual(read(path, 'SELECT * FROM others'), [{ x: 'y' }]);
});

test("a stranger's table needs --if-exists, and stays as it was", async (t) => {
  const path = databaseIn(t);
  const database = new DatabaseSync(path);
  database.exec(`CREATE TABLE Items (id INTEGER, name TEXT); INSERT INTO items VALUES (1, 'one')`);
  database.exec('CREATE VIEW seen AS SELECT 1');
  database.close();
  await assert.rejects(write(path, ['{"id":2}']), usage(/everypage did not make.*--if-exists/));
  await assert.rejects(
    write(path, ['{"id":2}'], { table: 'seen', ifExists: 'replace' }),
    usage(/has a view called seen/),
  );
  assert.deepEqual(read(path), [{ id: 1n, name: 'one' }]);
  await write(path, ['{"ID":2,"more":[1]}'], { ifExists: 'append' });
  assert.deepEqual(read(path), [
    { id: 1n, name: 'one', more: null },
    { id: 2n, name: null, more: '[1]' },
  ]);
  await write(path, ['{"id":3}'], { ifExists: 'replace' });
  assert.deepEqual(read(path), [{ id: 3n }]);
});

test('append refuses a column that would change values, and changes nothing then', async (t) => {
  const path = databaseIn(t);
  await write(path, ['{"a":1}']);
  for (const value of ['"007"', '1.50', '12345678901234567890', '1e300']) {
    await assert.rejects(
      write(path, [`{"new":1,"a":${value}}`], { ifExists: 'append' }),
      value === '1e300' ? usage(/is INTEGER.*REAL/) : usage(/is INTEGER.*TEXT/),
    );
  }
  assert.deepEqual(read(path), [{ a: 1n }]);
});

test('upsert replaces rows of the same key, and adds the others', async (t) => {
  const path = databaseIn(t);
  const upsert = { ifExists: 'upsert', key: 'id' } as const;
  await write(path, ['{"id":1,"a":"old"}', '{"id":2,"a":"stays"}'], upsert);
  await write(path, ['{"id":1,"a":"new","b":true}', '{"id":3}'], upsert);
  assert.deepEqual(read(path), [
    { id: 1n, a: 'new', b: 1n },
    { id: 2n, a: 'stays', b: null },
    { id: 3n, a: null, b: null },
  ]);
  await assert.rejects(write(path, ['{"a":"x"}'], upsert), usage(/no record has the key id/));
  await assert.rejects(write(path, ['{"id":4}', '{}'], upsert), usage(/a record has no id/));
  await assert.rejects(write(path, ['{"id":4}'], { ifExists: 'upsert' }), usage(/--key id/));
  assert.equal(read(path).length, 3);
});

test("a record that a rule of a stranger's table forbids is named as such, and the table stays", async (t) => {
  for (const [columns, rule] of [
    ['id INTEGER, v INTEGER CHECK (v < 5)', /CHECK constraint failed: v < 5/],
    ['id INTEGER, v INTEGER, z TEXT NOT NULL', /NOT NULL constraint failed: items\.z/],
    ['id INTEGER PRIMARY KEY, v INTEGER', /UNIQUE constraint failed: items\.id/],
  ] as const) {
    const path = databaseIn(t);
    const database = new DatabaseSync(path);
    database.exec(`CREATE TABLE items (${columns})`);
    database.close();
    const records = ['{"id":1,"v":1}', '{"id":2,"v":2}', '{"id":1,"v":9}'];
    const refused = write(path, records, { ifExists: 'append' });
    await assert.rejects(refused, usage(/items\.db does not take a record: .*; leave such/));
    await assert.rejects(write(path, records, { ifExists: 'append' }), usage(rule));
    assert.deepEqual(read(path), []);
  }
});

test('a database that is read-only is refused', { skip: process.getuid?.() === 0 }, async (t) => {
  const path = databaseIn(t);
  await write(path, ['{"a":1}']);
  chmodSync(path, 0o444);
  await assert.rejects(
    async () => checkDatabase(path, tableOptions({})),
    usage(/not writable for you/),
  );
});

test('a file that is no database is refused, and stays', async (t) => {
  const path = databaseIn(t);
  writeFileSync(path, 'no database, but long enough to be one'.repeat(50));
  await assert.rejects(
    write(path, ['{"a":1}']),
    usage(/items\.db is there, and is no database of SQLite; give another -o$/),
  );
  assert.ok(existsSync(path));
  assert.deepEqual(readdirSync(join(path, '..')), ['items.db']);
});

test('what is given up leaves nothing behind', async (t) => {
  const path = databaseIn(t);
  const destination = createDatabaseDestination(path, holdFile);
  destination.database().exec('CREATE TABLE items (a)');
  destination.abort();
  assert.deepEqual(readdirSync(join(path, '..')), []);
});

test('a table is called by the last word of the path', () => {
  for (const [url, name] of [
    ['https://api.example.com/v1/users/42/orders.json?page=[1-5]', 'orders'],
    ['https://api.example.com/items', 'items'],
    ['https://api.example.com', 'items'],
    ['https://api.example.com/a/[1-5]', 'a'],
    ['@urls.txt', 'items'],
  ]) {
    assert.equal(tableNameOf(url!), name);
  }
  for (const name of ['', 'sqlite_a', 'a\0b']) {
    assert.throws(() => tableOptions({ table: name }), usage(/cannot be the name of a table/));
  }
});

test('random lists: SQLite holds every value, digit by digit', async (t) => {
  const path = databaseIn(t);
  await fc.assert(
    fc.asyncProperty(documents, async (records) => {
      await write(path, records);
      const inference = createInference();
      for (const record of records) inference.add(Buffer.from(record), 0);
      const schema = asStored(inference.schema());
      const rows = read(path).map((row) =>
        Object.values(row).map((value, index) =>
          schema.columns[index]!.type.kind === 'boolean' && value !== null
            ? value === 1n
            : (value as RowValue),
        ),
      );
      assert.deepEqual(
        rows.map((row) => exactRow(schema, row)),
        records.map((record) => exact(record)),
      );
    }),
    { numRuns },
  );
});

test("upsert into a stranger's table needs a unique index there, and takes any that is", async (t) => {
  const path = databaseIn(t);
  const database = new DatabaseSync(path);
  database.exec(
    'CREATE TABLE items (id INTEGER, a TEXT); CREATE TABLE keyed (id INTEGER PRIMARY KEY)',
  );
  database.close();
  const upsert = { ifExists: 'upsert', key: 'id' } as const;
  await assert.rejects(
    write(path, ['{"id":1}'], upsert),
    usage(/no unique index on id.*CREATE UNIQUE INDEX "items_id_key" ON "items" \("id"\)/),
  );
  await write(path, ['{"id":1,"b":2}', '{"id":1,"b":3}'], { ...upsert, table: 'keyed' });
  assert.deepEqual(read(path, 'SELECT * FROM keyed'), [{ id: 1n, b: 3n }]);
});

test('an empty result leaves the columns of the table as they were', async (t) => {
  const path = databaseIn(t);
  await write(path, ['{"id":1}']);
  await write(path, [], { ifExists: 'upsert', key: 'id' });
  assert.deepEqual(read(path), [{ id: 1n }]);
  await write(path, []);
  assert.deepEqual(read(path, "SELECT name FROM pragma_table_info('items')"), [{ name: 'id' }]);
  assert.deepEqual(read(path), []);
});
