/** A process that may open few files (`ulimit -n`). */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { ENTRY, temporaryFolder } from './run-cli.ts';

const PAGES = 150;
const AT_ONCE = 100;
const SPARE_FILES = 20;
const PRLIMIT = '/usr/bin/prlimit';

// The sources are loaded many at once, which takes more files than connections do.
const isBuilt = process.env['EVERYPAGE_TEST_CLI'] === 'dist';
const skip = isBuilt && existsSync(PRLIMIT) ? false : 'it needs dist/ and prlimit';

test('fewer connections are used where no more can be opened, and no page fails', {
  skip,
}, async (t) => {
  let open = 0;
  let most = 0;
  let asked = 0;
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const server = createServer(async (_request, response) => {
    asked += 1;
    begin();
    await wait(20);
    response.setHeader('content-type', 'application/json').end('{"id":1}');
  });
  server.on('connection', (socket) => {
    open += 1;
    most = Math.max(most, open);
    socket.once('close', () => {
      open -= 1;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const folder = temporaryFolder(t);
  const { port } = server.address() as AddressInfo;
  const url = (page: number) => `http://127.0.0.1:${port}/items?page=${page}\n`;
  const argv = ['-', '-o', 'a.ndjson', '-c', String(AT_ONCE), '-vv', '--retry', '0'];
  const child = spawn(process.execPath, [ENTRY, ...argv], {
    cwd: folder,
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, XDG_STATE_HOME: join(folder, 'state') },
  });
  const said = child.stderr.toArray();
  child.stdin.write(url(1));
  await begun;
  const now = readdirSync(`/proc/${child.pid}/fd`).length;
  execFileSync(PRLIMIT, ['--pid', String(child.pid), `--nofile=${now + SPARE_FILES}`]);
  child.stdin.end(Array.from({ length: PAGES - 1 }, (_, n) => url(n + 2)).join(''));
  const [code] = await once(child, 'exit');
  const stderr = Buffer.concat(await said).toString();
  assert.equal(code, 0, stderr);
  assert.equal(readFileSync(join(folder, 'a.ndjson'), 'utf8').trim().split('\n').length, PAGES);
  assert.equal(asked, PAGES);
  assert.ok(most > 1 && most < AT_ONCE, `${most} connections`);
  assert.doesNotMatch(stderr, /EMFILE|again in|limit/);
});
