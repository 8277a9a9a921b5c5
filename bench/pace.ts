/**
 * How fast a server's limit lets it go, and how often it is refused: `npm run bench:pace`. Real
 * sockets and real time; `--help` lists the parts. After `npm run build`.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { createTestCertificates } from '../src/demo/certificate.ts';
import type { Counted, ServerLimit } from './limited-server.ts';
import { writePages } from './pages.ts';
import { start, stop, temporaryFolder } from './processes.ts';
import { startServer } from './server.ts';

const HELP = `node bench/pace.ts [--only limited,short,unlimited,queue] [--rounds N]
  limited    200 a second for 120 s, with and without Retry-After, at 0 and 40 ms, burst 200 and 20
  short      8,000 pages at 200 a second with a burst of 40
  unlimited  no limit, at 0 and 50 ms: -c auto beside -c 5, 10, 20 and 50
  queue      a server that does one thing at a time: -c auto beside -c 1, 2, 5, 10 and 20
  --rounds N of unlimited and queue (default 3)
  --seconds N of limited (default 120)
  --case TEXT  of limited and short those with this in their names: 'burst 20,', ', 40 ms'
`;

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', default: 'limited,short,unlimited,queue' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '120' },
    case: { type: 'string', default: '' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (flags.help === true) {
  process.stdout.write(HELP);
  process.exit(0);
}
const parts = flags.only.split(',');
const rounds = Number(flags.rounds);
const runSeconds = Number(flags.seconds);

const folder = temporaryFolder();
const { ca, cert, key } = createTestCertificates();
const caFile = join(folder, 'ca.pem');
mkdirSync(folder, { recursive: true });
writeFileSync(caFile, ca);
writeFileSync(join(folder, 'cert.pem'), cert);
writeFileSync(join(folder, 'key.pem'), key, { mode: 0o600 });

const launcher = new URL('../bin/everypage.cjs', import.meta.url).pathname;
const script = (name: string): string => new URL(name, import.meta.url).pathname;
const row = (...cells: readonly string[]): string =>
  cells.map((cell, at) => (at === 0 ? cell.padEnd(42) : cell.padStart(12))).join('');
const percent = (share: number, digits = 1): string => `${(share * 100).toFixed(digits)} %`;
let missed = 0;
const judge = (ok: boolean): string => {
  if (!ok) missed += 1;
  return ok ? 'PASS' : 'MISSED';
};
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

async function startPrinting(path: string, args: readonly string[], withMessages: boolean) {
  const child = start(process.execPath, [script(path), ...args], {
    stdio: ['pipe', 'pipe', 'inherit', ...(withMessages ? (['ipc'] as const) : [])],
  });
  const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
  return { child, port: Number(line) };
}

async function countedBy(server: ChildProcess, next: ServerLimit): Promise<Counted> {
  const answer = once(server, 'message');
  server.send(next);
  return (await answer)[0] as Counted;
}

/** A server with a limit, behind a line of its own where there is latency. */
async function serve(limit: ServerLimit, latencyMs: number) {
  const server = await startPrinting('./limited-server.ts', [folder], true);
  await countedBy(server.child, limit);
  const proxy =
    latencyMs === 0
      ? null
      : await startPrinting('./delay-proxy.ts', [`${server.port}`, `${latencyMs / 2}`], false);
  return {
    origin: `https://localhost:${(proxy ?? server).port}`,
    counted: () => countedBy(server.child, limit),
    close: async () => {
      await stop(server.child);
      if (proxy !== null) await stop(proxy.child);
    },
  };
}

let runs = 0;

/** Runs everypage to its end; the exit code 5 is that of --deadline. */
async function everypage(
  url: string,
  args: readonly string[],
  authority: string = caFile,
): Promise<number> {
  runs += 1;
  const work = join(folder, `run-${runs}`);
  mkdirSync(work);
  const startedAt = performance.now();
  const child = start(
    process.execPath,
    [
      launcher,
      url,
      ...args,
      '-o',
      join(work, 'out.ndjson'),
      '--cacert',
      authority,
      '-q',
      '--no-keep',
    ],
    { stdio: 'ignore' },
  );
  const [code] = (await once(child, 'close')) as [number | null];
  const tookMs = performance.now() - startedAt;
  rmSync(work, { recursive: true, force: true });
  if (code !== 0 && code !== 5) throw new Error(`everypage ended with ${code}`);
  return tookMs;
}

