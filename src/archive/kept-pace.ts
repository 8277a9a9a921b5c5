import type { DatabaseSync } from 'node:sqlite';
import { query, writer } from './sqlite.ts';

/**
 * What a run learned of each bucket's limits, by the bucket's name, so that one that goes on begins
 * where it was. A later addition: an archive without the table has learned nothing, and an older
 * everypage passes over it, so that the format's version stays. What an entry holds is pace/'s.
 */
export type KeptPace = Readonly<Record<string, unknown>>;

const PACE_TABLE = `
  CREATE TABLE IF NOT EXISTS pace (
    bucket TEXT PRIMARY KEY,
    learned TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

/** Entries that cannot be read are left out: they only spare some learning. */
export function readPace(database: DatabaseSync): KeptPace {
  const isThere = query(database, "SELECT 1 FROM sqlite_schema WHERE name = 'pace'").get();
  if (isThere === undefined) return {};
  const rows = query<[string, string]>(database, 'SELECT bucket, learned FROM pace').all();
  return Object.fromEntries(rows.flatMap(([bucket, text]) => entryOf(bucket, text)));
}

function entryOf(bucket: string, text: string): [string, unknown][] {
  try {
    return [[bucket, JSON.parse(text)]];
  } catch {
    return [];
  }
}

export function writePace(database: DatabaseSync, kept: KeptPace): void {
  database.exec(PACE_TABLE);
  const write = writer(database, 'INSERT OR REPLACE INTO pace VALUES (?, ?)');
  for (const [bucket, learned] of Object.entries(kept)) write.run(bucket, JSON.stringify(learned));
}
