/** B3 and invariant 5 with a process of its own, whose memory the system counts. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type FaultServerOptions, startFaultServer } from '../../src/demo/fault-server.ts';
import { temporaryFolder } from './run-cli.ts';

/** Runs the command line against such a server; gives what it said, and the most memory it took. */
async function measure(
  t: TestContext,
  mostBytes: number,
  script: FaultServerOptions,
  ...flags: readonly string[]
) {
  const server = await startFaultServer(script);
  t.after(() => server.close());
  const folder = temporaryFolder(t);
  const entry = join(import.meta.dirname, 'measured-everypage.ts');
  const args = [server.url, '-k', '--proxy', '', '--retry', '1', '-o', 'all.everypage', ...flags];
  const env: NodeJS.ProcessEnv = { ...process.env };
  delete env['NODE_TEST_CONTEXT'];
  const child = spawn(process.execPath, [entry, ...args], {
    cwd: folder,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code] = await once(child, 'close');
  const peakBytes = Number(/^peak (\d+)$/m.exec(said)?.[1]);
  assert.ok(peakBytes > 0, said);
  assert.ok(peakBytes < mostBytes, `${Math.round(peakBytes / 1e6)} MB: ${said}`);
  return { code, said };
}

test('a bomb is given up with its memory bounded, whichever limit it meets', async (t) => {
  const member = gzipSync(Buffer.alloc(1024 * 1024, ' '));
  const large = Buffer.concat(Array<Buffer>(1000).fill(member));
  const headers = { 'content-encoding': 'gzip' };
  const { code, said } = await measure(t, 300e6, {
    protocol: 'http',
    pages: 2,
    rules: [
      { pages: [1], times: 'always', reply: { change: 'bomb' } },
      { pages: [2], times: 'always', reply: { body: large, headers } },
    ],
  });
  assert.equal(code, 3);
  assert.match(
    said,
    /page=1 .*more than 200 times its [\d,]+ bytes; -H 'accept-encoding: identity'/,
  );
  assert.match(said, /page=2 .*larger than 134,217,728 bytes decoded; --max-decoded-bytes/);
});

for (const protocol of ['h1', 'h2'] as const) {
  test(`bodies without end stop at their limit, two at once, over ${protocol}`, async (t) => {
    const rules = [{ times: 'always' as const, reply: { endless: true } }];
    const { code, said } = await measure(t, 300e6, { protocol, pages: 2, rules });
    assert.equal(code, 3);
    assert.equal(said.match(/larger than 67108864 bytes; --max-body-bytes/g)?.length, 2);
  });
}
