/** An archive as the first format version laid it out: lists only, no page infos, no keys. */
import { DatabaseSync } from 'node:sqlite';
import type { PageRecord, RunSpecification } from '../../src/archive/archive-types.ts';

const TABLES_1 = `
  CREATE TABLE run (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    fingerprint BLOB NOT NULL,
    specification TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    plan_count INTEGER,
    plan_digest BLOB,
    verdict TEXT,
    completed_at INTEGER,
    exported_at INTEGER
  ) STRICT;

  CREATE TABLE tally (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    stored INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    beyond_end INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE branch (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL
  ) STRICT;

  CREATE TABLE page (
    place INTEGER PRIMARY KEY,
    key BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('stored', 'failed', 'beyond-end')),
    content INTEGER NOT NULL,
    url TEXT NOT NULL
  ) STRICT;

  CREATE INDEX page_not_stored ON page (state) WHERE state <> 'stored';

  CREATE TABLE content (
    id INTEGER PRIMARY KEY,
    status INTEGER,
    headers TEXT,
    encoding TEXT,
    hash BLOB,
    records INTEGER,
    reason TEXT,
    attempts INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    duration_ms REAL NOT NULL,
    next_cursor TEXT,
    total INTEGER,
    observed_size INTEGER,
    body BLOB
  ) STRICT;

  CREATE TABLE attempt (
    place INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    number INTEGER NOT NULL,
    duration_ms REAL NOT NULL,
    status INTEGER,
    outcome TEXT NOT NULL,
    told_to_wait_ms REAL,
    PRIMARY KEY (place, started_at, number)
  ) STRICT, WITHOUT ROWID;

  INSERT INTO tally VALUES (1, 0, 0, 0);
  INSERT INTO branch VALUES (0, '');
`;

/** Fingerprint and specification are those of a run that did not know of pagination. */
export function writeVersion1(
  path: string,
  specification: Omit<RunSpecification, 'pagination'>,
  fingerprint: Uint8Array,
  pages: readonly PageRecord[],
  planCount: number | null,
): void {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA page_size = 16384; ${TABLES_1}`);
  database
    .prepare(
      'INSERT INTO run (id, fingerprint, specification, created_at, plan_count) VALUES (1, ?, ?, 7, ?)',
    )
    .run(fingerprint, JSON.stringify(specification), planCount);
  const addPage = database.prepare('INSERT INTO page VALUES (?, ?, ?, ?, ?)');
  const addContent = database.prepare(
    `INSERT INTO content VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL, ?)`,
  );
  for (const [index, page] of pages.entries()) {
    addPage.run(page.place.position, page.key, page.state, index + 1, page.url);
    const { status, headers, encoding, hash, records, reason, attempts, startedAt } = page;
    const kept = [status, headers, encoding, hash, records, reason, attempts, startedAt];
    addContent.run(index + 1, ...kept, page.durationMs, page.body);
  }
  const failed = pages.filter(({ state }) => state === 'failed').length;
  database.prepare('UPDATE tally SET stored = ?, failed = ?').run(pages.length - failed, failed);
  database.exec('PRAGMA application_id = 0x45565047; PRAGMA user_version = 1;');
  database.close();
}
