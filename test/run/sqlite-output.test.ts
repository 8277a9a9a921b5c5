import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { seededRandom } from '../../src/demo/demo-items.ts';
import { run } from '../../src/index.ts';
import { listedArchive } from '../archive/listed-archive.ts';
import { fetchJson } from './pagination-setup.ts';
import { ENTRY, temporaryFolder } from './run-cli.ts';
import { runInProcess } from './run-in-process.ts';

function read(path: string, sql: string): unknown[][] {
  const database = new DatabaseSync(path);
  try {
    return database
      .prepare(sql)
      .all()
      .map((row) => Object.values(row));
  } finally {
    database.close();
  }
}

test('a run writes a table that is called by the URL, and the next run replaces it', async (t) => {
  const output = join(temporaryFolder(t), 'out.db');
  const answer = (ids: readonly number[]) => (url: URL) => {
    const page = Number(url.searchParams.get('page') ?? 1);
    return { body: { data: [{ id: ids[page - 1] }], page, pages: ids.length } };
  };
  await fetchJson(t, answer([3, 1, 2]), { output });
  assert.deepEqual(read(output, 'SELECT id FROM things'), [[3], [1], [2]]);
  const { summary } = await fetchJson(t, answer([7]), { output, fresh: true });
  assert.equal(summary.output?.records, 1);
  assert.deepEqual(read(output, 'SELECT id FROM things'), [[7]]);
});

test("a stranger's table ends a run with exit code 2, and stays", async (t) => {
  const { path, folder } = listedArchive(t, ['{"id":1}']);
  const output = join(folder, 'a.db');
  const database = new DatabaseSync(output);
  database.exec('CREATE TABLE items (x); INSERT INTO items VALUES (1)');
  database.close();
  const { code, stderr } = await runInProcess(['export', path, '-o', output]);
  assert.equal(code, 2);
  assert.match(stderr, /a table items that everypage did not make; .*--if-exists replace/);
  const source = { kind: 'template', text: 'http://127.0.0.1:1/items' } as const;
  await assert.rejects(run([source], { output, retries: 0 }), { code: 'USAGE' });
  assert.deepEqual(readdirSync(folder).sort(), ['a.db', basename(path)], 'no archive is left');
  assert.deepEqual(read(output, 'SELECT * FROM items'), [[1]]);
  const replaced = await runInProcess(['export', path, '-o', output, '--if-exists', 'replace']);
  assert.equal(replaced.code, 0, replaced.stderr);
  assert.deepEqual(read(output, 'SELECT * FROM items'), [[1]]);
  for (const [args, message] of [
    [['-o', 'a.db.gz'], /leave out \.gz/],
    [['-f', 'sqlite'], /a SQLite database is a file/],
    [['-o', 'a.db', '--table', ''], /cannot be the name of a table/],
    [['-o', 'a.csv', '--table', 'x'], /are for databases/],
  ] as const) {
    const wrong = await runInProcess(['export', path, ...args]);
    assert.equal(wrong.code, 2, wrong.stderr);
    assert.match(wrong.stderr, message);
  }
});

test('kill -9 leaves the old table whole, and the same command ends with all rows', async (t) => {
  const kills = Number(process.env['EVERYPAGE_KILLS'] ?? 3);
  const body = JSON.stringify(
    Array.from({ length: 1000 }, (_, id) => ({ id, text: 'x'.repeat(99) })),
  );
  const { path, folder } = listedArchive(t, new Array(40).fill(body), { select: '@' });
  const old = listedArchive(t, ['[{"old":1}]'], { select: '@' });
  const output = join(folder, 'a.db');
  await runInProcess(['export', old.path, '-o', output]);
  const random = seededRandom(1);
  let killed = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    const child = spawn(process.execPath, [ENTRY, 'export', path, '-o', output], {
      stdio: 'ignore',
    });
    const ended = once(child, 'exit');
    await Promise.race([wait(100 + 900 * random()), ended]);
    child.kill('SIGKILL');
    await ended;
    if (child.signalCode === 'SIGKILL') killed += 1;
    const [[rows]] = read(output, 'SELECT count(*) FROM items') as [[number]];
    assert.ok(rows === 1 || rows === 40_000, `${rows} rows`);
    assert.deepEqual(read(output, 'PRAGMA integrity_check'), [['ok']]);
  }
  t.diagnostic(`${killed} of ${kills} killed while they wrote`);
  const { code, stderr } = await runInProcess(['export', path, '-o', output]);
  assert.equal(code, 0, stderr);
  assert.deepEqual(read(output, 'SELECT count(*), sum(id) FROM items'), [[40_000, 40 * 499_500]]);
  const others = readdirSync(folder).filter((name) => !name.includes('.everypage'));
  assert.deepEqual(others, ['a.db']);
});

test('--key tells the rows of a table apart for a range of URLs, and for an export', async (t) => {
  const output = join(temporaryFolder(t), 'keyed.db');
  const pages = (name: string) => (url: URL) => ({
    body: [{ id: Number(url.searchParams.get('page')), name }],
  });
  const upsert = { output, ifExists: 'upsert', paginate: { key: 'id' }, select: '@' } as const;
  const first = await fetchJson(t, pages('old'), upsert, '/things?page=[1-3]');
  assert.equal(first.summary.verdict.name, 'proven');
  await fetchJson(t, pages('new'), { ...upsert, fresh: true }, '/things?page=[3-4]');
  const rows = [
    [1, 'old'],
    [2, 'old'],
    [3, 'new'],
    [4, 'new'],
  ];
  assert.deepEqual(read(output, 'SELECT id, name FROM things ORDER BY id'), rows);
  const { path } = listedArchive(t, ['{"id":4,"name":"last"}']);
  const args = ['export', path, '-o', output, '--table', 'things', '--if-exists', 'upsert'];
  const without = await runInProcess(args);
  assert.equal(without.code, 2);
  assert.match(without.stderr, /no key of the records is known.*give --key id/);
  const { code, stderr } = await runInProcess([...args, '--key', 'id']);
  assert.equal(code, 0, stderr);
  assert.deepEqual(read(output, 'SELECT name FROM things WHERE id = 4'), [['last']]);
  await assert.rejects(
    fetchJson(t, pages('x'), { paginate: { key: 'id' } }, '/things?page=[1-3]'),
    {
      code: 'USAGE',
    },
  );
});
