/** Files that a command would overwrite although nobody meant it to: bad input loses no data. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Flag, flags } from '../../src/cli/flags.ts';
import { createTestCertificates } from '../../src/demo/certificate.ts';
import { startPageServer } from '../servers/page-server.ts';
import { ENTRY, temporaryFolder } from './run-cli.ts';
import { runCliHere } from './run-in-process.ts';

process.env['NO_PROXY'] = 'localhost';

async function setUp(t: TestContext) {
  const server = await startPageServer({ protocol: 'http', bodyBytes: 300 });
  t.after(() => server.close());
  const folder = temporaryFolder(t);
  const refused = async (why: RegExp, ...args: readonly string[]): Promise<void> => {
    const asked = server.counts().total;
    const { code, stderr } = await runCliHere(folder, args);
    assert.equal(code, 2, `${args.join(' ')}: ${stderr}`);
    assert.match(stderr, why);
    assert.equal(server.counts().total, asked);
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

test('an export does not take the place of the archive it reads, by whatever name', async (t) => {
  const { server, folder, refused } = await setUp(t);
  const made = await runCliHere(folder, [server.template(3), '-o', 'a.ndjson']);
  assert.equal(made.code, 0, made.stderr);
  const archive = join(folder, 'a.ndjson.everypage');
  const before = readFileSync(archive);
  symlinkSync('a.ndjson.everypage', join(folder, 'symbolic'));
  linkSync(archive, join(folder, 'hard'));
  symlinkSync('.', join(folder, 'here'));
  const same = /are the same file, .*; name two/;
  const names = ['a.ndjson.everypage', './a.ndjson.everypage', archive, 'symbolic', 'hard'];
  for (const name of [...names, 'here/hard', 'here/here/symbolic', 'a.ndjson.everypage-wal']) {
    await refused(same, 'export', 'a.ndjson.everypage', '-o', name, '-f', 'ndjson');
    await refused(
      same,
      'export',
      'symbolic',
      '-o',
      name.replace('a.ndjson.everypage-', 'symbolic-'),
      '-f',
      'json',
    );
  }
  assert.ok(readFileSync(archive).equals(before));
});

test('an output or a summary is no file of the unfinished archive, by whatever name', async (t) => {
  const { server, folder, refused } = await setUp(t);
  const url = server.template(3);
  const same = /are the same file, .*; name two/;
  const part = 'a.ndjson.everypage.part';
  writeFileSync(join(folder, part), '');
  linkSync(join(folder, part), join(folder, 'hard'));
  symlinkSync(part, join(folder, 'symbolic'));
  symlinkSync(`${part}-wal`, join(folder, 'to-be'));
  symlinkSync('to-be', join(folder, 'to-be-too'));
  const names = ['', '-wal', '-journal', '-shm'].map((suffix) => part + suffix);
  for (const name of [...names, 'hard', 'symbolic', 'to-be', 'to-be-too']) {
    await refused(same, url, '-o', 'a.ndjson', '--summary', name);
    await refused(same, url, '-o', name, '-f', 'ndjson', '--archive', 'a.ndjson.everypage');
    await refused(same, url, '-o', name, '-f', 'json', '--archive', part);
    await refused(same, url, '-o', name, '-f', 'json', '--archive', part, '--prove');
  }
  const temporary = 'a.ndjson.0123456789ab.everypage.tmp';
  await refused(same, url, '-o', 'a.ndjson', '--summary', temporary);
});

test('each flag that takes a file is held against the output', async (t) => {
  const { server, folder, refused } = await setUp(t);
  const { ca, cert, key } = createTestCertificates();
  const texts = {
    'env-file': 'A=b',
    cacert: ca,
    cert,
    'cert-key': key,
    header: 'x: 1',
    data: '{}',
    schema: '{}',
  };
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text);
  const pair = ['--cert', 'cert', '--cert-key', 'cert-key'];
  const others = ({ name }: Flag) =>
    name === 'cert' || name === 'cert-key' ? pair : [`--${name}`, name];
  const named = flags.filter(
    ({ value, verbs }) => verbs.includes('fetch') && value?.name === 'FILE',
  );
  assert.deepEqual(
    named.map(({ name }) => name),
    [
      'output',
      'manifest',
      'schema',
      'env-file',
      'cacert',
      'cert',
      'cert-key',
      'archive',
      'summary',
      'report',
    ],
  );
  for (const flag of named.slice(1)) {
    symlinkSync(flag.name, join(folder, `link-${flag.name}`));
    // Types are pinned of tables only.
    const format = flag.name === 'schema' ? 'parquet' : 'json';
    const output = ['-o', `link-${flag.name}`, '-f', format];
    await refused(
      /are the same file, .*; name two/,
      server.template(3),
      ...output,
      ...others(flag),
    );
  }
  for (const name of ['header', 'data']) {
    const output = ['-o', name, '-f', 'json', `--${name}`, `@./${name}`];
    await refused(/are the same file, .*; name two/, server.template(3), ...output);
  }
});

test('what standard input and output lead to counts as well', async (t) => {
  const { server, folder } = await setUp(t);
  const list = join(folder, 'list.txt');
  const text = `${server.origin}/pages/1\n`;
  writeFileSync(list, text);
  const opened = openSync(list, 'a+');
  t.after(() => closeSync(opened));
  for (const [args, stdio] of [
    [
      ['-', '-o', 'list.txt', '-f', 'ndjson'],
      [opened, 'ignore', 'pipe'],
    ],
    [['@list.txt'], ['ignore', opened, 'pipe']],
  ] as const) {
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined, XDG_STATE_HOME: folder };
    const options = { cwd: folder, stdio: [...stdio], env };
    const { status, stderr } = spawnSync(process.execPath, [ENTRY, ...args], options);
    assert.equal(status, 2, String(stderr));
    assert.match(String(stderr), /are the same file, .*; name two/);
    assert.equal(readFileSync(list, 'utf8'), text);
  }
});

test('names that mean something to SQLite are names of files', async (t) => {
  const { server, folder } = await setUp(t);
  const outputs = [
    'file:foo.ndjson',
    'a%2e%2fb.ndjson',
    'file:c.ndjson?mode=memory&x=.ndjson',
    ':memory:.ndjson',
    'file:%2e.ndjson',
  ];
  for (const output of outputs) {
    const { code, stderr } = await runCliHere(folder, [server.template(3), '-o', output]);
    assert.equal(code, 0, `${output}: ${stderr}`);
    assert.equal(readFileSync(join(folder, output), 'utf8').split('\n').length, 4);
    assert.equal(statSync(join(folder, `${output}.everypage`)).mode & 0o777, 0o600);
    const verified = await runCliHere(folder, ['verify', `${output}.everypage`]);
    assert.equal(verified.code, 0, `${output}: ${verified.stderr}`);
  }
  for (const archive of [':memory:', 'file:x?vfs=none', 'file::memory:?cache=shared', '?mode=ro']) {
    const args = [server.template(3), '-o', 'z.ndjson', '--archive', archive];
    const { code, stderr } = await runCliHere(folder, args);
    assert.equal(code, 0, `${archive}: ${stderr}`);
    const verified = await runCliHere(folder, ['verify', archive]);
    assert.equal(verified.code, 0, `${archive}: ${verified.stderr}`);
    outputs.push(archive);
  }
  const made = outputs.flatMap((name) =>
    /ndjson/.test(name) ? [name, `${name}.everypage`] : [name],
  );
  assert.deepEqual(readdirSync(folder).toSorted(), [...made, 'z.ndjson'].toSorted());
});

test('a device has no archive beside it, and none takes its place', async (t) => {
  const { server, folder, refused } = await setUp(t);
  const beside = () => readdirSync('/dev').filter((name) => name.includes('everypage'));
  for (const more of [[], ['--prove']]) {
    const args = [server.template(3), '-o', '/dev/null', '-f', 'ndjson', ...more];
    const { code, stderr } = await runCliHere(folder, args);
    assert.equal(code, 0, stderr);
    assert.deepEqual(beside(), []);
  }
  symlinkSync('/dev/null', join(folder, 'device'));
  for (const archive of ['/dev/null', 'device']) {
    await refused(
      /is there and is no archive/,
      server.template(3),
      ...['-o', 'a.ndjson', '--archive', archive],
    );
  }
  assert.ok(statSync('/dev/null').isCharacterDevice());
});

test('links in a circle and names that are too long are said in one line', async (t) => {
  const { server, folder } = await setUp(t);
  symlinkSync('circle', join(folder, 'circle'));
  symlinkSync('circle', join(folder, 'part.everypage.part'));
  const long = 'n'.repeat(250);
  const names = () => readdirSync(folder).filter((name) => name !== 'state');
  const before = names();
  const url = server.template(3);
  for (const args of [
    ...['circle', 'circle/a.ndjson', `${long}.ndjson`, `${long.slice(0, 245)}.json`].flatMap(
      (name) => [
        [url, '-o', name, '-f', 'ndjson'],
        [url, '-o', 'a.ndjson', '--archive', name],
        [url, '-o', 'a.ndjson', '--summary', name],
        [`@${name}`, '-o', 'a.ndjson'],
        [url, '-o', 'a.ndjson', '-H', `@${name}`],
        [url, '-o', 'a.ndjson', '--cacert', name],
        ['verify', name],
        ['export', name, '-o', 'a.ndjson'],
      ],
    ),
    [url, '-o', 'a.ndjson', '--archive', 'part.everypage'],
    [url, '-o', 'a.ndjson', '--archive', 'part.everypage', '--fresh'],
  ]) {
    const { code, stderr } = await runCliHere(folder, args);
    assert.ok(code === 1 || code === 2, `${args.join(' ')}: ${code} ${stderr}`);
    assert.doesNotMatch(stderr, /bug in everypage/, args.join(' '));
    assert.match(stderr, /^everypage: .*\n(?: {2}try: .*\n)?$/, args.join(' '));
    assert.deepEqual(names(), before, args.join(' '));
  }
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
