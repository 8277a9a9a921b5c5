/** The figures of the simulation as tables in Markdown. */
import { fleetClient } from '../../cluster/fleet-client.ts';
import { CubicClient, FixedClient, type MakeClient, pacerClient } from './clients.ts';
import {
  ERROR_BARS,
  figuresOf,
  LOAD_BARS,
  measureErrors,
  measureLoad,
  median,
  runRealBar,
  runScenario,
} from './measure.ts';
import { REAL_BARS, SCENARIOS } from './scenarios.ts';

const CLIENTS: readonly MakeClient[] = [
  (random) => new FixedClient(16, random),
  (random) => new CubicClient(random),
  pacerClient,
];

export interface Choice {
  readonly seeds: readonly number[];
  /** Only what has this in its name. */
  readonly only: string;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function head(cells: readonly string[]): string[] {
  return [row(cells), row(cells.map((_, index) => (index === 0 ? '---' : '--:')))];
}

function verdict(isMet: boolean): string {
  return isMet ? 'met' : '**missed**';
}

/** One pace for several workers of a queue, beside that of one machine. */
export function* fleetTable({ seeds, only }: Choice, workers: number): Generator<string> {
  yield* head(['limiter', 'one', 'one, RA', `${workers} workers`, `${workers} workers, RA`]);
  const clients: readonly MakeClient[] = [pacerClient, (random) => fleetClient(workers, random)];
  for (const scenario of SCENARIOS.filter(({ name }) => name.includes(only))) {
    const cells = clients.flatMap((makeClient) =>
      [false, true].map((retryAfter) => {
        const all = seeds.map((seed) =>
          figuresOf(runScenario(scenario, retryAfter, makeClient, seed)),
        );
        const efficiency = median(all.map((figures) => figures.efficiency));
        const refused = median(all.map((figures) => figures.refused));
        return `${efficiency.toFixed(1)} / ${refused.toFixed(2)}`;
      }),
    );
    yield row([scenario.name, ...cells]);
  }
}

export function* limiterTable({ seeds, only }: Choice): Generator<string> {
  yield* head([
    'limiter',
    'fixed 16',
    'fixed 16, RA',
    'adaptive',
    'adaptive, RA',
    'everypage',
    'everypage, RA',
    'goal',
    '',
  ]);
  for (const scenario of SCENARIOS.filter(({ name }) => name.includes(only))) {
    const { goal } = scenario;
    const cells: string[] = [];
    let isMet = true;
    for (const makeClient of CLIENTS) {
      for (const retryAfter of [false, true]) {
        const all = seeds.map((seed) =>
          figuresOf(runScenario(scenario, retryAfter, makeClient, seed)),
        );
        const efficiency = median(all.map((figures) => figures.efficiency));
        const refused = median(all.map((figures) => figures.refused));
        cells.push(`${efficiency.toFixed(1)} / ${refused.toFixed(2)}`);
        if (makeClient !== pacerClient || goal === null) continue;
        if (efficiency < goal.efficiency || refused > goal.refused) isMet = false;
      }
    }
    const wanted = goal === null ? '' : `${goal.efficiency} / ${goal.refused}`;
    yield row([scenario.name, ...cells, wanted, goal === null ? '' : verdict(isMet)]);
  }
}

export function* realTable({ seeds, only }: Choice): Generator<string> {
  yield* head(['200/s', 'whole run', 'settled', 'refused', 'goal', '']);
  for (const bar of REAL_BARS.filter(({ name }) => name.includes(only))) {
    const all = seeds.map((seed) => runRealBar(bar, pacerClient, seed));
    const whole = median(all.map((figures) => figures.whole));
    const settled = median(all.map((figures) => figures.settled));
    const refused = median(all.map((figures) => figures.refused));
    const { goal } = bar;
    const isMet =
      whole >= (goal.whole ?? 0) && settled >= (goal.settled ?? 0) && refused <= goal.refused;
    const wanted = `${goal.whole ?? '–'}, ${goal.settled ?? '–'}, ${goal.refused}`;
    yield row([
      bar.name,
      whole.toFixed(1),
      settled.toFixed(1),
      refused.toFixed(2),
      wanted,
      verdict(isMet),
    ]);
  }
}

export function* loadTable({ seeds, only }: Choice): Generator<string> {
  yield* head(['no limit', 'answers, settled', 'answers, whole run', 'latency', 'goal', '']);
  for (const bar of LOAD_BARS.filter(({ name }) => name.includes(only))) {
    const all = seeds.map((seed) => measureLoad(bar, pacerClient, seed));
    const throughput = median(all.map((figures) => figures.throughput));
    const whole = median(all.map((figures) => figures.whole));
    const latency = median(all.map((figures) => figures.latency));
    const isMet = throughput >= 90 && latency <= 2;
    yield row([
      bar.name,
      `${throughput.toFixed(0)} %`,
      `${whole.toFixed(0)} %`,
      `${latency.toFixed(2)} ×`,
      '90 %, 2 ×',
      verdict(isMet),
    ]);
  }
}

export function* errorTable({ seeds, only }: Choice): Generator<string> {
  yield* head(['errors', 'pages a second', 'refused', 'goal', '']);
  for (const bar of ERROR_BARS.filter(({ name }) => name.includes(only))) {
    const all = seeds.map((seed) => measureErrors(bar, pacerClient, seed));
    const whole = median(all.map((figures) => figures.whole));
    const refused = median(all.map((figures) => figures.refused));
    const isMet = whole >= 90 && refused <= 5;
    const goal = bar.isMixed ? ['', ''] : ['90, 5', verdict(isMet)];
    yield row([bar.name, whole.toFixed(1), refused.toFixed(2), ...goal]);
  }
}
