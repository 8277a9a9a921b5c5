/** Files that a command would overwrite although nobody meant it to: bad input loses no data. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startPageServer } from '../servers/page-server.ts';
import { temporaryFolder } from './run-cli.ts';
import { runCliHere } from './run-in-process.ts';

process.env['NO_PROXY'] = 'localhost';

async function setUp(t: TestContext) {
  const server = await startPageServer({ protocol: 'http', bodyBytes: 300 });
  t.after(() => server.close());
  const folder = temporaryFolder(t);
  const refused = async (why: RegExp, ...args: readonly string[]): Promise<void> => {
    const { code, stderr } = await runCliHere(folder, args);
    assert.equal(code, 2, `${args.join(' ')}: ${stderr}`);
    assert.match(stderr, why);
    assert.equal(server.counts().total, 0);
  };
  return { server, folder, refused };
}

test('output, archive, summary and lists are files apart, or nothing is asked for', async (t) => {
  const { server, folder, refused } = await setUp(t);
  const url = server.template(3);
  writeFileSync(join(folder, 'urls.ndjson'), `${server.origin}/pages/1\n`);
  writeFileSync(join(folder, 'b.json'), '[]');
  symlinkSync('b.json', join(folder, 'link.json'));
  const before = readdirSync(folder);
  const same = /are the same file, .*; name two/;
  await refused(same, url, '-o', 'a.ndjson', '--archive', 'a.ndjson');
  await refused(same, url, '-o', 'a.ndjson', '--archive', './a.ndjson');
  await refused(same, url, '-o', 'a.ndjson', '--summary', 'a.ndjson');
  await refused(same, url, '-o', 'a.ndjson', '--archive', 'b', '--summary', 'b');
  await refused(same, url, '-o', 'b.json', '--summary', 'link.json');
  await refused(same, url, '-o', 'a.ndjson', '--summary', 'a.ndjson.everypage');
  await refused(same, url, '-o', 'urls.ndjson', '-H', '@urls.ndjson');
  await refused(same, '@urls.ndjson', '-o', 'urls.ndjson');
  await refused(same, url, '@./urls.ndjson', '-o', 'urls.ndjson');
  await refused(same, '@urls.ndjson', '-o', 'a.ndjson', '--summary', 'urls.ndjson');
  assert.deepEqual(
    readdirSync(folder).filter((name) => name !== 'state'),
    before,
  );
});

test('what is only read may be read twice, and an output may be the archive alone', async (t) => {
  const { server, folder } = await setUp(t);
  writeFileSync(join(folder, 'urls.txt'), `${server.origin}/pages/1\n`);
  const lists = ['@urls.txt', '@./urls.txt', '--summary', 'all.json'];
  for (const output of [
    ['-o', 'a.ndjson'],
    ['-o', 'b.everypage', '--archive', 'b.everypage'],
  ]) {
    const { code, stderr } = await runCliHere(folder, [...lists, ...output]);
    assert.equal(code, 0, stderr);
  }
});

test('an archive takes the place of an archive and of nothing else', async (t) => {
  const { server, folder, refused } = await setUp(t);
  const url = server.template(3);
  const precious = 'precious\n'.repeat(20);
  writeFileSync(join(folder, 'a.ndjson.everypage'), precious);
  writeFileSync(join(folder, 'notes.txt'), precious);
  const no = /is there and is no archive; .*--archive/;
  await refused(no, url, '-o', 'a.ndjson');
  await refused(no, url, '-o', 'b.ndjson', '--archive', 'notes.txt');
  for (const name of ['a.ndjson.everypage', 'notes.txt']) {
    assert.equal(readFileSync(join(folder, name), 'utf8'), precious);
  }
  for (let time = 0; time < 2; time += 1) {
    const { code, stderr } = await runCliHere(folder, [url, '-o', 'c.ndjson']);
    assert.equal(code, 0, stderr);
  }
});

test('a folder where a file is due is called a folder', async (t) => {
  const { server, folder, refused } = await setUp(t);
  mkdirSync(join(folder, 'state'));
  await refused(
    /^everypage: .*state is a folder; name a file in it$/m,
    server.template(3),
    '-o',
    'state',
  );
});

test('what is no URL of the web is refused with what it may have been meant to be', async (t) => {
  const { refused } = await setUp(t);
  for (const text of ['localhost:18080/ok', 'host:80', 'mailto:a@b', 'file:///etc/x', 'data:x']) {
    await refused(/^everypage: (?!this is a mistake)/, text, '-o', 'a.ndjson');
  }
});

test('an export of an archive that was changed stops at the page', async (t) => {
  const { server, folder } = await setUp(t);
  const made = await runCliHere(folder, [server.template(9), '-o', 'a.ndjson']);
  assert.equal(made.code, 0, made.stderr);
  const path = join(folder, 'a.ndjson.everypage');
  const bytes = readFileSync(path);
  const at = bytes.indexOf('"page":7,');
  assert.ok(at > 0);
  bytes.write('"page":1,', at);
  writeFileSync(path, bytes);
  const { code, stderr } = await runCliHere(folder, [
    'export',
    'a.ndjson.everypage',
    '-o',
    'b.ndjson',
  ]);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /page 7 .* is not the page that was stored.*everypage verify/);
  assert.ok(!readdirSync(folder).includes('b.ndjson'));
});
