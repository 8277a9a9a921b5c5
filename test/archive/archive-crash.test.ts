import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Archive } from '../../src/archive/archive.ts';
import type { ArchiveReader } from '../../src/archive/archive-reader.ts';
import { attemptAt, sha256, storedPage, temporaryFolder } from './sample-pages.ts';

const PROCESS = fileURLToPath(new URL('./archive-process.ts', import.meta.url));
const GROUP = 50;
/** A group is 1 MB: sixteen of them make a checkpoint. */
const BODY_BYTES = 20_000;

/** Every page up to the highest is there, whole, with the one try that led to it. */
function checkPages(archive: ArchiveReader): number {
  let count = 0;
  for (let from = 0; ; ) {
    const pages = archive.readStored(0, from, Number.MAX_SAFE_INTEGER, 4_000_000);
    if (pages.length === 0) break;
    for (const { place, body, hash } of pages) {
      assert.equal(place.position, count);
      assert.equal(Buffer.compare(sha256(body), hash), 0, `page ${count} is torn`);
      assert.equal(archive.attemptsOf(place).length, 1);
      count += 1;
    }
    from = count;
  }
  assert.equal(archive.highestPosition(0), count - 1);
  assert.equal(archive.counts().stored, count);
  assert.equal(archive.verdict().stored, count);
  return count;
}

interface Line {
  readonly committed?: number;
  readonly counted?: number;
  readonly code?: string;
  readonly message?: string;
}

/** Kills the writer once it has told of `groups` commits, in the middle of what it does next. */
async function killAfter(child: ChildProcess, groups: number): Promise<number> {
  const ended = once(child, 'exit');
  let committed = 0;
  let told = 0;
  for await (const line of createInterface({ input: child.stdout! })) {
    committed = (JSON.parse(line) as Line).committed ?? 0;
    told += 1;
    if (told === groups) {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 15));
      child.kill('SIGKILL');
    }
  }
  const [, signal] = await ended;
  assert.equal(signal, 'SIGKILL');
  return committed;
}

test('killed in mid-write again and again, no committed group is lost and none is torn', async (t) => {
  const path = join(temporaryFolder(t), 'x.everypage.part');
  for (const groups of [1, 17, 5]) {
    const child = spawn(process.execPath, [PROCESS, 'write', path, '100000', `${BODY_BYTES}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const committed = await killAfter(child, groups);
    const archive = Archive.open(path);
    const count = checkPages(archive);
    assert.ok(count >= committed, `${count} of ${committed} are there`);
    assert.equal(count % GROUP, 0, 'a group is there in part');
    archive.close();
  }
});

test('an archive left by a killed process is read after its log is brought in', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'x.everypage.part');
  const child = spawn(process.execPath, [PROCESS, 'write', path, '100000', `${BODY_BYTES}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const committed = await killAfter(child, 4);
  assert.ok(readdirSync(folder).includes('x.everypage.part-wal'));
  const archive = Archive.openReadOnly(path);
  assert.ok(checkPages(archive) >= committed);
  assert.deepEqual(readdirSync(folder), ['x.everypage.part']);
  archive.close();
});

function checkRefusal(stdout: string, path: string): void {
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  const committed = lines.findLast((line) => line.committed !== undefined)?.committed ?? 0;
  const { code, message } = lines.at(-1)!;
  assert.equal(code, 'ARCHIVE_WRITE');
  assert.match(String(message), /(disk is full|disk may be full).*run the same command again/);
  assert.ok(committed > 0);
  assert.equal(lines.at(-2)?.counted, committed);
  assert.equal(checkPagesAt(path), committed);
}

function checkPagesAt(path: string): number {
  const archive = Archive.openReadOnly(path);
  try {
    return checkPages(archive);
  } finally {
    archive.close();
  }
}

test('a limit on file size ends in a clear error, and the archive goes on once it is lifted', (t) => {
  const path = join(temporaryFolder(t), 'x.everypage.part');
  // 512-byte blocks: 4 MiB, well before the first checkpoint.
  const limited = spawnSync(
    'sh',
    [
      '-c',
      'ulimit -f 8192; exec "$0" "$@"',
      process.execPath,
      PROCESS,
      'write',
      path,
      '100',
      `${BODY_BYTES}`,
    ],
    { encoding: 'utf8' },
  );
  assert.equal(limited.status, 0, limited.stderr);
  checkRefusal(limited.stdout, path);
  const archive = Archive.open(path);
  const next = archive.highestPosition(0) + 1;
  archive.store([storedPage(next)], [attemptAt(next)]);
  archive.close();
  assert.equal(checkPagesAt(path), next + 1);
});

test('a full disk ends in a clear error, also where a checkpoint meets it, and it goes on with room', (t) => {
  const folder = join(temporaryFolder(t), 'disk');
  mkdirSync(folder);
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'none', folder]);
  if (mount.status !== 0) {
    t.skip('SKIPPED: a full disk needs the right to mount a tmpfs');
    return;
  }
  try {
    const path = join(folder, 'x.everypage.part');
    // 24 MiB hold a log of 16 MiB, but not the file that its checkpoint makes beside it.
    const starved = spawnSync(process.execPath, [PROCESS, 'write', path, '100', `${BODY_BYTES}`], {
      encoding: 'utf8',
    });
    assert.equal(starved.status, 0, starved.stderr);
    execFileSync('mount', ['-o', 'remount,size=96m', folder]);
    checkRefusal(starved.stdout, path);
    const archive = Archive.open(path);
    const next = archive.highestPosition(0) + 1;
    archive.store([storedPage(next)], [attemptAt(next)]);
    archive.close();
    assert.equal(checkPagesAt(path), next + 1);
  } finally {
    execFileSync('umount', [folder]);
  }
});
