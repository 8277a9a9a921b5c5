/** Archives damaged as disks, copies and people damage files; what is said of them is never a crash. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { verifyArchive } from '../../src/api/verify-archive.ts';
import { Archive } from '../../src/archive/archive.ts';
import { EverypageError } from '../../src/core/errors.ts';
import { pageKey } from '../../src/core/page-request.ts';
import { isWhole } from '../../src/core/summary.ts';
import { withoutHanging } from '../without-hanging.ts';
import { type Damage, damage, harmed } from './damage.ts';
import { pageWithInfo, paging, twice } from './paged-archive.ts';
import {
  attemptAt,
  BORN_AT,
  createArchive,
  openOrCreate,
  sha256,
  storedPage,
} from './sample-pages.ts';

const numRuns = Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 300);

const PAGES = 24;
const SQLITE_PAGE = 16_384;
// In memory where there is such a place: each case writes a file and a log.
const folder = mkdtempSync(
  join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'everypage-damage-'),
);
after(() => rmSync(folder, { recursive: true, force: true }));

interface Files {
  readonly main: Buffer;
  readonly log: Buffer | null;
}

const urlAt = (position: number) => `https://api.example.com/items?page=${position + 1}`;

/** Bodies of many lengths, some in pages of their own, every third one compressed. */
function pageAt(position: number, salt: string) {
  const text = Buffer.from(
    `{"position":${position},"salt":"${salt}","fill":"${'abcdefgh'.repeat((position * 997) % 2500)}"}`,
  );
  const isGzip = position % 3 === 0;
  const url = urlAt(position);
  const page = {
    key: pageKey({ method: 'GET', url, body: null }),
    url,
    body: new Uint8Array(isGzip ? gzipSync(text) : text),
    encoding: isGzip ? 'gzip' : null,
    hash: sha256(text),
  };
  return page;
}

function planDigest(): Uint8Array {
  const digest = createHash('sha256');
  for (let position = 0; position < PAGES; position += 1) digest.update(pageAt(position, '').key);
  return digest.digest();
}

/** The files of an archive of so many pages: sealed, or as a kill would leave it. */
function filesOf(
  name: string,
  pages: number,
  salt: string,
  isPaged: boolean,
  isSealed: boolean,
): Files {
  const path = join(folder, name);
  const archive = createArchive(path);
  if (isPaged) archive.setPagination(paging({ style: 'page' }));
  for (let from = 0; from < pages; from += 8) {
    const positions = Array.from({ length: Math.min(8, pages - from) }, (_, at) => from + at);
    const rows = positions.map((position) => {
      const change = pageAt(position, salt);
      const keys = [`k${position}a`, `k${position}b`];
      return isPaged
        ? pageWithInfo(position, keys, { total: 2 * PAGES }, change)
        : storedPage(position, change);
    });
    archive.store(
      isPaged ? twice(rows) : rows,
      positions.map((position) => attemptAt(position)),
    );
  }
  if (isSealed) {
    const end = isPaged
      ? ({ reason: 'total', detail: null, ends: [{ branch: 0, position: pages }] } as const)
      : null;
    archive.endPlan(pages, planDigest(), end);
    const level = isPaged ? 'complete' : 'proven';
    assert.equal(archive.verdict().name, level);
    archive.seal(level, BORN_AT);
    archive.close();
  } else {
    // Read by another name: closing a descriptor of the file would drop the archive's lock.
    cpSync(path, `${path}.copy`);
    cpSync(`${path}-wal`, `${path}.copy-wal`);
    archive.close();
  }
  const source = isSealed ? path : `${path}.copy`;
  const log = isSealed ? null : readFileSync(`${source}-wal`);
  return { main: readFileSync(source), log };
}

const sealed = filesOf('sealed', PAGES, '', false, true);
const paged = filesOf('paged', PAGES, '', true, true);
const killed = filesOf('killed', 16, '', false, false);
const foreign = filesOf('foreign', 16, 'foreign', false, false);
const shorter = filesOf('shorter', 8, '', false, false);

const bases: readonly Files[] = [
  sealed,
  paged,
  killed,
  { main: killed.main, log: foreign.log },
  { main: killed.main, log: shorter.log },
  { main: sealed.main, log: killed.log },
  { main: sealed.main, log: foreign.log },
  { main: shorter.main, log: null },
];

interface Case {
  readonly base: number;
  readonly main: readonly Damage[];
  readonly log: readonly Damage[];
}

const cases: fc.Arbitrary<Case> = fc.record({
  base: fc.nat(bases.length - 1),
  main: fc.array(damage, { minLength: 1, maxLength: 3 }),
  log: fc.array(damage, { maxLength: 2 }),
});

/** Found by chance: the last table's end is lost, and new rows get numbers that are taken. */
const found: Case = {
  base: 0,
  main: [{ kind: 'filled', at: 0.9904, unit: 4096, byte: 0 }],
  log: [],
};

