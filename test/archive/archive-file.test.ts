import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Archive } from '../../src/archive/archive.ts';
import { openOrCreateForWriting } from '../../src/archive/archive-file.ts';
import type { ArchiveReader } from '../../src/archive/archive-reader.ts';
import { EverypageError } from '../../src/core/errors.ts';
import {
  BORN_AT,
  createArchive,
  failedPage,
  MAX_DECODED_BYTES,
  openOrCreate,
  sha256,
  specification,
  storedPage,
  storedPages,
  temporaryFolder,
} from './sample-pages.ts';

const PROCESS = fileURLToPath(new URL('./archive-process.ts', import.meta.url));

function completeArchive(folder: string, pages = 30): string {
  const path = join(folder, 'x.everypage');
  const archive = createArchive(path);
  archive.store(storedPages(0, pages), []);
  archive.endPlan(pages, sha256(new Uint8Array()));
  archive.seal('complete', BORN_AT);
  archive.close();
  return path;
}

/** What another process says of an archive; `uid` where it should have no special rights. */
function inAnotherProcess(verb: 'read' | 'open', path: string, uid?: number) {
  const result = spawnSync(process.execPath, [PROCESS, verb, path], {
    encoding: 'utf8',
    ...(uid === undefined ? {} : { uid }),
  });
  assert.equal(result.status, 0, result.stderr);
  assert.equal(result.stderr, '');
  return JSON.parse(result.stdout) as Record<string, unknown>;
}

/** Uses all of an archive, so that damage anywhere is met. */
function readEverything(path: string, open: (path: string) => ArchiveReader): void {
  const archive = open(path);
  try {
    archive.verdict();
    archive.readPages(null, 1_000_000, 1e12);
    archive.storedIn(0, 0, 1_000_000);
    archive.failures(100);
    archive.attemptsOf({ branch: 0, position: 0 });
  } finally {
    archive.close();
  }
}

function isToldNotCrashed(work: () => void): string {
  try {
    work();
    return 'fine';
  } catch (error) {
    assert.ok(error instanceof EverypageError, String(error));
    assert.notEqual(error.code, 'INTERNAL', error.message);
    assert.doesNotMatch(error.message, /disk image/);
    return error.code;
  }
}

