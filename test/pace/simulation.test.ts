import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pacerClient } from './simulation/clients.ts';
import {
  figuresOf,
  LOAD_BARS,
  measureLoad,
  measureRandomRefusals,
  runRealBar,
  runScenario,
} from './simulation/measure.ts';
import { runRandom } from './simulation/random-run.ts';
import { REAL_BARS, SCENARIOS } from './simulation/scenarios.ts';

const RUNS = 300;

test(`in ${RUNS} runs of any kind nothing starts before a deadline, nothing stands still, every page ends`, () => {
  const broken: string[] = [];
  for (let seed = 1; seed <= RUNS; seed += 1) {
    const run = runRandom(seed);
    if (run.broken !== null) broken.push(`seed ${seed}: ${run.broken}`);
  }
  assert.deepEqual(broken, []);
});

// Bounds with room: medians over seeds are in docs/pace.md, one seed may be unlucky.
for (const retryAfter of [false, true]) {
  test(`a limiter that states nothing is found and used, ${retryAfter ? 'with' : 'without'} Retry-After`, () => {
    const scenario = SCENARIOS.find(({ name }) => name === 'bucket 100/s, burst 100')!;
    const { efficiency, refused } = figuresOf(runScenario(scenario, retryAfter, pacerClient, 1));
    assert.ok(efficiency > 95, `${efficiency} %`);
    assert.ok(refused < 1.5, `${refused} % refused`);
  });
}

test('a run of 8,000 pages against a small burst wastes little at its start', () => {
  for (const bar of REAL_BARS.filter(({ name }) => name.startsWith('8,000'))) {
    const { whole, refused } = runRealBar(bar, pacerClient, 1);
    assert.ok(whole > 85, `${bar.name}: ${whole} %`);
    assert.ok(refused < 2, `${bar.name}: ${refused} % refused`);
  }
});

test('a server that states its limits hardly ever refuses', () => {
  for (const scenario of SCENARIOS.filter(({ name }) => /, (X-)?RateLimit$/.test(name))) {
    const { refused } = figuresOf(runScenario(scenario, true, pacerClient, 1));
    assert.ok(refused < 0.1, `${scenario.name}: ${refused} %`);
  }
});

test('without a limit, auto is about as fast as the best fixed number, and does not flood', () => {
  for (const bar of LOAD_BARS) {
    const { throughput } = measureLoad(bar, pacerClient, 1);
    assert.ok(throughput > 85, `${bar.name}: ${throughput} %`);
  }
});

test('refusals that have nothing to do with the rate do not make it slower and slower', () => {
  for (const retryAfter of [false, true]) {
    for (const [part, least] of [
      [0.01, retryAfter ? 35 : 90],
      [0.03, retryAfter ? 12 : 25],
    ] as const) {
      const rates = Array.from({ length: 5 }, (_, n) =>
        measureRandomRefusals(part, retryAfter, pacerClient, n + 1),
      );
      const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
      // Of 1,000 a second pauses of half a second after each leave 165 and 62; with Retry-After half of it.
      assert.ok(mean > least, `${100 * part} %: ${rates.map(Math.round)} a second`);
    }
  }
});
