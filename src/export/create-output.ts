import type { TableOptions } from '../core/table-options.ts';
import { createFileDestination, type FileDestination, type HoldFile } from './file-destination.ts';
import type { OutputForm } from './format.ts';
import { createDatabaseDestination } from './sqlite-file.ts';
import { checkDatabase } from './sqlite-table.ts';

/**
 * Opens what an output is written to, as its format wants it.
 *
 * @throws EverypageError USAGE where a database has a table that may not be replaced
 */
export function createOutput(
  { format }: OutputForm,
  path: string,
  hold: HoldFile,
  table: TableOptions,
): FileDestination {
  if (format !== 'sqlite') return createFileDestination(path, hold);
  checkDatabase(path, table);
  return createDatabaseDestination(path, hold);
}
