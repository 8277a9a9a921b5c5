/** `--manifest` of runs and exports, and what checks it: `verify --manifest`, `sha256sum -c` and shasum. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite, type TestContext, test } from 'node:test';
import { exportArchive, type Manifest, run, verifyManifest } from '../../src/index.ts';
import { sha256 } from '../archive/sample-pages.ts';
import { startPageServer } from '../servers/page-server.ts';
import { runCli, temporaryFolder } from './run-cli.ts';
import { runCliHere } from './run-in-process.ts';

process.env['NO_PROXY'] = 'localhost';
const PAGES = 7;
const server = await startPageServer({ protocol: 'http', bodyBytes: 300, pages: PAGES });
test.after(() => server.close());

/** The JSON of a manifest, read as docs/manifest.md says. */
function jsonOf(path: string): Manifest {
  const lines = readFileSync(path, 'utf8').split('\n');
  const json = lines.filter((line) => line.startsWith('#')).map((line) => line.slice(1));
  return JSON.parse(json.join('\n'));
}

async function fetched(t: TestContext, ...more: string[]): Promise<string> {
  const folder = temporaryFolder(t);
  const args = [server.template(PAGES), '--manifest', 'm.sha256', ...more];
  const { code, stderr } = await runCliHere(folder, args);
  assert.equal(code, 0, stderr);
  return folder;
}

