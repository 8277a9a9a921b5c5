/**
 * What a known total gains: `node bench/fan-out.ts [--rounds N]` fetches a list of 2,000 pages behind
 * 50 ms, 20 at a time, from its URL alone, and a shorter one page by page. After `npm run build`.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { createTestCertificates } from '../src/demo/certificate.ts';
import { type Client, clients } from './clients.ts';
import { hashOfRecords } from './list-pages.ts';
import type { Arrival } from './list-server.ts';
import { measure } from './measure.ts';
import { hashOfFile } from './pages.ts';
import { start, temporaryFolder } from './processes.ts';

const PAGES = 2000;
const SEQUENTIAL_PAGES = 100;
const CONCURRENCY = 20;
const LATENCY_MS = 50;
const BAR = 1.15;

const { values: flags } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } });
const rounds = Number(flags.rounds);
if (!Number.isInteger(rounds) || rounds < 1) {
  process.stderr.write('node bench/fan-out.ts [--rounds N]\n');
  process.exit(2);
}

interface Measured {
  readonly wallMs: number;
  readonly requests: number;
  /** Parts of the wall time, in order. */
  readonly phases: readonly number[];
  readonly voidReason: string | null;
}

const PHASES = ['to request 1', 'to request 2', 'to request 3', 'to the last page', 'to the end'];

const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

function everypage(pages: number, args: readonly string[]): Client {
  const output = (folder: string): string => join(folder, 'out.ndjson');
  return {
    name: 'everypage',
    writes: 'one NDJSON file of records',
    version: 'dist',
    missing: 'npm run build',
    prepare: ({ origin, caFile, folder }) => ({
      command: process.execPath,
      args: [
        ...[new URL('../bin/everypage.cjs', import.meta.url).pathname, `${origin}/${pages}/items`],
        ...args,
        ...['-o', output(folder), '--cacert', caFile, '-q', '--fresh', '--no-keep'],
      ],
    }),
    verify({ expectedHash, folder }) {
      return hashOfFile(output(folder)) === expectedHash ? null : 'the records differ';
    },
  };
}

/** Counts and forgets: what this line and this machine give at best. */
const h2load: Client = {
  name: 'h2load',
  writes: 'nothing',
  version: clients.find(({ name }) => name === 'h2load')?.version ?? null,
  missing: 'apt install nghttp2-client',
  prepare: ({ origin, pages, folder }) => {
    const list = join(folder, 'urls.txt');
    const urls = Array.from(
      { length: pages },
      (_, at) => `${origin}/${pages}/items?page=${at + 1}`,
    );
    writeFileSync(list, `${urls.join('\n')}\n`);
    return {
      command: 'h2load',
      args: ['-n', `${pages}`, '-c', '1', '-m', `${CONCURRENCY}`, '-i', list],
    };
  },
  verify: ({ pages }, stdout) =>
    stdout.includes(` ${pages} succeeded`) ? null : 'not every request succeeded',
};

async function startPrinting(script: string, args: readonly string[], withMessages: boolean) {
  const path = new URL(script, import.meta.url).pathname;
  const child = start(process.execPath, [path, ...args], {
    stdio: ['pipe', 'pipe', 'inherit', ...(withMessages ? (['ipc'] as const) : [])],
  });
  const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
  return { child, port: Number(line) };
}

/** What came since it was last asked; makes the pages of a list beforehand. */
async function arrivalsOf(server: ChildProcess, pages: number): Promise<readonly Arrival[]> {
  const answer = once(server, 'message');
  server.send(pages);
  return (await answer)[0] as readonly Arrival[];
}

const folder = temporaryFolder();
const { ca, cert, key } = createTestCertificates();
const caFile = join(folder, 'ca.pem');
mkdirSync(folder, { recursive: true });
writeFileSync(caFile, ca);
writeFileSync(join(folder, 'cert.pem'), cert);
writeFileSync(join(folder, 'key.pem'), key, { mode: 0o600 });
const server = await startPrinting('./list-server.ts', [folder], true);
const proxyArgs = [`${server.port}`, `${LATENCY_MS / 2}`];
const proxy = await startPrinting('./delay-proxy.ts', proxyArgs, false);

async function run(client: Client, pages: number): Promise<Measured> {
  await arrivalsOf(server.child, pages);
  const expectedHash = hashOfRecords(pages);
  const startMs = nowMs();
  const { wallSeconds, voidReason } = await measure(client, {
    origin: `https://localhost:${proxy.port}`,
    set: '5k',
    pages,
    concurrency: CONCURRENCY,
    caFile,
    folder: join(folder, 'work'),
    expectedHash,
    expectedBytes: 0,
  });
  const arrivals = await arrivalsOf(server.child, pages);
  const wallMs = wallSeconds * 1000;
  const lastPage = Math.max(
    ...arrivals.map(({ atMs }, at) => (isFirstOfIts(arrivals, at) ? atMs : 0)),
  );
  const marks = [...arrivals.slice(0, 3).map(({ atMs }) => atMs), lastPage, startMs + wallMs];
  const phases = marks.map((mark, at) => mark - (marks[at - 1] ?? startMs));
  return { wallMs, requests: arrivals.length, phases, voidReason };
}

