import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import type { CliContext } from '../../src/cli/context.ts';
import { runCommandLine } from '../../src/cli/main.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { CliResult } from './run-cli.ts';

/** `everypage …argv` within this process, over a network that a test may make up. */
export async function runInProcess(
  argv: readonly string[],
  context: Partial<Pick<CliContext, 'env' | 'network'>> = {},
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  let stdout = '';
  let stderr = '';
  const code = await runCommandLine(argv, {
    env: {},
    stdin: Readable.from([]),
    stdout: new Writable({
      write(chunk, _encoding, done) {
        stdout += String(chunk);
        done();
      },
    }),
    stderr: {
      write(text) {
        stderr += text;
      },
    },
    signals: { on() {}, off() {}, exit: () => assert.fail('left at once') },
    clock: systemClock,
    ...context,
  });
  return { code, stdout, stderr };
}

/** The state folder of whatever runs in this process. */
export const STATES = mkdtempSync(join(tmpdir(), 'everypage-states-'));
process.env['XDG_STATE_HOME'] = STATES;
process.on('exit', () => rmSync(STATES, { recursive: true, force: true }));

let turn: Promise<unknown> = Promise.resolve();

/**
 * As `runCli`, without a process of its own, which costs more than most runs: for what does not depend
 * on signals, streams or how a process ends. The working folder belongs to the process, so commands wait
 * for each other. The environment belongs to it too, and stays: a test may read a list beside a command.
 */
export function runCliHere(
  folder: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv } = {},
): Promise<CliResult> {
  const result = turn.then(async () => {
    const before = process.cwd();
    process.chdir(folder);
    try {
      const env = { ...process.env, NO_COLOR: '1', ...options.env };
      return { signal: null, ...(await runInProcess(args, { env })) };
    } finally {
      process.chdir(before);
    }
  });
  turn = result.catch(() => undefined);
  return result;
}
