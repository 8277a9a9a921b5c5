/** `--where` and `--fields`: which records an output holds, and what of each. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { records, run } from '../../src/index.ts';
import { listedArchive } from '../archive/listed-archive.ts';
import { fetchJson, startJsonServer } from './pagination-setup.ts';
import { temporaryFolder } from './run-cli.ts';
import { runInProcess } from './run-in-process.ts';

/** What no parser in between may change: each is a record as a server may write it. */
const RECORDS = [
  '{ "id" : 9007199254740993, "price":1.0, "state":"open","at":{"city":"Ulm", "x":[1, 2.50]} }',
  '{"id":-0,"price":12.50,"state":"closed","at":{"city":"\\u0042onn"}}',
  '{"id":1e400,"price":null,"state":"open","ok":false}',
  '{"id":12345678901234567890.10,"price":1E+2,"state":"","at":{"city":"Ulm"}}',
];
const PAGES = [`[${RECORDS.slice(0, 3).join(' ,\n')}]`, `[${RECORDS[3]}]`];

function archiveOf(t: TestContext) {
  const { path, folder } = listedArchive(t, PAGES, { select: '@' });
  const exported = async (...args: readonly string[]) => runInProcess(['export', path, ...args]);
  return { path, folder, exported };
}

const compact = (text: string) => text.replaceAll(/(?<=[{,:[]) | (?=[:}])| \}/g, (it) => it.trim());

test('--where keeps the records that meet it, byte for byte, and says how many it left out', async (t) => {
  const { exported } = archiveOf(t);
  for (const [where, kept] of [
    ["state == 'open'", [0, 2]],
    ['state', [0, 1, 2]],
    ['at', [0, 1, 3]],
    ['ok == false', [2]],
    ['price == null', [2]],
    ['price >= `12.5`', [1, 3]],
    ['id > `9007199254740992` && id < `9007199254740994`', [0]],
    ["at.city < 'C'", [1]],
    ["at.city == 'Bonn' || id == `12345678901234567890.1`", [1, 3]],
    ['at.x[1] == `2.5`', [0]],
    ['nothing', []],
  ] as const) {
    const { code, stdout, stderr } = await exported('--where', where);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, kept.map((index) => `${compact(RECORDS[index]!)}\n`).join(''), where);
    const left = 4 - kept.length;
    assert.equal(stderr.includes('no record meets --where'), kept.length === 0, stderr);
    assert.match(
      stderr,
      new RegExp(`^${kept.length} records? \\(${left} left out by --where\\) → stdout`, 'm'),
    );
  }
});

test('--fields makes each record, and the values in it keep their bytes', async (t) => {
  const { exported } = archiveOf(t);
  const expected = [
    '{"id":9007199254740993,"town":"Ulm"}',
    '{"id":-0,"town":"\\u0042onn"}',
    '{"id":1e400,"town":null}',
    '{"id":12345678901234567890.10,"town":"Ulm"}',
  ];
  for (const fields of ['{id: id, town: at.city}', 'id,town=at.city', ' id , town = at.city']) {
    const { code, stdout, stderr } = await exported('--fields', fields.replace(' = ', '='));
    assert.equal(code, 0, stderr);
    assert.equal(stdout, expected.map((line) => `${line}\n`).join(''), fields);
    assert.match(stderr, /^4 records → stdout/);
  }
  const whole = await exported('--fields', 'at,all=@', '--where', 'id == `-0`');
  assert.equal(whole.stdout, `{"at":{"city":"\\u0042onn"},"all":${compact(RECORDS[1]!)}}\n`);
  const one = await exported('--fields', 'price', '-f', 'json');
  assert.equal(
    one.stdout,
    '[\n{"price":1.0},\n{"price":12.50},\n{"price":null},\n{"price":1E+2}\n]\n',
  );
  const made = await exported('--fields', '[id, at.x[]]', '--where', 'at.x');
  assert.equal(made.stdout, '[9007199254740993,[1,2.50]]\n');
});