test('while open there is a log and no other file; closed, one file; all for its owner alone', (t) => {
  const folder = temporaryFolder(t);
  const umask = process.umask(0);
  t.after(() => process.umask(umask));
  const path = join(folder, 'x.everypage.part');
  const archive = createArchive(path);
  archive.store(storedPages(0, 50), []);
  assert.deepEqual(readdirSync(folder).toSorted(), ['x.everypage.part', 'x.everypage.part-wal']);
  for (const name of readdirSync(folder)) {
    assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
  }
  archive.close();
  assert.deepEqual(readdirSync(folder), ['x.everypage.part']);
  // The format of a file that needs no log, so that any SQLite reads it where nothing can be written.
  assert.deepEqual([...readFileSync(path).subarray(18, 20)], [1, 1]);
  Archive.open(path).close();
  assert.deepEqual(readdirSync(folder), ['x.everypage.part']);
  const reader = Archive.openReadOnly(path);
  assert.equal(reader.readPages(null, 100, 1e9).length, 50);
  assert.deepEqual(readdirSync(folder), ['x.everypage.part']);
  reader.close();
  assert.deepEqual(readdirSync(folder), ['x.everypage.part']);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('what one transaction writes stays in memory up to 4 MiB, in a new archive and in an old one', (t) => {
  const path = join(temporaryFolder(t), 'x.everypage.part');
  const newRun = { specification, now: BORN_AT, maxDecodedBytes: MAX_DECODED_BYTES };
  for (const created of [true, false]) {
    const file = openOrCreateForWriting(path, newRun);
    assert.equal(file.created, created);
    const logBytes = () => statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    const before = logBytes();
    const add = file.connection.writer('INSERT INTO more_body VALUES (1, ?, zeroblob(1048576))');
    file.connection.exec('BEGIN');
    for (const part of [1, 2, 3]) add(part);
    assert.equal(logBytes(), before);
    for (const part of [4, 5, 6, 7]) add(part);
    assert.ok(logBytes() > before);
    file.connection.exec('ROLLBACK');
    file.connection.close();
  }
});

test('nothing is printed when SQLite is loaded, and warnings work afterwards', (t) => {
  const path = completeArchive(temporaryFolder(t));
  const url = new URL('../../src/archive/archive.ts', import.meta.url).href;
  const script = `
    const { Archive } = await import(${JSON.stringify(url)});
    const emitWarning = process.emitWarning;
    Archive.openReadOnly(${JSON.stringify(path)}).close();
    if (process.emitWarning !== emitWarning) throw new Error('emitWarning was not restored');`;
  const result = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  assert.equal(result.stderr, '');
  assert.equal(result.status, 0);
});

test('while one process has an archive, every other is refused and told why', (t) => {
  const path = join(temporaryFolder(t), 'x.everypage.part');
  const archive = createArchive(path);
  archive.store([storedPage(0)], []);
  for (const verb of ['open', 'read'] as const) {
    const { code, message } = inAnotherProcess(verb, path);
    assert.equal(code, 'ARCHIVE_LOCKED');
    assert.match(String(message), /in use by another everypage process.*run the command again/);
  }
  assert.throws(() => Archive.open(path), { code: 'ARCHIVE_LOCKED' });
  archive.store([storedPage(1)], []);
  archive.close();
  assert.deepEqual(inAnotherProcess('open', path), { opened: true });
});

test('several processes may read an archive; none may write it meanwhile', (t) => {
  const path = completeArchive(temporaryFolder(t));
  const reader = Archive.openReadOnly(path);
  assert.equal(inAnotherProcess('read', path)['read'], 30);
  assert.equal(inAnotherProcess('open', path)['code'], 'ARCHIVE_LOCKED');
  assert.equal(reader.readPages(null, 100, 1e9).length, 30);
  reader.close();
});

test('an archive that is there is gone on with', (t) => {
  const path = completeArchive(temporaryFolder(t));
  const { archive, created } = Archive.openOrCreate(path, specification, 1, MAX_DECODED_BYTES);
  assert.equal(created, false);
  assert.equal(archive.counts().stored, 30);
  assert.equal(archive.run.createdAt, BORN_AT);
  archive.close();
});

test('what a process killed while creating leaves behind is created again', (t) => {
  const path = join(temporaryFolder(t), 'x.everypage.part');
  // An empty file, with the log of an archive that was here before.
  writeFileSync(path, '');
  writeFileSync(`${path}-wal`, 'x'.repeat(40_000));
  const first = openOrCreate(path);
  assert.ok(first.created);
  assert.deepEqual(first.archive.counts(), { stored: 0, failed: 0, beyondEnd: 0 });
  first.archive.store([storedPage(0)], []);
  first.archive.close();
  // A database without a table.
  truncateSync(path);
  const database = new DatabaseSync(path);
  database.exec('CREATE TABLE t (a); DROP TABLE t; PRAGMA journal_mode = WAL;');
  database.close();
  assert.ok(statSync(path).size > 0);
  const second = openOrCreate(path);
  assert.ok(second.created);
  second.archive.store([storedPage(0)], []);
  second.archive.close();
  assert.equal(inAnotherProcess('read', path)['read'], 1);
});

test('a log that outlives a power cut is enough, whatever the cut left of the new file itself', (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'x.everypage');
  const archive = createArchive(path);
  archive.store(storedPages(0, 3), []);
  const [file, log] = [readFileSync(path), readFileSync(`${path}-wal`)];
  archive.close();
  for (const [left, stored] of [
    [file, 3],
    [new Uint8Array(file.length), 3],
    [new Uint8Array(0), 0],
  ] as const) {
    const copy = join(folder, 'cut.everypage');
    writeFileSync(copy, left);
    writeFileSync(`${copy}-wal`, log);
    const after = openOrCreate(copy);
    assert.equal(after.created, stored === 0);
    assert.equal(after.archive.counts().stored, stored);
    after.archive.close();
    readEverything(copy, Archive.open);
  }
});

test('no archive, a folder, or something else entirely is told as what it is', (t) => {
  const folder = temporaryFolder(t);
  const missing = join(folder, 'missing');
  const empty = join(folder, 'empty');
  writeFileSync(empty, '');
  const text = join(folder, 'text');
  writeFileSync(text, 'These are not the bytes of an archive. '.repeat(100));
  const foreign = join(folder, 'foreign');
  const database = new DatabaseSync(foreign);
  database.exec('CREATE TABLE run (a)');
  database.close();
  for (const open of [Archive.open, Archive.openReadOnly]) {
    assert.throws(() => open(missing), { code: 'USAGE', message: /no archive/ });
    assert.throws(() => open(folder), { code: 'USAGE', message: /not a file/ });
    assert.throws(() => open(empty), { code: 'ARCHIVE_DAMAGED', message: /empty/ });
    assert.throws(() => open(text), {
      code: 'ARCHIVE_DAMAGED',
      message: /not a database\. Restore it from a copy, or run the fetch command again, with/,
    });
    assert.throws(() => open(foreign), { code: 'ARCHIVE_DAMAGED', message: /mark/ });
  }
  assert.equal(statSync(empty).size, 0);
  assert.match(readFileSync(text, 'utf8'), /^These/);
  assert.deepEqual(readdirSync(folder).toSorted(), ['empty', 'foreign', 'text']);
});

test('an archive of another format is refused in one line that says what to do', (t) => {
  const path = completeArchive(temporaryFolder(t));
  const advice = new Map([
    [
      1,
      'an older everypage (archive format 1; this one knows 5). Run the fetch command again, with --fresh.',
    ],
    [
      4,
      'an older everypage (archive format 4; this one knows 5). Run the fetch command again, with --fresh.',
    ],
    [7, 'a newer everypage (archive format 7; this one knows 5). Update everypage.'],
  ]);
  for (const [version, by] of advice) {
    const database = new DatabaseSync(path);
    // Format 1 had fewer tables; what they are is not looked at.
    database.exec(`DROP TABLE IF EXISTS page_info; PRAGMA user_version = ${version}`);
    database.close();
    for (const open of [Archive.open, Archive.openReadOnly, openOrCreate]) {
      const message = `${path} was made by ${by}`;
      assert.throws(() => open(path), { code: 'ARCHIVE_VERSION', message });
    }
  }
});

test('tables that are missing, changed, contradictory or joined by a trigger are damage', (t) => {
  const folder = temporaryFolder(t);
  const harms = [
    'DROP TABLE attempt',
    'ALTER TABLE content DROP COLUMN body',
    'DELETE FROM run',
    "UPDATE run SET specification = '{}'",
    "UPDATE run SET specification = 'x'",
    "UPDATE run SET verdict = 'perfect'",
    'DELETE FROM page WHERE place = 3',
    'DELETE FROM content WHERE id = 3',
    'UPDATE tally SET stored = 31',
    'CREATE TRIGGER t AFTER INSERT ON page BEGIN DELETE FROM content; END',
  ];
  for (const [index, harm] of harms.entries()) {
    const sub = join(folder, String(index));
    mkdirSync(sub);
    const path = completeArchive(sub);
    const database = new DatabaseSync(path);
    database.exec(harm);
    database.close();
    for (const open of [Archive.open, Archive.openReadOnly]) {
      assert.throws(() => readEverything(path, open), { code: 'ARCHIVE_DAMAGED' }, harm);
    }
  }
});

test('a file cut off anywhere is refused', (t) => {
  const path = completeArchive(temporaryFolder(t));
  const whole = readFileSync(path);
  for (const share of [0.999, 0.9, 0.5, 0.2, 0.06, 0.001]) {
    for (const open of [Archive.open, Archive.openReadOnly]) {
      writeFileSync(path, whole.subarray(0, Math.floor(whole.length * share)));
      assert.throws(() => readEverything(path, open), { code: 'ARCHIVE_DAMAGED' }, String(share));
    }
  }
});

test('flipped bytes in the header never crash it', (t) => {
  const path = completeArchive(temporaryFolder(t));
  const whole = readFileSync(path);
  const told = new Set<string>();
  for (let at = 0; at < 100; at += 1) {
    const bytes = Buffer.from(whole);
    bytes[at] = bytes[at]! ^ 0xff;
    writeFileSync(path, bytes);
    told.add(isToldNotCrashed(() => readEverything(path, Archive.openReadOnly)));
    told.add(isToldNotCrashed(() => readEverything(path, Archive.open)));
  }
  assert.ok(told.has('ARCHIVE_DAMAGED'));
  assert.ok(told.has('ARCHIVE_VERSION'));
});

test('noise written over the heads of its pages never crashes it, and is noticed', (t) => {
  const path = completeArchive(temporaryFolder(t));
  const whole = readFileSync(path);
  let damagedCount = 0;
  for (let page = 0; page < whole.length / 16_384; page += 1) {
    const bytes = Buffer.from(whole);
    // The head of each 16 KiB page, where its structure stands; after the file's header on the first.
    const from = page * 16_384 + (page === 0 ? 100 : 0);
    for (let at = from; at < from + 64; at += 1) bytes[at] = (at * 151 + 77) & 0xff;
    writeFileSync(path, bytes);
    const told = isToldNotCrashed(() => readEverything(path, Archive.openReadOnly));
    if (told === 'ARCHIVE_DAMAGED') damagedCount += 1;
  }
  assert.ok(damagedCount >= 5, `${damagedCount} pages noticed`);
});

test('after a seal everything stands in the file itself, without its log', (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'x.everypage.part');
  const archive = createArchive(path);
  archive.store(storedPages(0, 200), []);
  archive.endPlan(200, sha256(new Uint8Array()));
  archive.seal('complete', BORN_AT);
  const copy = join(folder, 'copy');
  // By another process: closing a second descriptor here would drop the lock of the first.
  execFileSync('cp', [path, copy]);
  const read = Archive.openReadOnly(copy);
  assert.equal(read.run.verdict, 'complete');
  assert.equal(read.verdict().name, 'proven');
  read.close();
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('copy')),
    ['copy'],
  );
  archive.close();
});

