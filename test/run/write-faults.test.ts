/** Disks that fail, are full or may not be written: said in one line, and gone on from. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { pageLine } from '../servers/page-body.ts';
import { startPageServer } from '../servers/page-server.ts';
import type { DiskFault } from './failing-disk-process.ts';
import { type CliResult, ENTRY, runCli, startCli, temporaryFolder } from './run-cli.ts';
import { runCliHere } from './run-in-process.ts';

const DISK = join(import.meta.dirname, 'failing-disk-process.ts');
const PAGES = 60;
const BODY_BYTES = 20_000;
const EXPECTED = Array.from({ length: PAGES }, (_, n) => `${pageLine(n + 1, BODY_BYTES)}\n`).join(
  '',
);
/** Commands start in a third of the time; set for the whole process, as in pagination-setup. */
process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'node-compile-cache');
process.env['NO_PROXY'] = 'localhost';

const server = await startPageServer({ protocol: 'http', bodyBytes: BODY_BYTES });
test.after(() => server.close());
const args = [server.template(PAGES), '-o', 'items.ndjson', '-c', '5'];

/** One sentence with the cause and what to do, and never a stack. */
function mustSay({ code, stderr }: CliResult, cause: RegExp): void {
  assert.equal(code, 1, stderr);
  assert.match(stderr, cause);
  assert.doesNotMatch(stderr, /\n\s+at |bug in everypage|ERR_|node:/);
  assert.match(
    stderr,
    /run the same command again|run it again|goes on|resumes|everypage (?:verify|export)/i,
  );
}

async function mustGoOn(folder: string, expected = EXPECTED): Promise<void> {
  const again = await runCliHere(folder, args);
  assert.equal(again.code, 0, again.stderr);
  assert.ok(
    readFileSync(join(folder, 'items.ndjson'), 'utf8') === expected,
    'other bytes came out',
  );
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('items')),
    ['items.ndjson', 'items.ndjson.everypage'],
  );
}

const AT_ONCE = { concurrency: 2 };

suite('a disk that fails', AT_ONCE, () => {
  const faults: readonly (readonly [when: string, fault: DiskFault, cause: RegExp])[] = [
    ...(
      [
        ['as the archive is made', 'openSync', '.everypage.part', 1],
        ['in the middle of the output', 'writeSync', '.everypage.tmp', 2],
        ['as the output is synced', 'fsyncSync', '.everypage.tmp', 1],
        ['as the output is closed', 'closeSync', '.everypage.tmp', 1],
        ['as the output is renamed', 'renameSync', '.everypage.tmp', 1],
        ['as the archive is renamed', 'renameSync', '.everypage.part', 1],
        ['as the folder is synced after the output', 'fsyncSync', '/', 2],
        ['as the folder is synced after the archive', 'fsyncSync', '/', 3],
      ] as const
    ).map(
      ([when, call, suffix, nth]) =>
        [
          when,
          { call, suffix, nth, code: 'EIO' } as DiskFault,
          /disk report(?:s|ed) an error/,
        ] as const,
    ),
    [
      'for want of room in the output',
      { call: 'writeSync', suffix: '.everypage.tmp', nth: 2, code: 'ENOSPC' },
      /the disk is full/,
    ],
    [
      'for want of descriptors as the archive is made',
      { call: 'openSync', suffix: '.everypage.part', nth: 1, code: 'EMFILE' },
      /too many files are open/,
    ],
    [
      'for want of descriptors as the output is begun',
      { call: 'openSync', suffix: '.everypage.tmp', nth: 1, code: 'EMFILE' },
      /too many files are open/,
    ],
    [
      'read-only as the output is renamed',
      { call: 'renameSync', suffix: '.everypage.tmp', nth: 1, code: 'EROFS' },
      /read-only/,
    ],
  ];
  for (const [when, fault, cause] of faults) {
    test(`${when} (${fault.code}) ends in one line that says so, and the command goes on`, async (t) => {
      const folder = temporaryFolder(t);
      writeFileSync(join(folder, 'items.ndjson'), 'of an earlier run\n');
      const env = {
        EVERYPAGE_FAILING_DISK: JSON.stringify(fault),
        NODE_OPTIONS: `--import ${DISK}`,
      };
      const failed = await runCli(folder, args, { env });
      mustSay(failed, cause);
      const output = readFileSync(join(folder, 'items.ndjson'), 'utf8');
      assert.ok(output === EXPECTED || output === 'of an earlier run\n', 'the output is torn');
      assert.ok(
        !existsSync(join(folder, 'items.ndjson.everypage.tmp')),
        'a temporary file is left',
      );
      await mustGoOn(folder);
    });
  }

  test('as the summary is written: the output stands, and how to get the verdict is said', async (t) => {
    const folder = temporaryFolder(t);
    const summary = [args[0]!, '-o', 'items.everypage', '--summary', 'summary.json'];
    const failed = await runCli(folder, summary, {
      env: {
        EVERYPAGE_FAILING_DISK: JSON.stringify({
          call: 'writeSync',
          suffix: '.everypage.tmp',
          nth: 1,
          code: 'ENOSPC',
        } satisfies DiskFault),
        NODE_OPTIONS: `--import ${DISK}`,
      },
    });
    mustSay(failed, /--summary summary\.json.*the disk is full/);
    assert.match(failed.stderr, /everypage verify --json items\.everypage/);
    const left = readdirSync(folder).filter((name) => /items|summary/.test(name));
    assert.deepEqual(left, ['items.everypage']);
  });

  test('that is full under the output itself is said as such', {
    skip: !existsSync('/dev/full'),
  }, async (t) => {
    const folder = temporaryFolder(t);
    const failed = await runCli(folder, [
      args[0]!,
      '-o',
      '/dev/full',
      '-f',
      'ndjson',
      '--archive',
      'a.everypage',
    ]);
    mustSay(failed, /\/dev\/full.*the disk is full/);
  });
});

