/** A finished store as one archive, so that whatever reads archives reads it. It needs no queue. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Archive } from '../archive/archive.ts';
import { ArchiveReader } from '../archive/archive-reader.ts';
import { takePages } from '../archive-thread/take-pages.ts';
import { EverypageError } from '../core/errors.ts';
import { makeTemporaryFolder } from '../core/files.ts';
import { PartStore } from './store.ts';

export interface AssembledStore {
  /** Of an archive that `remove` removes. */
  readonly path: string;
  remove(): void;
}

/**
 * Puts the parts that count into one temporary archive, in page order.
 *
 * @throws EverypageError ARCHIVE_INCOMPLETE before its run has ended, ARCHIVE_DAMAGED where a part is not
 * as it was written
 */
export function assembleStore(folder: string): AssembledStore {
  const { store, record } = PartStore.read(folder);
  const { parts, total, planDigest, end } = store.readManifest();
  const [first] = parts;
  if (first === undefined) {
    throw new EverypageError('ARCHIVE_INCOMPLETE', `the store ${folder} holds no page`);
  }
  const temporary = makeTemporaryFolder('everypage-store');
  const remove = (): void => rmSync(temporary, { recursive: true, force: true });
  const path = join(temporary, 'store.everypage');
  try {
    const part = ArchiveReader.openReadOnly(store.pathOf(first.name));
    const { specification, maxDecodedBytes, selection } = part.run;
    part.close();
    const { archive } = Archive.openOrCreate(
      path,
      specification,
      record.createdAt,
      maxDecodedBytes,
    );
    try {
      archive.setSelection(selection);
      for (const which of ['stored', 'failed'] as const) {
        for (const { name, except } of parts) {
          takePages(archive, { path: store.pathOf(name), except, which });
        }
      }
      archive.endPlan(total, Buffer.from(planDigest, 'hex'), end);
      archive.seal(archive.verdict().name, Date.now());
    } finally {
      archive.close();
    }
    return { path, remove };
  } catch (error) {
    remove();
    throw error;
  }
}
