/**
 * The built command line as a process that says at its end how much memory it took, and how much of that
 * bodies on their way to the archive were at most: `peak 123456789` and `bodies 98765432`.
 */
import { pathToFileURL } from 'node:url';
import type { CliContext } from '../../src/cli/context.ts';
import { systemClock } from '../../src/core/clock.ts';

// By a name that the compiler does not follow: it need not be built to check this.
const built: string = pathToFileURL(`${import.meta.dirname}/../../dist/main.cjs`).href;
const { runCommandLine } = (await import(built)) as typeof import('../../src/cli/main.ts');

let bodies = 0;
process.once('exit', () => {
  process.stderr.write(`peak ${process.resourceUsage().maxRSS * 1024}\nbodies ${bodies}\n`);
});
const context: CliContext = {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signals: process,
  clock: systemClock,
  network: {
    onBodyBytes: (bytes) => {
      bodies = Math.max(bodies, bytes);
    },
  },
};
process.exitCode = await runCommandLine(process.argv.slice(2), context);
