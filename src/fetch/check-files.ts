/** Files that a command writes: whether it can, and whether it may. */
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { EverypageError, usageError } from '../core/errors.ts';

/** Paths by what they are for. */
export type FileUses = readonly (readonly [use: string, path: string])[];

/**
 * A file that is written must be no other one of the command: the last to be written would be all that is
 * left. What is only read may be read for two purposes.
 *
 * @throws EverypageError USAGE, before any request is sent
 * @example checkDistinctFiles([['-o', 'a.json']], [['the list', 'urls.txt']])
 */
export function checkDistinctFiles(written: FileUses, read: FileUses): void {
  const uses = new Map<string, string>();
  for (const [use, path] of read) uses.set(placeOf(path), use);
  for (const [use, path] of written) {
    const place = placeOf(path);
    const other = uses.get(place);
    if (other !== undefined) {
      throw usageError(`${other} and ${use} are the same file, ${path}; name two`);
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

/** @throws EverypageError OUTPUT_FOLDER, before any request is sent, where the file could not be written later */
export function checkOutputFolder(path: string | null): void {
  if (path === null) return;
  const folder = dirname(path);
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) {
    throw new EverypageError(
      'OUTPUT_FOLDER',
      `the folder ${folder} does not exist; make it first: mkdir -p ${folder}`,
    );
  }
  if (!stat.isDirectory()) {
    throw new EverypageError(
      'OUTPUT_FOLDER',
      `${folder} is not a folder; choose another place for ${path}`,
    );
  }
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new EverypageError('OUTPUT_FOLDER', `${path} is a folder; name a file in it`);
  }
  try {
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    throw new EverypageError(
      'OUTPUT_FOLDER',
      `the folder ${folder} is not writable for you; choose another`,
      { cause },
    );
  }
}
