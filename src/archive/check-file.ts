import type { DatabaseSync } from 'node:sqlite';
import { damaged, query } from './sqlite.ts';

/**
 * Reads all of an archive's file and throws `ARCHIVE_DAMAGED` where it contradicts itself. SQLite keeps
 * no checksums: a bit that fell over in a place or in a number of content would put a page that is
 * whole, and agrees with its hash, where another belongs.
 */
export function checkFile(database: DatabaseSync, path: string): void {
  const [said] = query<[string]>(database, 'PRAGMA main.integrity_check(1)').get() ?? [];
  if (said !== 'ok') throw damaged(path, firstLine(said ?? 'it cannot be checked'));
  const [shared] = query<[number]>(
    database,
    'SELECT count(*) - count(DISTINCT content) FROM page',
  ).get()!;
  if (shared > 0) throw damaged(path, 'two pages in it share one body');
}

function firstLine(text: string): string {
  return text.replace(/^\*\*\*.*\n/, '').replace(/\n.*$/s, '');
}