test('every output of a run is shaped, and the verdict counts the records of the list', async (t) => {
  const folder = temporaryFolder(t);
  const output = ['a.ndjson', 'a.csv', 'a.db', 'a.parquet'].map((name) => join(folder, name));
  const { summary } = await fetchJson(
    t,
    (url) => {
      const page = Number(url.searchParams.get('page') ?? 1);
      const data = [0, 1, 2].map((at) => ({
        id: 3 * page + at,
        n: { even: (page + at) % 2 === 0 },
      }));
      return { body: { data: page > 3 ? [] : data, total: 9 } };
    },
    { output, where: 'n.even', fields: 'id' },
  );
  assert.equal(summary.verdict.name, 'complete');
  assert.deepEqual([summary.verdict.records?.fetched, summary.verdict.records?.written], [9, 9]);
  assert.deepEqual(
    summary.outputs.map(({ records: count, leftOut }) => [count, leftOut]),
    output.map(() => [4, 5]),
  );
  assert.equal(readFileSync(output[1]!, 'utf8'), 'id\n4\n6\n8\n10\n');
  const again = await runInProcess(['export', `${output[0]}.everypage`, '--where', 'id > `9`']);
  assert.equal(again.stdout.split('\n').length, 3, 'an export shapes the archive anew');
});

test('what cannot be read or applied is one line, and nothing is written', async (t) => {
  const { folder, exported } = archiveOf(t);
  const url = 'http://127.0.0.1:1/items';
  for (const [args, message] of [
    [['--where', 'id = 1'], /--where "id = 1" cannot be read: at character 4, one = means nothing/],
    [['--where', 'id > 10'], /at character 6, a number is written between backticks, as in `10`/],
    [['--where', ''], /--where "" cannot be read/],
    [['--fields', '{id: }'], /--fields "\{id: \}" cannot be read/],
    [
      ['--fields', 'id,tag=tags[0].name'],
      /is no list of names and paths, and as JMESPath, which would be \{id: id, .* at character 7/,
    ],
    [['--fields', 'id,id'], /two columns are called id/],
    [['--fields', 'id,'], /"" is no column/],
    [['--fields', 'a..b'], /"a\.\.b" cannot be read/],
  ] as const) {
    for (const { code, stderr } of [
      await exported('-o', 'a.csv', ...args),
      await runInProcess([url, '-o', join(folder, 'a.csv'), ...args]),
    ]) {
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
      assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
    }
  }
  const late = await exported('-o', join(folder, 'a.csv'), '--where', "starts_with(at.city, 'U')");
  assert.equal(late.code, 2);
  assert.match(
    late.stderr,
    /--where "starts_with.*does not fit this record: .*: record 3 of https:/,
  );
  assert.deepEqual(readdirSync(folder), ['items.ndjson.everypage']);
});

test('an archive alone has no records to shape', async (t) => {
  const output = join(temporaryFolder(t), 'a.everypage');
  const asked = run('http://127.0.0.1:1/items', { output, where: 'id' });
  await assert.rejects(asked, { code: 'USAGE', message: /--where and --fields shape an output/ });
});

test('head and schema see what an output would hold', async (t) => {
  const { path } = archiveOf(t);
  const args = [path, '--where', 'at', '--fields', 'town=at.city'];
  const head = await runInProcess(['head', ...args, '--rows', '2']);
  assert.equal(head.stdout, '{"town":"Ulm"}\n{"town":"\\u0042onn"}\n', head.stderr);
  const schema = await runInProcess(['schema', ...args, '--ts']);
  assert.equal(schema.stdout, 'export interface Item {\n  town: string;\n}\n', schema.stderr);
  const bad = await runInProcess(['head', path, '--where', '[']);
  assert.equal(bad.code, 2);
});

test("the library's records are shaped in the same way", async (t) => {
  const body = Buffer.from(`{"data":[${RECORDS.join(',')}]}`);
  const { origin } = await startJsonServer(t, () => ({ body }));
  const texts: string[] = [];
  const shaped = records([`${origin}/a`], { select: 'data', where: 'at', fields: '{i: id}' });
  for await (const record of shaped) texts.push(record.text());
  const ids = ['9007199254740993', '-0', '12345678901234567890.10'];
  assert.deepEqual(
    texts,
    ids.map((id) => `{"i":${id}}`),
  );
  const bad = records([`${origin}/a`], { where: '[' });
  await assert.rejects(bad.next(), { code: 'SELECTION' });
});
