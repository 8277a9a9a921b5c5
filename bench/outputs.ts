/**
 * What each output costs from one archive, beside DuckDB's own way from JSON to Parquet and a script with
 * pandas: `npm run bench:outputs`. README.md beside this file says how to read the figures.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { measureCommand, type Run } from './measure.ts';
import { makeArchive, SELECTION } from './output-archive.ts';
import { temporaryFolder } from './processes.ts';

const HELP = `node bench/outputs.ts [options]
  --records N   records in the archive, about 0.9 KB each (default 1,000,000)
  --rounds N    how often each output is written (default 3)
  --only a,b    only rows whose name contains one of these
  --folder DIR  where the archive is kept for the next time (default: in the folder for temporary files)
  --json        every run, for machines
`;

const { values: flags } = parseArgs({
  options: {
    records: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    folder: { type: 'string', default: join(tmpdir(), 'everypage-bench-outputs') },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (flags.help) {
  process.stdout.write(HELP);
  process.exit(0);
}

/** The most memory that an output may take, and MB of JSON a second that it must reach (issue 17). */
const MOST_MB = 400;
const LEAST_SPEED: Readonly<Record<string, number>> = { ndjson: 150, csv: 80, parquet: 40 };

const launcher = new URL('../bin/everypage.cjs', import.meta.url).pathname;
const script = (name: string): string => new URL(name, import.meta.url).pathname;

const records = Number(flags.records.replaceAll(/[,_]/g, ''));
const folder = flags.folder;
mkdirSync(folder, { recursive: true });
const temporary = temporaryFolder(folder);
const archive = join(folder, `${records}.everypage`);
const { bytes } = makeArchive(archive, records);
const ndjson = join(folder, `${records}.ndjson`);
if (!existsSync(ndjson)) {
  execFileSync(process.execPath, exportTo(ndjson), { stdio: ['ignore', 'ignore', 'inherit'] });
}

function exportTo(path: string): string[] {
  return [launcher, 'export', archive, '--select', SELECTION, '-o', path, '-q'];
}

interface Contender {
  readonly name: string;
  readonly ending: string;
  readonly command: string;
  readonly args: (path: string) => readonly string[];
}

const everypage = (ending: string): Contender => ({
  name: ending,
  ending,
  command: process.execPath,
  args: exportTo,
});

const duckdb = (threads: number): Contender => ({
  name: `duckdb → parquet, ${threads} thread${threads === 1 ? '' : 's'}`,
  ending: 'parquet',
  command: process.execPath,
  args: (path) => [script('duckdb-parquet.ts'), ndjson, path, String(threads)],
});

/** Debian's packages are in its own Python, which need not be the first. */
const python = ['python3', '/usr/bin/python3'].find((it) => works(it, ['-c', 'import pandas']));

const pandas = (command: string): Contender => ({
  name: 'pandas → csv',
  ending: 'csv',
  command,
  args: (path) => [script('pandas_csv.py'), ndjson, path],
});

const FORMATS = ['ndjson', 'json', 'csv', 'csv.gz', 'ndjson.zst', 'parquet', 'db'];
const hasDuckDb = works(process.execPath, ['-e', 'await import("@duckdb/node-api")']);
const contenders = [
  ...FORMATS.map(everypage),
  ...(hasDuckDb ? [everypage('duckdb'), duckdb(2), duckdb(1)] : leftOut('DuckDB', 'npm install')),
  ...(python !== undefined ? [pandas(python)] : leftOut('pandas', 'apt install python3-pandas')),
].filter(({ name }) => flags.only.split(',').some((part) => name.includes(part)));