/** A user without rights over our files; root writes into read-only folders too. */
const STRANGER = process.getuid?.() === 0 ? 65_534 : undefined;

function makeReadOnly(folder: string): void {
  for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o444);
  chmodSync(folder, 0o555);
}

test('an archive in a folder that cannot be written is read', (t) => {
  const folder = temporaryFolder(t);
  const path = completeArchive(folder);
  makeReadOnly(folder);
  const told = inAnotherProcess('read', path, STRANGER);
  assert.equal(told['read'], 30);
  assert.equal(told['name'], 'proven');
  assert.equal(inAnotherProcess('open', path, STRANGER)['code'], 'ARCHIVE_WRITE');
});

test('so is one whose process was killed between its last page and letting go', (t) => {
  const folder = temporaryFolder(t);
  const source = join(temporaryFolder(t), 'x');
  const archive = createArchive(source);
  archive.store([...storedPages(0, 10), failedPage(10)], []);
  archive.seal('incomplete', BORN_AT);
  const path = join(folder, 'x.everypage.part');
  execFileSync('cp', [source, path]);
  archive.close();
  makeReadOnly(folder);
  assert.equal(inAnotherProcess('read', path, STRANGER)['read'], 10);
});

test('one that still needs its log there is not read as if it did not', (t) => {
  const folder = temporaryFolder(t);
  const source = join(temporaryFolder(t), 'x');
  const archive = createArchive(source);
  archive.store(storedPages(0, 10), []);
  const path = join(folder, 'x.everypage.part');
  execFileSync('cp', [source, path]);
  execFileSync('cp', [`${source}-wal`, `${path}-wal`]);
  archive.close();
  makeReadOnly(folder);
  const { code, message } = inAnotherProcess('read', path, STRANGER);
  assert.equal(code, 'ARCHIVE_WRITE');
  assert.match(String(message), /copy it, with its -wal file/);
});
