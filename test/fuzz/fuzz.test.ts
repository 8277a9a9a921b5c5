import { test } from 'node:test';
import { fuzz } from './fuzz.ts';
import { targets } from './targets.ts';

for (const [name, target] of Object.entries(targets)) {
  test(`texts that are nearly right are read or refused: ${name}`, (t) => {
    const seed = Date.now() % 1_000_000_000;
    t.diagnostic(`seed ${seed}`);
    fuzz(name, target, 5000, seed);
  });
}
