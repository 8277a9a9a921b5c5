/** Outputs that are streams, and a standard output that is closed. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { startPageServer } from '../servers/page-server.ts';
import { ENTRY, temporaryFolder } from './run-cli.ts';

const server = await startPageServer({ protocol: 'http', bodyBytes: 200 });
test.after(() => server.close());
const url = server.template(12);

/** A line of bash in `folder`; `everypage` is the command. */
async function bash(folder: string, line: string) {
  const script = `everypage() { "${process.execPath}" "${ENTRY}" "$@"; }\n${line}`;
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined, NO_COLOR: '1' };
  const child = spawn('bash', ['-c', script], {
    cwd: folder,
    env: { ...env, XDG_STATE_HOME: join(folder, 'state') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err] = [child.stdout, child.stderr].map((stream) => stream.toArray());
  const [code] = await once(child, 'close');
  const text = async (chunks: Promise<Buffer[]>) => Buffer.concat(await chunks).toString();
  return { code, stdout: await text(out!), stderr: await text(err!) };
}

const filesIn = (folder: string) => readdirSync(folder).filter((name) => name !== 'state');

suite('an output that is a stream', () => {
  test('takes what standard output takes, and nothing stands beside it', async (t) => {
    const folder = temporaryFolder(t);
    const { code, stderr } = await bash(
      folder,
      `everypage '${url}' -q > a && everypage '${url}' -o >(gzip > b.part && mv b.part b.gz) && everypage '${url}' -q -o /dev/fd/3 3> c; code=$?; until [ -e b.gz ]; do sleep 0.05; done; exit $code`,
    );
    assert.equal(code, 0, stderr);
    assert.match(stderr, /12 whole pages → \/dev\/fd\/\d+ \(/);
    assert.deepEqual(filesIn(folder), ['a', 'b.gz', 'c']);
    const expected = readFileSync(join(folder, 'a'), 'utf8');
    assert.equal(expected.split('\n').length, 13);
    assert.equal(gunzipSync(readFileSync(join(folder, 'b.gz'))).toString(), expected);
    assert.equal(readFileSync(join(folder, 'c'), 'utf8'), expected);
  });

  test('takes the pages that are there where others are missing, and no command names it again', async (t) => {
    const folder = temporaryFolder(t);
    const isMissing = url.replace('[1-12]', '{1,2,missing}');
    const { code, stdout, stderr } = await bash(
      folder,
      `everypage '${isMissing}' -o /dev/fd/3 3>&1`,
    );
    assert.equal(code, 3, stderr);
    assert.equal(stdout.split('\n').length, 3, stdout);
    assert.doesNotMatch(stderr, /was not written|everypage .*-o \/dev\/fd/);
  });

  test('that is closed is refused, and one that is thrown away is not', {
    skip: process.platform !== 'linux',
  }, async (t) => {
    const folder = temporaryFolder(t);
    const before = server.counts().total;
    const closed = await bash(folder, `everypage '${url}' >&-`);
    assert.equal(closed.code, 2, closed.stderr);
    assert.match(closed.stderr, /standard output is closed/);
    assert.equal(server.counts().total, before);
    const thrownAway = await bash(folder, `everypage '${url}' -q >/dev/null`);
    assert.equal(thrownAway.code, 0, thrownAway.stderr);
  });
});
