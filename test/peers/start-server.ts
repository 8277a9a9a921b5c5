/** Server processes, none of which outlives this one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningPeer } from './peer.ts';

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 3000;

const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => process.exit(code));
}

/** The environment without proxies, which would take the requests off loopback. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name)),
);

function startNode(script: string, args: readonly string[], folder: string) {
  const child = spawn(process.execPath, [script, ...args], {
    cwd: folder,
    env: { ...environment, NO_UPDATE_NOTIFIER: '1' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  children.add(child);
  child.once('close', () => children.delete(child));
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk).slice(-2000);
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill('SIGTERM');
    const impatient = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    await closed;
    clearTimeout(impatient);
  };
  return { child, stop, said: () => said };
}

/** A script of this folder that prints its port. */
export async function startOwn(script: string, folder: string): Promise<RunningPeer> {
  const { child, stop, said } = startNode(join(import.meta.dirname, script), [], folder);
  const line = once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>;
  const ended = once(child, 'close').then(() => null);
  const first = await Promise.race([line, ended, sleep(START_LIMIT_MS, null, { ref: false })]);
  if (first === null) {
    await stop();
    throw new Error(`${script} did not start: ${said()}`);
  }
  return { port: Number(first[0]), stop };
}

/** The program that a package brings along, on a port that was free a moment ago. */
export async function startProgram(
  program: string,
  args: (port: number) => readonly string[],
  folder: string,
): Promise<RunningPeer> {
  const port = await freePort();
  const script = join(import.meta.dirname, 'node_modules', program);
  const { child, stop, said } = startNode(script, args(port), folder);
  child.stdout.resume();
  const untilMs = performance.now() + START_LIMIT_MS;
  while (child.exitCode === null && performance.now() < untilMs) {
    if (await isOpen(port)) return { port, stop };
    await sleep(50);
  }
  await stop();
  throw new Error(`${program} did not start: ${said()}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const open = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return open;
}
