/**
 * `npm run soak:cluster -- --pages 200000`: workers on one queue, which are killed, stopped and cut off while
 * the queue crashes and the coordinator is killed twice. No page may be missing or twice, and the output
 * has to be that of one machine. `--limit`, `--unknown` and `--throughput` measure instead. All of it runs on loopback, with a
 * redis-server of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { seededRandom } from '../src/demo/demo-items.ts';
import { WITHOUT_REDIS } from '../test/cluster/redis-process.ts';
import { clusterSoak } from '../test/soak/cluster-soak.ts';
import { limitSoak, throughputSoak, unknownLimitSoak } from '../test/soak/limit-soak.ts';

const HELP = `npm run soak:cluster -- [options]
  --pages N    pages of the run (default 50000)
  --workers N  (default 4; with --limit 8)
  --kills N    workers that are killed at random moments (default 20)
  --seed N     of the moments (default: by the clock)
  --s3         the store is a bucket, whose server is busy, cuts connections and damages transfers now and then
  --limit      500 requests a second over all workers, and a 429 with Retry-After 3
  --unknown    a limit that shows in refusals alone (4 workers)
  --throughput MS
               two workers, beside one process alone, behind so many milliseconds
`;

const { values: flags } = parseArgs({
  options: {
    pages: { type: 'string' },
    workers: { type: 'string' },
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    s3: { type: 'boolean', default: false },
    limit: { type: 'boolean', default: false },
    unknown: { type: 'boolean', default: false },
    throughput: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const isLimit = flags.limit || flags.unknown;
const pages = Number(flags.pages ?? (isLimit ? 20_000 : 50_000));
const workers = Number(flags.workers ?? (flags.limit ? 8 : flags.throughput ? 2 : 4));
const [kills, seed] = [Number(flags.kills), Number(flags.seed)];
const isMeant = [pages, workers, kills, seed].every((value) => Number.isSafeInteger(value));
if (flags.help || !isMeant || pages < 1000 || workers < 2) {
  (flags.help ? process.stdout : process.stderr).write(HELP);
  process.exit(flags.help ? 0 : 2);
}
if (WITHOUT_REDIS !== null) process.exit(1);

const folder = mkdtempSync(join(tmpdir(), 'everypage-soak-cluster-'));
console.log(`seed ${seed}, ${pages} pages, ${workers} workers`);
const say = (text: string): void => console.log(text);
if (isLimit) {
  const soak = flags.unknown ? unknownLimitSoak : limitSoak;
  end(await soak({ pages, workers, folder, say }));
} else if (flags.throughput !== undefined) {
  const delayMs = Number(flags.throughput);
  end(await throughputSoak({ pages, workers, folder, say, delayMs }));
} else {
  const random = seededRandom(seed);
  const { s3: isInBucket } = flags;
  const result = await clusterSoak({ pages, workers, kills, random, folder, say, isInBucket });
  const { requests, seconds, redisBytesPerPage } = result;
  console.log(
    `${pages} pages with ${requests} requests in ${seconds.toFixed(1)} s, ${(pages / seconds).toFixed(0)} pages/s; at most ${redisBytesPerPage.toFixed(1)} bytes of Redis a page`,
  );
  if (result.failures.length === 0) {
    console.log('0 missing, 0 twice: verified as proven, and the bytes are those of one machine');
  }
  end(result.failures);
}

function end(failures: readonly string[]): void {
  for (const failure of failures) console.error(`FAILED: ${failure}`);
  if (failures.length === 0) rmSync(folder, { recursive: true, force: true });
  else console.error(`its files: ${folder}`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}
