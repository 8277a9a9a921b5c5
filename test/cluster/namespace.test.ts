/** A worker on a network of its own, with a cable to the machine of the queue. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { ENTRY } from '../run/run-cli.ts';
import { startCluster } from './cluster-setup.ts';
import { WITHOUT_REDIS } from './redis-process.ts';

const NAME = `ep${process.pid}`;
const NET = `10.231.${process.pid % 250}`;

function ip(...words: readonly string[]): boolean {
  return spawnSync('ip', words).status === 0;
}

/** Null where namespaces may be made here; else what to say. */
function whyNot(): string | null {
  if (ip('netns', 'add', NAME)) {
    const isLinked =
      ip('link', 'add', `${NAME}a`, 'type', 'veth', 'peer', 'name', `${NAME}b`, 'netns', NAME) &&
      ip('addr', 'add', `${NET}.1/30`, 'dev', `${NAME}a`) &&
      ip('link', 'set', `${NAME}a`, 'up') &&
      ip('-n', NAME, 'addr', 'add', `${NET}.2/30`, 'dev', `${NAME}b`) &&
      ip('-n', NAME, 'link', 'set', `${NAME}b`, 'up');
    if (isLinked) return null;
    ip('netns', 'del', NAME);
  }
  return 'no network namespace can be made here (ip netns, as root), so no worker is tested on a network of its own';
}

/** What listens on loopback, on the cable too. Gives the port there. */
async function onCable(t: TestContext, port: number): Promise<number> {
  const server = createServer((socket) => {
    const inner = connect(port, '127.0.0.1');
    socket.on('error', () => inner.destroy()).pipe(inner);
    inner.on('error', () => socket.destroy()).pipe(socket);
  });
  server.listen(0, `${NET}.1`);
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test('a worker on another network fetches the run, also after its cable was cut', {
  skip: WITHOUT_REDIS ?? false,
}, async (t) => {
  const reason = whyNot();
  if (reason !== null) {
    t.skip(reason);
    return;
  }
  t.after(() => ip('netns', 'del', NAME));
  const PAGES = 200;
  const cluster = await startCluster(t, { delayMs: 10 });
  const queue = `redis://${NET}.1:${await onCable(t, cluster.redis.port)}${new URL(cluster.redis.url).pathname}`;
  const pages = await onCable(t, Number(new URL(cluster.server.template(1)).port));
  const words = [process.execPath, ENTRY, 'worker', '--queue', queue, '--progress', 'none'];
  const worker = spawn('ip', ['netns', 'exec', NAME, ...words], { stdio: 'ignore' });
  t.after(() => worker.kill('SIGKILL'));
  const { ended } = cluster.begin([
    `http://${NET}.1:${pages}/pages/[1-${PAGES}]`,
    ...['--rate', '200/s', '--no-work'],
  ]);
  await cluster.untilRequested(40);
  ip('link', 'set', `${NAME}a`, 'down');
  await wait(300);
  ip('link', 'set', `${NAME}a`, 'up');
  const { code, stderr } = await ended;
  assert.equal(code, 0, stderr);
  assert.ok(cluster.output() === cluster.expected(PAGES));
});
