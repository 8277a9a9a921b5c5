/**
 * `npm run fuzz [-- CASES [AREA…]]`: everything that reads what a server, a user or a disk has made up, by
 * default with ten million texts an area that are nearly right (`test/fuzz/`), then a hundredth of that for
 * each property test of it. A damaged archive is a file that is written, opened and verified, and two
 * options that name files are a whole run: of those it is a thousandth. Outputs are files that another
 * program reads: 2,000 random lists a format.
 */
import { spawnSync } from 'node:child_process';
import { fuzz } from '../test/fuzz/fuzz.ts';
import { targets } from '../test/fuzz/targets.ts';

interface Area {
  readonly tests: readonly string[];
  /** Cases of these tests for each of ours. */
  readonly share: number;
}

const areas: Readonly<Record<string, Area>> = {
  json: { tests: ['test/decode/json-scan.test.ts'], share: 0.01 },
  headers: {
    tests: ['test/http/header-fuzz.test.ts', 'test/http/limits/hint-fuzz.test.ts'],
    share: 0.01,
  },
  ranges: {
    tests: ['test/plan/url-template.test.ts', 'test/plan/split-ranges.test.ts'],
    share: 0.01,
  },
  link: { tests: ['test/plan/styles-properties.test.ts'], share: 0.01 },
  detect: { tests: ['test/plan/detect-fuzz.test.ts'], share: 0.01 },
  archive: { tests: ['test/archive/damage-fuzz.test.ts'], share: 0.001 },
  outputs: {
    tests: ['parquet', 'parquet-columns', 'sqlite', 'csv', 'formats', 'round-trips'].map(
      (name) => `test/export/${name}.test.ts`,
    ),
    // 2,000 lists a format.
    share: 0.004,
  },
  files: { tests: ['test/fuzz/named-files.test.ts'], share: 0.001 },
};

const [count = '10000000', ...asked] = process.argv.slice(2);
const cases = Number(count.replaceAll(/[,_]/g, ''));
const names = asked.length === 0 ? Object.keys(areas) : asked;
const unknown = names.find((name) => !Object.hasOwn(areas, name));
if (!Number.isSafeInteger(cases) || cases < 1 || unknown !== undefined) {
  console.error(
    `npm run fuzz -- [CASES [AREA…]]: how many texts an area; areas are ${Object.keys(areas).join(', ')}`,
  );
  process.exit(2);
}

const seed = Date.now() % 1_000_000_000;
for (const name of names) {
  const startedAt = performance.now();
  const said: string[] = [];
  const target = targets[name];
  if (target !== undefined) {
    fuzz(name, target, cases, seed);
    said.push(`${cases.toLocaleString('en')} texts from seed ${seed}`);
  }
  const { tests, share } = areas[name]!;
  const runs = Math.ceil(cases * share);
  const { status } = spawnSync(process.execPath, ['--test', '--test-reporter=dot', ...tests], {
    stdio: 'inherit',
    env: { ...process.env, EVERYPAGE_FUZZ_RUNS: String(runs) },
  });
  if (status !== 0) process.exit(1);
  said.push(`${runs.toLocaleString('en')} cases a property`);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  console.log(`${name}: ${said.join(' and ')} in ${seconds} s, nothing found`);
}
