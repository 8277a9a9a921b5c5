import { parseArgs } from 'node:util';
import {
  CubicClient,
  FixedClient,
  type MakeClient,
  pacerClient,
} from '../test/pace/simulation/clients.ts';
import { figuresOf, median, runRealBar, runScenario } from '../test/pace/simulation/measure.ts';
import { REAL_BARS, SCENARIOS } from '../test/pace/simulation/scenarios.ts';

const { values: flags } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    from: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    peers: { type: 'boolean', default: false },
  },
});
const seeds = Array.from({ length: Number(flags.seeds) }, (_, i) => Number(flags.from) + i);

const clients: [string, MakeClient][] = [['this', pacerClient]];
if (flags.peers) {
  clients.unshift(['cubic', (random) => new CubicClient(random)]);
  clients.unshift(['fixed', (random) => new FixedClient(16, random)]);
}
for (const scenario of SCENARIOS) {
  if (!scenario.name.includes(flags.only)) continue;
  const cells: string[] = [];
  for (const retryAfter of [false, true]) {
    for (const [, make] of clients) {
      const figures = seeds.map((seed) => figuresOf(runScenario(scenario, retryAfter, make, seed)));
      const eff = median(figures.map((f) => f.efficiency));
      const ref = median(figures.map((f) => f.refused));
      const { goal } = scenario;
      const missed = goal !== null && (eff < goal.efficiency || ref > goal.refused) ? '*' : ' ';
      const worst = Math.min(...figures.map((f) => f.efficiency));
      cells.push(`${eff.toFixed(1)}/${ref.toFixed(2)}${missed}(${worst.toFixed(0)})`);
    }
  }
  console.log(scenario.name.padEnd(48), cells.map((c) => c.padStart(18)).join(' '));
}
for (const bar of REAL_BARS) {
  if (!bar.name.includes(flags.only)) continue;
  const cells: string[] = [];
  for (const [, make] of clients) {
    const f = seeds.map((seed) => runRealBar(bar, make, seed));
    const [whole, settled, refused] = [
      median(f.map((x) => x.whole)),
      median(f.map((x) => x.settled)),
      median(f.map((x) => x.refused)),
    ];
    const missed =
      whole < (bar.goal.whole ?? 0) ||
      settled < (bar.goal.settled ?? 0) ||
      refused > bar.goal.refused;
    cells.push(
      `${whole.toFixed(1)} ${settled.toFixed(1)} ${refused.toFixed(2)}${missed ? '*' : ' '}(${Math.min(...f.map((x) => x.whole)).toFixed(0)})`,
    );
  }
  console.log(bar.name.padEnd(48), cells.join('   '));
}
