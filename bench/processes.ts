/** Every process and folder the benchmark makes, so that none outlives it, however it ends. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const children = new Set<ChildProcess>();
const folders = new Set<string>();

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    // Each child leads a group of its own (`detached`), so this reaches what it started and no more.
    process.kill(-child.pid, signal);
  } catch {
    // It ended in between.
  }
}

function clean(): void {
  for (const child of children) killGroup(child, 'SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

process.once('exit', clean);
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.once(signal, () => process.exit(code));
}

/** The environment without proxies, which would take the requests off loopback. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name)),
);

/** Starts a child that is killed when the benchmark ends. */
export function start(command: string, args: readonly string[], options: SpawnOptions = {}) {
  const child = spawn(command, args, { env: environment, ...options, detached: true });
  children.add(child);
  child.once('close', () => children.delete(child));
  return child;
}

/** Ends a child that `start` gave. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once('close', resolve));
  killGroup(child, 'SIGTERM');
  const impatient = setTimeout(() => killGroup(child, 'SIGKILL'), 3000);
  await closed;
  clearTimeout(impatient);
}

/** A folder that is removed when the benchmark ends; below `base`, or TMPDIR. */
export function temporaryFolder(base: string = tmpdir()): string {
  const folder = mkdtempSync(join(base, 'everypage-bench-'));
  folders.add(folder);
  return folder;
}
