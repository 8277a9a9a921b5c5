import assert from 'node:assert/strict';
import { Readable, Writable } from 'node:stream';
import type { CliContext } from '../../src/cli/context.ts';
import { runCommandLine } from '../../src/cli/main.ts';
import { systemClock } from '../../src/core/clock.ts';

/** `everypage …argv` within this process, over a network that a test makes up. */
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
