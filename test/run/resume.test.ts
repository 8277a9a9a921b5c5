import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { pageLine } from '../servers/page-body.ts';
import type { PageServerCounts, PageServerData } from '../servers/page-server.ts';
import { startCli, temporaryFolder } from './run-cli.ts';
import { runCliHere } from './run-in-process.ts';

const SERVER = join(import.meta.dirname, '../servers/page-server-process.ts');
const CONCURRENCY = 5;
/** Pages that one commit of the archive may hold, see docs/reliability.md. */
const COMMIT_GROUP = 250;

interface Served {
  readonly origin: string;
  readonly caFile: string;
  counts(): Promise<Omit<PageServerCounts, 'requests'> & { requests: Record<string, number> }>;
}

/** A page server in a process of its own: it must not slow down with the test that kills. */
async function startServer(t: TestContext, data: PageServerData): Promise<Served> {
  const child = spawn(process.execPath, [SERVER, JSON.stringify(data)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGTERM'));
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { origin, caFile } = JSON.parse(line);
  return {
    origin,
    caFile,
    counts: async () => {
      const folder = temporaryFolder(t);
      const { stdout } = await runCliHere(folder, [`${origin}/__counts`, '-q', '--cacert', caFile]);
      return JSON.parse(stdout);
    },
  };
}

function expectedHash(pages: number, bytes: number): string {
  const hash = createHash('sha256');
  for (let n = 1; n <= pages; n += 1) hash.update(`${pageLine(n, bytes)}\n`);
  return hash.digest('hex');
}

const hashOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

test('12,000 pages are the same bytes after 6 kills, and what was stored is not asked for again', async (t) => {
  const pages = 12_000;
  const bodyBytes = 600;
  const server = await startServer(t, { bodyBytes });
  const folder = temporaryFolder(t);
  const output = join(folder, 'items.ndjson');
  const args = [
    `${server.origin}/pages/[1-${pages}]`,
    '-o',
    'items.ndjson',
    '-q',
    '--cacert',
    server.caFile,
  ];
  let kills = 0;
  let seed = 12345;
  let isComplete = false;
  while (kills < 6 && !isComplete) {
    const { child, ended } = startCli(folder, args);
    // Some die while they start, most in the middle of it.
    seed = (seed * 1103515245 + 12345) % 2147483648;
    const afterMs = 150 + (seed % 500);
    const timer = setTimeout(() => child.kill('SIGKILL'), afterMs);
    const { code, stderr } = await ended;
    clearTimeout(timer);
    isComplete = code !== null;
    if (isComplete) {
      assert.equal(code, 0, stderr);
      continue;
    }
    kills += 1;
    assert.ok(!existsSync(output), 'an output file is whole or absent');
  }
  // A run of what is complete would be a new fetch.
  if (!isComplete) {
    const last = await runCliHere(folder, args);
    assert.equal(last.code, 0, last.stderr);
  }
  assert.ok(kills >= 3, `only ${kills} kills hit`);
  assert.equal(hashOf(output), expectedHash(pages, bodyBytes));

  const { requests } = await server.counts();
  const asked = Object.values(requests).reduce((sum, count) => sum + count, 0);
  const wasted = asked - pages;
  t.diagnostic(`${kills} kills, ${wasted} pages asked for twice`);
  assert.ok(wasted <= kills * (CONCURRENCY + COMMIT_GROUP), `${wasted} pages were asked for again`);
});

test('killed between completion, export and rename, it exports without the network', async (t) => {
  const pages = 600;
  const server = await startServer(t, { bodyBytes: 2000 });
  const folder = temporaryFolder(t);
  const args = [
    `${server.origin}/pages/[1-${pages}]`,
    '-o',
    'items.ndjson',
    '--log-format',
    'json',
    '--cacert',
    server.caFile,
  ];
  for (let kill = 0; kill < 4; kill += 1) {
    const { child, ended } = startCli(folder, args);
    let printed = '';
    child.stderr?.on('data', (chunk) => {
      printed += chunk;
      if (!printed.includes('"exporting"')) return;
      printed = '';
      setTimeout(() => child.kill('SIGKILL'), kill * 3);
    });
    await ended;
  }
  const before = (await server.counts()).total;
  const last = await runCliHere(folder, args);
  assert.equal(last.code, 0, last.stderr);
  assert.equal(hashOf(join(folder, 'items.ndjson')), expectedHash(pages, 2000));
  const asked = (await server.counts()).total - before;
  assert.ok(
    asked === 0 || asked === pages,
    `${asked} pages were asked for: all for a new run, none to go on`,
  );
});

test('a complete archive whose output was not renamed yet is exported without a request', async (t) => {
  const server = await startServer(t, { bodyBytes: 500 });
  const folder = temporaryFolder(t);
  const args = [`${server.origin}/pages/[1-300]`, '-o', 'items.ndjson', '--cacert', server.caFile];
  assert.equal((await runCliHere(folder, args)).code, 0);
  const whole = readFileSync(join(folder, 'items.ndjson'));
  // As a kill just before the last rename leaves it, with the output gone as well.
  renameSync(join(folder, 'items.ndjson.everypage'), join(folder, 'items.ndjson.everypage.part'));
  rmSync(join(folder, 'items.ndjson'));
  const before = (await server.counts()).total;
  const again = await runCliHere(folder, args);
  assert.equal(again.code, 0, again.stderr);
  assert.equal((await server.counts()).total, before);
  assert.deepEqual(readFileSync(join(folder, 'items.ndjson')), whole);
  assert.ok(existsSync(join(folder, 'items.ndjson.everypage')));
});

test('Ctrl-C keeps what has come, says how to go on, and ends with 130', async (t) => {
  const server = await startServer(t, { bodyBytes: 500, delayMs: 20 });
  const folder = temporaryFolder(t);
  const args = [
    `${server.origin}/pages/[1-400]`,
    '-o',
    'items.ndjson',
    '-v',
    '--cacert',
    server.caFile,
  ];
  const { child, ended } = startCli(folder, args);
  let lines = 0;
  child.stderr?.on('data', (chunk) => {
    lines += String(chunk).split('\n').length - 1;
    if (lines > 50) child.kill('SIGINT');
    if (lines > 50) lines = Number.NEGATIVE_INFINITY;
  });
  const stopped = await ended;
  assert.equal(stopped.code, 130, stopped.stderr);
  assert.match(stopped.stderr, /everypage .*-o items\.ndjson/);
  assert.ok(existsSync(join(folder, 'items.ndjson.everypage.part')));
  assert.ok(!existsSync(join(folder, 'items.ndjson.everypage.part-wal')), 'one file is left');
  const on = await runCliHere(folder, args);
  assert.equal(on.code, 0, on.stderr);
  assert.equal(hashOf(join(folder, 'items.ndjson')), expectedHash(400, 500));
  const { requests } = await server.counts();
  const asked = Object.values(requests).reduce((sum, count) => sum + count, 0);
  assert.equal(asked, 400, 'a clean stop wastes nothing');
});

test('--max-pages and --deadline stop with 5 and go on', async (t) => {
  const server = await startServer(t, { bodyBytes: 500, delayMs: 5 });
  const folder = temporaryFolder(t);
  const args = [`${server.origin}/pages/[1-300]`, '-o', 'items.ndjson', '--cacert', server.caFile];
  const first = await runCliHere(folder, [...args, '--max-pages', '100']);
  assert.equal(first.code, 5, first.stderr);
  const second = await runCliHere(folder, [...args, '--deadline', '60ms']);
  assert.equal(second.code, 5, second.stderr);
  const last = await runCliHere(folder, args);
  assert.equal(last.code, 0, last.stderr);
  assert.equal(hashOf(join(folder, 'items.ndjson')), expectedHash(300, 500));
});

test('another plan, a changed list and a second process are refused, and what differs is named', async (t) => {
  const server = await startServer(t, { bodyBytes: 500, delayMs: 30 });
  const folder = temporaryFolder(t);
  const trust = ['--cacert', server.caFile];
  const url = `${server.origin}/pages/[1-200]`;
  assert.equal(
    (await runCliHere(folder, [url, '-o', 'a.ndjson', '--max-pages', '20', ...trust])).code,
    5,
  );

  const foreign = await runCliHere(folder, [
    `${server.origin}/pages/[1-201]`,
    '-o',
    'a.ndjson',
    ...trust,
  ]);
  assert.equal(foreign.code, 2, foreign.stderr);
  assert.match(foreign.stderr, /\[1-200\].*\[1-201\]/s);
  assert.match(foreign.stderr, /--fresh/);

  const list = (numbers: number[]) =>
    writeFileSync(
      join(folder, 'urls.txt'),
      numbers.map((n) => `${server.origin}/pages/${n}\n`).join(''),
    );
  list([1, 2, 3, 4, 5, 6]);
  assert.equal(
    (await runCliHere(folder, ['@urls.txt', '-o', 'b.ndjson', '--max-pages', '3', ...trust])).code,
    5,
  );
  list([1, 9, 3, 4, 5, 6]);
  const changed = await runCliHere(folder, ['@urls.txt', '-o', 'b.ndjson', ...trust]);
  assert.equal(changed.code, 2, changed.stderr);
  assert.match(changed.stderr, /urls\.txt line 2.*pages\/9.*pages\/2/s);
  list([1, 2]);
  assert.match(
    (await runCliHere(folder, ['@urls.txt', '-o', 'b.ndjson', ...trust])).stderr,
    /2 pages/,
  );
  const fresh = await runCliHere(folder, ['@urls.txt', '-o', 'b.ndjson', '--fresh', ...trust]);
  assert.equal(fresh.code, 0, fresh.stderr);

  // One at a time: it takes a minute, and is ended before.
  const slow = await startServer(t, { bodyBytes: 500, delayMs: 300 });
  const c = [`${slow.origin}/pages/[1-200]`, '-o', 'c.ndjson', '--cacert', slow.caFile];
  const first = startCli(folder, [...c, '-v', '-c', '1']);
  await first.untilSaid((stderr) => stderr.includes('\n'));
  const second = await runCliHere(folder, c);
  assert.equal(second.code, 1, second.stderr);
  assert.match(second.stderr, /another process|in use/);
  first.child.kill('SIGTERM');
  assert.equal((await first.ended).code, 143);
});

test('verify proves a whole archive and finds a changed body', async (t) => {
  const server = await startServer(t, { bodyBytes: 500 });
  const folder = temporaryFolder(t);
  const args = [`${server.origin}/pages/[1-50]`, '-o', 'items.ndjson', '--cacert', server.caFile];
  assert.equal((await runCliHere(folder, args)).code, 0);
  const good = await runCliHere(folder, ['verify', 'items.ndjson.everypage', '--json']);
  assert.equal(good.code, 0, good.stderr);
  assert.equal(JSON.parse(good.stdout).verdict.name, 'proven');

  const path = join(folder, 'items.ndjson.everypage');
  const bytes = readFileSync(path);
  const at = bytes.indexOf('"page":31,');
  assert.ok(at > 0);
  bytes.write('"page":13,', at);
  writeFileSync(path, bytes);
  const bad = await runCliHere(folder, ['verify', 'items.ndjson.everypage']);
  assert.equal(bad.code, 3, bad.stderr + bad.stdout);
  assert.match(bad.stderr + bad.stdout, /pages\/31\b/);
});

test('a run that stored nothing does not stand in the way of the corrected command', async (t) => {
  const server = await startServer(t, { bodyBytes: 500 });
  const folder = temporaryFolder(t);
  const wrong = await runCliHere(folder, [
    'http://127.0.0.1:1/x',
    '-o',
    'a.ndjson',
    '--retry',
    '0',
  ]);
  assert.equal(wrong.code, 3, wrong.stderr);
  const right = await runCliHere(folder, [
    `${server.origin}/pages/[1-3]`,
    '-o',
    'a.ndjson',
    '--cacert',
    server.caFile,
  ]);
  assert.equal(right.code, 0, right.stderr);
  const stopped = await runCliHere(folder, [`${server.origin}/pages/1`, '-o', 'b.ndjson']);
  assert.equal(stopped.code, 1, stopped.stderr);
  assert.match(stopped.stderr, /--cacert/);
  assert.ok(!existsSync(join(folder, 'b.ndjson.everypage.part')), 'an empty archive is not left');
});

test('the name of a file where a URL or an archive is due gets a hint', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'urls.txt'), 'https://a.example/1\n');
  assert.match((await runCliHere(folder, ['urls.txt'])).stderr, /write @urls\.txt/);
  writeFileSync(join(folder, 'a.everypage'), '');
  assert.match((await runCliHere(folder, ['a.everypage'])).stderr, /everypage verify a\.everypage/);
  writeFileSync(join(folder, 'b.ndjson'), '');
  writeFileSync(join(folder, 'b.ndjson.everypage'), '');
  assert.match((await runCliHere(folder, ['verify', 'b.ndjson'])).stderr, /b\.ndjson\.everypage/);
});