/** Likewise: a table's definition that cannot be read, of which SQLite quotes several lines. */
const quoted: Case = {
  base: 7,
  main: [{ kind: 'bit', at: 0.0741729736328125, bit: 1 }],
  log: [],
};

const target = join(folder, 'target');

function lay({ base, main, log }: Case): void {
  const files = bases[base]!;
  for (const suffix of ['-wal', '-shm', '-journal']) rmSync(target + suffix, { force: true });
  writeFileSync(
    target,
    main.reduce((bytes, harm) => harmed(bytes, harm), files.main),
  );
  if (files.log !== null) {
    writeFileSync(
      `${target}-wal`,
      log.reduce((bytes, harm) => harmed(bytes, harm), files.log),
    );
  }
}

function mustBeTold(error: unknown): string {
  assert.ok(error instanceof EverypageError, error instanceof Error ? error.stack : String(error));
  assert.notEqual(error.code, 'INTERNAL', error.message);
  assert.ok(error.message.length > 20 && !error.message.includes('\n'), error.message);
  return error.code;
}

/** What verification lets pass is what was stored, to the byte and in its place. */
function mustBeRight(): void {
  const archive = Archive.openReadOnly(target);
  try {
    const pages = archive.readPages(null, 1000, Number.MAX_SAFE_INTEGER);
    assert.equal(pages.length, PAGES);
    for (const [position, page] of pages.entries()) {
      const { url, key, body, encoding } = pageAt(position, '');
      assert.deepEqual(page.place, { branch: 0, position });
      assert.equal(page.url, url);
      assert.ok(Buffer.from(page.key).equals(key), 'the key is another');
      assert.equal(page.encoding, encoding);
      assert.ok(Buffer.from(page.body).equals(body), `the body of page ${position} is wrong`);
    }
  } finally {
    archive.close();
  }
}

test('of a damaged archive, verification says what is wrong and lets no wrong page pass', async (t) => {
  const told: Record<string, number> = {};
  await fc.assert(
    fc.asyncProperty(cases, async (damaged) => {
      lay(damaged);
      let outcome: string;
      try {
        const { verdict, problems } = await verifyArchive(target);
        outcome = problems.length > 0 ? 'problems' : verdict.name;
        if (isWhole(verdict.name, 'complete') && problems.length === 0) mustBeRight();
      } catch (error) {
        outcome = mustBeTold(error);
      }
      told[outcome] = (told[outcome] ?? 0) + 1;
    }),
    { numRuns, examples: [[found], [quoted]] },
  );
  t.diagnostic(JSON.stringify(told));
  assert.ok((told['ARCHIVE_DAMAGED'] ?? 0) > numRuns / 5);
});

test('a bit that falls over in a place, a URL, a key or a number is never let pass', async () => {
  const pageOf = ({ main }: Files): number => {
    const at = main.indexOf('items?page=3');
    return at - (at % SQLITE_PAGE);
  };
  const flipped = fc.record({
    base: fc.constantFrom(sealed, paged),
    at: fc.nat(SQLITE_PAGE - 1),
    bit: fc.nat(7),
  });
  await fc.assert(
    fc.asyncProperty(flipped, async ({ base, at, bit }) => {
      const where = pageOf(base) + at;
      // What is not used holds zeros.
      fc.pre(base.main[where] !== 0);
      const main = Buffer.from(base.main);
      main[where]! ^= 1 << bit;
      writeFileSync(target, main);
      rmSync(`${target}-wal`, { force: true });
      try {
        const { verdict, problems } = await verifyArchive(target);
        if (isWhole(verdict.name, 'complete') && problems.length === 0) mustBeRight();
      } catch (error) {
        mustBeTold(error);
      }
    }),
    { numRuns: Math.ceil(numRuns / 4) },
  );
});

test('a run that would go on in a damaged archive does so, or is told why not', (t) => {
  const told: Record<string, number> = {};
  const goOn = (): void => {
    const { archive } = openOrCreate(target);
    try {
      archive.forgetFailed();
      archive.storedIn(0, 0, PAGES);
      const next = archive.highestPosition(0) + 1;
      archive.store([storedPage(next)], [attemptAt(next)]);
      archive.verdict();
    } finally {
      archive.close();
    }
  };
  fc.assert(
    fc.property(cases, (damaged) => {
      lay(damaged);
      let outcome = 'goes on';
      try {
        withoutHanging(goOn, () => JSON.stringify(damaged));
      } catch (error) {
        outcome = mustBeTold(error);
      }
      told[outcome] = (told[outcome] ?? 0) + 1;
    }),
    { numRuns, examples: [[found], [quoted]] },
  );
  t.diagnostic(JSON.stringify(told));
});
