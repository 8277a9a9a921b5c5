/** Memory of a process of its own, as the system counts it (docs/reliability.md, B3). */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type FaultServerOptions, startFaultServer } from '../fixtures/faults/fault-server.ts';
import { temporaryFolder } from './run-cli.ts';

interface Measured {
  readonly code: number | null;
  readonly said: string;
  readonly peakBytes: number;
  /** Of bodies that had arrived and were not in the archive yet, at most. */
  readonly bodiesBytes: number;
}

/** The command line in a process of its own; gives what it said, and the memory it took. */
async function measure(t: TestContext, ...words: readonly string[]): Promise<Measured> {
  const entry = join(import.meta.dirname, 'measured-everypage.ts');
  const args = [...words, '--proxy', '', '--retry', '1', '-o', 'all.everypage'];
  const env: NodeJS.ProcessEnv = { ...process.env };
  delete env['NODE_TEST_CONTEXT'];
  const child = spawn(process.execPath, [entry, ...args], {
    cwd: temporaryFolder(t),
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [said, [code]] = await Promise.all([text(child.stderr!), once(child, 'close')]);
  const peakBytes = Number(/^peak (\d+)$/m.exec(said)?.[1]);
  const bodiesBytes = Number(/^bodies (\d+)$/m.exec(said)?.[1]);
  assert.ok(peakBytes > 0 && bodiesBytes > 0, said);
  return { code, said, peakBytes, bodiesBytes };
}

/** The same against a server with faults, which must not take more than 300 MB. */
async function withstand(t: TestContext, script: FaultServerOptions) {
  const server = await startFaultServer(script);
  t.after(() => server.close());
  const measured = await measure(t, server.url, '-k');
  const { peakBytes, said } = measured;
  assert.ok(peakBytes < 300e6, `${Math.round(peakBytes / 1e6)} MB: ${said}`);
  return measured;
}

test('a bomb is given up with its memory bounded, whichever limit it meets', async (t) => {
  const member = gzipSync(Buffer.alloc(1024 * 1024, ' '));
  const large = Buffer.concat(Array<Buffer>(1000).fill(member));
  const headers = { 'content-encoding': 'gzip' };
  const { code, said } = await withstand(t, {
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
  assert.match(said, /page=2 .*larger than 128 MiB decoded; --max-decoded-bytes/);
});

for (const protocol of ['h1', 'h2'] as const) {
  test(`bodies without end stop at their limit, five at once, over ${protocol}`, async (t) => {
    const rules = [{ times: 'always' as const, reply: { endless: true } }];
    const { code, said } = await withstand(t, { protocol, pages: 5, rules });
    assert.equal(code, 3);
    // Said once, above its pages.
    assert.match(said, /larger than 64 MiB; --max-body-bytes/);
    assert.equal(said.match(/page=\d$/gm)?.length, 5, said);
  });
}

test('large bodies at once stay within the budget for those in flight', async (t) => {
  const script = join(import.meta.dirname, '../servers/large-server-process.ts');
  const server = spawn(process.execPath, [script, '40000000'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => server.kill('SIGKILL'));
  const [line] = await once(createInterface({ input: server.stdout! }), 'line');
  const { origin, caFile } = JSON.parse(line);
  const { code, said, bodiesBytes } = await measure(
    t,
    ...[`${origin}/[1-4]`, '-c', '4', '--cacert', caFile],
  );
  assert.equal(code, 0, said);
  assert.ok(bodiesBytes > 40e6 && bodiesBytes <= 128 * 1024 * 1024, `${bodiesBytes} bytes`);
});

// JSON.parse alone would take 200 MB for them, and a text for each key 100 MB.
// No round number: as many as servers give at most would be asked for in other sizes.
const ids = Array.from({ length: 1_000_003 }, (_, index) => `{"id":${1_000_000 + index}}`).join();

// Each is asked for with parameters that the server ignores: the same page comes eight times.
for (const [name, page, exitCode] of [
  ['a page of a million short records', `{"data":[${ids}],"has_more":false}`, 0],
  ['a bare list of a million short records', `[${ids}]`, 3],
] as const) {
  test(`${name} takes a small multiple of its bytes`, async (t) => {
    const body = Buffer.from(page);
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const { code, said, peakBytes } = await measure(t, `http://127.0.0.1:${port}/things`);
    assert.equal(code, exitCode, said);
    assert.match(said, /1,000,003 records/);
    assert.ok(peakBytes < 320e6, `${Math.round(peakBytes / 1e6)} MB: ${said}`);
  });
}
