/** The sink of docs/sinks.md, as it stands there. */
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { startPageServer } from '../servers/page-server.ts';
import { runCli, temporaryFolder } from './run-cli.ts';

const DOC = readFileSync(join(import.meta.dirname, '../../docs/sinks.md'), 'utf8');
const [, module = ''] = /```ts\n([\s\S]*?)```/.exec(DOC) ?? [];

test('the sink of docs/sinks.md sends records and then commits, or says what is wrong', async (t) => {
  const pages = await startPageServer({ protocol: 'http', bodyBytes: 200 });
  const got: { path: string; token: string | undefined; body: string }[] = [];
  let status = 200;
  const receiver = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    got.push({ path: request.url ?? '', token: request.headers.authorization, body });
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  t.after(() => Promise.all([pages.close(), receiver.close()]));
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'my-sink.ts'), module);
  writeFileSync(join(folder, '.env'), 'TOKEN=a-token\n');
  chmodSync(join(folder, '.env'), 0o600);
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/items`;
  const args = [pages.template(3), '-o', `sink:./my-sink.ts?url=${url}`, '-o', 'a.ndjson', '-q'];
  const env = { NO_PROXY: 'localhost,127.0.0.1' };

  const without = await runCli(folder, args, { env });
  assert.equal(without.code, 2);
  assert.match(
    without.stderr,
    /^everypage: sink:\.\/my-sink\.ts cannot be loaded: Error: set TOKEN\n$/,
  );
  assert.equal(pages.counts().total, 0);

  status = 503;
  const refused = await runCli(folder, [...args, '--env-file', '.env'], { env });
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /failed in write: Error: staged: status 503\./);

  status = 200;
  const { code, stderr } = await runCli(folder, [...args, '--env-file', '.env'], { env });
  assert.equal(code, 0, stderr);
  const [first, staged, committed] = got.map(({ path }) => path.replace('/items/', '').split('/'));
  assert.equal(got.length, 3);
  assert.deepEqual([first![1], staged![1], committed![1]], ['staged', 'staged', 'commit']);
  assert.equal(new Set([first![0], staged![0], committed![0]]).size, 1);
  assert.ok(got.every(({ token }) => token === 'Bearer a-token'));
  const lines = readFileSync(join(folder, 'a.ndjson'), 'utf8').trim().split('\n');
  assert.equal(got[1]!.body, `[${lines.join()}]`);
});