/** Runs the command in a shell after `before`, which sets its limits. */
async function under(before: string, folder: string, uid?: number): Promise<CliResult> {
  const child = spawn(
    'bash',
    ['-c', `${before}; exec "$0" "$@"`, process.execPath, ENTRY, ...args],
    {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_TEST_CONTEXT: undefined, NO_COLOR: '1', HOME: folder },
      ...(uid === undefined ? {} : { uid }),
    },
  );
  const [out, err] = [child.stdout, child.stderr].map((stream) => stream.toArray());
  const [code, signal] = await once(child, 'close');
  const text = async (chunks: Promise<Buffer[]>) => Buffer.concat(await chunks).toString();
  return { code, signal, stdout: await text(out!), stderr: await text(err!) };
}

test('an archive that is removed in mid-run is said to be gone, and nothing is called OK', async (t) => {
  const folder = temporaryFolder(t);
  const slow = [...args, '--rate', '40/s', '-v'];
  const { untilSaid, ended } = startCli(folder, slow);
  await untilSaid((stderr) => /pages\/5\b/.test(stderr));
  rmSync(join(folder, 'items.ndjson.everypage.part'));
  const failed = await ended;
  const lines = failed.stderr.split('\n').filter((line) => line.startsWith('everypage:'));
  mustSay({ ...failed, stderr: lines.join('\n') }, /removed, renamed or replaced/);
  assert.equal(lines.length, 1, failed.stderr);
  assert.doesNotMatch(failed.stderr, /pages? (?:is|are) OK|bug in everypage/);
  await mustGoOn(folder);
});

suite('a limit on open files', AT_ONCE, () => {
  test('is called by its name, and once it is lifted the command goes on', async (t) => {
    const folder = temporaryFolder(t);
    // Below, Node itself does not start; above, there are descriptors for the archive and none for the network.
    for (let limit = 24; limit < 64; limit += 3) {
      const failed = await under(`ulimit -n ${limit}`, folder);
      if (failed.code === 0 || /EMFILE.*attempts?/.test(failed.stderr)) break;
      assert.doesNotMatch(failed.stderr, /bug in everypage/);
      if (failed.stderr.startsWith('everypage:')) mustSay(failed, /too many files are open/);
    }
    await mustGoOn(folder);
  });
});

