/**
 * The property tests of everything that reads what a server says, with many more cases than
 * `npm test` has time for: `npm run fuzz [RUNS]`, by default 200,000 a property, a million and more
 * in all.
 */
import { spawnSync } from 'node:child_process';

const runs = Number(process.argv[2] ?? 200_000);
if (!Number.isSafeInteger(runs) || runs < 1) {
  console.error('npm run fuzz [RUNS]: how many cases a property');
  process.exit(2);
}
const tests = ['styles-properties', 'detect-fuzz', 'split-ranges'].map(
  (name) => `test/plan/${name}.test.ts`,
);
const { status } = spawnSync(process.execPath, ['--test', '--test-reporter=spec', ...tests], {
  stdio: 'inherit',
  env: { ...process.env, EVERYPAGE_FUZZ_RUNS: String(runs) },
});
process.exit(status ?? 1);
