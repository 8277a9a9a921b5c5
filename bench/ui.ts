/**
 * What a viewer of `--ui` costs a run: `npm run bench:ui`. Runs without one, with one that takes every event,
 * and with Chromium that draws them, in turn. All write a report, since a viewer gets one at the end. What
 * counts is the ratio of the CPU time of the run itself; wall time has in it what the browser takes of the
 * same cores. The browser's tab is open before, as a user's is: a new one takes a second of CPU time, whatever
 * it shows. `--rate` makes it a run as from an API that states a limit.
 */
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startBrowser, whyNoBrowser } from '../test/report/browser.ts';
import { measureCommand, type Run } from './measure.ts';
import { writePages } from './pages.ts';
import { temporaryFolder } from './processes.ts';
import { startServer } from './server.ts';

const HELP = `node bench/ui.ts [options]
  --pages N   pages of a run (default 20000)
  --rounds N  how often each is run (default 5)
  --rate N    requests a second (default: as fast as it can)
`;

const { values: flags } = parseArgs({
  options: {
    pages: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '5' },
    rate: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (flags.help) {
  process.stdout.write(HELP);
  process.exit(0);
}

const launcher = new URL('../bin/everypage.cjs', import.meta.url).pathname;
const pages = Number(flags.pages);
const folder = temporaryFolder();
const root = join(folder, 'pages');
writePages(root, '5k', pages);
const server = await startServer(join(folder, 'server'), root, 10_000_000);
const browser = whyNoBrowser === false ? await startBrowser() : null;

/** Looks at a run; resolves when there is nothing more to see. */
type Viewer = (url: string) => Promise<unknown>;

async function readEvents(url: string): Promise<void> {
  const response = await fetch(`${url}events`);
  let bytes = 0;
  for await (const part of response.body!) bytes += part.length;
  if (bytes < 10_000) throw new Error(`the viewer saw ${bytes} bytes`);
}

// Of the same site, or Chromium starts a process for the next page.
const blank = createServer((_, response) => response.end('<!doctype html>')).listen(0, '127.0.0.1');
await once(blank, 'listening');
const tab = await browser?.newPage();
const leave = (): Promise<unknown> | undefined =>
  tab?.goto(`http://127.0.0.1:${(blank.address() as AddressInfo).port}`);
await leave();

async function draw(url: string): Promise<void> {
  await tab!.goto(url);
  while (!(await tab!.evaluate("document.querySelector('.live.over') !== null"))) await sleep(200);
  await leave();
}

const kinds: readonly {
  readonly name: string;
  readonly viewer: Viewer | null;
  readonly flag: string[];
}[] = [
  { name: 'without --ui', viewer: null, flag: [] },
  { name: '--ui, nobody looks', viewer: null, flag: ['--ui'] },
  { name: '--ui, one takes all events', viewer: readEvents, flag: ['--ui'] },
  ...(browser === null ? [] : [{ name: '--ui, Chromium draws', viewer: draw, flag: ['--ui'] }]),
];

async function urlIn(file: string): Promise<string> {
  for (;;) {
    const [, url] = /^ui: (\S+)$/m.exec(existsSync(file) ? readFileSync(file, 'utf8') : '') ?? [];
    if (url !== undefined) return url;
    await sleep(10);
  }
}

async function runOnce(kind: (typeof kinds)[number]): Promise<Run> {
  const work = join(folder, 'run');
  mkdirSync(work, { recursive: true });
  const url = `https://127.0.0.1:${server.port}/5k/[1-${pages}].json`;
  const words = [url, '-o', join(work, 'a.ndjson'), '--cacert', server.caFile, '-c', '50', '-q'];
  words.push('--report', join(work, 'run.html'));
  if (flags.rate !== undefined) words.push('--rate', `${flags.rate}/s`);
  const running = measureCommand(work, process.execPath, [launcher, ...words, ...kind.flag]);
  const viewing = kind.viewer === null ? null : urlIn(join(work, 'stderr.txt')).then(kind.viewer);
  const run = await running;
  await viewing;
  rmSync(work, { recursive: true, force: true });
  if (run.voidReason !== null) throw new Error(run.voidReason);
  return run;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

const runs = kinds.map((): Run[] => []);
for (let round = 0; round < Number(flags.rounds); round += 1) {
  for (let turn = 0; turn < kinds.length; turn += 1) {
    // Each round begins with another one.
    const at = (turn + round) % kinds.length;
    runs[at]!.push(await runOnce(kinds[at]!));
  }
}
const cpu = runs.map((own) => median(own.map(({ cpuSeconds }) => cpuSeconds)));
const wall = runs.map((own) => median(own.map(({ wallSeconds }) => wallSeconds)));
process.stdout.write(`${pages} pages of 5 KB, medians of ${flags.rounds}, ${server.name}\n`);
for (const [at, { name }] of kinds.entries()) {
  const ratio = (all: readonly number[]): string => (all[at]! / all[0]!).toFixed(3);
  process.stdout.write(
    `${name.padEnd(28)} CPU ${cpu[at]!.toFixed(2)} s × ${ratio(cpu)}   wall ${wall[at]!.toFixed(2)} s × ${ratio(wall)}\n`,
  );
}
await browser?.close();
process.exit(0);
