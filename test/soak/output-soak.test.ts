import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from '../run/run-cli.ts';
import { skipPostgres } from '../servers/postgres-server.ts';
import { outputKinds, postgresOutput } from './output-kinds.ts';
import { outputSoak } from './output-soak.ts';

test('each output that is killed is the old or the new one, and then ends with all rows', async (t) => {
  const seed = Date.now() % 1_000_000_000;
  t.diagnostic(`npm run soak:outputs -- --kills 1 --pages 12 --seed ${seed}`);
  const kinds = await outputKinds();
  if (skipPostgres === false) {
    const { kind, stop } = await postgresOutput();
    t.after(stop);
    kinds.push(kind);
  } else t.diagnostic(skipPostgres);
  const results = await outputSoak({
    // An export writes by the same code; npm run soak:outputs kills exports too.
    ...{ kinds, sources: ['run'], kills: 1, seed, lanes: 2 },
    ...{ folder: temporaryFolder(t), pages: 12 },
  });
  assert.deepEqual(
    results.filter(({ failure }) => failure !== null),
    [],
  );
  assert.equal(results.length, kinds.length);
  assert.ok(results.every(({ kills, ends }) => kills >= 1 && ends > 0));
});
