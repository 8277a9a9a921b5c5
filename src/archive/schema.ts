/** The layout of an archive's tables. Only the files of this folder know it. */
import { STORE_CACHE_BYTES } from '../core/memory-budget.ts';
import { RECHECK_BRANCH } from '../core/page-request.ts';

/** `EVPG` in the file's header, so that `file` and we can tell an archive from other databases. */
export const APPLICATION_ID = 0x45565047;

/**
 * `user_version` of the file. Counts up when an older everypage could not read the file correctly.
 * Formats 1 to 4 were never released; nothing reads them.
 */
export const FORMAT_VERSION = 5;

/** The most bytes of a body that one row holds: on its way through SQLite a row is in memory three times. */
export const BODY_PART_BYTES = 256 * 1024;

/** SQLite's default of 4 KiB costs a fifth to a third more CPU to store, at 5 KB and at 60 KB a body. */
const PAGE_BYTES = 16_384;

/** A part of a run holds a few hundred pages, and each table takes at least one page of the file. */
export const PART_PAGE_BYTES = 4096;

/** Must come before the first write to a new file. */
export const FILE_LAYOUT = fileLayout(PAGE_BYTES);

export function fileLayout(pageBytes: number): string {
  return `PRAGMA page_size = ${pageBytes}; PRAGMA auto_vacuum = NONE;`;
}

/**
 * For one writer that keeps its lock. A lock held from before the first use of the log spares the
 * `-shm` file. 16 MiB of log between checkpoints: 2 MiB cost a quarter more, 64 MiB save nothing
 * that can be measured. The cache is bounded once more: SQLite counts what was set before
 * `page_size` in pages of the size before, so 8 MiB became 31.
 */
export const WRITER_SETTINGS = `
  PRAGMA synchronous = NORMAL;
  PRAGMA cache_size = -${STORE_CACHE_BYTES / 1024};
  PRAGMA wal_autocheckpoint = ${(16 * 1024 * 1024) / PAGE_BYTES};
`;

/** For a database that is gone with its connection: nothing of it has to outlive a crash. */
export const TEMPORARY_SETTINGS = `
  PRAGMA synchronous = OFF;
  PRAGMA cache_size = -${STORE_CACHE_BYTES / 1024};
  PRAGMA journal_mode = MEMORY;
`;

/**
 * A file may come from anywhere: nothing in its schema is trusted, its cells are checked. What is
 * sorted for the verdict, all record keys, spills into a file once it is larger than the cache.
 */
export const READER_SETTINGS = `
  PRAGMA cache_size = -8192;
  PRAGMA temp_store = FILE;
  PRAGMA trusted_schema = OFF;
  PRAGMA cell_size_check = ON;
`;

// A place is one integer, branch × 2^40 + position, so that page order is the order of the table.
// It is put together and taken apart in SQL, where integers have 64 bits.
export const MAX_BRANCH = 2 * RECHECK_BRANCH - 1;
export const POSITION_MASK = 2 ** 40 - 1;
/** One less than fits, so that the end of a range can be one more than its last position. */
export const MAX_POSITION = POSITION_MASK - 1;
/** The end of a range of positions; more would run over into the next branch. */
export function endPosition(position: number): number {
  return Math.min(position, MAX_POSITION + 1);
}
/** Two parameters: branch, position. */
export const PLACE = '((? << 40) | ?)';
/** Two columns: branch, position. */
export const PLACE_COLUMNS = placeColumns('place');
/** Pages from here on are readings for comparison, in no tally, no verdict and no export. */
export const RECHECK_PLACE = `(${RECHECK_BRANCH} << 40)`;

/** Two columns: branch, position of the place in `column`. */
export function placeColumns(column: string): string {
  return `${column} >> 40, ${column} & ${POSITION_MASK}`;
}

