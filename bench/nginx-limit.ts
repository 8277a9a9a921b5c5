/**
 * What a real nginx does with `limit_req zone=… rate=20r/s burst=5 nodelay`: 500 pages, refused with 503
 * and with 429, by HTTP/1.1 and HTTP/2. All four run at once, each against a limit of its own, since they
 * hardly use the CPU. `npm run bench:nginx-limit`, after `npm run build`.
 */
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '../test/servers/free-port.ts';
import { hashOfFile, hashOfFiles, writePages } from './pages.ts';
import { start, temporaryFolder } from './processes.ts';
import { startNginx } from './server.ts';

const HELP = `node bench/nginx-limit.ts [--rounds N] [--pages N] [--show]
  --rounds N  (default 3)
  --pages N   (default 500)
  --show      each round's refusals: when, and at what rate the requests before came
`;
const PER_SECOND = 20;
const BURST = 5;

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    pages: { type: 'string', default: '500' },
    show: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  },
});
if (flags.help === true) {
  process.stdout.write(HELP);
  process.exit(0);
}
const pages = Number(flags.pages);
// nginx lets one more than the burst through before it refuses.
const idealSeconds = (pages - BURST - 1) / PER_SECOND;

interface Case {
  readonly name: string;
  readonly status: number;
  readonly isHttp2: boolean;
  readonly port: number;
  readonly log: string;
}

const folder = temporaryFolder();
const root = join(folder, 'root');
const serverFolder = join(folder, 'nginx');
writePages(root, '5k', pages);

const cases: Case[] = [];
for (const status of [503, 429]) {
  for (const isHttp2 of [false, true]) {
    const name = `${status}, HTTP/${isHttp2 ? '2' : '1.1'}`;
    const log = join(serverFolder, `${status}-${isHttp2}.log`);
    cases.push({ name, status, isHttp2, port: await freePort(), log });
  }
}

const server = await startNginx(serverFolder, cases[0]!.port, [
  "  log_format times '$msec $status';",
  ...cases.flatMap(({ status, isHttp2, port, log }) => [
    `  limit_req_zone $binary_remote_addr zone=z${port}:1m rate=${PER_SECOND}r/s;`,
    '  server {',
    `    listen 127.0.0.1:${port} ssl${isHttp2 ? ' http2' : ''};`,
    `    root ${root};`,
    `    access_log ${log} times;`,
    `    limit_req zone=z${port} burst=${BURST} nodelay;`,
    `    limit_req_status ${status};`,
    '  }',
  ]),
]);
if (server === null) {
  process.stderr.write('nginx is not installed: apt-get install nginx-light\n');
  process.exit(2);
}

interface Figures {
  readonly share: number;
  readonly refused: number;
  readonly wallSeconds: number;
  readonly story: string;
}

const launcher = new URL('../bin/everypage.cjs', import.meta.url).pathname;
const expected = hashOfFiles(join(root, '5k'), pages);

async function run({ name, status, port, log }: Case): Promise<Figures> {
  const work = join(folder, `run-${port}`);
  mkdirSync(work);
  truncateSync(log);
  const output = join(work, 'out.ndjson');
  const startedAt = performance.now();
  const child = start(
    process.execPath,
    [
      launcher,
      `https://localhost:${port}/5k/[1-${pages}].json`,
      ...['-o', output, '--cacert', server!.caFile, '-q', '--no-keep'],
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const [code] = (await once(child, 'close')) as [number | null];
  const wallSeconds = (performance.now() - startedAt) / 1000;
  if (code !== 0) throw new Error(`${name}: everypage ended with ${code}`);
  if (hashOfFile(output) !== expected) throw new Error(`${name}: not what the server has`);
  rmSync(work, { recursive: true });
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  const answers = lines.map((line) => line.split(' ').map(Number) as [number, number]);
  const first = answers[0]![0];
  const refused = answers.filter(([, it]) => it === status);
  return {
    share: idealSeconds / (answers.at(-1)![0] - first),
    refused: refused.length / answers.length,
    wallSeconds,
    story: storyOf(answers, status),
  };
}

/** Each refusal with how many were answered before it, and how fast. */
function storyOf(answers: readonly (readonly [number, number])[], refusal: number): string {
  const words: string[] = [];
  let [from, count, refused] = [answers[0]![0], 0, 0];
  for (const [index, [at, status]] of answers.entries()) {
    if (status !== refusal) {
      if (refused > 0) {
        const before = answers[index - refused]![0];
        const ms = Math.round((before - from) * 1000);
        words.push(
          `${count} in ${ms} ms, ${refused} refused at ${(before - answers[0]![0]).toFixed(2)}, pause ${Math.round((at - before) * 1000)}`,
        );
        [from, count, refused] = [at, 0, 0];
      }
      count += 1;
    } else refused += 1;
  }
  const ms = Math.round((answers.at(-1)![0] - from) * 1000);
  return [...words, `${count} in ${ms} ms`].map((it) => `    ${it}`).join('\n');
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const row = (...cells: readonly string[]): string =>
  cells.map((cell, at) => (at === 0 ? cell.padEnd(16) : cell.padStart(12))).join('');

console.log(`${server.name}, ${PER_SECOND}r/s, burst=${BURST} nodelay, ${pages} pages`);
console.log(row('', 'of the rate', 'refused', 'seconds', 'bars'));
let missed = 0;
for (let round = 0; round < Number(flags.rounds); round += 1) {
  for (const [index, figures] of (await Promise.all(cases.map(run))).entries()) {
    const isMet = figures.share >= 0.9 && figures.refused <= 0.05;
    if (!isMet) missed += 1;
    console.log(
      row(
        cases[index]!.name,
        percent(figures.share),
        percent(figures.refused),
        figures.wallSeconds.toFixed(1),
        isMet ? 'PASS' : 'MISSED',
      ),
    );
    if (flags.show) console.log(figures.story);
  }
}
console.log('bars: complete, ≥90 % of the rate, ≤5 % refused');
process.exit(missed === 0 ? 0 : 1);
