import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from '../run/run-cli.ts';
import { killSoak } from './kill-soak.ts';

test('killed eight times at any instant, with faults on, the bytes are those of an undisturbed run', async (t) => {
  const seed = Date.now() % 1_000_000_000;
  t.diagnostic(`npm run soak -- --kills 8 --seed ${seed}`);
  const folder = temporaryFolder(t);
  const maxMs = Number.POSITIVE_INFINITY;
  const { kills, failures } = await killSoak({ seed, kills: 8, maxMs, lanes: 2, folder });
  assert.deepEqual(failures, []);
  assert.ok(kills >= 8);
});
