import { Pacer } from '../src/pace/pacer.ts';
import { figuresOf, runRealBar, runScenario } from '../test/pace/simulation/measure.ts';
import { REAL_BARS, SCENARIOS } from '../test/pace/simulation/scenarios.ts';
const [name, ra, seed] = [process.argv[2]!, process.argv[3] === 'ra', Number(process.argv[4] ?? 101)];
let lines = 0;
const make = (random: () => number) => {
  const p = new Pacer({ concurrency: 'auto', rate: null }, random, null);
  (p as any).search.trace = (...a: unknown[]) => {
    if (lines++ < 80) console.log(...a.map((x) => (typeof x === 'number' ? Math.round(x * 100) / 100 : x)));
  };
  return p;
};
const s = SCENARIOS.find((x) => x.name === name);
if (s) { const r = runScenario(s, ra, make, seed); console.log(r, figuresOf(r)); }
const b = REAL_BARS.find((x) => x.name === name);
if (b) console.log(runRealBar(b, make, seed));