// `page` is narrow, and `content` only ever grows at its end, because pages come out of order:
// a body put between others splits and rewrites 16 KiB pages (24 % of air in the file at 5 KB, five
// times the time if the order is random), and a resumed run that looks up a million keys should not
// have to read past a million bodies.
//
// The index on states holds only pages that are not stored: in a good run it is empty and free.
//
// `checksum` covers what `hash` does not: see row-checksum.ts.
//
// `tally` saves counting a million rows at start; the verdict counts them nevertheless.
//
// `page_info` stands apart from `content`: a plan that is made again and the verdict read all page
// infos and no body. It and the tables after it stay empty for a list. `record_keys` holds
// a page's keys as one JSON array: a row a key would cost a microsecond each while pages are stored,
// and SQL unpacks the arrays where they are compared.
//
// `more_body` and `more_keys` hold what is too large for one row: the parts of a body after the first,
// from 1 on, and the parts of the keys after the first, each with the number of its first key. `seen` says which page named a next step, or had
// the same records, first; it is looked up page by page.
//
// `attempt`, `pause` and `pace_change` are what a report is drawn from; no verdict rests on them.
export const TABLES = `
  CREATE TABLE run (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    fingerprint BLOB NOT NULL,
    specification TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    max_decoded_bytes INTEGER NOT NULL,
    expect INTEGER,
    selection TEXT,
    plan_count INTEGER,
    plan_digest BLOB,
    plan_end TEXT,
    pagination TEXT,
    verdict TEXT,
    completed_at INTEGER,
    exported_at INTEGER,
    checksum INTEGER
  ) STRICT;

  CREATE TABLE tally (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    stored INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    beyond_end INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE page (
    place INTEGER PRIMARY KEY,
    key BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('stored', 'failed', 'beyond-end')),
    content INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    url TEXT NOT NULL
  ) STRICT;

  CREATE INDEX page_not_stored ON page (state) WHERE state <> 'stored';

  CREATE TABLE content (
    id INTEGER PRIMARY KEY,
    status INTEGER,
    code TEXT,
    headers TEXT,
    encoding TEXT,
    hash BLOB,
    records INTEGER,
    reason TEXT,
    attempts INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    duration_ms REAL NOT NULL,
    body BLOB
  ) STRICT;

  CREATE TABLE more_body (
    content INTEGER NOT NULL,
    part INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (content, part)
  ) STRICT;

  CREATE TABLE attempt (
    place INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    number INTEGER NOT NULL,
    duration_ms REAL NOT NULL,
    status INTEGER,
    outcome TEXT NOT NULL,
    told_to_wait_ms REAL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (place, started_at, number)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE page_info (
    place INTEGER PRIMARY KEY,
    read_at INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    text TEXT NOT NULL
  ) STRICT;

  CREATE TABLE record_keys (
    place INTEGER PRIMARY KEY,
    keys TEXT NOT NULL
  ) STRICT;

  CREATE TABLE more_keys (
    place INTEGER NOT NULL,
    first INTEGER NOT NULL,
    keys TEXT NOT NULL,
    PRIMARY KEY (place, first)
  ) STRICT;

  CREATE TABLE seen (
    hash TEXT PRIMARY KEY,
    place INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE pace (
    limiter TEXT PRIMARY KEY,
    state TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE pause (
    limiter TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    until INTEGER NOT NULL,
    ended_at INTEGER,
    cause TEXT NOT NULL CHECK (cause IN ('limit', 'outage', 'user')),
    reason TEXT NOT NULL,
    PRIMARY KEY (limiter, started_at)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE pace_change (
    limiter TEXT NOT NULL,
    at INTEGER NOT NULL,
    concurrency INTEGER NOT NULL,
    per_second REAL,
    stated_per_second REAL,
    set_by TEXT NOT NULL,
    PRIMARY KEY (limiter, at)
  ) STRICT, WITHOUT ROWID;

  INSERT INTO tally VALUES (1, 0, 0, 0);
`;

/** All keys in their parts: `first` is the number of a part's first key within its page. */
export const KEY_PARTS = `(SELECT place, 0 AS first, keys FROM record_keys
    UNION ALL SELECT place, first, keys FROM more_keys) AS parts`;

/** What a file must have. */
export const TABLE_NAMES: readonly string[] = [...TABLES.matchAll(/CREATE TABLE (\w+)/g)].map(
  ([, name]) => name!,
);
