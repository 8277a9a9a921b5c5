/**
 * How long the command takes for one page from loopback, beside `node -e 0` and curl: `npm run bench:start`.
 *
 * Everything is started in turn, so that what else the machine does falls on all alike. What counts
 * is the ratio to `node -e 0`, Node's own start. No program in Node goes below that, and none that speaks
 * TLS below the row that does nothing else.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writePages } from './pages.ts';
import { start, temporaryFolder } from './processes.ts';
import { startServer } from './server.ts';

const HELP = `node bench/start.ts [options]
  --rounds N  how often each is started (default 30)
  --json      medians in milliseconds, for machines
`;

/** One page over HTTP/2 with a warm cache, in starts of Node. */
const MOST_STARTS_OF_NODE = 2.5;

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '30' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (flags.help) {
  process.stdout.write(HELP);
  process.exit(0);
}

const launcher = new URL('../bin/everypage.cjs', import.meta.url).pathname;
const folder = temporaryFolder();
const root = join(folder, 'pages');
writePages(root, '5k', 1);
const server = await startServer(join(folder, 'server'), root, 1000);
const url = `https://127.0.0.1:${server.port}/5k/1.json`;
const output = join(folder, 'out.ndjson');

interface Started {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Where the compiled code is kept; removed before each start where `isCold`. */
  readonly cache?: string;
  readonly isCold?: boolean;
  readonly writes?: boolean;
}

function everypage(name: string, flag: string, cache: string, isCold: boolean): Started {
  const args = [launcher, url, '-o', output, '--cacert', server.caFile, '-q', '--no-keep', flag];
  return {
    name,
    command: process.execPath,
    args,
    cache: join(folder, cache),
    isCold,
    writes: true,
  };
}

/** What TLS costs in Node before a program does anything: one connection that trusts the server's authority. */
const FLOOR = `
const tls = require('node:tls');
const [port, caFile] = process.argv.slice(1);
const ca = require('node:fs').readFileSync(caFile);
tls.connect({ host: '127.0.0.1', port, ca, ALPNProtocols: ['h2'] }, () => process.exit());`;

const curlArgs = ['-q', '-sS', '--noproxy', '*', '--cacert', server.caFile, '-o', output, url];
const started: readonly Started[] = [
  { name: 'node -e 0', command: process.execPath, args: ['-e', '0'] },
  everypage('everypage, HTTP/2', '--http2', 'warm', false),
  {
    name: 'node: TLS, empty',
    command: process.execPath,
    args: ['-e', FLOOR, String(server.port), server.caFile],
  },
  everypage('everypage, HTTP/2, cold cache', '--http2', 'cold', true),
  everypage('everypage, HTTP/1.1', '--http1.1', 'warm', false),
  ...(hasCurl() ? [{ name: 'curl', command: 'curl', args: curlArgs, writes: true }] : []),
];

function hasCurl(): boolean {
  try {
    execFileSync('curl', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Milliseconds from the start of the process to its end. */
async function time({ name, command, args, cache, isCold, writes }: Started): Promise<number> {
  if (isCold && cache !== undefined) rmSync(cache, { recursive: true, force: true });
  rmSync(output, { force: true });
  // Node would parse more authorities, and the figure be that of one machine's settings.
  const { NODE_EXTRA_CA_CERTS: _, ...own } = process.env;
  const env = { ...own, ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }) };
  const from = performance.now();
  const child = start(command, args, { stdio: ['ignore', 'ignore', 'inherit'], env });
  const [code] = (await once(child, 'close')) as [number | null];
  const ms = performance.now() - from;
  if (code !== 0) throw new Error(`${name} exited with ${code}`);
  if (writes && !isWhole()) throw new Error(`${name} wrote another page than the server has`);
  return ms;
}

function isWhole(): boolean {
  if (!existsSync(output)) return false;
  const page = readFileSync(join(root, '5k/1.json'), 'utf8').trim();
  const written = readFileSync(output, 'utf8').trim();
  // everypage finds the records of the page and writes a line for each.
  return written === page || written.split('\n').every((line) => page.includes(line));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const times = new Map(started.map(({ name }) => [name, [] as number[]]));
// The first round fills the caches.
for (const one of started) await time(one);
for (let round = 0; round < Number(flags.rounds); round += 1) {
  for (let turn = 0; turn < started.length; turn += 1) {
    const one = started[(turn + round) % started.length]!;
    times.get(one.name)!.push(await time(one));
  }
}

const medians = [...times].map(([name, values]) => ({ name, ms: median(values) }));
const node = medians[0]!.ms;
if (flags.json) process.stdout.write(`${JSON.stringify(medians)}\n`);
else {
  process.stdout.write(`One page of 5 KB from ${server.name}, median of ${flags.rounds}:\n`);
  for (const { name, ms } of medians) {
    const ratio = (ms / node).toFixed(2);
    process.stdout.write(
      `${name.padEnd(32)}${ms.toFixed(0).padStart(6)} ms${ratio.padStart(7)} ×\n`,
    );
  }
}
const ratio = medians[1]!.ms / node;
if (ratio > MOST_STARTS_OF_NODE) {
  process.stderr.write(`MISSED: ${ratio.toFixed(2)} starts of Node, not ${MOST_STARTS_OF_NODE}\n`);
  process.exitCode = 1;
}
process.exit();
