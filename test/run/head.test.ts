/** `everypage head`: a look at the first records. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { createPainter } from '../../src/report/paint.ts';
import { tableText } from '../../src/report/table-text.ts';
import { textWidth } from '../../src/report/text-width.ts';
import { startApiServer } from '../fixtures/apis/api-server.ts';
import { temporaryFolder } from './run-cli.ts';
import { runCliHere, STATES } from './run-in-process.ts';

process.env['NO_PROXY'] = 'localhost,127.0.0.1';

async function setUp(t: TestContext) {
  const server = await startApiServer({ api: 'github', pageSize: 25, records: 60 });
  t.after(() => server.close());
  return { server, folder: temporaryFolder(t) };
}

const linesOf = (text: string) => text.split('\n').slice(0, -1);

test('of a URL one page is requested where it has enough records, and nothing is kept', async (t) => {
  const { server, folder } = await setUp(t);
  const { code, stdout, stderr } = await runCliHere(folder, ['head', server.url]);
  assert.equal(code, 0, stderr);
  assert.equal(linesOf(stdout).length, 10);
  assert.equal(server.counts().requests, 1);
  assert.deepEqual([readdirSync(folder), readdirSync(STATES)], [[], []]);
});

test('of a URL the pages behind it are requested where one has too few records', async (t) => {
  const { server, folder } = await setUp(t);
  const { code, stdout, stderr } = await runCliHere(folder, ['head', server.url, '--rows', '40']);
  assert.equal(code, 0, stderr);
  const whole = await runCliHere(folder, [server.url]);
  assert.deepEqual(linesOf(stdout), linesOf(whole.stdout).slice(0, 40));
});

test('a page that fails is said, and the exit code is that of a run', async (t) => {
  const { server, folder } = await setUp(t);
  const { code, stdout, stderr } = await runCliHere(folder, [
    'head',
    new URL('/none', server.url).href,
  ]);
  assert.deepEqual([code, stdout], [3, '']);
  assert.match(stderr, /404 .*\/none/);
});

test('an archive shows what its output begins with, however it was asked for', async (t) => {
  const { server, folder } = await setUp(t);
  const output = ['-o', 'a.csv', '-o', 'a.ndjson'];
  assert.equal((await runCliHere(folder, [server.url, ...output])).code, 0);
  const asked = server.counts().requests;
  const { stdout } = await runCliHere(folder, ['head', 'a.csv.everypage', '--rows', '3']);
  const all = await runCliHere(folder, ['export', 'a.csv.everypage']);
  assert.deepEqual(linesOf(stdout), linesOf(all.stdout).slice(0, 3));
  assert.equal(server.counts().requests, asked);
  const named = await runCliHere(folder, ['head', 'a.csv']);
  assert.equal(named.code, 2);
  assert.match(named.stderr, /a\.csv is an output; its archive is a\.csv\.everypage/);
});

const plain = createPainter(false);
const table = (records: readonly string[], columns: number) =>
  tableText(
    records.map((record) => Buffer.from(record)),
    columns,
    plain,
  );

test('a table has a column for each field, numbers to the right', () => {
  const records = ['{"id":1,"at":{"city":"Rome"}}', '{"id":12345678901234567890,"x":null}'];
  assert.deepEqual(table(records, 80), [
    '                  id  at.city  x',
    '                   1  Rome',
    '12345678901234567890',
  ]);
});

test('a table fits the terminal, and names the columns that do not', () => {
  const members = Array.from({ length: 30 }, (_, n) => `"name${n}":"${'long '.repeat(20)}"`);
  for (const columns of [20, 40, 80, 200]) {
    const lines = table([`{${members.join(',')}}`], columns);
    for (const line of lines) assert.ok(textWidth(line) <= columns, line);
    assert.match(lines.at(-1)!, /^not shown: name/);
  }
});

test('an id is shown whole where other columns are cut', () => {
  const id = '0190a5e2-7b1c-7c3d-9f10-3a5b6c7d8e9f';
  const record = `{"id":"${id}","name":"${'long '.repeat(20)}","note":"${'word '.repeat(20)}"}`;
  const [, row] = table([record], 80);
  assert.ok(row!.startsWith(`${id}  `), row);
  assert.ok(table([record], 20).every((line) => textWidth(line) <= 20));
});

test('wide characters take two columns, and marks none', () => {
  const lines = table(
    ['{"a":"日本語","b":1}', '{"a":"e\u0301a","b":2}', '{"a":"😀","b":3}', '{"a":"ế","b":4}'],
    80,
  );
  assert.deepEqual(lines.map(textWidth), [9, 9, 9, 9, 9]);
  assert.deepEqual(['日本', 'e\u0301', '👩‍👩‍👧', 'ß'].map(textWidth), [4, 1, 2, 1]);
});

test('control characters of a server are shown and not sent to the terminal', () => {
  const [header, row] = table([String.raw`{"\u001b[31m":"\u001b]0;x\u0007\n\u202e"}`], 80);
  assert.match(header!, /^\\x1b\[31m$/);
  assert.equal(row, String.raw`\x1b]0;x\x07\x0a\u202e`);
});