function isFirstOfIts(arrivals: readonly Arrival[], at: number): boolean {
  return arrivals.findIndex(({ page }) => page === arrivals[at]!.page) === at;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

interface Kind {
  readonly name: string;
  readonly client: Client;
  readonly pages: number;
  readonly rounds: number;
}

const sideBySide = ['-c', `${CONCURRENCY}`];
const together: Kind = {
  name: `everypage, ${CONCURRENCY} at a time`,
  client: everypage(PAGES, sideBySide),
  pages: PAGES,
  rounds,
};
const alone: Kind = {
  name: 'everypage, one page',
  client: everypage(1, sideBySide),
  pages: 1,
  rounds,
};
const oneByOne: Kind = {
  name: 'everypage, by next links',
  client: everypage(SEQUENTIAL_PAGES, ['--paginate', 'next', '--next-path', 'next']),
  pages: SEQUENTIAL_PAGES,
  rounds: 1,
};
const ceiling: Kind = {
  name: `h2load, ${CONCURRENCY} at a time`,
  client: h2load,
  pages: PAGES,
  rounds: h2load.version === null ? 0 : rounds,
};
const kinds = [together, ceiling, alone, oneByOne];

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
console.log(
  `${LATENCY_MS} ms there and back, HTTP/2 over TLS, pages of 5 KB, ${cpus().length} cores, load ${loadavg()[0]!.toFixed(1)} before, Node ${process.versions.node}`,
);
const results = new Map<Kind, Measured[]>(kinds.map((kind) => [kind, []]));
for (let round = 0; round < rounds; round += 1) {
  for (const kind of kinds.filter((it) => round < it.rounds)) {
    const measured = await run(kind.client, kind.pages);
    results.get(kind)!.push(measured);
    console.error(`  ${kind.name}: ${measured.voidReason ?? seconds(measured.wallMs)}`);
  }
}

const wallOf = (kind: Kind): number => median(results.get(kind)!.map(({ wallMs }) => wallMs));
const idealMs = (PAGES / CONCURRENCY) * LATENCY_MS;
const row = (...cells: readonly string[]): string =>
  cells.map((cell, at) => (at === 0 ? cell.padEnd(30) : cell.padStart(14))).join('');

console.log(row('', 'pages', 'requests', 'wall', 'pages/s'));
for (const kind of kinds.filter((it) => it.rounds > 0)) {
  const { requests } = results.get(kind)![0]!;
  const perSecond = ((kind.pages / wallOf(kind)) * 1000).toFixed(1);
  console.log(row(kind.name, `${kind.pages}`, `${requests}`, seconds(wallOf(kind)), perSecond));
}
console.log(`\nwhere everypage's time for ${PAGES} pages goes, as the server sees it (medians):`);
for (const [at, phase] of PHASES.entries()) {
  console.log(
    row(`  ${phase}`, seconds(median(results.get(together)!.map((it) => it.phases[at]!)))),
  );
}
const ratio = wallOf(together) / idealMs;
const lessStartUp = (wallOf(together) - wallOf(alone) + LATENCY_MS) / idealMs;
const perPage = (kind: Kind): number => (wallOf(kind) - wallOf(alone)) / kind.pages;
const isVoid = [...results.values()].flat().some(({ voidReason }) => voidReason !== null);
const verdict = isVoid ? 'VOID' : ratio <= BAR ? 'PASS' : 'MISSED';
console.log(`
ideal ${seconds(idealMs)}: ${PAGES} pages ÷ ${CONCURRENCY} × ${LATENCY_MS} ms; ${lessStartUp.toFixed(2)}× of it less what one page alone takes
by next links ${PAGES} pages would take ${seconds(perPage(oneByOne) * PAGES)}, ${(perPage(oneByOne) / perPage(together)).toFixed(1)} times as long`);
if (ceiling.rounds > 0) {
  console.log(
    `h2load alone takes ${(wallOf(ceiling) / idealMs).toFixed(2)}× of ideal here and now`,
  );
}
console.log(`${verdict}  wall of ideal ≤${BAR}×  ${ratio.toFixed(2)}×`);
// Ends the server and removes the folder: processes.ts does both on exit.
process.exit(verdict === 'PASS' ? 0 : 1);