suite('a limit on the size of files', AT_ONCE, () => {
  // In KiB: before the first table, in the log, in the file as the log is brought in.
  for (const limitKib of [1, 700, 1150]) {
    test(`of ${limitKib} KiB is told, and once it is lifted the command goes on`, async (t) => {
      const folder = temporaryFolder(t);
      const failed = await under(`ulimit -f ${limitKib}`, folder);
      mustSay(failed, /limited in file size|may not grow further/);
      await mustGoOn(folder);
    });
  }
});

/** A disk of its own, so small; null, said loudly, where mounting is not allowed. */
function smallDisk(t: TestContext, size: string) {
  const folder = mkdtempSync(join(tmpdir(), 'everypage-disk-'));
  const mount = (options: string): boolean =>
    spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'none', folder]).status === 0;
  const isMounted = mount(`size=${size}`);
  t.after(() => {
    if (isMounted) spawnSync('umount', [folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  if (!isMounted) t.skip('SKIPPED: a full disk needs the right to mount a tmpfs');
  const resize = (to: string) => assert.ok(mount(`remount,size=${to}`));
  return isMounted ? { folder, resize } : null;
}

test('a disk that gets full at any moment is told, and with room the command goes on', async (t) => {
  const disk = smallDisk(t, '16k');
  if (disk === null) return;
  // Archive, log and output of 1.2 MB each: it gets full in the file, the log, and what brings it in.
  for (const size of ['16k', '400k', '2000k', '3000k']) {
    disk.resize(size);
    const failed = await runCli(disk.folder, args);
    if (failed.code === 0) break;
    mustSay(failed, /the disk (?:is|may be) full/);
  }
  disk.resize('64m');
  await mustGoOn(disk.folder);
});

test('a disk that gets full under the output alone costs no page', async (t) => {
  const disk = smallDisk(t, '600k');
  if (disk === null) return;
  const folder = temporaryFolder(t);
  const output = join(disk.folder, 'items.ndjson');
  const apart = [args[0]!, '-o', output, '--archive', 'items.everypage'];
  mustSay(await runCli(folder, apart), /Cannot write .*items\.ndjson.*the disk is full/);
  assert.deepEqual(readdirSync(disk.folder), []);
  disk.resize('64m');
  const again = await runCli(folder, apart);
  assert.equal(again.code, 0, again.stderr);
  assert.equal(readFileSync(output, 'utf8'), EXPECTED);
});

test('standard output that cannot be written is told, and nothing is called OK', {
  skip: !existsSync('/dev/full'),
}, async (t) => {
  const folder = temporaryFolder(t);
  for (const words of [[args[0]!], [server.template(1), '-q']]) {
    const child = spawn(
      'bash',
      ['-c', '"$0" "$@" > /dev/full', process.execPath, ENTRY, ...words],
      {
        cwd: folder,
        stdio: ['ignore', 'ignore', 'pipe'],
        env: {
          ...process.env,
          NODE_TEST_CONTEXT: undefined,
          XDG_STATE_HOME: join(folder, 'state'),
        },
      },
    );
    const said = child.stderr.toArray();
    const [code, signal] = await once(child, 'close');
    const stderr = Buffer.concat(await said).toString();
    mustSay({ code, signal, stdout: '', stderr }, /standard output \(ENOSPC\): the disk is full/);
    assert.doesNotMatch(stderr, /pages? (?:is|are) OK/);
  }
});

/** A user without rights over our files; root writes into read-only folders too. */
const STRANGER = process.getuid?.() === 0 ? 65_534 : undefined;

test('a folder that may not be written is told before anything is asked for', async (t: TestContext) => {
  const folder = temporaryFolder(t);
  chmodSync(folder, 0o555);
  const before = server.counts().total;
  const { code, stderr } = await under('true', folder, STRANGER);
  chmodSync(folder, 0o755);
  assert.equal(code, 2, stderr);
  assert.match(stderr, /not writable for you; choose another/);
  assert.equal(server.counts().total, before);
  await mustGoOn(folder);
});
