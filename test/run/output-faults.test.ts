/** Outputs that cannot be written whole, each format: one line says so, and the old file stays. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { seededRandom } from '../../src/demo/demo-items.ts';
import { listedArchive } from '../archive/listed-archive.ts';
import { ENTRY, temporaryFolder } from './run-cli.ts';
import { runInProcess } from './run-in-process.ts';

const ENDINGS = ['ndjson', 'json', 'csv', 'csv.gz', 'ndjson.zst', 'parquet', 'db'];

const random = seededRandom(17);
const words = Array.from({ length: 20_000 }, () => Math.floor(random() * 2 ** 48).toString(36));

/** 20,000 records that do not compress well, of about 2 MB in each format. */
function largeArchive(t: TestContext): string {
  const records = words.map((word, id) => ({
    id,
    word,
    other: words[(id * 7) % words.length],
    more: `${word}/${words[(id * 13) % words.length]}`,
  }));
  const pages = Array.from({ length: 40 }, (_, page) =>
    JSON.stringify(records.slice(page * 500, page * 500 + 500)),
  );
  return listedArchive(t, pages, { select: '@' }).path;
}

function smallArchive(t: TestContext): string {
  return listedArchive(t, ['[{"old":1}]'], { select: '@' }).path;
}

/** Every file of the folder. */
function contentOf(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString('base64')]),
  );
}

async function exportIn(folder: string, archive: string, before: string, ending: string) {
  const args = [
    ENTRY,
    'export',
    archive,
    '-o',
    join(folder, `items.${ending}`),
    '--table',
    'items',
    '-q',
  ].filter((arg) => ending === 'db' || (arg !== '--table' && arg !== 'items'));
  const child = spawn('bash', ['-c', `${before}exec "$0" "$@"`, process.execPath, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, NO_COLOR: '1' },
  });
  const stderr = child.stderr.toArray();
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stderr: Buffer.concat(await stderr).toString() };
}

/** One line has the file, the cause and what to do, and the folder is as it was. */
async function mustFail(folder: string, archive: string, before: string, ending: string) {
  const was = contentOf(folder);
  const { code, stderr } = await exportIn(folder, archive, before, ending);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /^everypage: Cannot write [^\n]*\n$/);
  assert.ok(stderr.includes(join(folder, `items.${ending}`)), stderr);
  assert.match(stderr, /disk is full.*Free some room|may not grow further.*ulimit -f/);
  assert.match(stderr, /run the same command again/);
  assert.deepEqual(contentOf(folder), was);
}

suite('an output that outgrows', { concurrency: 2 }, () => {
  for (const ending of ENDINGS) {
    test(`the limit of files as .${ending}`, async (t) => {
      const folder = temporaryFolder(t);
      await mustFail(folder, largeArchive(t), 'ulimit -f 300; ', ending);
      const { code, stderr } = await exportIn(folder, smallArchive(t), '', ending);
      assert.equal(code, 0, stderr);
      await mustFail(folder, largeArchive(t), 'ulimit -f 300; ', ending);
    });
  }

  test('its disk, as text, as Parquet and as a database', async (t) => {
    const disk = mkdtempSync(join(tmpdir(), 'everypage-disk-'));
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=300k', 'none', disk]);
    t.after(() => {
      if (mounted.status === 0) spawnSync('umount', [disk]);
      rmSync(disk, { recursive: true, force: true });
    });
    if (mounted.status !== 0) {
      return t.skip('SKIPPED: a full disk needs the right to mount a tmpfs');
    }
    const large = largeArchive(t);
    const small = smallArchive(t);
    for (const ending of ['csv', 'parquet', 'db']) {
      assert.equal((await exportIn(disk, small, '', ending)).code, 0);
      await mustFail(disk, large, '', ending);
      rmSync(join(disk, `items.${ending}`));
      await mustFail(disk, large, '', ending);
    }
  });
});

test('kill -9 at any moment leaves the old file or the new one, and the same command ends with the new', async (t) => {
  const kills = Number(process.env['EVERYPAGE_KILLS'] ?? 1);
  const large = largeArchive(t);
  const small = smallArchive(t);
  for (const ending of ENDINGS.filter((it) => it !== 'db')) {
    const folder = temporaryFolder(t);
    const output = join(folder, `items.${ending}`);
    const command = ['export', large, '-o', output];
    await runInProcess(command);
    const whole = readFileSync(output);
    await runInProcess(['export', small, '-o', output]);
    const old = readFileSync(output);
    let killed = 0;
    for (let kill = 0; kill < kills; kill += 1) {
      const child = spawn(process.execPath, [ENTRY, ...command], { stdio: 'ignore' });
      const ended = once(child, 'exit');
      await Promise.race([wait(100 + 900 * random()), ended]);
      child.kill('SIGKILL');
      await ended;
      if (child.signalCode === 'SIGKILL') killed += 1;
      const found = readFileSync(output);
      assert.ok(found.equals(old) || found.equals(whole), `${ending} is neither`);
    }
    t.diagnostic(`${ending}: ${killed} of ${kills} killed while they wrote`);
    const { code, stderr } = await runInProcess(command);
    assert.equal(code, 0, stderr);
    assert.ok(readFileSync(output).equals(whole));
    assert.deepEqual(readdirSync(folder), [`items.${ending}`]);
  }
});
