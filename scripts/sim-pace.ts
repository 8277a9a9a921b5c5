/**
 * Runs the pace against simulated limiters in virtual time and prints how much of what each permits
 * was used, and how much was refused. Everything is drawn from the seed.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runRandom } from '../test/pace/simulation/random-run.ts';
import {
  type Choice,
  errorTable,
  fleetTable,
  limiterTable,
  loadTable,
  realTable,
} from '../test/pace/simulation/tables.ts';

const HELP = `node scripts/sim-pace.ts [options]
  --seeds N    runs of each kind, of which the median is printed (default 20)
  --from N     the first seed (default 1)
  --only TEXT  limiters with this in their names
  --write      put the tables into docs/pace.md
  --workers N  instead: so many workers of a queue, which find a limit together, beside one machine
  --random N   instead: N runs of any kind, in which nothing may start before a stated deadline,
               nothing may stand still, and every page must end
`;

const DOCS = join(import.meta.dirname, '../docs/pace.md');

const { values: flags } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    from: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
    workers: { type: 'string' },
    random: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});

const from = Number(flags.from);
if (flags.help) process.stdout.write(HELP);
else if (flags.workers !== undefined) {
  const seeds = Array.from({ length: Number(flags.seeds) }, (_, index) => from + index);
  for (const line of fleetTable({ seeds, only: flags.only }, Number(flags.workers)))
    console.log(line);
} else if (flags.random !== undefined) checkRandomRuns(Number(flags.random));
else printTables();

function checkRandomRuns(runs: number): void {
  let broken = 0;
  for (let seed = from; seed < from + runs; seed += 1) {
    const run = runRandom(seed);
    if (run.broken === null) continue;
    broken += 1;
    console.log(`seed ${seed}: ${run.broken}`);
  }
  console.log(`${broken} of ${runs} runs broke a promise`);
  if (broken > 0) process.exitCode = 1;
}

function printTables(): void {
  const seeds = Array.from({ length: Number(flags.seeds) }, (_, index) => from + index);
  const choice: Choice = { seeds, only: flags.only };
  for (const [name, table] of Object.entries({ limiterTable, realTable, loadTable, errorTable })) {
    const lines: string[] = [];
    for (const line of table(choice)) {
      console.log(line);
      lines.push(line);
    }
    console.log();
    if (flags.write) replaceTable(name, lines.join('\n'));
  }
}

function replaceTable(name: string, text: string): void {
  const docs = readFileSync(DOCS, 'utf8');
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [before, rest] = docs.split(start) as [string, string | undefined];
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`${DOCS} has no place for ${name}`);
  writeFileSync(DOCS, `${before}${start}\n\n${text}\n\n${end}${after}`);
}