function works(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function leftOut(name: string, how: string): readonly Contender[] {
  process.stderr.write(`${name} is left out: it is not installed (${how})\n`);
  return [];
}

interface Measured extends Run {
  readonly outputBytes: number;
}

async function measureOnce({ ending, command, args }: Contender): Promise<Measured> {
  const work = join(temporary, ending);
  mkdirSync(work);
  try {
    const path = join(work, `items.${ending}`);
    const run = await measureCommand(work, command, args(path));
    if (run.voidReason !== null) return { ...run, outputBytes: Number.NaN };
    return { ...run, outputBytes: statSync(path).size, voidReason: await faultIn(path, ending) };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Why an output does not hold all records, by another reader; null where it does, or none is there. */
async function faultIn(path: string, ending: string): Promise<string | null> {
  const sums = ending === 'db' ? sumsInSqlite(path) : await sumsInDuckDb(path, ending);
  if (sums === null) return null;
  const first = 9_007_199_254_740_993n;
  const count = BigInt(records);
  const expected = `${count} ${count * first + (count * (count - 1n)) / 2n}`;
  return sums === expected ? null : `records and the sum of their ids are ${sums}, not ${expected}`;
}

function sumsInSqlite(path: string): string {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    // A sum of integers of 64 bits would be too large for one.
    const query = database.prepare(
      'SELECT count(*) AS n, sum(id >> 32) AS high, sum(id & 4294967295) AS low FROM items',
    );
    query.setReadBigInts(true);
    const { n, high, low } = query.get() as Record<string, bigint>;
    return `${n} ${(high! << 32n) + low!}`;
  } finally {
    database.close();
  }
}

async function sumsInDuckDb(path: string, ending: string): Promise<string | null> {
  if (!hasDuckDb) return null;
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  if (ending === 'duckdb') await connection.run(`ATTACH '${path}' AS made`);
  const from = ending.includes('json')
    ? `read_json('${path}', columns = {id: 'BIGINT'})`
    : ending === 'duckdb'
      ? 'made.items'
      : `'${path}'`;
  const rows = await connection.runAndReadAll(`SELECT count(*), sum(id)::varchar FROM ${from}`);
  connection.closeSync();
  return rows.getRows()[0]!.join(' ');
}

const runs = new Map(contenders.map(({ name }) => [name, [] as Measured[]]));
const rounds = Number(flags.rounds);
for (let round = 0; round < rounds; round += 1) {
  for (let turn = 0; turn < contenders.length; turn += 1) {
    const contender = contenders[(turn + round) % contenders.length]!;
    runs.get(contender.name)!.push(await measureOnce(contender));
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

interface Figures {
  readonly name: string;
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly peakMB: number;
  readonly outputMB: number;
  readonly voidReason: string | null;
}

const figures = [...runs].map(([name, all]): Figures => {
  const of = (key: keyof Measured): number => median(all.map((run) => Number(run[key])));
  return {
    name,
    cpuSeconds: of('cpuSeconds'),
    wallSeconds: of('wallSeconds'),
    peakMB: (of('peakMiB') * 2 ** 20) / 1e6,
    outputMB: of('outputBytes') / 1e6,
    voidReason: all.find(({ voidReason }) => voidReason !== null)?.voidReason ?? null,
  };
});

const speedOf = (seconds: number): number => bytes / 1e6 / seconds;

/** On a machine that does nothing else, wall time is at most CPU time: our work is on one thread. */
const speedAlone = ({ cpuSeconds, wallSeconds }: Figures): number =>
  speedOf(Math.min(cpuSeconds, wallSeconds));

function lineOf(cells: readonly string[]): string {
  const [first, ...others] = cells;
  return `| ${first!.padEnd(30)} | ${others.map((cell) => cell.padStart(10)).join(' | ')} |`;
}

if (flags.json) process.stdout.write(`${JSON.stringify({ records, bytes, runs: [...runs] })}\n`);
else {
  const base = figures.find(({ name }) => name === 'parquet');
  const lines = [
    `${records.toLocaleString('en')} records, ${(bytes / 1e6).toFixed(0)} MB of JSON, medians of ${rounds} alternating runs`,
    lineOf(['output', 'MB/s', 'MB/s of CPU', '× parquet', 'peak MB', 'output MB']),
  ];
  for (const { name, cpuSeconds, wallSeconds, peakMB, outputMB, voidReason } of figures) {
    if (voidReason !== null) lines.push(lineOf([name, 'VOID', '', '', '', '']), voidReason);
    else {
      lines.push(
        lineOf([
          name,
          speedOf(wallSeconds).toFixed(0),
          speedOf(cpuSeconds).toFixed(0),
          base === undefined ? '' : (base.cpuSeconds / cpuSeconds).toFixed(2),
          peakMB.toFixed(0),
          outputMB.toFixed(0),
        ]),
      );
    }
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}

const isOurs = (name: string): boolean => name === 'duckdb' || FORMATS.includes(name);

const missed = figures.flatMap((it) => {
  const { name, peakMB, voidReason } = it;
  if (voidReason !== null) return [`${name}: ${voidReason}`];
  const speed = speedAlone(it);
  const least = LEAST_SPEED[name] ?? 0;
  const isTooLarge = isOurs(name) && peakMB > MOST_MB;
  return [
    ...(isTooLarge ? [`${name}: ${peakMB.toFixed(0)} MB of memory, not ${MOST_MB}`] : []),
    ...(speed < least ? [`${name}: ${speed.toFixed(0)} MB/s, not ${least}`] : []),
  ];
});
for (const line of missed) process.stderr.write(`MISSED: ${line}\n`);
process.exitCode = missed.length === 0 ? 0 : 1;
