/** Kills a command at a moment, or where it hangs. */
import { readdirSync, statSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CliProcess } from '../run/run-cli.ts';
import type { Moment } from './kill-plan.ts';

/** What a command asks, if it asks anything. */
export interface Watched {
  counts(): unknown;
  /** Called with each request. */
  onRequest: (() => void) | null;
}

// A run that is alone takes a second. On a machine that does much else it may take minutes, but goes on.
const LONGEST_SILENCE_MS = 180_000;
/** A run that asks for pages without end hangs, too. */
const MOST_SILENCES = 10;

export const environment: NodeJS.ProcessEnv = {
  // The folder that Node itself takes: with its modules compiled a command starts in a third of the time.
  NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? join(tmpdir(), 'node-compile-cache'),
  NO_PROXY: 'localhost,127.0.0.1',
  no_proxy: 'localhost,127.0.0.1',
};

/** Aborts a run that neither asks for a page nor changes a file for a long time. */
export function killWhenStill(
  { child }: CliProcess,
  folder: string,
  server: Watched | null,
): NodeJS.Timeout {
  const progress = (): string => {
    const sizes = readdirSync(folder).map((name) => {
      const { size = 0, mtimeMs = 0 } =
        statSync(join(folder, name), { throwIfNoEntry: false }) ?? {};
      return [name, size, mtimeMs];
    });
    return JSON.stringify([sizes, server?.counts()]);
  };
  let seen = progress();
  let silences = 0;
  return setInterval(() => {
    const now = progress();
    silences += 1;
    if (now === seen || silences === MOST_SILENCES) child.kill('SIGABRT');
    seen = now;
  }, LONGEST_SILENCE_MS);
}

/** Kills at the moment, if the run lives to see it. Returns what stops watching. */
export function killAt(
  moment: Moment,
  { child }: CliProcess,
  folder: string,
  server: Watched | null,
): () => void {
  const { after, suffix, waitMs } = moment;
  let left = moment.nth;
  let timer: NodeJS.Timeout | undefined;
  const kill = (): void => {
    if (timer !== undefined) return;
    if (waitMs === 0) child.kill('SIGKILL');
    timer = setTimeout(() => child.kill('SIGKILL'), waitMs);
  };
  const count = (): void => {
    left -= 1;
    if (left === 0) kill();
  };
  const watcher =
    after === 'file'
      ? watch(folder, (_, name) => {
          if (name?.endsWith(suffix) === true) count();
        })
      : null;
  if (after === 'start') kill();
  if (after === 'request' && server !== null) server.onRequest = count;
  if (after === 'exporting') {
    child.stderr?.on('data', (chunk: Buffer) => {
      if (chunk.includes('"exporting"')) kill();
    });
  }
  return () => {
    clearTimeout(timer);
    watcher?.close();
    if (server !== null) server.onRequest = null;
  };
}
