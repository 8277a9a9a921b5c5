/** However a reading ends, nothing of it holds the process: here, where a server never answers. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { type BlackHole, startBlackHole } from '../servers/black-hole.ts';
import { startPageServer } from '../servers/page-server.ts';

const run = promisify(execFile);
const PROCESS = join(import.meta.dirname, 'leaving-process.ts');
let hole: BlackHole;
let silent: Server;
let good: Server;
const sockets = new Set<Socket>();

function listen(onConnection: (socket: Socket) => void): Promise<Server> {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function at(server: Server): string {
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return `127.0.0.1:${address.port}`;
}

before(async () => {
  hole = await startBlackHole('127.0.0.1');
  silent = await listen(() => {});
  good = await listen((socket) => {
    const answer =
      'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-type: application/json\r\n\r\n{}';
    socket.on('data', () => socket.write(answer));
  });
});

after(async () => {
  for (const socket of sockets) socket.destroy();
  silent.close();
  good.close();
  await hole.close();
});

const bad: readonly [what: string, protocol: string, url: () => string][] = [
  ['a port that never accepts', 'auto', () => `http://127.0.0.1:${hole.port}`],
  ['a port that never accepts, with TLS', 'auto', () => `https://127.0.0.1:${hole.port}`],
  ['a TLS handshake that never ends', 'auto', () => `https://${at(silent)}`],
  ['HTTP/1.1 without an answer', 'http1', () => `http://${at(silent)}`],
];
const thrown: Readonly<Record<string, string>> = {
  break: 'nothing',
  throw: 'RangeError',
  return: 'nothing',
  abort: 'AbortError',
  'abort before the first page': 'TimeoutError',
  'an error in the list': 'RangeError',
  run: 'nothing',
};
const nothingLeft = Object.fromEntries(
  Object.entries(thrown).map(([way, name]) => [way, { thrown: name, left: [] }]),
);

/** The process has to end by itself. */
async function leave(first: string, url: string, protocol: string): Promise<unknown> {
  const { stdout } = await run(process.execPath, [PROCESS, first, url, protocol], {
    timeout: 60_000,
  });
  return JSON.parse(stdout);
}

for (const [what, protocol, url] of bad) {
  test(`nothing of a reading holds the process after any end: ${what}`, async () => {
    assert.deepEqual(await leave(`http://${at(good)}/`, url(), protocol), nothingLeft);
  });
}

test('nothing of a reading holds the process after any end: HTTP/2 that never begins', async () => {
  const server = await startPageServer({ protocol: 'h2c' });
  try {
    const found = await leave(`${server.origin}/pages/1`, `http://${at(silent)}`, 'http2');
    assert.deepEqual(found, nothingLeft);
  } finally {
    await server.close();
  }
});
