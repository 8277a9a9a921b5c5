/**
 * Compares everypage with public tools on a local HTTP/2 server: `node bench/fetch.ts --help`.
 * README.md beside this file says what is measured and why.
 */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { type Client, clients } from './clients.ts';
import { measure, type Run } from './measure.ts';
import { type Expected, expectedOf, type SetName, writePages } from './pages.ts';
import { start, stop, temporaryFolder } from './processes.ts';
import { barsOf, figuresOf, type Row, type Scenario, tableOf, titleOf } from './report.ts';
import { type BenchServer, startServer } from './server.ts';

const HELP = `node bench/fetch.ts [options]
  --quick              a tenth of the pages, one round
  --only 5k|60k        one set of pages
  --rounds N           rounds, each client once in each (default 3)
  --clients a,b        only clients whose name contains one of these
  --no-delay           leave out what runs behind 40 ms
  --no-loopback        leave out what runs without delay
  --default-keepalive  the server closes a connection after 1,000 requests, nginx's default
  --work DIR           where pages and outputs are (default: TMPDIR; /dev/shm for memory)
  --json FILE          every run and median, for machines
`;

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string' },
    clients: { type: 'string' },
    'no-delay': { type: 'boolean', default: false },
    'no-loopback': { type: 'boolean', default: false },
    'default-keepalive': { type: 'boolean', default: false },
    work: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const DELAY_MS = 40;
const rounds = Number(flags.rounds ?? (flags.quick ? 1 : 3));

function scenariosOf(): Scenario[] {
  const scale = flags.quick ? 10 : 1;
  const loopback: Scenario[] = [5, 50].flatMap((concurrency) => [
    { set: '5k', pages: 20_000 / scale, concurrency, delayMs: 0 },
    { set: '60k', pages: 5000 / scale, concurrency, delayMs: 0 },
  ]);
  // The bar behind a delay stands on 2,000 pages, so --quick does not shorten it.
  const behind: Scenario[] = [
    { set: '5k', pages: 2000, concurrency: 50, delayMs: DELAY_MS },
    { set: '60k', pages: flags.quick ? 500 : 2000, concurrency: 50, delayMs: DELAY_MS },
    { set: '5k', pages: 1, concurrency: 50, delayMs: DELAY_MS },
  ];
  return [...(flags['no-loopback'] ? [] : loopback), ...(flags['no-delay'] ? [] : behind)].filter(
    (scenario) => flags.only === undefined || scenario.set === flags.only,
  );
}

function chosenClients(): Client[] {
  const names = flags.clients?.split(',') ?? [''];
  const chosen = clients.filter((client) => names.some((name) => client.name.includes(name)));
  for (const client of chosen) {
    if (client.version === null) {
      console.error(`${client.name} is left out: not found (${client.missing})`);
    }
  }
  return chosen.filter((client) => client.version !== null);
}

/** Port of a proxy before `server` that holds bytes back for half of `delayMs` each way. */
async function startDelayProxy(server: BenchServer, delayMs: number) {
  const script = new URL('./delay-proxy.ts', import.meta.url).pathname;
  const child = start(process.execPath, [script, String(server.port), String(delayMs / 2)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
  return { child, port: Number(line) };
}

async function runScenario(
  scenario: Scenario,
  server: BenchServer,
  expected: Expected,
  folder: string,
  chosen: readonly Client[],
): Promise<Row[]> {
  const proxy = scenario.delayMs > 0 ? await startDelayProxy(server, scenario.delayMs) : null;
  const origin = `https://localhost:${proxy?.port ?? server.port}`;
  const runs = new Map<string, Run[]>(chosen.map((client) => [client.name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < chosen.length; turn += 1) {
      // Each round begins with another client, so that none always follows the same one.
      const client = chosen[(round + turn) % chosen.length]!;
      const { set, pages, concurrency } = scenario;
      const { caFile } = server;
      const job = { ...expected, origin, set, pages, concurrency, caFile, folder };
      const run = await measure(client, job);
      runs.get(client.name)!.push(run);
      const outcome = run.voidReason ?? `${run.wallSeconds.toFixed(2)} s`;
      console.error(`  round ${round + 1}  ${client.name}: ${outcome}`);
    }
  }
  if (proxy) await stop(proxy.child);
  return chosen.map((client) => ({ scenario, client: client.name, runs: runs.get(client.name)! }));
}

if (flags.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const isSet = flags.only === undefined || flags.only === '5k' || flags.only === '60k';
if (!isSet || !Number.isInteger(rounds) || rounds < 1) {
  process.stderr.write(HELP);
  process.exit(2);
}
const chosen = chosenClients();
const scenarios = scenariosOf();
const folder = temporaryFolder(flags.work);
const root = join(folder, 'www');
for (const set of new Set<SetName>(scenarios.map((scenario) => scenario.set))) {
  const pages = Math.max(...scenarios.filter((it) => it.set === set).map((it) => it.pages));
  console.error(`writing ${pages.toLocaleString('en')} pages of ${set}`);
  writePages(root, set, pages);
}
const keepaliveRequests = flags['default-keepalive'] ? 1000 : 1_000_000_000;
const server = await startServer(join(folder, 'server'), root, keepaliveRequests);
const setting = `${server.name}, one worker, HTTP/2 over TLS, ${flags['default-keepalive'] ? '1,000 requests' : 'any number of requests'} a connection, ${cpus().length} cores, Node ${process.versions.node}, outputs below ${dirname(folder)}`;
console.log(setting);
for (const { name, version, writes } of chosen) {
  console.log(`  ${name} (${version}) writes ${writes}`);
}

const rows: Row[] = [];
for (const scenario of scenarios) {
  console.error(titleOf(scenario));
  const expected = expectedOf(root, scenario.set, scenario.pages);
  const work = join(folder, 'work');
  const measured = await runScenario(scenario, server, expected, work, chosen);
  rows.push(...measured);
  console.log(`\n${titleOf(scenario)}\n${tableOf(measured)}`);
}
const bars = barsOf(rows);
console.log('');
for (const bar of bars) console.log(`${bar.verdict.padEnd(7)}  ${bar.name}  ${bar.figure}`);
if (flags.json !== undefined) {
  const results = rows.map((row) => ({ ...row, medians: figuresOf(row) }));
  writeFileSync(flags.json, `${JSON.stringify({ setting, rounds, results, bars }, null, 2)}\n`);
}
// Ends the server and removes the folder: processes.ts does both on exit.
process.exit(bars.some((bar) => bar.verdict === 'MISSED') ? 1 : 0);
