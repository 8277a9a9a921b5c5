/** The layout of an archive's tables. Only the files of this folder know it. */

/** `EVPG` in the file's header, so that `file` and we can tell an archive from other databases. */
export const APPLICATION_ID = 0x45565047;

/** `user_version` of the file. Counts up when an older everypage could not read the file rightly. */
export const FORMAT_VERSION = 1;

/** SQLite's default of 4 KiB costs a fifth to a third more CPU to store, at 5 KB and at 60 KB a body. */
const PAGE_BYTES = 16_384;

/** Must come before the first write to a new file. */
export const FILE_LAYOUT = `PRAGMA page_size = ${PAGE_BYTES}; PRAGMA auto_vacuum = NONE;`;

/**
 * For one writer that keeps its lock. A lock held from before the first use of the log spares the
 * `-shm` file. 16 MiB of log between checkpoints: 2 MiB cost a quarter more, 64 MiB save nothing
 * that can be measured. The cache holds what one group of pages changes.
 */
export const WRITER_SETTINGS = `
  PRAGMA synchronous = NORMAL;
  PRAGMA wal_autocheckpoint = ${(16 * 1024 * 1024) / PAGE_BYTES};
`;

/** A file may come from anywhere: nothing in its schema is trusted, its cells are checked. */
export const READER_SETTINGS = `
  PRAGMA cache_size = -16384;
  PRAGMA temp_store = MEMORY;
  PRAGMA trusted_schema = OFF;
  PRAGMA cell_size_check = ON;
`;

// A place is one integer, branch × 2^40 + position, so that page order is the order of the table.
// It is put together and taken apart in SQL, where integers have 64 bits.
export const MAX_BRANCH = 2 ** 23 - 1;
const POSITION_MASK = 2 ** 40 - 1;
/** One less than fits, so that the end of a range can be one more than its last position. */
export const MAX_POSITION = POSITION_MASK - 1;
/** Two parameters: branch, position. */
export const PLACE = '((? << 40) | ?)';
/** Two columns: branch, position. */
export const PLACE_COLUMNS = `place >> 40, place & ${POSITION_MASK}`;

// `page` is narrow, and `content` only ever grows at its end, because pages come out of order:
// a body put between others splits and rewrites 16 KiB pages (24 % of air in the file at 5 KB, five
// times the time if the order is random), and a resumed run that looks up a million keys should not
// have to read past a million bodies.
//
// The index on states holds only pages that are not stored: in a good run it is empty and free.
//
// `tally` saves counting a million rows at start; the verdict counts them nevertheless.
//
// Sets of cursors, body hashes and record keys come with the format version that reads them: until
// then each would cost a b-tree write a page for nobody. `content.hash` has what it takes to fill one.
export const TABLES = `
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

export const TABLE_NAMES = ['run', 'tally', 'branch', 'page', 'content', 'attempt'];
