import assert from 'node:assert/strict';
import fs, {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { Archive } from '../../src/archive/archive.ts';
import {
  discardArchive,
  finishArchive,
  locateArchive,
  makeStateFolder,
  stateFolder,
} from '../../src/archive/archive-location.ts';
import { onWindows } from '../on-windows.ts';
import { createArchive, storedPage, storedPages, temporaryFolder } from './sample-pages.ts';

const nowhere = {
  output: null,
  archive: null,
  stateFolder: '/state/everypage',
  fingerprint: new Uint8Array([0xab, 0x01]),
};

test('an archive stands beside its output, where the user said, or in the state folder', () => {
  const complete = (change: Partial<typeof nowhere> | object) =>
    locateArchive({ ...nowhere, ...change }).complete;
  assert.deepEqual(locateArchive({ ...nowhere, output: 'out/items.ndjson' }), {
    part: 'out/items.ndjson.everypage.part',
    complete: 'out/items.ndjson.everypage',
  });
  assert.equal(complete({ output: 'x.everypage' }), 'x.everypage');
  assert.equal(complete({ output: 'x.json', archive: 'y.everypage' }), 'y.everypage');
  assert.equal(complete({ archive: 'y.everypage.part' }), 'y.everypage');
  assert.equal(complete({ archive: 'y' }), 'y');
  assert.deepEqual(locateArchive(nowhere), {
    part: '/state/everypage/ab01.everypage.part',
    complete: '/state/everypage/ab01.everypage',
  });
});

test('the state folder follows XDG_STATE_HOME if that is absolute', () => {
  assert.equal(stateFolder({}, '/home/a'), '/home/a/.local/state/everypage');
  assert.equal(stateFolder({ XDG_STATE_HOME: '/var/s' }, '/home/a'), '/var/s/everypage');
  assert.equal(stateFolder({ XDG_STATE_HOME: 's' }, '/home/a'), '/home/a/.local/state/everypage');
  assert.equal(stateFolder({ XDG_STATE_HOME: '' }, '/home/a'), '/home/a/.local/state/everypage');
});

test('the state folder is made open to nobody else, and closed where it was open', (t) => {
  const folder = join(temporaryFolder(t), 'deep', 'everypage');
  makeStateFolder(folder);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  chmodSync(folder, 0o755);
  makeStateFolder(folder);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
});

/** It holds one page, and nothing else is in its folder. */
function assertOnlyArchive(folder: string, path: string): void {
  assert.deepEqual(readdirSync(folder), ['x.json.everypage']);
  const archive = Archive.openReadOnly(path);
  assert.equal(archive.counts().stored, 1);
  archive.close();
}

test('a finished archive takes its final name, in place of an older one', (t) => {
  const folder = temporaryFolder(t);
  const location = locateArchive({ ...nowhere, output: join(folder, 'x.json') });
  writeFileSync(location.complete, 'older');
  const archive = createArchive(location.part);
  archive.store([storedPage(0)], []);
  assert.ok(finishArchive(location, () => archive.close()));
  assertOnlyArchive(folder, location.complete);
});

test('what another process takes over just after it was closed is left to that one', (t) => {
  const folder = temporaryFolder(t);
  const location = locateArchive({ ...nowhere, output: join(folder, 'x.json') });
  writeFileSync(location.complete, 'older');
  const archive = createArchive(location.part);
  archive.store([storedPage(0)], []);
  let other: Archive | null = null;
  const close = () => {
    archive.close();
    other = Archive.open(location.part);
  };
  assert.equal(finishArchive(location, close), false);
  assert.equal(readFileSync(location.complete, 'utf8'), 'older');
  assert.equal(other!.counts().stored, 1);
  other!.store([storedPage(1)], []);
  assert.ok(finishArchive(location, () => other!.close()));
  assert.deepEqual(readdirSync(folder), ['x.json.everypage']);
});

test('who reads an archive does not keep it from its final name', {
  skip: process.platform === 'win32',
}, (t) => {
  const folder = temporaryFolder(t);
  const location = locateArchive({ ...nowhere, output: join(folder, 'x.json') });
  const archive = createArchive(location.part);
  archive.store([storedPage(0)], []);
  let reader: ReturnType<typeof Archive.openReadOnly> | null = null;
  const close = () => {
    archive.close();
    reader = Archive.openReadOnly(location.part);
  };
  assert.ok(finishArchive(location, close));
  reader!.close();
  assertOnlyArchive(folder, location.complete);
});

test('a file that took the archive’s place is not given its name', (t) => {
  const folder = temporaryFolder(t);
  const location = locateArchive({ ...nowhere, output: join(folder, 'x.json') });
  writeFileSync(location.complete, 'older');
  const another = join(folder, 'another');
  for (const replace of [() => {}, () => renameSync(another, location.part)]) {
    const archive = createArchive(location.part);
    createArchive(another).close();
    const close = () => {
      archive.close();
      discardArchive(location.part);
      replace();
    };
    assert.throws(() => finishArchive(location, close), /removed, renamed or replaced/);
    discardArchive(location.part);
    discardArchive(another);
  }
  assert.deepEqual(readdirSync(folder), ['x.json.everypage']);
  assert.equal(readFileSync(location.complete, 'utf8'), 'older');
});

/** What a process does just before it takes a lock, once. */
function beforeLock(t: TestContext, work: () => void): void {
  const exec = DatabaseSync.prototype.exec;
  const mocked = t.mock.method(
    DatabaseSync.prototype,
    'exec',
    function (this: DatabaseSync, sql: string) {
      if (sql === 'BEGIN EXCLUSIVE') {
        mocked.mock.restore();
        work();
      }
      return exec.call(this, sql);
    },
  );
}

test('an archive that is finished while it is opened is looked for again', {
  skip: process.platform === 'win32',
}, (t) => {
  const folder = temporaryFolder(t);
  const location = locateArchive({ ...nowhere, output: join(folder, 'x.json') });
  const archive = createArchive(location.part);
  archive.store([storedPage(0)], []);
  archive.close();
  beforeLock(t, () => renameSync(location.part, location.complete));
  const next = createArchive(location.part);
  assert.equal(next.counts().stored, 0);
  next.store([storedPage(5)], []);
  next.close();
  assert.deepEqual(readdirSync(folder).toSorted(), ['x.json.everypage', 'x.json.everypage.part']);
  const finished = Archive.openReadOnly(location.complete);
  assert.equal(finished.counts().stored, 1);
  finished.close();
  // Where it must be there, that it is not is said.
  beforeLock(t, () => renameSync(location.part, location.complete));
  assert.throws(() => Archive.open(location.part), { code: 'USAGE' });
});

test('nobody can work in an archive while it gets its final name', {
  skip: process.platform === 'win32',
}, (t) => {
  const folder = temporaryFolder(t);
  const location = locateArchive({ ...nowhere, output: join(folder, 'x.json') });
  const archive = createArchive(location.part);
  archive.store([storedPage(0)], []);
  const rename = fs.renameSync;
  const seen: string[] = [];
  t.mock.method(fs, 'renameSync', (from: string, to: string) => {
    assert.throws(() => Archive.open(from), { code: 'ARCHIVE_LOCKED' });
    rename(from, to);
    assert.throws(() => Archive.open(to), { code: 'ARCHIVE_LOCKED' });
    seen.push(to);
  });
  syncBuiltinESMExports();
  t.after(syncBuiltinESMExports);
  assert.ok(finishArchive(location, () => archive.close()));
  assert.deepEqual(seen, [location.complete]);
  Archive.open(location.complete).close();
});

test('a log that a killed process left beside the older archive is not taken for the new one’s', (t) => {
  const folder = temporaryFolder(t);
  const location = locateArchive({ ...nowhere, output: join(folder, 'x.json') });
  const killed = createArchive(join(folder, 'killed'));
  killed.store(storedPages(0, 40), []);
  for (const suffix of ['', '-wal']) {
    copyFileSync(join(folder, `killed${suffix}`), location.complete + suffix);
  }
  killed.close();
  rmSync(join(folder, 'killed'));
  const archive = createArchive(location.part);
  archive.store([storedPage(0)], []);
  finishArchive(location, () => archive.close());
  assertOnlyArchive(folder, location.complete);
});

test('discarding removes an archive and what is beside it, also a damaged one or none', (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'x.everypage.part');
  createArchive(path).close();
  writeFileSync(`${path}-wal`, 'left over');
  discardArchive(path);
  assert.deepEqual(readdirSync(folder), []);
  writeFileSync(path, 'not an archive at all, and longer than the header of one '.repeat(20));
  writeFileSync(`${path}-journal`, 'left over');
  discardArchive(path);
  discardArchive(path);
  assert.deepEqual(readdirSync(folder), []);
});

test('on Windows, which removes no open file, an archive is let go of before it is removed', (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'x.everypage.part');
  createArchive(path).close();
  onWindows(() => discardArchive(path));
  assert.deepEqual(readdirSync(folder), []);
  const working = createArchive(path);
  onWindows(() => assert.throws(() => discardArchive(path), { code: 'ARCHIVE_LOCKED' }));
  assert.ok(existsSync(path));
  working.close();
});

test('an archive that is being worked in is not discarded', (t) => {
  const path = join(temporaryFolder(t), 'x.everypage.part');
  const archive = createArchive(path);
  assert.throws(() => discardArchive(path), { code: 'ARCHIVE_LOCKED' });
  assert.ok(existsSync(path));
  archive.store([storedPage(0)], []);
  archive.close();
});

test('a place that cannot hold an archive is said to be so', (t) => {
  const folder = temporaryFolder(t);
  assert.throws(() => createArchive(join(folder, 'missing', 'x')), {
    code: 'ARCHIVE_WRITE',
    message: /folder of the archive .* does not exist/,
  });
  mkdirSync(join(folder, 'taken'));
  assert.throws(() => createArchive(join(folder, 'taken')), { code: 'USAGE' });
});
