import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { holdFile } from '../../src/archive/file-locks.ts';
import { EverypageError } from '../../src/core/errors.ts';
import { type AskedTable, tableOptions } from '../../src/core/table-options.ts';
import { duckdb } from '../../src/export/duckdb.ts';
import { createDuckDbDestination } from '../../src/export/duckdb-file.ts';
import type { ExportPage } from '../../src/export/format.ts';
import { createInference } from '../../src/schema/schema.ts';
import { temporaryFolder } from '../archive/sample-pages.ts';
import { documents, exact, exactRow } from '../schema/exact-values.ts';
import { openDuckDb } from './duckdb.ts';

const numRuns = Math.ceil(Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 800) / 100);
const duck = await openDuckDb();
const skip = duck === null ? 'DuckDB is not installed: npm install @duckdb/node-api' : false;

type Asked = AskedTable & { readonly key?: string };

async function write(path: string, records: readonly string[], asked: Asked = {}) {
  const pages: ExportPage[] = records.map((record, position) => ({
    place: { branch: 0, position },
    url: 'https://api.example.com/items',
    body: Buffer.from(`{"data":[${record}]}`),
  }));
  const options = tableOptions({ table: 'items', ...asked });
  const destination = await createDuckDbDestination(path, holdFile, options);
  try {
    const counts = await duckdb(() => pages, destination, 'data', options);
    await destination.commit();
    return counts;
  } finally {
    await destination.abort();
  }
}

/** As another program reads the file. */
async function read<Result>(
  path: string,
  work: (db: NonNullable<typeof duck>) => Promise<Result>,
): Promise<Result> {
  await duck!.rows(`ATTACH '${path}' AS other (READ_ONLY)`);
  try {
    await duck!.rows('USE other');
    return await work(duck!);
  } finally {
    await duck!.rows('USE memory');
    await duck!.rows('DETACH other');
  }
}

const rows = (path: string, sql = 'FROM items') => read(path, (db) => db.rows(sql));

function databaseIn(t: TestContext): string {
  return join(temporaryFolder(t), 'items.duckdb');
}

const usage = (message: RegExp) => (error: unknown) =>
  error instanceof EverypageError && error.code === 'USAGE' && message.test(error.message);

test('types of a DuckDB table are those of the columns', { skip }, async (t) => {
  const path = databaseIn(t);
  const counts = await write(path, [
    '{"i":9223372036854775807,"d":1.50,"big":12345678901234567890123456789012345678,"f":-0,"b":true}',
    '{"day":"2024-02-29","at":"2024-02-29T01:02:03.5+02:00","s":"é","j":[1,"x"],"n":null}',
    '{"l":[{"a":1,"b":["x"]}],"o":{"p":{"q":1}},"select":1,"ID":1,"id":2,"":3}',
  ]);
  assert.equal(counts.bytes, statSync(path).size);
  assert.deepEqual(
    (await rows(path, 'DESCRIBE items')).map(([name, type]) => `${name} ${type}`),
    [
      'i BIGINT',
      'd DECIMAL(3,2)',
      'big DECIMAL(38,0)',
      'f DOUBLE',
      'b BOOLEAN',
      'day DATE',
      'at TIMESTAMP WITH TIME ZONE',
      's VARCHAR',
      'j VARCHAR[]',
      'n VARCHAR',
      'l STRUCT(a BIGINT, b VARCHAR[])[]',
      'o STRUCT(p STRUCT(q BIGINT))',
      'select BIGINT',
      'ID BIGINT',
      'id_2 BIGINT',
      'unnamed BIGINT',
    ],
  );
  assert.deepEqual(readdirSync(join(path, '..')), ['items.duckdb']);
});

test('random lists: DuckDB holds every value, digit by digit', { skip }, async (t) => {
  const folder = temporaryFolder(t);
  let run = 0;
  await fc.assert(
    fc.asyncProperty(documents, fc.boolean(), async (given, isAppended) => {
      // The package that reads DuckDB's structs takes this name for the prototype.
      const records = given.map((record) => record.replaceAll('__proto__', 'proto'));
      run += 1;
      const path = join(folder, `${run}.duckdb`);
      await write(path, isAppended ? records : []);
      // Over a table that is there rows go another way.
      const inference = createInference();
      for (const record of records) inference.add(Buffer.from(record), 0);
      const schema = inference.schema();
      if (isAppended && records.length > 0) {
        await write(path, records, { ifExists: 'append' });
      } else await write(path, records);
      const found = await read(path, (db) => db.values(schema, 'FROM items'));
      const told = found.map((row) => exactRow(schema, row));
      const meant = records.map((record) => exact(record));
      assert.deepEqual(told, isAppended ? [...meant, ...meant] : meant);
    }),
    { numRuns },
  );
});

test('a table of everypage is replaced, and the other tables of the file stay', {
  skip,
}, async (t) => {
  const path = databaseIn(t);
  await write(path, ['{"a":1}']);
  await write(path, ['{"x":"y"}'], { table: 'others' });
  await write(path, ['{"b":2}', '{"b":3}']);
  assert.deepEqual(await rows(path), [[2n], [3n]]);
  assert.deepEqual(await rows(path, 'FROM others'), [['y']]);
  await write(path, []);
  assert.deepEqual(await rows(path), []);
  assert.deepEqual(await rows(path, 'SELECT column_name FROM (DESCRIBE items)'), [['b']]);
});

