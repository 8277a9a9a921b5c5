/** What a newcomer types in the first week, against the built command: streams, rights, hints, terminals. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { Check } from './check.ts';

/** Another build may be named, to see that the checks fail on it. */
const BIN = process.env['EVERYPAGE_BIN'] ?? join(import.meta.dirname, '../../bin/everypage.cjs');
const COMMAND = `"${process.execPath}" "${BIN}"`;

interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder that goes at the end. */
async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'everypage-first-week-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function environment(folder: string): NodeJS.ProcessEnv {
  return { ...process.env, HOME: folder, XDG_STATE_HOME: join(folder, 'state'), NO_COLOR: '1' };
}

/** A line of bash, in which `everypage` is the built command. */
async function bash(folder: string, line: string, uid?: number): Promise<Result> {
  const child = spawn('bash', ['-c', `everypage() { ${COMMAND} "$@"; }\n${line}`], {
    cwd: folder,
    env: environment(folder),
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  const [out, err] = [child.stdout, child.stderr].map((stream) => stream.toArray());
  const [code] = await once(child, 'close');
  const text = async (chunks: Promise<Buffer[]>) => Buffer.concat(await chunks).toString();
  return { code, stdout: await text(out!), stderr: await text(err!) };
}

/** What stands in the folder beside the state folder. */
function filesIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name !== 'state' && !name.startsWith('.'))
    .sort();
}

function recordsOf(text: string): number {
  return text.split('\n').filter((line) => line !== '').length;
}

const HELD_PAGES = 8;

