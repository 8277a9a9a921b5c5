import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../../src/index.ts';
import { listedArchive } from '../archive/listed-archive.ts';
import { openDuckDb } from '../export/duckdb.ts';
import { fetchJson } from './pagination-setup.ts';
import { temporaryFolder } from './run-cli.ts';
import { runInProcess } from './run-in-process.ts';

const duck = await openDuckDb();
const skip = duck === null ? 'DuckDB is not installed: npm install @duckdb/node-api' : false;

test('a run writes Parquet from all its pages, in page order', { skip }, async (t) => {
  const folder = temporaryFolder(t);
  const output = ['out.ndjson', 'out.parquet'].map((name) => join(folder, name));
  const { summary } = await fetchJson(
    t,
    (url) => {
      const page = Number(url.searchParams.get('page') ?? 1);
      const data = page > 3 ? [] : [{ id: 10 * page }, { id: page === 3 ? 0.5 : 10 * page + 1 }];
      return { body: { data, page, pages: 3 } };
    },
    { output },
  );
  assert.equal(summary.verdict.name, 'complete');
  assert.deepEqual(
    summary.outputs.map(({ records }) => records),
    [6, 6],
  );
  const expected = ['10.0', '11.0', '20.0', '21.0', '30.0', '0.5'].map((id) => [id]);
  assert.deepEqual(await duck!.rows(`select id::varchar from '${output[1]}'`), expected);
  const again = join(folder, 'again.parquet');
  const { code, stderr } = await runInProcess(['export', `${output[0]}.everypage`, '-o', again]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^6 records → .*again\.parquet \(/);
  assert.deepEqual(readFileSync(again), readFileSync(output[1]!));
});

test('an export says what became of names, and --nested json makes text', { skip }, async (t) => {
  const { path, folder } = listedArchive(t, ['{"id":1,"ID":[1]}', '{"id":2}']);
  const output = join(folder, 'a.parquet');
  const { stderr } = await runInProcess(['export', path, '-o', output, '--nested', 'json']);
  assert.match(stderr, /names of columns were changed.*"ID" is "ID_2"/);
  assert.deepEqual(await duck!.rows(`select id, ID_2 from '${output}'`), [
    [1n, '[1]'],
    [2n, null],
  ]);
});

test('Parquet is neither compressed twice nor mixed up with other outputs', async (t) => {
  const { path, folder } = listedArchive(t, ['{"id":1}']);
  for (const [args, message] of [
    [['-o', 'a.parquet.gz'], /leave out \.gz/],
    [['-o', 'a.parquet', '--csv-bom'], /the CSV settings are for/],
  ] as const) {
    const { code, stderr } = await runInProcess(['export', path, ...args]);
    assert.equal(code, 2);
    assert.match(stderr, message);
  }
  assert.deepEqual(readdirSync(folder), ['items.ndjson.everypage']);
});

test('a run that gets no page writes no Parquet file, and keeps the old one', async (t) => {
  const output = join(temporaryFolder(t), 'out.parquet');
  writeFileSync(output, 'old');
  const source = { kind: 'template', text: 'http://127.0.0.1:1/items' } as const;
  const summary = await run([source], { output, retries: 0 });
  assert.equal(summary.output, null);
  assert.equal(readFileSync(output, 'utf8'), 'old');
});