test("a stranger's table needs --if-exists, and stays as it was", { skip }, async (t) => {
  const path = databaseIn(t);
  await duck!.rows(`ATTACH '${path}' AS own`);
  await duck!.rows('CREATE TABLE own.Items (id INTEGER, name VARCHAR)');
  await duck!.rows("INSERT INTO own.items VALUES (1, 'one')");
  await duck!.rows('CREATE VIEW own.seen AS SELECT 1');
  await duck!.rows('DETACH own');
  await assert.rejects(write(path, ['{"id":2}']), usage(/everypage did not make.*--if-exists/));
  await assert.rejects(
    write(path, ['{"id":2}'], { table: 'seen', ifExists: 'replace' }),
    usage(/has a view called seen/),
  );
  await assert.rejects(write(path, ['{"id":2.5}'], { ifExists: 'append' }), usage(/is INTEGER/));
  await assert.rejects(
    write(path, ['{"id":3000000000,"more":1}'], { ifExists: 'append' }),
    usage(/Conversion Error/),
  );
  assert.deepEqual(await rows(path), [[1, 'one']]);
  await assert.rejects(
    write(path, ['{"id":2}'], { ifExists: 'upsert', key: 'id' }),
    usage(/has no unique index on id.*CREATE UNIQUE INDEX/),
  );
  await write(path, ['{"ID":2,"more":[1]}'], { ifExists: 'append' });
  assert.deepEqual(await rows(path, 'SELECT id, name, len(more) FROM items'), [
    [1, 'one', null],
    [2, null, 1n],
  ]);
});

test('numbers and structs of our own tables become wider, and keep their values', {
  skip,
}, async (t) => {
  const path = databaseIn(t);
  await write(path, ['{"n":9223372036854775807,"o":{"a":1},"l":[{"a":1}]}']);
  await write(path, ['{"n":1.25,"o":{"b":"x"},"l":[{"a":1.5,"c":true}],"new":1}'], {
    ifExists: 'append',
  });
  assert.deepEqual(await rows(path, 'SELECT n::VARCHAR, o::VARCHAR, l::VARCHAR, new FROM items'), [
    ['9223372036854775807.00', "{'a': 1, 'b': NULL}", "[{'a': 1.0, 'c': NULL}]", null],
    ['1.25', "{'a': NULL, 'b': x}", "[{'a': 1.5, 'c': true}]", 1n],
  ]);
  await assert.rejects(
    write(path, ['{"n":"text"}'], { ifExists: 'append' }),
    usage(/the column n of items .* is DECIMAL\(21,2\), which would change values of type VARCHAR/),
  );
});

test('upsert replaces rows of the same key, and adds the others', { skip }, async (t) => {
  const path = databaseIn(t);
  const upsert = { ifExists: 'upsert', key: 'id' } as const;
  await write(path, ['{"id":1,"a":"old"}', '{"id":2,"a":"stays"}'], upsert);
  await write(path, ['{"id":1,"a":"new","b":true}', '{"id":3}', '{"id":3,"a":"last"}'], upsert);
  await write(path, ['{"id":4.5}'], upsert);
  await write(path, [], upsert);
  assert.deepEqual(await rows(path, 'SELECT id::VARCHAR, a, b FROM items ORDER BY id'), [
    ['1.0', 'new', true],
    ['2.0', 'stays', null],
    ['3.0', 'last', null],
    ['4.5', null, null],
  ]);
  await assert.rejects(write(path, ['{"a":"x"}'], upsert), usage(/no record has the key id/));
  await assert.rejects(write(path, ['{"id":4}', '{}'], upsert), usage(/a record has no id/));
});

test('500 columns, and text of a megabyte', { skip }, async (t) => {
  const path = databaseIn(t);
  const wide = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`column ${at}`, at]));
  await write(path, [
    JSON.stringify(wide),
    JSON.stringify({ 'column 1': null, s: 'é'.repeat(5e5) }),
  ]);
  const [first, second] = await rows(path);
  assert.deepEqual(first!.slice(0, 500), Object.values(wide).map(BigInt));
  assert.equal(second![500], 'é'.repeat(5e5));
});

test('a file that is no database, or that another process has, is refused and stays', {
  skip,
}, async (t) => {
  const path = databaseIn(t);
  writeFileSync(path, 'no database, but long enough to be one'.repeat(500));
  const other = /is there, and is no database of DuckDB; give another -o$/;
  await assert.rejects(write(path, ['{"a":1}']), { code: 'USAGE', message: other });
  const ofSqlite = databaseIn(t);
  const sqlite = new DatabaseSync(ofSqlite);
  sqlite.exec('CREATE TABLE items (a)');
  sqlite.close();
  await assert.rejects(write(ofSqlite, ['{"a":1}']), { code: 'USAGE', message: other });
  assert.deepEqual(readdirSync(join(path, '..')), ['items.duckdb']);
  const held = databaseIn(t);
  await write(held, ['{"a":1}']);
  const module = JSON.stringify(import.meta.resolve('@duckdb/node-api'));
  const code = `const { DuckDBInstance } = await import(${module});
    await DuckDBInstance.create(${JSON.stringify(held)});
    console.log('held');
    setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(holder.stdout, 'data');
    await assert.rejects(
      write(held, ['{"a":2}']),
      (error: EverypageError) =>
        error.code === 'OUTPUT_WRITE' && error.message.includes(`(PID ${holder.pid})`),
    );
  } finally {
    holder.kill('SIGKILL');
    await once(holder, 'exit');
  }
  assert.deepEqual(await rows(held), [[1n]]);
});

test('what is given up leaves nothing behind', { skip }, async (t) => {
  const path = databaseIn(t);
  const destination = await createDuckDbDestination(path, holdFile, tableOptions({}));
  await (await destination.connect()).run('CREATE TABLE items (a INTEGER)');
  await destination.openRows().write(Buffer.from('rows'));
  assert.equal(readdirSync(join(path, '..')).length, 2);
  await destination.abort();
  assert.deepEqual(readdirSync(join(path, '..')), []);
});
