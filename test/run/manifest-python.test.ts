/** The check in docs/manifest.md that needs no everypage, as it stands there. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite, type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { run } from '../../src/index.ts';
import { sha256 } from '../archive/sample-pages.ts';
import { temporaryFolder } from './run-cli.ts';

const DOC = readFileSync(join(import.meta.dirname, '../../docs/manifest.md'), 'utf8');
const [, script = ''] = /```python\n([\s\S]*?)```/.exec(DOC) ?? [];
const hasPython = spawnSync('python3', ['--version']).status === 0;

/** Pages with and without gzip; page 3 is larger than one row of the archive holds. */
async function startServer(t: TestContext): Promise<string> {
  const server = createServer((request, response) => {
    const n = Number(/\d+$/.exec(request.url ?? '')?.[0]);
    const text = JSON.stringify({ n, ä: 'ü'.repeat(n === 3 ? 200_000 : n) });
    const isPacked = n % 2 === 0;
    response.writeHead(200, {
      'content-type': 'application/json',
      ...(isPacked ? { 'content-encoding': 'gzip' } : {}),
    });
    response.end(isPacked ? gzipSync(text) : text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/ü?page=[1-5]`;
}

suite('the Python of docs/manifest.md', { skip: !hasPython }, () => {
  async function setUp(t: TestContext) {
    const folder = temporaryFolder(t);
    const output = join(folder, 'ä b.ndjson');
    const manifest = join(folder, 'm.sha256');
    await run(await startServer(t), {
      output: [output, join(folder, 'c.db')],
      manifest,
      proxy: '',
    });
    writeFileSync(join(folder, 'check.py'), script);
    const archive = `${output}.everypage`;
    const check = () => {
      const args = [join(folder, 'check.py'), manifest, archive];
      const { status, stdout, stderr } = spawnSync('python3', args, { encoding: 'utf8' });
      return { status, said: `${stdout}${stderr}`.trim() };
    };
    const change = (sql: string) => {
      const database = new DatabaseSync(archive);
      database.exec(sql);
      database.close();
    };
    return { output, archive, check, change };
  }

  test('has at most twenty lines', () => {
    assert.ok(script.trim().split('\n').length <= 20);
  });

  test('says OK of an output and an archive that are as they were', async (t) => {
    const { check } = await setUp(t);
    assert.deepEqual(check(), { status: 0, said: 'OK' });
  });

  test('names an output that was changed', async (t) => {
    const { check, output } = await setUp(t);
    writeFileSync(output, '{}\n', { flag: 'a' });
    assert.deepEqual(check(), { status: 1, said: 'ä b.ndjson was changed' });
  });

  test('names a page that was changed, in its first part or a later one', async (t) => {
    const first = await setUp(t);
    first.change("UPDATE content SET body = CAST('{}' AS BLOB) WHERE id = 1");
    assert.match(first.check().said, /page=\d was changed/);
    const later = await setUp(t);
    later.change('UPDATE more_body SET bytes = zeroblob(length(bytes))');
    const { status, said } = later.check();
    assert.equal(status, 1);
    assert.match(said, /page=3 was changed/);
  });

  test('notices a body that was changed together with its hash, a status, a URL and a page that is gone', async (t) => {
    const body = Buffer.from('{"n":1}');
    const hash = Buffer.from(sha256(new Uint8Array(body))).toString('hex');
    for (const sql of [
      `UPDATE content SET encoding = NULL, body = x'${body.toString('hex')}', hash = x'${hash}' WHERE id = 2`,
      'UPDATE content SET status = 203 WHERE id = 1',
      "UPDATE page SET url = url || '&x' WHERE place = 4",
      'DELETE FROM page WHERE place = 4',
      'UPDATE page SET place = 7 WHERE place = 4',
    ]) {
      const { check, change } = await setUp(t);
      change(sql);
      assert.deepEqual(check(), { status: 1, said: 'the archive has other pages' }, sql);
    }
  });
});

test('the shell line of docs/manifest.md gives the JSON', {
  skip: spawnSync('jq', ['--version']).status !== 0,
}, async (t) => {
  const [, line = ''] = /`(grep [^`]*jq [^`]*)`/.exec(DOC) ?? [];
  const folder = temporaryFolder(t);
  const output = join(folder, 'items.ndjson');
  const manifest = join(folder, 'items.sha256');
  await run(await startServer(t), { output, manifest, proxy: '' });
  const printed = execFileSync('sh', ['-c', line], { cwd: folder, encoding: 'utf8' });
  assert.equal(JSON.parse(printed).name, 'proven');
});
