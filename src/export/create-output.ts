import type { TableOptions } from '../core/table-options.ts';
import { createFileDestination, type HoldFile } from './file-destination.ts';
import type { OutputDestination, OutputForm } from './format.ts';
import { createDatabaseDestination } from './sqlite-file.ts';
import { checkDatabase } from './sqlite-table.ts';

/**
 * Opens what an output is written to, as its format wants it.
 *
 * @param path of a file, or the URL of a database
 * @throws EverypageError USAGE where a database has a table that may not be replaced, or a package is
 * missing; OUTPUT_WRITE where the database cannot be reached
 */
export async function createOutput(
  { format }: OutputForm,
  path: string,
  hold: HoldFile,
  table: TableOptions,
): Promise<OutputDestination> {
  switch (format) {
    case 'sqlite':
      checkDatabase(path, table);
      return createDatabaseDestination(path, hold);
    case 'duckdb':
      return (await import('./duckdb-file.ts')).createDuckDbDestination(path, hold, table);
    case 'postgres':
      return (await import('./postgres-connection.ts')).createPostgresDestination(path, table);
    default:
      return createFileDestination(path, hold);
  }
}
