import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import { isWhole } from '../../src/core/summary.ts';
import { mutatingApis } from '../servers/mutating-apis.ts';
import { drawCase, type MutatingCase, type Step, stillCase } from '../servers/mutating-case.ts';
import { type MutatedRun, outcomeOf, runMutated } from '../servers/mutating-run.ts';
import { randomFrom } from './pagination-setup.ts';
import { temporaryFolder } from './run-cli.ts';

/** Runs wait for the disk more than for each other. */
const AT_ONCE = { concurrency: 4 };

async function read(t: TestContext, drawn: MutatingCase, prove = false): Promise<MutatedRun> {
  const random = randomFrom(drawn.seed ^ 0x5eed);
  return runMutated(drawn, random, temporaryFolder(t), { repair: prove });
}

suite('a list that changed is never called complete where one could tell', AT_ONCE, () => {
  for (let seed = 1; seed <= 10; seed += 1) {
    const drawn = drawCase(seed, randomFrom(seed));
    test(`seed ${seed}: ${drawn.api.name}, ${drawn.className}`, async (t) => {
      const result = await read(t, drawn);
      const outcome = outcomeOf(result);
      const { lost, twice, summary } = result;
      const facts = JSON.stringify({ lost, twice, verdict: summary.verdict });
      // Who says that it could not be verified claims nothing.
      const isClaimed = isWhole(summary.verdict.name, 'complete');
      assert.ok(outcome !== 'alarm' && (outcome !== 'false' || !isClaimed), `${outcome}: ${facts}`);
    });
  }
});

suite('and with --prove it is not where nobody could', AT_ONCE, () => {
  for (let seed = 21; seed <= 22; seed += 1) {
    const drawn = drawCase(seed, randomFrom(seed));
    test(`seed ${seed}: ${drawn.api.name}, ${drawn.className}`, async (t) => {
      const outcome = outcomeOf(await read(t, drawn, true));
      assert.ok(['right', 'reported', 'still'].includes(outcome), outcome);
    });
  }
});

suite('a list that stands still is no cause for alarm', AT_ONCE, () => {
  for (let index = 0; index < 6; index += 1) {
    const drawn = stillCase(index * 19, randomFrom(index));
    test(`${drawn.length} records by ${drawn.pageSize}: ${drawn.api.name}`, async (t) => {
      const result = await read(t, drawn);
      assert.equal(outcomeOf(result), 'still', JSON.stringify(result.summary.verdict));
    });
  }
});

const [deleted, inserted]: Step[] = [
  { moment: 'mid', change: { act: 'delete', where: 'before' }, amount: 1 },
  { moment: 'mid', change: { act: 'insert', where: 'after' }, amount: 1 },
] as const satisfies Step[];
const both = [deleted!, inserted!];
const moved: Step[] = [
  { moment: 'mid', change: { act: 'move', from: 'before', to: 'tail' }, amount: 1 },
];

/** What one run sees of a record that goes missing, by what the server says; null: none does. */
const seen: readonly (readonly [api: string, steps: readonly Step[], isSeen: boolean | null])[] = [
  ['page, total', [deleted!], true],
  ['page, total', both, true],
  ['page, total', moved, true],
  ['page, has_more', [deleted!], true],
  ['next URL', [deleted!], true],
  ['offset, total', both, true],
  ['offset, total, overlap 1', both, true],
  ['offset, has_more, overlap 1', [deleted!], true],
  ['cursor', both, null],
];

suite('a record that goes missing in the middle', AT_ONCE, () => {
  for (const [name, steps, isSeen] of seen) {
    const api = mutatingApis.find((it) => it.name === name)!;
    const isLost = isSeen !== null;
    const changes = steps.map(({ change }) => change.act).join(' and ');
    const what = isSeen === null ? 'there is none' : 'reported';
    test(`${changes}, ${name}: ${what}`, async (t) => {
      const list = { length: 41, pageSize: 10, hasKey: true, ticks: true, concurrency: 1 };
      const drawn = { seed: 7, api, className: changes, steps, readings: [1], ...list };
      const { summary, lost } = await read(t, drawn);
      const { name: verdict, reasons } = summary.verdict;
      // Its requests hold the last key, so there is nothing to lose.
      assert.equal(verdict, isSeen ? 'drifted' : 'proven', reasons.join());
      assert.equal(lost.length > 0, isLost);
    });
  }

  for (const name of ['page, total', 'next URL']) {
    test(`${name}: proven by two readings that agree`, async (t) => {
      const api = mutatingApis.find((it) => it.name === name)!;
      const list = { length: 41, pageSize: 10, hasKey: true, ticks: true, concurrency: 1 };
      const drawn = { seed: 7, api, className: 'both', steps: both, readings: [1], ...list };
      const { summary, lost } = await read(t, drawn, true);
      assert.deepEqual([summary.verdict.name, summary.readings, lost], ['proven', 3, []]);
    });
  }
});
