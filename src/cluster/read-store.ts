/** A finished store as one archive, so that whatever reads archives reads it. It needs no queue. */
import { Archive } from '../archive/archive.ts';
import { ArchiveReader } from '../archive/archive-reader.ts';
import { takePages } from '../archive-thread/take-pages.ts';
import { EverypageError } from '../core/errors.ts';
import type { RunRecord } from './run-record.ts';
import { type CountedPart, type OpenedPart, PartStore } from './store.ts';
import type { StoreHome } from './store-home.ts';

/**
 * Puts the parts that count into one archive, in page order.
 *
 * @param path of the archive
 * @throws EverypageError ARCHIVE_INCOMPLETE before its run has ended, ARCHIVE_DAMAGED where a part is not
 * as it was written
 */
export async function assembleStore(
  home: StoreHome,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const { store, record } = await PartStore.read(home);
  const manifest = await store.readManifest();
  let archive: Archive | null = null;
  const withFailed: CountedPart[] = [];
  const take = async (parts: readonly CountedPart[], which: 'stored' | 'failed'): Promise<void> => {
    for await (const part of store.open(parts)) {
      signal.throwIfAborted();
      await orDamaged(home, part, (from) => {
        archive ??= archiveLike(from, path, record);
        const taken = takePages(archive, { path: from, except: part.except, which });
        if (which === 'stored' && taken.hasFailed) withFailed.push(part);
      });
    }
  };
  try {
    await take(manifest.parts, 'stored');
    await take(withFailed, 'failed');
    const whole = archive as Archive | null;
    if (whole === null) {
      throw new EverypageError('ARCHIVE_INCOMPLETE', `the store ${home.where} holds no page`);
    }
    whole.endPlan(manifest.total, Buffer.from(manifest.planDigest, 'hex'), manifest.end);
    whole.seal(whole.verdict().name, Date.now());
  } finally {
    (archive as Archive | null)?.close();
  }
}

/** @throws EverypageError ARCHIVE_DAMAGED that names the part, since its path is that of a copy */
async function orDamaged(
  { where }: StoreHome,
  part: OpenedPart,
  take: (path: string) => void,
): Promise<void> {
  let what = 'is missing';
  let cause: unknown;
  try {
    const path = await part.path();
    if (path !== null) return take(path);
  } catch (error) {
    if (!(error instanceof EverypageError) || error.code !== 'ARCHIVE_DAMAGED') throw error;
    what = 'is damaged';
    cause = error;
  }
  throw new EverypageError(
    'ARCHIVE_DAMAGED',
    `the part ${part.name} of the store ${where} ${what}; the command that began its run fetches its pages again`,
    { cause },
  );
}

/** A new archive for the pages of a part. */
function archiveLike(part: string, path: string, { createdAt }: RunRecord): Archive {
  const reader = ArchiveReader.openReadOnly(part);
  const { specification, maxDecodedBytes, selection } = reader.run;
  reader.close();
  const { archive } = Archive.openOrCreate(path, specification, createdAt, maxDecodedBytes);
  archive.setSelection(selection);
  return archive;
}
