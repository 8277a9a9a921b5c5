/** A Redis of its own for a test: on a free port, in a folder of its own, ended by its process id. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '../servers/free-port.ts';

/** Null where there is a `redis-server`; else what to say. */
export const WITHOUT_REDIS: string | null =
  spawnSync('redis-server', ['--version']).error === undefined
    ? null
    : 'redis-server is not installed, so nothing of the queue is tested: apt-get install redis-server';

if (WITHOUT_REDIS !== null) console.error(`\n*** ${WITHOUT_REDIS}\n`);

export interface RedisProcess {
  readonly port: number;
  readonly url: string;
  /** Ends it as a crash does. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with what it had written. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** @param words more of its configuration, as `--name value` */
export async function startRedis(words: readonly string[] = []): Promise<RedisProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'everypage-redis-'));
  const port = await freePort();
  let child: ChildProcess | null = null;
  const redis: RedisProcess = {
    port,
    url: `redis://127.0.0.1:${port}/0`,
    async start() {
      const own = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
      child = spawn('redis-server', [...own, '--appendonly', 'yes', ...words], { stdio: 'ignore' });
      await untilAnswers(port);
    },
    async kill() {
      if (child === null || child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
    async close() {
      await redis.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await redis.start();
  return redis;
}

async function untilAnswers(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    const isOpen = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'close').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (isOpen) return;
    await wait(50);
  }
  throw new Error(`redis-server does not answer on port ${port}`);
}
