/** The built command line as a process that says at its end how much memory it took: `peak 123456789`. */
import { pathToFileURL } from 'node:url';

// By a name that the compiler does not follow: it need not be built to check this.
const built = pathToFileURL(`${import.meta.dirname}/../../dist/cli/main.js`).href;
process.once('exit', () => {
  process.stderr.write(`peak ${process.resourceUsage().maxRSS * 1024}\n`);
});
const { main } = (await import(built)) as { main: () => Promise<void> };
await main();