async function simple(origin: string, pages: number, seconds: number): Promise<void> {
  const args = [script('./simple-client.ts'), origin, caFile, `${pages}`, `${seconds}`];
  const child = start(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  await once(child, 'close');
}

interface Bucket {
  readonly perSecond: number;
  readonly burst: number;
  readonly retryAfter: boolean;
  readonly latencyMs: number;
}

/** Runs both clients at once, each against a server of its own. */
async function against(
  bucket: Bucket,
  pages: number,
  seconds: number,
): Promise<{ ours: Counted; simple: Counted }> {
  const { latencyMs, ...limit } = bucket;
  const mine = await serve({ kind: 'bucket', ...limit }, latencyMs);
  const theirs = await serve({ kind: 'bucket', ...limit }, latencyMs);
  const until = seconds === 0 ? [] : ['--deadline', `${seconds}s`];
  const theirSeconds = seconds === 0 ? 150 : seconds;
  await Promise.all([
    everypage(`${mine.origin}/items?page=[1-${pages}]`, until),
    simple(theirs.origin, pages, theirSeconds),
  ]);
  const counted = { ours: await mine.counted(), simple: await theirs.counted() };
  await Promise.all([mine.close(), theirs.close()]);
  return counted;
}

const countIn = (times: readonly number[], fromMs: number, toMs: number): number =>
  times.filter((at) => at >= fromMs && at < toMs).length;

const refusedShare = ({ acceptedAtMs, refusedAtMs }: Counted): number =>
  refusedAtMs.length / Math.max(1, acceptedAtMs.length + refusedAtMs.length);

const nameOf = ({ perSecond, burst, retryAfter, latencyMs }: Bucket): string =>
  `${perSecond}/s, burst ${burst}, ${retryAfter ? 'Retry-After' : 'no header'}, ${latencyMs} ms`;

function casesOf(burst: number): Bucket[] {
  return [true, false]
    .flatMap((retryAfter) =>
      [0, 40].map((latencyMs) => ({ perSecond: 200, burst, retryAfter, latencyMs })),
    )
    .filter((bucket) => nameOf(bucket).includes(flags.case));
}

async function limited(): Promise<void> {
  console.log(
    `\n${runSeconds} s; share of the pages that the limit permits, and of requests refused`,
  );
  console.log(row('', 'client', 'whole run', 'later', 'refused', 'early', 'bars'));
  const endMs = runSeconds * 1000;
  for (const burst of [200, 20]) {
    const fromMs = burst === 200 ? 20_000 : 30_000;
    for (const bucket of casesOf(burst)) {
      const both = await against(bucket, 200 * runSeconds * 2, runSeconds);
      for (const [client, counted] of [
        ['everypage', both.ours],
        ['simple', both.simple],
      ] as const) {
        const times = counted.acceptedAtMs;
        const whole = countIn(times, 0, endMs) / (burst + bucket.perSecond * runSeconds);
        const later =
          countIn(times, fromMs, endMs) / ((bucket.perSecond * (endMs - fromMs)) / 1000);
        const refused = refusedShare(counted);
        const isMet =
          refused < 0.01 &&
          counted.early === 0 &&
          (burst === 200 ? later >= 0.97 && whole >= 0.92 : later >= 0.92);
        const bars = client === 'everypage' ? judge(isMet) : '';
        console.log(
          row(
            nameOf(bucket),
            client,
            percent(whole),
            percent(later),
            percent(refused, 2),
            `${counted.early}`,
            bars,
          ),
        );
      }
    }
  }
  console.log(
    'bars: burst 200: ≥97 % after 20 s, ≥92 % of all; burst 20: ≥92 % after 30 s; <1 % refused',
  );
}

async function short(): Promise<void> {
  const pages = 8000;
  console.log(`\n${pages} pages: ideal time ÷ time from the first request to the last page`);
  console.log(row('', 'client', 'seconds', 'of ideal', 'refused', 'early', 'bars'));
  for (const bucket of casesOf(40)) {
    const both = await against(bucket, pages, 0);
    for (const [client, counted] of [
      ['everypage', both.ours],
      ['simple', both.simple],
    ] as const) {
      const seconds = Math.max(...counted.acceptedAtMs.slice(-100)) / 1000;
      const done = Math.min(pages, counted.acceptedAtMs.length);
      const share = (done - bucket.burst) / bucket.perSecond / seconds;
      const refused = refusedShare(counted);
      const bars =
        client === 'everypage' ? judge(share >= 0.9 && refused < 0.015 && counted.early === 0) : '';
      console.log(
        row(
          nameOf(bucket),
          client,
          seconds.toFixed(1),
          percent(share),
          percent(refused, 2),
          `${counted.early}`,
          bars,
        ),
      );
    }
  }
  console.log('bars: ≥90 % and <1.5 % refused');
}

async function unlimited(): Promise<void> {
  const root = join(folder, 'root');
  writePages(root, '5k', 20_000);
  const server = await startServer(join(folder, 'nginx'), root, 1_000_000);
  const choices = ['auto', '5', '10', '20', '50'];
  console.log(`\nno limit, ${server.name}, pages of 5 KB, whole wall time`);
  console.log(row('', ...choices.map((it) => `-c ${it}`), 'of best', 'bar'));
  for (const latencyMs of [0, 50]) {
    const proxy =
      latencyMs === 0
        ? null
        : await startPrinting('./delay-proxy.ts', [`${server.port}`, `${latencyMs / 2}`], false);
    const pagesOf = (choice: string): number =>
      latencyMs === 0 ? 20_000 : choice === '5' || choice === '10' ? 2000 : 10_000;
    const rates = new Map<string, number[]>(choices.map((choice) => [choice, []]));
    for (let round = 0; round < rounds; round += 1) {
      for (const choice of round % 2 === 0 ? choices : [...choices].reverse()) {
        const pages = pagesOf(choice);
        const url = `https://localhost:${(proxy ?? server).port}/5k/[1-${pages}].json`;
        const tookMs = await everypage(url, ['-c', choice], server.caFile);
        rates.get(choice)!.push((pages * 1000) / tookMs);
      }
    }
    if (proxy !== null) await stop(proxy.child);
    const medians = choices.map((choice) => median(rates.get(choice)!));
    const share = medians[0]! / Math.max(...medians.slice(1));
    console.log(
      row(
        `${latencyMs} ms, pages/s`,
        ...medians.map((it) => it.toFixed(0)),
        percent(share),
        judge(share >= 0.9),
      ),
    );
  }
  console.log('bar: auto has ≥90 % of the best fixed -c');
}

async function queue(): Promise<void> {
  console.log(
    '\none request at a time, 10 ms each; latency: median as the server sees it, second half',
  );
  const choices = ['auto', '1', '2', '5', '10', '20'];
  console.log(row('', ...choices.map((it) => `-c ${it}`), 'bars'));
  // auto needs some seconds to settle; the others are as they are from the start.
  const pagesOf = (choice: string): number => (choice === 'auto' ? 3000 : 1000);
  for (const latencyMs of [0, 40]) {
    const rates: number[] = [];
    const latencies: number[] = [];
    for (const choice of choices) {
      const server = await serve({ kind: 'queue', serviceMs: 10 }, latencyMs);
      await everypage(`${server.origin}/items?page=[1-${pagesOf(choice)}]`, ['-c', choice]);
      const { acceptedAtMs, tookMs } = await server.counted();
      const half = acceptedAtMs.length >> 1;
      rates.push(((half - 1) * 1000) / (acceptedAtMs.at(-1)! - acceptedAtMs[half]!));
      latencies.push(latencyMs + median(tookMs.slice(half)));
      await server.close();
    }
    const best = Math.max(...rates);
    const unloaded = latencies[1]!;
    const isMet = rates[0]! >= 0.9 * best && latencies[0]! <= 2 * unloaded;
    console.log(row(`${latencyMs} ms, pages/s`, ...rates.map((it) => it.toFixed(1)), judge(isMet)));
    console.log(row(`${latencyMs} ms, latency in ms`, ...latencies.map((it) => it.toFixed(1))));
  }
  console.log('bars: auto has ≥90 % of the best throughput with ≤2 times the latency of -c 1');
}

console.log(
  `HTTP/2 over TLS on loopback, ${cpus().length} cores, load ${loadavg()[0]!.toFixed(1)} before, Node ${process.versions.node}`,
);
const byName = { limited, short, unlimited, queue };
for (const [name, part] of Object.entries(byName)) {
  if (parts.includes(name)) await part();
}
process.exit(missed === 0 ? 0 : 1);
