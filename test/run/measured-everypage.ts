/** The command line as a process that says at its end how much memory it took: `peak 123456789`. */
import { main } from '../../src/cli/main.ts';

process.once('exit', () => {
  process.stderr.write(`peak ${process.resourceUsage().maxRSS * 1024}\n`);
});
await main();
