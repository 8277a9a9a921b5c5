/**
 * `npm run storm`: everything at once for ten minutes. 5 % of all requests are answered 503, 5 % are
 * reset, 2 % are cut, 2 % are slow; beyond a rate there is 429, and every connection is closed after
 * 100 requests. Over HTTP/2 and HTTP/1.1 at the same time, a range and a list that pages by itself:
 * all pages must be there, all right, and `verify` must agree. Servers are on loopback.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { runCli } from '../test/run/run-cli.ts';
import type { PageServerCounts } from '../test/servers/page-server.ts';
import type { Wanted } from '../test/soak/kill-plan.ts';
import { expectedLines } from '../test/soak/soak-server.ts';
import type { StormData } from '../test/soak/storm-server-process.ts';

const HELP = `npm run storm -- [options]
  --minutes N  about how long (default 10)
  --seed N     decides the faults (default: by the clock)
`;

const SERVER = join(import.meta.dirname, '../test/soak/storm-server-process.ts');
const PER_SECOND = 100;
/** Of what the limit allows, what is left between pauses of a second, their ramps, and retries. */
const PAGES_PER_SECOND = 78;
/** A page in a million would use up five retries by chance alone. */
const RETRIES = 15;

interface Stormed {
  readonly name: string;
  readonly problems: readonly string[];
  readonly text: string;
}

/** Of a long numbered list too few pages are read again for more than `unverified` (docs/verdicts.md). */
const VERDICTS = { range: ['proven'], numbered: ['complete', 'unverified'] };

async function storm(
  name: string,
  list: keyof typeof VERDICTS,
  data: StormData,
  folder: string,
): Promise<Stormed> {
  const { wanted } = data;
  mkdirSync(folder);
  const child = spawn(process.execPath, [SERVER, JSON.stringify(data)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  process.once('exit', () => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { url, caFile } = JSON.parse((await lines.next()).value!) as Record<string, string>;
  const startedAt = performance.now();
  const { code, stderr } = await runCli(
    folder,
    [
      ...[url!, '-o', 'items.ndjson', '-c', '20', '--retry', String(RETRIES), '-q'],
      ...['--summary', 'summary.json', '--cacert', caFile!],
    ],
    { env: { NO_PROXY: 'localhost', no_proxy: 'localhost' } },
  );
  const seconds = (performance.now() - startedAt) / 1000;
  child.stdin.end();
  const counts = JSON.parse((await lines.next()).value!) as PageServerCounts;
  await once(child, 'exit');

  const problems: string[] = [];
  if (code !== 0) problems.push(`exit code ${code}: ${stderr}`);
  else {
    const hash = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');
    const output = readFileSync(join(folder, 'items.ndjson'));
    if (hash(output) !== hash(expectedLines(wanted))) problems.push('the output is wrong');
    const { verdict } = JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8'));
    const verified = await runCli(folder, ['verify', 'items.ndjson.everypage', '--json']);
    const again = JSON.parse(verified.stdout).verdict;
    if (!VERDICTS[list].includes(verdict.name) || again.name !== verdict.name) {
      problems.push(`the run said ${verdict.name}, verify said ${again.name}`);
    }
    if (verdict.stored !== wanted.pages) problems.push(`${verdict.stored} pages are stored`);
  }
  if (counts.requestsInsideRetryAfter > 0) {
    problems.push(`${counts.requestsInsideRetryAfter} requests inside a Retry-After`);
  }
  const figures = [
    `${name}: ${wanted.pages} pages in ${seconds.toFixed(0)} s`,
    `${counts.total} requests`,
    `${counts.limited} answered 429`,
    `${counts.connections} connections`,
    `${counts.requestsInsideRetryAfter} inside a Retry-After`,
  ];
  return { name, problems, text: figures.join(', ') };
}

const { values: flags } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const [minutes, seed] = [Number(flags.minutes), Number(flags.seed)];
if (flags.help || !(minutes > 0) || !Number.isSafeInteger(seed)) {
  (flags.help ? process.stdout : process.stderr).write(HELP);
  process.exit(flags.help ? 0 : 2);
}

console.log(`seed ${seed}, about ${minutes} minutes`);
const folder = mkdtempSync(join(tmpdir(), 'everypage-storm-'));
const pages = Math.ceil(minutes * 60 * PAGES_PER_SECOND);
const wanted = (list: Wanted['list']): Wanted => ({
  list,
  output: 'ndjson',
  pages,
  bodyBytes: 2000,
});
const results = await Promise.all(
  (
    [
      ['a range over HTTP/2', 'range', 'h2'],
      ['a range over HTTP/1.1', 'range', 'h1'],
      ['a numbered list over HTTP/2', 'numbered', 'h2'],
    ] as const
  ).map(([name, list, protocol], index) =>
    storm(
      name,
      list,
      { seed: seed + index, wanted: wanted(list), protocol, perSecond: PER_SECOND },
      join(folder, String(index)),
    ),
  ),
);
for (const { text } of results) console.log(text);
const problems = results.flatMap(({ name, problems }) => problems.map((it) => `${name}: ${it}`));
if (problems.length === 0) {
  console.log('all pages, all right, and each verdict as it must be');
  rmSync(folder, { recursive: true, force: true });
} else {
  console.error(`FAILED (files in ${folder}):\n${problems.join('\n')}`);
  process.exitCode = 1;
}
