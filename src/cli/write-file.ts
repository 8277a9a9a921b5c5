import { writeFile } from 'node:fs/promises';
import { holdFile } from '../archive/file-locks.ts';
import {
  createFileDestination,
  isWrittenInPlace,
  type ToldOfFile,
  writeAll,
} from '../export/file-destination.ts';
import { outputError } from '../export/output-error.ts';

/**
 * Writes a file that appears whole or not at all; a pipe or a device as it stands.
 *
 * @param told what an error calls the file, and what it says is to be done
 */
export async function writeWholeFile(path: string, text: string, told: ToldOfFile): Promise<void> {
  try {
    if (isWrittenInPlace(path)) await writeFile(path, text);
    else writeAll(createFileDestination(path, holdFile, told), text);
  } catch (cause) {
    throw outputError(told.name, cause, told.advice);
  }
}
