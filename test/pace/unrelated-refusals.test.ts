import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UnrelatedRefusals } from '../../src/pace/contradictions.ts';

/** 10 a second, refused at 1000, open again at 1500. */
const RATE = 0.01;
const REFUSED_AT = 1000;
const OPEN_AT = 1500;
const begin = (unrelated: UnrelatedRefusals): number =>
  unrelated.contradicted(RATE, REFUSED_AT, OPEN_AT, 0);

/** So many are sent and accepted, a millisecond each; whether one of them shows it. */
function accept(unrelated: UnrelatedRefusals, count: number): boolean {
  return Array.from({ length: count }, (_, n) =>
    unrelated.accepted(OPEN_AT + n, OPEN_AT + n + 1),
  ).includes(true);
}

test('more accepted than a bucket of that rate could have shows that the rate is wrong', () => {
  const unrelated = new UnrelatedRefusals();
  // In half a second it fills by 5; twice that and 8 more are beyond all doubt.
  const atOnce = begin(unrelated);
  assert.equal(atOnce, 20);
  assert.ok(!accept(unrelated, 18));
  assert.ok(!unrelated.isFound);
  assert.ok(accept(unrelated, 2));
  assert.ok(unrelated.isFound);
});

test('a refusal ends a trial, and each failed trial makes the next one rarer', () => {
  const unrelated = new UnrelatedRefusals();
  assert.ok(begin(unrelated) > 0);
  assert.ok(!accept(unrelated, 10));
  unrelated.refused();
  assert.ok(!accept(unrelated, 100), 'nothing is on trial');
  const trials = Array.from({ length: 7 }, () => {
    const atOnce = begin(unrelated);
    unrelated.refused();
    return atOnce > 0;
  });
  assert.deepEqual(trials, [false, true, false, false, false, true, false]);
});

test('requests accepted over a long time show nothing', () => {
  const unrelated = new UnrelatedRefusals();
  begin(unrelated);
  for (let n = 1; n < 100; n += 1) {
    assert.ok(!unrelated.accepted(OPEN_AT + 60 * n, OPEN_AT + 60 * n));
  }
});

test('refusals stay unrelated while they are few and not one soon after another', () => {
  const found = () => {
    const unrelated = new UnrelatedRefusals();
    accept(unrelated, begin(unrelated));
    assert.ok(unrelated.isFound);
    return unrelated;
  };
  const rare = found();
  for (let n = 0; n < 50; n += 1) assert.ok(rare.again(100, 1));
  assert.ok(!rare.again(7, 1), 'too soon');
  assert.ok(!rare.isFound);
  const many = found();
  assert.ok(many.again(100, 3));
  assert.ok(!many.again(100, 10), 'too many');
});
