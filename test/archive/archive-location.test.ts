import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
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
  assert.throws(() => finishArchive(location), { code: 'INTERNAL' });
  assert.equal(readFileSync(location.complete, 'utf8'), 'older');
  archive.close();
  finishArchive(location);
  assertOnlyArchive(folder, location.complete);
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
  archive.close();
  finishArchive(location);
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