function sums(folder: string, program: readonly string[], manifest = 'm.sha256') {
  const [name, ...args] = program;
  const { status, stdout, stderr } = spawnSync(name!, [...args, '-c', manifest], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  return { status, stdout, stderr };
}

const has = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

suite('a manifest', () => {
  test('says what was asked, what came, and the hash of each output', async (t) => {
    const folder = await fetched(t, '-o', 'a.ndjson', '-o', 'a.csv.gz', '-o', 'a.parquet');
    const { about, ...manifest } = jsonOf(join(folder, 'm.sha256')) as Manifest & { about: string };
    assert.match(about, /sha256sum -c/);
    assert.deepEqual(manifest.asked, {
      urls: [server.template(PAGES)],
      method: 'GET',
      headers: [['accept', 'application/json']],
      bodySha256: null,
      pagination: null,
      failWhen: null,
    });
    assert.equal(manifest.pages, PAGES);
    assert.equal(manifest.records, PAGES);
    assert.equal(manifest.verdict.name, 'proven');
    assert.equal(manifest.archive, 'a.ndjson.everypage');
    assert.ok(
      manifest.startedAt <= manifest.completedAt! && manifest.completedAt! <= manifest.writtenAt,
    );
    assert.deepEqual(
      manifest.outputs.map(({ path, format }) => [path, format]),
      [
        ['a.ndjson', 'ndjson'],
        ['a.csv.gz', 'csv'],
        ['a.parquet', 'parquet'],
      ],
    );
    for (const { path, bytes, records, sha256: hash } of manifest.outputs) {
      const content = new Uint8Array(readFileSync(join(folder, path!)));
      assert.equal(bytes, content.length);
      assert.equal(records, PAGES);
      assert.equal(hash, Buffer.from(sha256(content)).toString('hex'), path!);
    }
  });

  test('is read by sha256sum -c and shasum, without a warning, and names what was changed', async (t) => {
    const folder = await fetched(t, '-o', 'a.ndjson', '-o', 'b.json.zst');
    const programs = [
      ['sha256sum', '--strict'],
      ['shasum', '-a', '256'],
    ].filter(([name]) => has(name!));
    assert.ok(programs.length > 0, 'neither sha256sum nor shasum is there');
    for (const program of programs) {
      const good = sums(folder, program);
      assert.deepEqual(good, { status: 0, stdout: 'a.ndjson: OK\nb.json.zst: OK\n', stderr: '' });
    }
    writeFileSync(join(folder, 'a.ndjson'), 'else', { flag: 'a' });
    for (const program of programs) {
      const bad = sums(folder, program);
      assert.equal(bad.status, 1);
      assert.match(bad.stdout, /a\.ndjson: FAILED\nb\.json\.zst: OK/);
    }
  });

  test('has names that sha256sum must escape', { skip: !has('sha256sum') }, async (t) => {
    const odd = 'we\\ird\nname.ndjson';
    const folder = await fetched(t, '-o', odd);
    const { status, stdout, stderr } = sums(folder, ['sha256sum', '--strict']);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /OK/);
    const printed = execFileSync('sha256sum', [odd], { cwd: folder, encoding: 'utf8' });
    assert.ok(readFileSync(join(folder, 'm.sha256'), 'utf8').endsWith(printed));
    assert.ok((await verifyManifest(join(folder, 'm.sha256'))).isSame);
  });

  test('names outputs from its own folder, so that both move together', async (t) => {
    const folder = temporaryFolder(t);
    mkdirSync(join(folder, 'data'));
    mkdirSync(join(folder, 'proofs'));
    const args = [server.template(3), '-o', 'data/a.ndjson', '--manifest', 'proofs/m.sha256'];
    const { code, stderr } = await runCliHere(folder, args);
    assert.equal(code, 0, stderr);
    const { outputs, archive } = jsonOf(join(folder, 'proofs/m.sha256'));
    assert.equal(outputs[0]!.path, '../data/a.ndjson');
    assert.equal(archive, '../data/a.ndjson.everypage');
    mkdirSync(join(folder, 'elsewhere'));
    for (const name of ['data', 'proofs']) {
      renameSync(join(folder, name), join(folder, 'elsewhere', name));
    }
    assert.ok((await verifyManifest(join(folder, 'elsewhere/proofs/m.sha256'))).isSame);
  });

  test('of a database has its rows and no hash, and no line', async (t) => {
    const folder = await fetched(t, '-o', 'a.db', '-o', 'a.ndjson');
    const { outputs } = jsonOf(join(folder, 'm.sha256'));
    assert.equal(outputs[0]!.sha256, null);
    assert.equal(outputs[0]!.records, PAGES);
    const { code, stderr } = await runCliHere(folder, ['verify', '--manifest', 'm.sha256']);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /a\.db: not checked: a database has no SHA-256; it got 7 rows/);
    assert.match(stderr, /a\.ndjson: as it was written/);
  });

  test('of standard output is checked by naming the file that it was kept in', async (t) => {
    const folder = temporaryFolder(t);
    const { code, stdout, stderr } = await runCli(folder, [
      ...[server.template(PAGES), '--manifest', 'm.sha256', '-q'],
    ]);
    assert.equal(code, 0, stderr);
    const { outputs, archive } = jsonOf(join(folder, 'm.sha256'));
    assert.equal(outputs[0]!.path, null);
    assert.equal(archive, null);
    writeFileSync(join(folder, 'kept.ndjson'), stdout);
    const verify = (...files: string[]) =>
      runCliHere(folder, ['verify', '--manifest', 'm.sha256', ...files]);
    assert.equal((await verify('kept.ndjson')).code, 0);
    assert.match((await verify()).stderr, /stdout: not checked: it is no file/);
    writeFileSync(join(folder, 'kept.ndjson'), `${stdout}{}\n`);
    const changed = await verify('kept.ndjson');
    assert.equal(changed.code, 3);
    assert.match(
      changed.stderr,
      /kept\.ndjson: it is none of the outputs: its SHA-256 is [0-9a-f]{64}/,
    );
  });

  test('of an export, of the archive alone, and of --prove has the same root', async (t) => {
    const folder = await fetched(t, '-o', 'a.ndjson');
    const { merkleRoot } = jsonOf(join(folder, 'm.sha256'));
    const archive = 'a.ndjson.everypage';
    const exported = ['export', archive, '-o', 'b.json', '-o', 'b.tsv', '--manifest', 'b.sha256'];
    assert.equal((await runCliHere(folder, exported)).code, 0);
    const ofExport = jsonOf(join(folder, 'b.sha256'));
    assert.equal(ofExport.merkleRoot, merkleRoot);
    assert.equal(ofExport.archive, archive);
    assert.ok((await verifyManifest(join(folder, 'b.sha256'))).isSame);
    for (const [name, ...more] of [
      ['alone', '-o', 'c.everypage'],
      ['proved', '-o', 'd.ndjson', '--prove'],
      ['proved-alone', '-o', 'e.everypage', '--prove'],
      ['not-kept', '-o', 'f.ndjson', '--no-keep'],
      ['proved-not-kept', '-o', 'g.ndjson', '--no-keep', '--prove'],
    ] as const) {
      const file = `${name}.sha256`;
      const args = [server.template(PAGES), ...more, '--manifest', file];
      const { code, stderr } = await runCliHere(folder, args);
      assert.equal(code, 0, stderr);
      const made = jsonOf(join(folder, file));
      assert.equal(made.merkleRoot, merkleRoot, name);
      assert.equal(made.archive === null, name.endsWith('not-kept'), name);
      assert.ok((await verifyManifest(join(folder, file))).isSame, name);
    }
  });

  test('is written when the output is, and else stays as it was', async (t) => {
    const folder = temporaryFolder(t);
    const manifest = join(folder, 'm.sha256');
    writeFileSync(manifest, 'older');
    const args = [
      server.template(PAGES + 2),
      '-o',
      'a.ndjson',
      '--manifest',
      'm.sha256',
      '--retry',
      '0',
    ];
    const missing = await runCliHere(folder, args);
    assert.equal(missing.code, 3, missing.stderr);
    assert.equal(readFileSync(manifest, 'utf8'), 'older');
    const taken = await runCliHere(folder, [...args, '--allow-incomplete']);
    assert.equal(taken.code, 0, taken.stderr);
    const { verdict, pages, archive } = jsonOf(manifest);
    assert.equal(verdict.name, 'incomplete');
    assert.equal(pages, PAGES);
    assert.equal(archive, 'a.ndjson.everypage.part');
    const checked = await runCliHere(folder, ['verify', '--manifest', 'm.sha256']);
    assert.equal(checked.code, 3, checked.stderr);
    assert.match(checked.stderr, /its 7 pages are those of the manifest/);
  });

  test('is refused where it cannot be a file of its own', async (t) => {
    const folder = temporaryFolder(t);
    const asked = server.counts().total;
    for (const [path, why] of [
      ['a.ndjson', /the output and --manifest are the same file, a\.ndjson/],
      ['missing/m', /the folder missing does not exist/],
      ['/dev/stdout', /is no regular file; a manifest is one/],
    ] as const) {
      const args = [server.template(2), '-o', 'a.ndjson', '--manifest', path];
      const { code, stderr } = await runCliHere(folder, args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, why);
      assert.equal(stderr.trim().split('\n').length, 1);
    }
    assert.equal(server.counts().total, asked);
  });
});

