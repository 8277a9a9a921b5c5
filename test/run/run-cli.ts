import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliProcess {
  readonly child: ChildProcess;
  /** Resolves once standard error, from its beginning, is as `isThere` wants it; fails if the command ends before. */
  untilSaid(isThere: (stderr: string) => boolean): Promise<void>;
  readonly ended: Promise<CliResult>;
}

/**
 * The sources as they are, or what was built of them: that starts in a third of the time, and `npm test`,
 * which has just built it, says so.
 */
export const ENTRY =
  process.env['EVERYPAGE_TEST_CLI'] === 'dist'
    ? join(import.meta.dirname, '../../bin/everypage.cjs')
    : join(import.meta.dirname, 'everypage.ts');

/** A folder that goes when the test ends. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'everypage-run-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts `everypage …args` in `folder`, which is its state folder too. */
export function startCli(
  folder: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly input?: string } = {},
): CliProcess {
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    XDG_STATE_HOME: join(folder, 'state'),
    NO_COLOR: '1',
    ...options.env,
  };
  // The test runner's variable would make the child's output a test report.
  delete env['NODE_TEST_CONTEXT'];
  const child = spawn(process.execPath, [ENTRY, ...args], { cwd: folder, env });
  child.stdin.end(options.input ?? '');
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  const waiting = new Set<() => void>();
  child.stderr.on('data', (chunk: Buffer) => {
    err.push(chunk);
    for (const look of waiting) look();
  });
  const said = (): string => Buffer.concat(err).toString();
  const ended = once(child, 'close').then(
    ([code, signal]): CliResult => ({
      code,
      signal,
      stdout: Buffer.concat(out).toString(),
      stderr: said(),
    }),
  );
  const untilSaid = (isThere: (stderr: string) => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!isThere(said())) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
      ended.then(() => reject(new Error(`the command ended before it said so: ${said()}`)), reject);
    });
  return { child, ended, untilSaid };
}

export function runCli(
  folder: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly input?: string } = {},
): Promise<CliResult> {
  return startCli(folder, args, options).ended;
}
