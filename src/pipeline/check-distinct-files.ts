import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { EverypageError } from '../core/errors.ts';

/**
 * What is read and what is written must be files apart: the last one to be written would be all that is
 * left.
 *
 * @param files paths by what they are for
 * @throws EverypageError USAGE, before any request is sent
 * @example checkDistinctFiles({ 'the output': 'a.ndjson', 'the archive': 'a.ndjson.everypage' })
 */
export function checkDistinctFiles(files: Readonly<Record<string, string>>): void {
  const uses = new Map<string, string>();
  for (const [use, path] of Object.entries(files)) {
    const place = placeOf(path);
    const other = uses.get(place);
    if (other !== undefined) {
      throw new EverypageError('USAGE', `${other} and ${use} are the same file, ${path}; name two`);
    }
    uses.set(place, use);
  }
}

/** Two names of one file are one place, also where it is a link or is not there yet. */
function placeOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    try {
      return join(realpathSync(dirname(path)), basename(path));
    } catch {
      return resolve(path);
    }
  }
}