/** A range whose later pages are never answered. */
async function withHeldServer(work: (url: string) => Promise<void>): Promise<void> {
  const server = createServer((request, response) => {
    const page = Number(/\d+$/.exec(request.url ?? '')?.[0]);
    if (page > HELD_PAGES / 2) return;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ page }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    await work(`http://127.0.0.1:${port}/?page=[1-${HELD_PAGES}]`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function untilSaid(child: ChildProcess, words: string): Promise<void> {
  let said = '';
  for await (const chunk of child.stderr!.iterator({ destroyOnReturn: false })) {
    said += String(chunk);
    if (said.includes(words)) return;
  }
  throw new Error(`it ended without saying "${words}": ${said}`);
}

/** What other tools call it, and what has to stand in the command that is printed instead: a few of many. */
const HINTS: readonly (readonly [typed: string, tried: string])[] = [
  ['--bearer s3cr3t', '--bearer-env'],
  ['-b s3cr3t=1', '-H'],
  ['-fsSL', 'everypage http'],
  ['--tries 3', '--retry 3'],
];

export const checks: readonly Check[] = [
  {
    name: 'an output that bash opens as a pipe takes the records, and nothing stands beside it',
    run: ({ listUrl: url }) =>
      inFolder(async (folder) => {
        const line = `everypage '${url}' -o >(gzip > a.part && mv a.part a.gz); code=$?; for try in {1..100}; do [ -e a.gz ] && break; sleep 0.05; done; exit $code`;
        const { code, stderr } = await bash(folder, line);
        assert.equal(code, 0, stderr);
        assert.deepEqual(filesIn(folder), ['a.gz']);
        assert.ok(recordsOf(gunzipSync(readFileSync(join(folder, 'a.gz'))).toString()) > 0);
      }),
  },
  {
    name: '/dev/stdout, /dev/fd/3 and a named pipe are written as standard output is',
    run: ({ listUrl: url }) =>
      inFolder(async (folder) => {
        const script = [
          `everypage '${url}' -q > a`,
          `everypage '${url}' -q -o /dev/stdout > b`,
          `everypage '${url}' -q -o /dev/fd/3 3> c`,
          `mkfifo pipe; timeout 10 cat pipe > d & everypage '${url}' -q -o pipe; code=$?; wait; rm pipe`,
          'cmp a b && cmp a c && cmp a d && test -s a && exit $code',
        ].join('\n');
        const { code, stdout, stderr } = await bash(folder, script);
        assert.equal(code, 0, stdout + stderr);
        assert.deepEqual(filesIn(folder), ['a', 'b', 'c', 'd']);
      }),
  },
  {
    name: 'a folder without rights is said in a sentence, and is no bug',
    run: ({ listUrl: url }) =>
      inFolder(async (folder) => {
        const isRoot = process.getuid?.() === 0;
        chmodSync(folder, 0o555);
        const uid = isRoot ? 65_534 : undefined;
        for (const line of [
          `everypage '${url}' -o a.ndjson`,
          `everypage '${url}'`,
          `everypage '${url}' -o /dev/null --archive a.everypage`,
          'TMPDIR=$PWD everypage demo',
        ]) {
          const { code, stderr } = await bash(folder, line, uid);
          assert.equal(code, 2, `${line}: ${stderr}`);
          assert.match(stderr, /permission is denied|not writable/);
          assert.doesNotMatch(stderr, /bug|mistake|EACCES|\n\s+at /);
        }
        chmodSync(folder, 0o755);
      }),
  },
  {
    name: 'a closed standard output is an error, before anything is requested',
    run: ({ listUrl: url }) =>
      inFolder(async (folder) => {
        if (process.platform !== 'linux') return;
        const { code, stderr } = await bash(folder, `everypage '${url}' >&-`);
        assert.equal(code, 2, stderr);
        assert.match(stderr, /standard output is closed/);
        const thrownAway = await bash(folder, `everypage '${url}' -q > /dev/null`);
        assert.equal(thrownAway.code, 0, thrownAway.stderr);
      }),
  },
  {
    name: 'two outputs are both written, and --summary - is standard output',
    run: ({ listUrl: url }) =>
      inFolder(async (folder) => {
        const two = await bash(folder, `everypage '${url}' -o a.ndjson -o b.ndjson`);
        assert.equal(two.code, 0, two.stderr);
        assert.deepEqual(filesIn(folder), ['a.ndjson', 'a.ndjson.everypage', 'b.ndjson']);
        for (const name of ['a.ndjson', 'b.ndjson']) {
          assert.equal(recordsOf(readFileSync(join(folder, name), 'utf8')), 100);
        }
        const both = await bash(folder, `everypage '${url}' --summary -`);
        assert.equal(both.code, 2, both.stderr);
        assert.equal(both.stdout, '');
        const one = await bash(folder, `everypage '${url}' -o a.ndjson --summary -`);
        assert.equal(one.code, 0, one.stderr);
        assert.equal(JSON.parse(one.stdout).exitCode, 0);
        assert.deepEqual(filesIn(folder), ['a.ndjson', 'a.ndjson.everypage', 'b.ndjson']);
      }),
  },
  {
    name: 'flags of other tools are answered with what they are here, without the credential',
    run: ({ listUrl: url }) =>
      inFolder(async (folder) => {
        for (const [typed, tried] of HINTS) {
          const { code, stderr } = await bash(folder, `everypage ${typed} '${url}' -o a.ndjson`);
          assert.equal(code, 2, `${typed}: ${stderr}`);
          assert.ok(/ {2}try: (.*)/.exec(stderr)?.[1]?.includes(tried), `${typed}: ${stderr}`);
          assert.doesNotMatch(stderr, /s3cr3t/);
        }
        const help = await bash(folder, 'everypage help verify');
        assert.equal(help.code, 0, help.stderr);
        assert.match(help.stdout, /usage: everypage verify/);
      }),
  },
  {
    name: 'a flag whose value may be left out takes no URL for it',
    run: ({ listUrl: url }) =>
      inFolder(async (folder) => {
        for (const flag of ['--color', '--strict', '--strict complete', '--color never']) {
          const { code, stdout, stderr } = await bash(folder, `everypage -q ${flag} '${url}'`);
          assert.equal(code, 0, `${flag}: ${stderr}`);
          assert.ok(recordsOf(stdout) > 0);
        }
        const { stderr } = await bash(folder, `everypage --progress '${url}'`);
        assert.ok(/try: (.*)/.exec(stderr)?.[1]?.includes(url), stderr);
      }),
  },
  {
    name: 'the second Ctrl-C says that it leaves',
    run: () =>
      inFolder((folder) =>
        withHeldServer(async (url) => {
          const child = spawn(process.execPath, [BIN, url, '-o', 'a.ndjson', '-v'], {
            cwd: folder,
            env: environment(folder),
            stdio: ['ignore', 'ignore', 'pipe'],
          });
          const ended = once(child, 'close');
          await untilSaid(child, `page=${HELD_PAGES / 2}`);
          child.kill('SIGINT');
          await untilSaid(child, 'Ctrl-C again');
          child.kill('SIGINT');
          await untilSaid(child, 'leaving');
          const [code] = await ended;
          assert.equal(code, 130);
        }),
      ),
  },
  {
    name: 'a window that becomes narrower keeps nothing of the progress twice, and 50 columns are enough',
    run: () =>
      inFolder((folder) =>
        withHeldServer(async (url) => {
          if (spawnSync('tmux', ['-V']).status !== 0 || !existsSync('/bin/bash')) return;
          const socket = join(folder, 'tmux');
          const tmux = (...words: readonly string[]): string =>
            spawnSync('tmux', ['-S', socket, ...words], {
              env: environment(folder),
            }).stdout.toString();
          const screen = () => tmux('capture-pane', '-p', '-S', '-', '-t', 'week').trimEnd();
          const shown = async (isThere: (rows: readonly string[]) => boolean, most = 300) => {
            for (let tries = 0; tries < most; tries++) {
              const rows = screen().split('\n');
              if (isThere(rows)) return rows;
              await wait(100);
            }
            return null;
          };
          const isProgress = (row: string) => /\/8 pages|^.?\d*\/8 /.test(row);
          /** Whether the progress stands there once, after its window had other widths. */
          const isClean = async (): Promise<boolean> => {
            const line = `cd ${folder}; seq 30; exec ${COMMAND} '${url}' -o a.ndjson --fresh`;
            const size = ['-x', '50', '-y', '20'];
            tmux('-f', '/dev/null', 'new-session', '-d', ...size, '-s', 'week', line);
            tmux('set-option', '-t', 'week', 'remain-on-exit', 'on');
            const rows = await shown((all) => all.some((it) => it.includes('4/8 pages')));
            assert.ok(rows, screen());
            assert.doesNotMatch(rows.find(isProgress) ?? '', /…/);
            for (const width of ['24', '50', '20', '80']) {
              tmux('resize-window', '-t', 'week', '-x', width);
              await wait(400);
            }
            // Between a change of the width and the next drawing the window may show anything.
            if ((await shown((all) => all.filter(isProgress).length === 1, 50)) !== null)
              return true;
            shownLast = screen();
            tmux('kill-session', '-t', 'week');
            return false;
          };
          let shownLast = '';
          try {
            // What is drawn at the moment of a change stays. On a busy machine that happens, but not each time.
            const isCleanOnce = (await isClean()) || (await isClean()) || (await isClean());
            assert.ok(isCleanOnce, shownLast);
          } finally {
            tmux('kill-server');
          }
        }),
      ),
  },
];
