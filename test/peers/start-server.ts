/** Server processes, none of which outlives this one. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../servers/free-port.ts';
import type { RunningPeer } from './peer.ts';

const START_LIMIT_MS = 180_000;
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
export const environment: NodeJS.ProcessEnv = Object.fromEntries(
  Object.entries({ ...process.env, NO_UPDATE_NOTIFIER: '1' }).filter(
    ([name]) => !/_proxy$/i.test(name),
  ),
);

/** A command, where it runs, and what is particular to it. */
export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
}

function start({ command, args, cwd, env = {}, uid }: Command) {
  const options: SpawnOptions = { cwd, env: { ...environment, ...env } };
  const child = spawn(command, args, {
    ...options,
    ...(uid === undefined ? {} : { uid, gid: uid }),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  children.add(child);
  child.once('close', () => children.delete(child));
  let said = '';
  child.once('error', ({ message }) => {
    said += message;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk).slice(-2000);
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    // Not `close`: a process that it started may hold its output open.
    const closed = once(child, 'exit');
    child.kill('SIGTERM');
    const impatient = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    await closed;
    clearTimeout(impatient);
  };
  return { child, stop, said: () => said };
}

/** A server that prints its port as its first line, and ends when its standard input does. */
export async function startSaying(command: Command): Promise<RunningPeer> {
  const { child, stop, said } = start(command);
  const line = once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>;
  const ended = once(child, 'close').then(() => null);
  const first = await Promise.race([line, ended, sleep(START_LIMIT_MS, null, { ref: false })]);
  if (first === null) {
    await stop();
    throw new Error(`${command.args[0]} did not start: ${said()}`);
  }
  return { port: Number(first[0]), stop };
}

/** A script of this folder that prints its port. */
export function startOwn(
  script: string,
  cwd: string,
  args: readonly string[] = [],
): Promise<RunningPeer> {
  const file = join(import.meta.dirname, script);
  return startSaying({ command: process.execPath, args: [file, ...args], cwd });
}

/** The program that a package brings along, on a port that was free a moment ago. */
export function startProgram(
  program: string,
  args: (port: number) => readonly string[],
  cwd: string,
): Promise<RunningPeer> {
  const script = join(import.meta.dirname, 'node_modules', program);
  return startOnPort((port) => ({
    command: process.execPath,
    args: [script, ...args(port)],
    cwd,
  }));
}

/** A server that is told its port, which was free a moment ago. */
export async function startOnPort(commandFor: (port: number) => Command): Promise<RunningPeer> {
  const port = await freePort();
  const command = commandFor(port);
  const { child, stop, said } = start(command);
  child.stdout.resume();
  const untilMs = performance.now() + START_LIMIT_MS;
  while (child.exitCode === null && performance.now() < untilMs) {
    if (await isOpen(port)) return { port, stop };
    await sleep(50);
  }
  await stop();
  throw new Error(`${command.args[0]} did not start: ${said()}`);
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