suite('verify --manifest', () => {
  const verify = (folder: string, ...args: string[]) =>
    runCliHere(folder, ['verify', '--manifest', 'm.sha256', ...args]);

  test('exits 0 for outputs and archive that are as they were', async (t) => {
    const folder = await fetched(t, '-o', 'a.ndjson');
    const { code, stderr } = await verify(folder);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /a\.ndjson: as it was written/);
    assert.match(stderr, /^a\.ndjson\.everypage: its 7 pages are those of the manifest$/m);
    assert.match(stderr, /All 7 pages are OK/);
    assert.equal((await verify(folder, '-q')).stderr, '');
  });

  test('exits 3 and names an output that was changed, or is missing', async (t) => {
    const folder = await fetched(t, '-o', 'a.ndjson', '-o', 'b.csv');
    const output = join(folder, 'a.ndjson');
    const content = readFileSync(output);
    content[5]! ^= 1;
    writeFileSync(output, content);
    const changed = await verify(folder);
    assert.equal(changed.code, 3);
    assert.match(
      changed.stderr,
      /a\.ndjson: it is not what was written: its SHA-256 is [0-9a-f]{64}, and was [0-9a-f]{64}\.\n/,
    );
    assert.match(changed.stderr, /b\.csv: as it was written/);
    rmSync(output);
    const missing = await verify(folder);
    assert.equal(missing.code, 3);
    assert.match(missing.stderr, /a\.ndjson: it is missing/);
    const only = await verify(folder, 'b.csv');
    assert.equal(only.code, 0, only.stderr);
    assert.doesNotMatch(only.stderr, /a\.ndjson/);
  });

  test('exits 3 for an archive of the same list with another page, though it agrees with itself', async (t) => {
    const folder = await fetched(t, '-o', 'a.ndjson');
    const other = await startPageServer({ protocol: 'http', bodyBytes: 300, pages: PAGES });
    t.after(() => other.close());
    await run(other.template(PAGES), { output: join(folder, 'other.ndjson') });
    const { code, stderr } = await verify(folder, 'other.ndjson.everypage');
    assert.equal(code, 3);
    assert.match(stderr, /it does not hold the pages of this manifest: their Merkle root is/);
    await run(server.template(PAGES - 1), { output: join(folder, 'fewer.ndjson') });
    const fewer = await verify(folder, 'fewer.ndjson.everypage');
    assert.equal(fewer.code, 3);
    assert.match(fewer.stderr, /it has 6 pages, and had 7/);
  });

  test('exits 3 for an archive whose body was changed beside its hash', async (t) => {
    const folder = await fetched(t, '-o', 'a.ndjson');
    const archive = new DatabaseSync(join(folder, 'a.ndjson.everypage'));
    archive.exec("UPDATE content SET body = CAST('{}' AS BLOB) WHERE id = 3");
    archive.close();
    const { code, stderr } = await verify(folder, 'a.ndjson.everypage');
    assert.equal(code, 3, stderr);
    assert.match(stderr, /it was changed: of its pages only the hashes are those of the manifest/);
    assert.match(stderr, /1 stored page is not what was received/);
  });

  test('says that an archive is not there any more, and exits 0', async (t) => {
    const folder = await fetched(t, '-o', 'a.ndjson');
    rmSync(join(folder, 'a.ndjson.everypage'));
    const { code, stderr } = await verify(folder);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /a\.ndjson\.everypage: it is not there, and was not checked/);
    const given = await verify(folder, 'a.ndjson.everypage');
    assert.equal(given.code, 2, given.stderr);
  });

  test('exits 3 for a manifest whose lines and JSON contradict each other', async (t) => {
    const folder = await fetched(t, '-o', 'a.ndjson');
    const path = join(folder, 'm.sha256');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace(/^[0-9a-f]{64} {2}/m, `${'0'.repeat(64)}  `));
    const { code, stderr } = await verify(folder);
    assert.equal(code, 3, stderr);
    assert.match(stderr, /m\.sha256: its lines for sha256sum are not those of the outputs/);
  });

  test('is what the message names for a manifest in the place of an archive', async (t) => {
    const folder = await fetched(t, '-o', 'a.ndjson');
    const { code, stderr } = await runCliHere(folder, ['verify', 'm.sha256']);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /m\.sha256 is a manifest\n {2}try: everypage verify --manifest m\.sha256\n/,
    );
  });

  test('refuses what is no manifest, with one line', async (t) => {
    const folder = temporaryFolder(t);
    const path = join(folder, 'm.sha256');
    for (const [text, why] of [
      [null, /the manifest m\.sha256 cannot be read: it does not exist/],
      ['', /m\.sha256 is no manifest of everypage/],
      ['# {"manifest": 1}\n', /is no manifest of everypage, or was damaged/],
      ['# {"manifest": 2}\n', /written by a later everypage/],
      ['\0\0\0', /is no manifest/],
    ] as const) {
      if (text === null) rmSync(path, { force: true });
      else writeFileSync(path, text);
      const { code, stderr } = await verify(folder);
      assert.equal(code, 2, stderr);
      assert.match(stderr, why);
    }
  });

  test('shows names of a hostile manifest without letting them act on the terminal', async (t) => {
    const folder = await fetched(t, '-o', 'a.ndjson');
    const path = join(folder, 'm.sha256');
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll('"a.ndjson"', '"\\u001b[2Ja"'));
    const { code, stderr } = await verify(folder);
    assert.equal(code, 3);
    assert.ok(!stderr.includes('\u001b'), JSON.stringify(stderr));
  });
});

test('the library writes and checks manifests', async (t) => {
  const folder = temporaryFolder(t);
  const at = (name: string) => join(folder, name);
  await run(server.template(PAGES), { output: at('a.ndjson'), manifest: at('a.sha256') });
  copyFileSync(at('a.ndjson'), at('copy.ndjson'));
  const { isSame, outputs, archive } = await verifyManifest(at('a.sha256'), {
    files: [at('copy.ndjson'), at('a.ndjson.everypage')],
  });
  assert.ok(isSame);
  assert.deepEqual(outputs, [{ destination: at('copy.ndjson'), state: 'same', problem: null }]);
  assert.equal(archive?.verification?.verdict.name, 'proven');
  await exportArchive(at('a.ndjson.everypage'), { output: at('b.csv'), manifest: at('b.sha256') });
  assert.ok(existsSync(at('b.sha256')));
  await assert.rejects(verifyManifest(at('a.sha256'), { files: ['a.everypage', 'b.everypage'] }), {
    code: 'USAGE',
  });
});
