/**
 * Large pages at once: 64 of 60 MB must stay within the budget for bodies in flight, and all come out
 * whole. `npm run soak:large` needs a built dist/, about 8 GB of room and some minutes.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';

const HELP = `npm run soak:large -- [options]
  --pages N  pages, all asked for at once (default 64)
  --bytes N  of each (default 60,000,000)
`;

/** As docs/performance.md and src/http/body-room.ts have it. */
const BUDGET_BYTES = 128 * 1024 * 1024;
const ROOT = join(import.meta.dirname, '..');

const { values: flags } = parseArgs({
  options: {
    pages: { type: 'string', default: '64' },
    bytes: { type: 'string', default: '60000000' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const [pages, bytes] = [Number(flags.pages), Number(flags.bytes)];
if (flags.help || !Number.isSafeInteger(pages + bytes) || pages < 1 || bytes < 1) {
  (flags.help ? process.stdout : process.stderr).write(HELP);
  process.exit(flags.help ? 0 : 2);
}

const megabytes = (value: number): string => `${Math.round(value / 1e6)} MB`;
const folder = mkdtempSync(join(tmpdir(), 'everypage-large-'));
const children: ChildProcess[] = [];
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function start(script: string, args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [join(ROOT, script), ...args], {
    cwd: folder,
    env: { ...process.env, NO_PROXY: 'localhost', no_proxy: 'localhost' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  children.push(child);
  return child;
}

const server = start('test/servers/large-server-process.ts', [String(bytes)]);
const [line] = (await once(createInterface({ input: server.stdout! }), 'line')) as [string];
const { origin, caFile } = JSON.parse(line) as { origin: string; caFile: string };
for (const [over, protocol] of [
  ['HTTP/2', []],
  ['HTTP/1.1', ['--http1.1']],
] as const) {
  const startedAt = performance.now();
  const child = start('test/run/measured-everypage.ts', [
    ...[
      `${origin}/pages/[1-${pages}]`,
      '-c',
      String(pages),
      '-o',
      'all.everypage',
      '--fresh',
      '-q',
    ],
    ...['--cacert', caFile, ...protocol],
  ]);
  child.stdin!.end();
  child.stdout!.resume();
  const [said] = await Promise.all([text(child.stderr!), once(child, 'close')]);
  const { exitCode } = child;
  const figure = (name: string): number =>
    Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(said)?.[1]);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  const [inFlight, peak] = [figure('bodies'), figure('peak')];
  console.log(
    `${pages} pages of ${megabytes(bytes)} at once over ${over} in ${seconds} s: ` +
      `${megabytes(inFlight)} of bodies in flight at most, ${megabytes(peak)} of memory in all`,
  );
  if (exitCode !== 0 || !(inFlight <= BUDGET_BYTES)) {
    console.error(`FAILED: exit code ${exitCode}, a budget of ${megabytes(BUDGET_BYTES)}\n${said}`);
    process.exitCode = 1;
  }
  rmSync(join(folder, 'all.everypage'), { force: true });
}
server.stdin!.end();
