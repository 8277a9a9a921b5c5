/** What `-o` writes: tables, compressed text, several outputs of one fetch. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { exportArchive, type RunEvent, run } from '../../src/index.ts';
import { startCli, temporaryFolder } from './run-cli.ts';
import { runCliHere } from './run-in-process.ts';

process.env['NO_PROXY'] = 'localhost,127.0.0.1';

interface Setting {
  readonly folder: string;
  /** Pages 1 to 4 of two records each. */
  readonly url: string;
  readonly requests: () => number;
  readonly read: (name: string) => string;
}

const PAGES = [
  '{"data":[{"id":1,"at":{"city":"Rome"}},{"id":12345678901234567890}]}',
  '{"data":[{"id":3,"tags":["a","b"]},{"id":4,"name":"x, y"}]}',
  '{"data":[{"id":5},{"id":6,"name":null}]}',
  '{"data":[{"id":7,"late":1e400},{"id":8,"at":{"city":"Bonn","zip":"0123"}}]}',
];

const CSV = `id,at.city,at.zip,tags,name,late
1,Rome,,,,
12345678901234567890,,,,,
3,,,"[""a"",""b""]",,
4,,,,"x, y",
5,,,,,
6,,,,,
7,,,,,1e400
8,Bonn,0123,,,
`;

const NDJSON = PAGES.map((page) => `${page.slice(9, -2).replaceAll('},{"id', '}\n{"id')}\n`).join(
  '',
);

