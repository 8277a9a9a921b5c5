/**
 * `npm run soak -- --kills 2000`: kills runs with `kill -9` at random instants, lets each end, and
 * compares all bytes with those of undisturbed runs. HTTP/1.1 and HTTP/2, lists and ranges, NDJSON,
 * JSON, CSV and archives, with faults on, in a tenth of the cases beside another process that writes the same
 * output. Servers are on loopback.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { killSoak } from '../test/soak/kill-soak.ts';

const HELP = `npm run soak -- [options]
  --kills N   ends after the case in which so many kills have hit (default 200)
  --minutes N begins no case after so long (default: no limit)
  --seed N    seed of the first case; each takes the next (default: by the clock)
  --lanes N   cases side by side (default 2)
A case that failed is played again by its own seed: --kills 1 --lanes 1 --seed N
`;

const { values: flags } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    minutes: { type: 'string', default: 'Infinity' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    lanes: { type: 'string', default: '2' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const [kills, seed, lanes] = [Number(flags.kills), Number(flags.seed), Number(flags.lanes)];
const isMeant = [kills, seed, lanes].every((value) => Number.isSafeInteger(value) && value >= 0);
const maxMs = Number(flags.minutes) * 60_000;
if (flags.help || !isMeant || lanes < 1 || !(maxMs > 0)) {
  (flags.help ? process.stdout : process.stderr).write(HELP);
  process.exit(flags.help ? 0 : 2);
}

const folder = mkdtempSync(join(tmpdir(), 'everypage-soak-'));
const startedAt = performance.now();
let toldAt = startedAt;
console.log(`seed ${seed}`);
const result = await killSoak({
  seed,
  kills,
  maxMs,
  lanes,
  folder,
  onCase(cases, killed) {
    if (performance.now() - toldAt < 10_000) return;
    toldAt = performance.now();
    console.log(`${killed} kills in ${cases} cases`);
  },
});
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
const after = Object.entries(result.killsAfter)
  .map(([what, count]) => `${what} ${count}`)
  .join(', ');
console.log(`${result.kills} kills in ${result.cases} cases, ${seconds} s, from seed ${seed} on`);
console.log(`killed after: ${after}; ${result.late} of them with the output in its place already`);
if (result.failures.length === 0) {
  console.log('0 lost, 0 twice, 0 torn: all bytes are those of undisturbed runs');
  rmSync(folder, { recursive: true, force: true });
}
for (const { seed: failed, reason } of result.failures) {
  console.error(`FAILED: ${reason}`);
  console.error(`  its files: ${join(folder, String(failed))}`);
  console.error(`  again: npm run soak -- --kills 1 --lanes 1 --seed ${failed}`);
}
process.exitCode = result.failures.length === 0 ? 0 : 1;
