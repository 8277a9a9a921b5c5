/**
 * `npm run soak:outputs`: kills `everypage` with `kill -9` while it writes each kind of output over an older
 * one, in runs from a server and in exports. After each kill the old output is whole, or the new one is; the same
 * command then ends with exactly the rows of one that nobody killed. The server is on loopback.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { skipPostgres } from '../test/servers/postgres-server.ts';
import { outputKinds, postgresOutput } from '../test/soak/output-kinds.ts';
import { outputSoak, type Source } from '../test/soak/output-soak.ts';

const HELP = `npm run soak:outputs -- [options]
  --kills N     of each output, in runs and in exports (default 50)
  --pages N     pages of 250 records (default 60)
  --only NAMES  outputs, with commas between them: csv.gz,parquet (default: all)
  --from NAMES  run, export, or both (default run,export)
  --seed N      of the random moments (default: by the clock)
  --lanes N     cases side by side (default 2)
`;

const { values: flags } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    pages: { type: 'string', default: '60' },
    only: { type: 'string' },
    from: { type: 'string', default: 'run,export' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    lanes: { type: 'string', default: '2' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const [kills, pages, seed, lanes] = [flags.kills, flags.pages, flags.seed, flags.lanes].map(Number);
const isMeant = [kills, pages, seed, lanes].every((it) => Number.isSafeInteger(it) && it! >= 1);
const sources = flags.from.split(',').filter((it): it is Source => it === 'run' || it === 'export');
const wanted = flags.only?.split(',');
const isWanted = (name: string): boolean => wanted?.includes(name) ?? true;
if (skipPostgres !== false && isWanted('postgres')) console.error(skipPostgres);
const isServed = skipPostgres === false && isWanted('postgres') && !flags.help;
const postgres = isServed ? await postgresOutput() : null;
const kinds = (await outputKinds()).filter(({ name }) => isWanted(name));
if (postgres !== null) kinds.push(postgres.kind);
if (flags.help || !isMeant || sources.length === 0 || kinds.length === 0) {
  (flags.help ? process.stdout : process.stderr).write(HELP);
  await postgres?.stop();
  process.exit(flags.help ? 0 : 2);
}

const folder = mkdtempSync(join(tmpdir(), 'everypage-soak-outputs-'));
const startedAt = performance.now();
console.log(`seed ${seed}`);
const results = await outputSoak({
  ...{ kinds, sources, folder },
  ...{ kills: kills!, pages: pages!, seed: seed!, lanes: lanes! },
  onCase({ kind, source, kills: hit, whileWriting, late, ends, rowsEach, failure }) {
    const said = `${hit} kills, ${whileWriting} while it was written, ${late} after it was in its place; then ended ${ends} times with all ${rowsEach} rows`;
    console.log(
      `${source.padEnd(6)} ${kind.padEnd(10)} ${failure === null ? said : `FAILED: ${failure}`}`,
    );
  },
});
await postgres?.stop();
const failed = results.filter(({ failure }) => failure !== null);
const all = results.reduce((sum, result) => sum + result.kills, 0);
const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
console.log(`${all} kills, ${failed.length} failures, ${seconds} s, seed ${seed}`);
if (failed.length === 0) rmSync(folder, { recursive: true, force: true });
else console.error(`the files of the case that failed are in ${folder}`);
process.exitCode = failed.length === 0 ? 0 : 1;
