import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UnrelatedRefusals } from '../../src/pace/unrelated-refusals.ts';

function follows(refusals: UnrelatedRefusals, accepted: number, refused: number): boolean {
  for (let n = 0; n < accepted; n += 1) refusals.accepted();
  return Array.from({ length: refused }, () => refusals.refused()).includes(true);
}

test('refusals as frequent as at a lower rate do not follow the rate', () => {
  const refusals = new UnrelatedRefusals(100);
  for (let n = 0; n < 1000; n += 1) assert.equal(follows(refusals, 100, 1), false);
});

test('refusals that become much more frequent follow the rate', () => {
  const refusals = new UnrelatedRefusals(100);
  assert.equal(follows(refusals, 1000, 4), false);
  assert.equal(follows(refusals, 1, 3), true);
});