async function setUp(
  t: TestContext,
  pages: readonly (string | null)[] = PAGES,
  latencyMs = 0,
): Promise<Setting> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    const body = pages[Number(request.url?.match(/\d+$/)?.[0]) - 1] ?? null;
    setTimeout(() => {
      response.writeHead(body === null ? 404 : 200, { 'content-type': 'application/json' });
      response.end(body ?? '{}');
    }, latencyMs);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const folder = temporaryFolder(t);
  return {
    folder,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/items?page=[1-${pages.length}]`,
    requests: () => requests,
    read: (name) => {
      const bytes = readFileSync(join(folder, name));
      if (name.endsWith('.gz')) return gunzipSync(bytes).toString();
      return (name.endsWith('.zst') ? zstdDecompressSync(bytes) : bytes).toString();
    },
  };
}

const SELECT = ['--select', 'data'];

test('a CSV has the columns of all records, and its archive beside it', async (t) => {
  const { folder, url, read } = await setUp(t);
  const { code, stderr } = await runCliHere(folder, [url, ...SELECT, '-o', 'items.csv']);
  assert.equal(code, 0, stderr);
  assert.equal(read('items.csv'), CSV);
  assert.match(stderr, /8 records → items\.csv \(\d+ B\) in /);
  assert.deepEqual(readdirSync(folder).sort(), ['items.csv', 'items.csv.everypage']);
});

test('one fetch writes several outputs, each as its name says, and export writes the same', async (t) => {
  const { folder, url, read, requests } = await setUp(t);
  const names = ['a.ndjson', 'b.csv.gz', 'c.tsv.zst', 'd.json.gz', 'e.csv'];
  const outputs = names.flatMap((name) => ['-o', name]);
  const args = [url, ...SELECT, ...outputs, '--summary', 'summary.json'];
  const { code, stderr } = await runCliHere(folder, args);
  assert.equal(code, 0, stderr);
  assert.equal(requests(), 4);
  assert.equal(read('a.ndjson'), NDJSON);
  assert.equal(read('b.csv.gz'), CSV);
  assert.equal(
    read('c.tsv.zst'),
    CSV.replaceAll(',', '\t').replace('"x\t y"', 'x, y').replace('""\t""', '"",""'),
  );
  assert.equal(read('d.json.gz'), `[\n${NDJSON.trimEnd().replaceAll('\n', ',\n')}\n]\n`);
  for (const name of names) assert.ok(stderr.includes(`8 records → ${name} (`), stderr);
  const summary = JSON.parse(read('summary.json'));
  assert.deepEqual(
    summary.outputs.map(({ destination }: { destination: string }) => destination),
    names,
  );
  assert.deepEqual(summary.output, summary.outputs[0]);
  for (const { destination, bytes } of summary.outputs) {
    assert.equal(bytes, readFileSync(join(folder, destination)).length, destination);
  }
  assert.deepEqual(
    readdirSync(folder).sort(),
    [...names, 'a.ndjson.everypage', 'summary.json'].sort(),
  );
  const written = names.map(read);
  const again = names.map((name) => join(folder, `again-${name}`));
  const { outputs: exported } = await exportArchive(join(folder, 'a.ndjson.everypage'), {
    output: again,
  });
  assert.deepEqual(
    names.map((name) => read(`again-${name}`)),
    written,
  );
  assert.deepEqual(
    exported.map(({ records }) => records),
    [8, 8, 8, 8, 8],
  );
});

test('all outputs are written, or none', async (t) => {
  const { folder, url, read } = await setUp(t, [...PAGES.slice(0, 3), null]);
  const args = [url, ...SELECT, '-o', 'a.ndjson', '-o', 'b.csv'];
  const failed = await runCliHere(folder, args);
  assert.equal(failed.code, 3);
  assert.match(failed.stderr, /a\.ndjson and b\.csv were not written/);
  assert.deepEqual(readdirSync(folder), ['a.ndjson.everypage.part']);
  const allowed = await runCliHere(folder, [...args, '--allow-incomplete']);
  assert.equal(allowed.code, 0, allowed.stderr);
  assert.match(allowed.stderr, /6 records → b\.csv .*, without the missing pages/);
  assert.equal(read('b.csv').split('\n').length, 8);
});

test('where an output cannot be written, no other one is, and the pages need not be fetched again', async (t) => {
  const { folder, url, read, requests } = await setUp(t);
  const args = [url, ...SELECT, '-o', 'a.ndjson', '-o', '/dev/full', '-f', 'csv'];
  if (!existsSync('/dev/full')) return t.skip('there is no /dev/full');
  const { code, stderr } = await runCliHere(folder, args);
  assert.equal(code, 1);
  assert.match(stderr, /Cannot write \/dev\/full \(ENOSPC\): the disk is full/);
  assert.deepEqual(readdirSync(folder), ['a.ndjson.everypage.part']);
  const again = [url, ...SELECT, '-o', 'a.ndjson', '-o', 'b.csv'];
  assert.equal((await runCliHere(folder, again)).code, 0);
  assert.deepEqual([read('a.ndjson'), read('b.csv'), requests()], [NDJSON, CSV, 4]);
});

test('standard output takes a CSV', async (t) => {
  const { folder, url } = await setUp(t);
  const columns = ['--columns', 'id,town=at.city', '--csv-delimiter', ';'];
  const { code, stdout } = await runCliHere(folder, [url, ...SELECT, '-f', 'csv', ...columns]);
  assert.equal(code, 0);
  assert.equal(stdout, 'id;town\n1;Rome\n12345678901234567890;\n3;\n4;\n5;\n6;\n7;\n8;Bonn\n');
  const broken = await setUp(t, [PAGES[0]!, null]);
  const none = await runCliHere(broken.folder, [broken.url, ...SELECT, '-f', 'csv']);
  assert.deepEqual([none.code, none.stdout], [3, '']);
});

test('standard output takes Parquet', async (t) => {
  const { folder, url } = await setUp(t);
  const { code, stdout, stderr } = await runCliHere(folder, [url, ...SELECT, '-f', 'parquet']);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^PAR1.*everypage\.columns.*PAR1$/s);
});

test('an empty result makes empty files that can be read', async (t) => {
  const { folder, url, read } = await setUp(t, ['{"data":[]}']);
  const names = ['a.csv', 'b.csv.gz', 'c.ndjson.zst', 'd.json.gz', 'e.tsv'];
  const args = [url, ...SELECT, ...names.flatMap((name) => ['-o', name])];
  assert.equal((await runCliHere(folder, args)).code, 0);
  assert.deepEqual(names.map(read), ['', '', '', '[]\n', '']);
});

test('names of columns that are not the records’ own are said in one line', async (t) => {
  const { folder, url } = await setUp(t, ['{"data":[{"a.b":1,"a":{"b":2},"":3}]}']);
  const line = /^everypage: .*a\.csv: 2 columns have names of their own.*: a\.b_2, unnamed$/m;
  assert.match((await runCliHere(folder, [url, ...SELECT, '-o', 'a.csv'])).stderr, line);
  const exported = await runCliHere(folder, ['export', 'a.csv.everypage', '-o', 'a.csv', '-q']);
  assert.match(exported.stderr, line);
});

test('an archive among the outputs is the archive', async (t) => {
  const { folder, url, read } = await setUp(t);
  const args = [url, ...SELECT, '-o', 'a.csv', '-o', 'kept.everypage'];
  assert.equal((await runCliHere(folder, args)).code, 0);
  assert.equal(read('a.csv'), CSV);
  assert.deepEqual(readdirSync(folder).sort(), ['a.csv', 'kept.everypage']);
});

test('a list that is read until two readings agree is written to every output', async (t) => {
  const { folder, url, read } = await setUp(t);
  const args = [url, ...SELECT, '--prove', '-o', 'a.csv', '-o', 'b.ndjson.gz'];
  const { code, stderr } = await runCliHere(folder, args);
  assert.equal(code, 0, stderr);
  assert.deepEqual([read('a.csv'), read('b.ndjson.gz')], [CSV, NDJSON]);
  assert.match(stderr, /8 records → b\.ndjson\.gz/);
});

test('what cannot be meant is refused before any request', async (t) => {
  const { folder, url, requests } = await setUp(t);
  const refused: readonly (readonly [readonly string[], RegExp])[] = [
    [['-o', '-', '-o', 'a.csv'], /-o - is standard output, which cannot be written beside files/],
    [['-o', 'a.csv', '-o', './a.csv'], /output 1 and output 2 are the same file/],
    [['-o', 'a.everypage', '-o', 'b.everypage'], /a run has one archive/],
    [['-o', 'a.ndjson', '--columns', 'id'], /--columns is for tables, and no output is one/],
    [['--csv-bom'], /the CSV settings are for \.csv and \.tsv/],
    [['-o', 'a.ndjson', '--nested', 'json'], /--nested is for tables/],
    [['--provenance'], /--provenance is for tables/],
    [
      ['-o', 'a.ndjson', '--schema', 'none.json'],
      /the schema none\.json cannot be read: it does not exist/,
    ],
    [['-o', 'a.csv', '--columns', 'a,a'], /two columns are called a/],
    [['-o', 'a.csv', '--columns', 'a..b'], /cannot be read: it has two dots/],
    [['-o', 'a.csv', '--csv-delimiter', 'xx'], /one character of ASCII/],
    [['-o', 'a.csv.zip'], /ends in \.zip, which is not known/],
  ];
  for (const [args, why] of refused) {
    const { code, stderr } = await runCliHere(folder, [url, ...args]);
    assert.equal(code, 2, `${args.join(' ')}: ${stderr}`);
    assert.match(stderr, why);
  }
  assert.equal(requests(), 0);
});

test('a run that is killed goes on, and ends with exactly the rows', async (t) => {
  const pages = Array.from({ length: 60 }, (_, n) => `{"data":[{"id":${n},"k${n % 7}":"x"}]}`);
  const { folder, url, read } = await setUp(t, pages, 20);
  const args = [url, ...SELECT, '-c', '2', '-o', 'a.csv', '-o', 'b.csv.gz'];
  const { child, ended, untilSaid } = startCli(folder, [...args, '-v']);
  await untilSaid((said) => /page=25$/m.test(said));
  child.kill('SIGKILL');
  await ended;
  assert.ok(!existsSync(join(folder, 'a.csv')));
  const { code, stderr } = await runCliHere(folder, args);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /stored before/);
  const rows = read('a.csv').trimEnd().split('\n').slice(1);
  assert.deepEqual(
    rows.map((row) => Number(row.split(',')[0])),
    pages.map((_, n) => n),
  );
  assert.equal(read('b.csv.gz'), read('a.csv'));
  assert.deepEqual(readdirSync(folder).sort(), ['a.csv', 'a.csv.everypage', 'b.csv.gz']);
});

test('the library takes several outputs, and warns of columns', async (t) => {
  const { folder, url, read } = await setUp(t, ['{"data":[{"":1}]}']);
  const events: RunEvent[] = [];
  const output = [join(folder, 'a.csv'), join(folder, 'b.tsv')];
  const summary = await run([{ kind: 'template', text: url }], {
    output,
    select: 'data',
    onEvent: (event) => events.push(event),
  });
  assert.deepEqual(
    summary.outputs.map(({ destination }) => destination),
    output,
  );
  assert.equal(read('a.csv'), 'unnamed\n1\n');
  const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.code] : []));
  assert.deepEqual(warnings, ['OUTPUT_COLUMNS', 'OUTPUT_COLUMNS']);
});
