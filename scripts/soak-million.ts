/**
 * Memory must be flat in the number of pages: fetches 50,000 pages and then a million with the built
 * command, compares the peaks of resident memory and checks every byte of both outputs. Needs a
 * built dist/, Linux's /proc, about 1 GB of room and some minutes: `npm run soak:million`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  createReadStream,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { pageLine } from '../test/servers/page-body.ts';

const HELP = `node scripts/soak-million.ts [options]
  --pages N   pages of the larger run (default 1,000,000)
`;

const ROOT = join(import.meta.dirname, '..');
const SMALL_PAGES = 50_000;
/** The smallest the page server makes them: one record without text, about 150 bytes. */
const BODY_BYTES = 100;
const CONCURRENCY = 50;
const LARGEST_RATIO = 1.3;
const LIMIT_MS = 20 * 60_000;
const POLL_MS = 100;
/** Archive, its log, the output and what is being written of it, generously. */
const BYTES_A_PAGE = 2000;

interface Soaked {
  readonly pages: number;
  readonly peakBytes: number;
  readonly seconds: number;
  readonly isRight: boolean;
}

interface Served {
  readonly child: ChildProcess;
  readonly origin: string;
  readonly caFile: string;
}

const children = new Set<ChildProcess>();

/** A child that cannot outlive this process: it is killed by its id when that ends. */
function start(script: string, args: readonly string[], cwd: string): ChildProcess {
  const child = spawn(process.execPath, [script, ...args], {
    cwd,
    env: { ...process.env, NO_PROXY: 'localhost', no_proxy: 'localhost' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

async function startServer(folder: string): Promise<Served> {
  const script = join(ROOT, 'test', 'servers', 'page-server-process.ts');
  const child = start(script, [JSON.stringify({ bodyBytes: BODY_BYTES })], folder);
  const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
  return { child, ...(JSON.parse(line) as { origin: string; caFile: string }) };
}

/** Highest resident memory of a process so far; null once it has ended. */
function peakBytesOf(pid: number): number | null {
  try {
    const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return line === null ? null : Number(line[1]) * 1024;
  } catch {
    return null;
  }
}

function expectedHash(pages: number): string {
  const hash = createHash('sha256');
  for (let n = 1; n <= pages; n += 1) hash.update(`${pageLine(n, BODY_BYTES)}\n`);
  return hash.digest('hex');
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

async function soak(pages: number, server: Served, folder: string): Promise<Soaked> {
  const output = join(folder, 'out.ndjson');
  const startedAt = performance.now();
  const child = start(
    join(ROOT, 'bin', 'everypage.cjs'),
    [
      `${server.origin}/pages/[1-${pages}]`,
      ...['-c', String(CONCURRENCY), '-o', output, '--cacert', server.caFile, '-q', '--no-keep'],
    ],
    folder,
  );
  child.stdin!.end();
  child.stdout!.resume();
  let peakBytes = 0;
  const poll = setInterval(() => {
    peakBytes = Math.max(peakBytes, peakBytesOf(child.pid!) ?? 0);
  }, POLL_MS);
  const [code] = (await once(child, 'exit')) as [number | null];
  clearInterval(poll);
  const seconds = (performance.now() - startedAt) / 1000;
  if (code !== 0) throw new Error(`everypage ended with ${code} on ${pages} pages`);
  const { size } = statSync(output);
  const isRight = (await hashOf(output)) === expectedHash(pages);
  rmSync(output);
  const soaked = { pages, peakBytes, seconds, isRight };
  console.log(textOf(soaked, size));
  return soaked;
}

function textOf({ pages, peakBytes, seconds, isRight }: Soaked, size: number): string {
  const figures = [
    `${pages.toLocaleString('en')} pages: ${mib(peakBytes)} MiB at most`,
    `${seconds.toFixed(1)} s`,
    `${Math.round(pages / seconds).toLocaleString('en')} pages/s`,
    `${mib(size)} MiB of output`,
    isRight ? 'every line right and in order' : 'THE OUTPUT IS WRONG',
  ];
  return figures.join(', ');
}

const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

/** In memory where that has room: the disk is not what is measured. */
function temporaryFolder(pages: number): string {
  const memory = '/dev/shm';
  const hasRoom = (): boolean => {
    const { bavail, bsize } = statfsSync(memory);
    return bavail * bsize > pages * BYTES_A_PAGE;
  };
  const base = existsSync(memory) && hasRoom() ? memory : tmpdir();
  return mkdtempSync(join(base, 'everypage-soak-'));
}

const { values: flags } = parseArgs({
  options: {
    pages: { type: 'string', default: '1000000' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const pages = Number(flags.pages);
if (flags.help || !Number.isInteger(pages) || pages < 1) {
  (flags.help ? process.stdout : process.stderr).write(HELP);
  process.exit(flags.help ? 0 : 2);
}
if (!existsSync('/proc/self/status')) {
  console.error('soak-million reads peaks of memory from /proc, which this system does not have.');
  process.exit(2);
}

const folder = temporaryFolder(pages);
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
setTimeout(() => {
  console.error(`not done after ${LIMIT_MS / 60_000} minutes`);
  process.exit(1);
}, LIMIT_MS).unref();

const server = await startServer(folder);
const small = await soak(SMALL_PAGES, server, folder);
const large = await soak(pages, server, folder);
server.child.stdin!.end();
await once(server.child, 'exit');
const ratio = large.peakBytes / small.peakBytes;
const isFlat = ratio <= LARGEST_RATIO;
console.log(
  `${ratio.toFixed(2)} times the memory; ${LARGEST_RATIO} at most is ${isFlat ? 'kept' : 'NOT kept'}`,
);
process.exitCode = isFlat && small.isRight && large.isRight ? 0 : 1;
