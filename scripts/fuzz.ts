/**
 * The property tests of everything that reads what a server or a disk says, with many more cases than
 * `npm test` has time for: `npm run fuzz [-- RUNS [AREA…]]`, by default 200,000 a property of every
 * area; ten million and more in all.
 */
import { spawnSync } from 'node:child_process';

const areas: Readonly<Record<string, readonly string[]>> = {
  json: ['test/decode/json-scan.test.ts'],
  headers: ['test/http/header-fuzz.test.ts', 'test/http/limits/hint-fuzz.test.ts'],
  ranges: ['test/plan/url-template.test.ts', 'test/plan/split-ranges.test.ts'],
  link: ['test/plan/styles-properties.test.ts'],
  detect: ['test/plan/detect-fuzz.test.ts'],
  // A hundred times slower than the others: a case writes and opens files.
  archive: ['test/archive/damage-fuzz.test.ts'],
};

const [count = '200000', ...asked] = process.argv.slice(2);
const runs = Number(count);
const names = asked.length === 0 ? Object.keys(areas) : asked;
const unknown = names.find((name) => !Object.hasOwn(areas, name));
if (!Number.isSafeInteger(runs) || runs < 1 || unknown !== undefined) {
  console.error(
    `npm run fuzz -- [RUNS [AREA…]]: how many cases a property; areas are ${Object.keys(areas).join(', ')}`,
  );
  process.exit(2);
}
const startedAt = performance.now();
const { status } = spawnSync(
  process.execPath,
  ['--test', '--test-reporter=spec', ...names.flatMap((name) => areas[name]!)],
  { stdio: 'inherit', env: { ...process.env, EVERYPAGE_FUZZ_RUNS: String(runs) } },
);
const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
console.log(`${runs.toLocaleString('en')} cases a property of ${names.join(', ')} in ${seconds} s`);
process.exit(status ?? 1);
