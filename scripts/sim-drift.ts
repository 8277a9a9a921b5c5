/**
 * Reads lists that change while they are read, and compares each verdict with what the list really
 * did: how often a loss or a duplicate is reported, and how often the run claims to have everything
 * and is wrong. `node scripts/sim-drift.ts` takes some minutes; every run can be made again by its
 * seed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { randomFrom } from '../test/run/pagination-setup.ts';
import { drawCase, type MutatingCase, stillCase } from '../test/servers/mutating-case.ts';
import { type MutatedRun, outcomeOf, runMutated } from '../test/servers/mutating-run.ts';

const HELP = `node scripts/sim-drift.ts [options]
  --runs N     changing lists, each read once and once with repair (default 1,000)
  --still N    lists that stand still (default 300)
  --once       without repair
  --from N     the first seed (default 1)
  --seed N     make this run again, and print what happened
`;

const { values: flags } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    still: { type: 'string', default: '300' },
    once: { type: 'boolean', default: false },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});

interface Row {
  runs: number;
  reported: number;
  right: number;
  unverified: number;
  blindComplete: number;
  blindUnverified: number;
  wrong: number;
}

const noRuns = (): Row => ({
  runs: 0,
  reported: 0,
  right: 0,
  unverified: 0,
  blindComplete: 0,
  blindUnverified: 0,
  wrong: 0,
});

type Table = Map<string, Row>;

function add(table: Table, name: string, read: MutatedRun): void {
  const row = table.get(name) ?? noRuns();
  table.set(name, row);
  const outcome = outcomeOf(read);
  const isUnverified = read.summary.verdict.name === 'unverified';
  row.runs += 1;
  if (outcome === 'reported' || outcome === 'alarm') row.reported += 1;
  else if (outcome === 'false') row.wrong += 1;
  else if (outcome === 'blind') row[isUnverified ? 'blindUnverified' : 'blindComplete'] += 1;
  else row[isUnverified ? 'unverified' : 'right'] += 1;
}

const COLUMNS: readonly (readonly [key: keyof Row, title: string])[] = [
  ['runs', 'runs'],
  ['reported', 'reported'],
  ['right', 'complete, right'],
  ['unverified', 'unverified, right'],
  ['blindComplete', 'complete, blind'],
  ['blindUnverified', 'unverified, blind'],
  ['wrong', 'FALSE'],
];

/** Blind: wrong, and no one who has the answers could tell. */
function print(title: string, table: Table): void {
  const names = [...table.keys()].sort();
  const all = noRuns();
  const width = Math.max(title.length, ...names.map(({ length }) => length));
  const line = (name: string, cells: readonly string[]): void => {
    const padded = cells.map((cell, at) => cell.padStart(COLUMNS[at]![1].length + 2));
    console.log(`${name.padEnd(width)}${padded.join('')}`);
  };
  const row = (name: string, row: Row): void =>
    line(
      name,
      COLUMNS.map(([key]) => `${row[key]}`),
    );
  console.log();
  line(
    title,
    COLUMNS.map(([, name]) => name),
  );
  for (const name of names) {
    const counts = table.get(name)!;
    row(name, counts);
    for (const [key] of COLUMNS) all[key] += counts[key];
  }
  row('all', all);
}

async function read(drawn: MutatingCase, repair: boolean): Promise<MutatedRun> {
  const folder = mkdtempSync(join(tmpdir(), 'everypage-drift-'));
  try {
    return await runMutated(drawn, randomFrom(drawn.seed ^ 0x5eed), folder, { repair });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const drawnFrom = (seed: number): MutatingCase => drawCase(seed, randomFrom(seed));

function tell(drawn: MutatingCase, repair: boolean, result: MutatedRun): void {
  const { api, steps, answered: _, ...rest } = { ...drawn, ...result };
  const { summary, output: __, ...facts } = rest;
  console.log(JSON.stringify({ repair, outcome: outcomeOf(result), api: api.name, ...facts }));
  for (const step of steps) console.log(`  ${JSON.stringify(step)}`);
  console.log(`  ${JSON.stringify(summary.verdict)}`);
}

async function sweep(runs: number, from: number): Promise<number> {
  const once: Table = new Map();
  const byApi: Table = new Map();
  const repaired: Table = new Map();
  let wrong = 0;
  for (let seed = from; seed < from + runs; seed += 1) {
    const drawn = drawnFrom(seed);
    for (const repair of flags.once ? [false] : [false, true]) {
      const result = await read(drawn, repair);
      add(repair ? repaired : once, drawn.className!, result);
      if (!repair) add(byApi, drawn.hasKey ? drawn.api.name : 'no key, any style', result);
      const outcome = outcomeOf(result);
      const isBad = outcome === 'false' || outcome === 'alarm' || (repair && outcome === 'blind');
      if (!isBad) continue;
      wrong += 1;
      console.log(`WRONG: --seed ${seed}`);
      tell(drawn, repair, result);
    }
  }
  print('one reading, by change', once);
  print('one reading, by style', byApi);
  if (!flags.once) print('with repair, by change', repaired);
  return wrong;
}

async function sweepStill(runs: number): Promise<number> {
  let alarms = 0;
  const names = new Map<string, number>();
  for (let seed = 0; seed < runs; seed += 1) {
    const drawn = stillCase(seed, randomFrom(seed));
    const result = await read(drawn, false);
    const { name } = result.summary.verdict;
    names.set(name, (names.get(name) ?? 0) + 1);
    if (outcomeOf(result) === 'still') continue;
    alarms += 1;
    console.log(`FALSE ALARM in list ${seed} that stands still`);
    tell(drawn, false, result);
  }
  const counts = [...names].map(([name, count]) => `${count} ${name}`).join(', ');
  console.log(`\n${runs} lists that stand still: ${counts}; ${alarms} false alarms`);
  return alarms;
}

if (flags.help) {
  console.log(HELP);
} else if (flags.seed !== undefined) {
  const drawn = drawnFrom(Number(flags.seed));
  for (const repair of [false, true]) {
    const result = await read(drawn, repair);
    tell(drawn, repair, result);
    for (const answer of result.answered) console.log(`  ${JSON.stringify(answer)}`);
  }
} else {
  const wrong =
    (await sweep(Number(flags.runs), Number(flags.from))) + (await sweepStill(Number(flags.still)));
  if (wrong > 0) process.exitCode = 1;
}
