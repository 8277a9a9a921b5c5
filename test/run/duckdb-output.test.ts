import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { seededRandom } from '../../src/demo/demo-items.ts';
import { exportArchive } from '../../src/index.ts';
import { listedArchive } from '../archive/listed-archive.ts';
import { openDuckDb } from '../export/duckdb.ts';
import { fetchJson } from './pagination-setup.ts';
import { ENTRY, startCli, temporaryFolder } from './run-cli.ts';
import { runInProcess } from './run-in-process.ts';

const duck = await openDuckDb();
const skip = duck === null ? 'DuckDB is not installed: npm install @duckdb/node-api' : false;

async function rows(path: string, sql: string): Promise<unknown[][]> {
  await duck!.rows(`ATTACH '${path}' AS other`);
  try {
    return await duck!.rows(sql);
  } finally {
    await duck!.rows('DETACH other');
  }
}

test('a run writes a table that is called by the URL, and the next run replaces it', {
  skip,
}, async (t) => {
  const output = join(temporaryFolder(t), 'out.duckdb');
  const answer = (ids: readonly number[]) => (url: URL) => {
    const page = Number(url.searchParams.get('page') ?? 1);
    return { body: { data: [{ id: ids[page - 1] }], page, pages: ids.length } };
  };
  await fetchJson(t, answer([3, 1, 2]), { output });
  assert.deepEqual(await rows(output, 'SELECT id FROM other.things'), [[3n], [1n], [2n]]);
  const { summary } = await fetchJson(t, answer([7]), { output, fresh: true });
  assert.equal(summary.output?.records, 1);
  assert.deepEqual(await rows(output, 'SELECT id FROM other.things'), [[7n]]);
});

test('what cannot be is one line', { skip }, async (t) => {
  const { path } = listedArchive(t, ['{"id":1}']);
  for (const [args, message] of [
    [['-o', 'a.duckdb.gz'], /leave out \.gz/],
    [['-f', 'duckdb'], /a DuckDB database is a file/],
    [['-o', 'a.duckdb', '--table', ''], /cannot be the name of a table/],
    [['-o', '/dev/null', '-f', 'duckdb'], /no regular file/],
  ] as const) {
    const wrong = await runInProcess(['export', path, ...args]);
    assert.equal(wrong.code, 2, wrong.stderr);
    assert.match(wrong.stderr, message);
  }
});

test('a limit of files is one line, and the database and its folder stay as they were', {
  skip,
}, async (t) => {
  const random = seededRandom(3);
  const pages = Array.from({ length: 40 }, () =>
    JSON.stringify(Array.from({ length: 1000 }, (_, id) => ({ id, text: `${random()}` }))),
  );
  const { path, folder } = listedArchive(t, pages, { select: '@' });
  const output = join(folder, 'a=b', 'items.duckdb');
  mkdirSync(join(folder, 'a=b'));
  await exportArchive(listedArchive(t, ['{"old":1}']).path, { output, table: 'items' });
  const limited = ['-c', 'ulimit -f 300; exec "$0" "$@"', process.execPath, ENTRY];
  const { status, stderr } = spawnSync('bash', [...limited, 'export', path, '-o', output, '-q'], {
    encoding: 'utf8',
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, NO_COLOR: '1' },
  });
  assert.equal(status, 1, stderr);
  assert.match(stderr, /^everypage: Cannot write [^\n]*may not grow further[^\n]*\n$/);
  assert.deepEqual(readdirSync(join(folder, 'a=b')), ['items.duckdb']);
  assert.deepEqual(await rows(output, 'FROM other.items'), [[1n]]);
  // A column of DuckDB's own is called so, and a folder a=b could be one.
  const named = JSON.stringify({ file_row_number: 7, a: 'x' });
  await exportArchive(listedArchive(t, [named]).path, { output, table: 'items' });
  assert.deepEqual(await rows(output, 'FROM other.items'), [[7n, 'x']]);
});

test('kill -9 leaves the old table whole, and the same command ends with all rows', {
  skip,
}, async (t) => {
  const kills = Number(process.env['EVERYPAGE_KILLS'] ?? 4);
  const body = JSON.stringify(
    Array.from({ length: 1000 }, (_, id) => ({ id, text: `${id}`.repeat(33), list: [{ id }] })),
  );
  const { path, folder } = listedArchive(t, new Array(100).fill(body), { select: '@' });
  const output = join(folder, 'old.duckdb');
  const fresh = join(folder, 'new.duckdb');
  await exportArchive(listedArchive(t, ['{"old":1}']).path, { output, table: 'items' });
  await exportArchive(listedArchive(t, ['{"id":1}']).path, { output, table: 'other' });
  const random = seededRandom(1);
  for (let kill = 0; kill < kills; kill += 1) {
    const target = kill % 2 === 0 ? output : fresh;
    const exporting = startCli(folder, ['export', path, '-o', target]);
    await Promise.race([wait(500 + 3000 * random()), exporting.ended]);
    exporting.child.kill('SIGKILL');
    await exporting.ended;
    if (!existsSync(target)) continue;
    const [[count]] = (await rows(target, 'SELECT count(*) FROM other.items')) as [[bigint]];
    assert.ok((count === 1n && target === output) || count === 100_000n, `${count} rows`);
  }
  for (const target of [output, fresh]) {
    const { code, stderr } = await startCli(folder, ['export', path, '-o', target]).ended;
    assert.equal(code, 0, stderr);
    const found = await rows(target, 'SELECT count(*), sum(id), sum(list[1].id) FROM other.items');
    assert.deepEqual(found, [[100_000n, 49_950_000n, 49_950_000n]]);
  }
  assert.deepEqual(await rows(output, 'FROM other.other'), [[1n]]);
  const others = readdirSync(folder).filter((name) => !name.includes('.ndjson.'));
  assert.deepEqual(others.toSorted(), ['new.duckdb', 'old.duckdb']);
});
