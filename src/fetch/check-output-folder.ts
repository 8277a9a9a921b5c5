import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { EverypageError } from '../core/errors.ts';

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
