import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../src/demo/demo-items.ts';
import { HiddenLimit } from '../../src/pace/hidden-limit.ts';
import { pacerClient } from './simulation/clients.ts';
import { ERROR_BARS, measureErrors, median } from './simulation/measure.ts';

/** `A` is answered, `E` is an error; one each ms, sent when the last came. What each error was. */
function told(limit: HiddenLimit, answers: string, from = 0, isSafe = false): string[] {
  const found: string[] = [];
  for (const [index, answer] of [...answers].entries()) {
    const now = from + index + 1;
    if (answer === 'A') limit.accepted(now - 1, now);
    else found.push(limit.failed(now - 1, now, isSafe));
  }
  return found;
}

test('a run of errors after answers is a limit', () => {
  const limit = new HiddenLimit();
  assert.deepEqual(told(limit, 'AAAAAAEEEEE'), ['error', 'error', 'error', 'error', 'refusal']);
});

test('errors before anything was answered are errors', () => {
  const limit = new HiddenLimit();
  assert.deepEqual(new Set(told(limit, 'E'.repeat(30))), new Set(['error']));
});

test('errors by chance stay errors, however many', () => {
  for (const part of [0.01, 0.14, 0.3]) {
    const random = seededRandom(7);
    const limit = new HiddenLimit();
    const answers = Array.from({ length: 5000 }, () => (random() < part ? 'E' : 'A')).join('');
    assert.deepEqual(new Set(told(limit, answers)), new Set(['error']), String(part));
  }
});

test('errors that are gone at half the pace are a limit', () => {
  const limit = new HiddenLimit();
  told(limit, 'AAEAAAEAAAEAA');
  const slower = limit.rate(20);
  assert.ok(slower > 0 && slower < 1, String(slower));
  told(limit, 'A'.repeat(30), 1000);
  assert.equal(limit.rate(1040), Number.POSITIVE_INFINITY);
  assert.deepEqual(told(limit, 'EE', 2000), ['error', 'refusal']);
});

test('a trial waits for a pace that is more than the burst before the first error', () => {
  const limit = new HiddenLimit();
  told(limit, 'AAAAA');
  // All of this was sent before the first of these errors came: it says nothing of a pace.
  for (const now of [50, 50, 51, 52]) limit.failed(now - 45, now, false);
  limit.accepted(6, 52);
  limit.failed(10, 53, false);
  assert.equal(limit.rate(53), Number.POSITIVE_INFINITY);
  limit.accepted(55, 100);
  limit.failed(56, 101, false);
  const slower = limit.rate(102);
  assert.ok(slower > 0 && slower < 0.1, `${slower} requests a millisecond`);
});

test('errors that are as many at half the pace are errors, and the next trial comes later', () => {
  const limit = new HiddenLimit();
  told(limit, 'AAEAAAEAAAEAA');
  assert.ok(Number.isFinite(limit.rate(20)));
  assert.deepEqual(told(limit, 'AAE', 1000), ['error']);
  assert.equal(limit.rate(1003), Number.POSITIVE_INFINITY);
  told(limit, 'AAEAAAEAAAEAA', 2000);
  assert.equal(limit.rate(2013), Number.POSITIVE_INFINITY);
});

test('a trial ends, however slow the pace seems that it was measured by', () => {
  const limit = new HiddenLimit();
  told(limit, 'AAE');
  // An hour's pause lies between.
  told(limit, 'AEAAE', 3_600_000);
  assert.equal(limit.rate(3_600_010), 1 / 2000);
  assert.equal(limit.rate(3_620_000), Number.POSITIVE_INFINITY);
});

test('refusals in a row with nothing between are a server that is down', () => {
  const limit = new HiddenLimit();
  told(limit, 'AAAAAAEEEEE');
  assert.deepEqual(told(limit, 'EEEE', 1000), ['refusal', 'refusal', 'down', 'error']);
});

test('beside a limit, errors at a safe pace become known as errors', () => {
  const limit = new HiddenLimit();
  told(limit, 'AAAAAAEEEEE');
  const rare = `${'A'.repeat(24)}E`.repeat(8);
  assert.deepEqual(new Set(told(limit, rare, 1000, true)), new Set(['error']));
  // Two or three in a row are none of chance.
  assert.ok(told(limit, 'AAAAAEEEE', 2000, true).includes('refusal'));
});

test('errors that come more often than before are refusals, but not for long where a lower pace brings as many', () => {
  const limit = new HiddenLimit();
  told(limit, 'AAAAAAEEEEE');
  const often = `${'A'.repeat(8)}E`.repeat(100);
  const found = told(limit, often, 1000, true);
  const refusals = (answers: readonly string[]) => answers.filter((is) => is === 'refusal').length;
  const first = refusals(found.slice(0, 50));
  assert.ok(first >= 1 && first <= 3, `${first} refusals`);
  assert.equal(refusals(found.slice(50)), 0);
});

for (const bar of ERROR_BARS) {
  test(`in the simulation, ${bar.name}`, () => {
    const seeds = bar.isMixed ? [1, 2, 3, 4, 5] : [1];
    const runs = seeds.map((seed) => measureErrors(bar, pacerClient, seed));
    const whole = median(runs.map((run) => run.whole));
    const refused = median(runs.map((run) => run.refused));
    const [least, most] = bar.isMixed ? [70, 15] : [84, 7];
    assert.ok(whole >= least, `${whole} % of the pace`);
    assert.ok(refused <= most, `${refused} % refused`);
  });
}
