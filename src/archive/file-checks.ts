/** Is a database a sound archive? */
import { statSync } from 'node:fs';
import { EverypageError } from '../core/errors.ts';
import { checkRun } from './kept-run.ts';
import { APPLICATION_ID, FORMAT_VERSION, TABLE_NAMES } from './schema.ts';
import type { Connection } from './sqlite.ts';

export function isEmptyDatabase(connection: Connection): boolean {
  return (
    connection.query('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined &&
    connection.pragma('application_id') === 0
  );
}

/** Cheap checks only: the same for ten pages and for a million. */
export function checkLayout(connection: Connection): void {
  // A run that was killed at its very beginning leaves a file without tables.
  const isEmpty = connection.pragma('page_count') === 0 || isEmptyDatabase(connection);
  if (isEmpty) throw connection.damaged('it is empty');
  if (connection.pragma('application_id') !== APPLICATION_ID) {
    throw connection.damaged('it lacks the mark of an archive');
  }
  checkVersion(connection);
  const schema = connection.query<[string, string]>('SELECT type, name FROM sqlite_schema').all();
  const tables = new Set(schema.filter(([type]) => type === 'table').map(([, name]) => name));
  const missing = TABLE_NAMES.find((name) => !tables.has(name));
  if (missing !== undefined) throw connection.damaged(`its table ${missing} is missing`);
  // A trigger or a view would let a file from elsewhere change what our statements do.
  if (schema.some(([type]) => type === 'trigger' || type === 'view')) {
    throw connection.damaged('it holds something an archive does not');
  }
}

function checkVersion(connection: Connection): void {
  const version = connection.pragma('user_version');
  if (version === FORMAT_VERSION) return;
  if (version < 1) throw connection.damaged(`it has no format ${version}`);
  const [maker, advice] =
    version > FORMAT_VERSION
      ? ['a newer', 'Update everypage.']
      : ['an older', 'Run the fetch command again, with --fresh.'];
  throw new EverypageError(
    'ARCHIVE_VERSION',
    `${connection.path} was made by ${maker} everypage (archive format ${version}; this one knows ${FORMAT_VERSION}). ${advice}`,
  );
}

/** SQLite notices missing pages of its file, but takes the missing end of the last one for zeros. */
export function checkLength(connection: Connection): void {
  const bytes = connection.pragma('page_count') * connection.pragma('page_size');
  if (statSync(connection.path).size < bytes) throw connection.damaged('it is cut off');
}

/**
 * Reads all of the file and throws `ARCHIVE_DAMAGED` where it contradicts itself. SQLite keeps no
 * checksums: a bit that fell over in a place or in a number of content would put a page that is
 * whole, and agrees with its hash, where another belongs.
 */
export function checkFile(connection: Connection): void {
  const [said = 'it cannot be checked'] =
    connection.query<[string]>('PRAGMA main.integrity_check(1)').get() ?? [];
  const firstLine = said.replace(/^\*\*\*.*\n/, '').replace(/\n.*$/s, '');
  if (said !== 'ok') throw connection.damaged(firstLine);
  const [shared] = connection
    .query<[number]>('SELECT count(*) - count(DISTINCT content) FROM page')
    .get()!;
  if (shared > 0) throw connection.damaged('two pages in it share one body');
  checkRun(connection);
}
