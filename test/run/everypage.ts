/** The command line straight from its sources, as a process of its own. */
import { main } from '../../src/cli/main.ts';

await main();
