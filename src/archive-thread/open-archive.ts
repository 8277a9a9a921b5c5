import { Archive } from '../archive/archive.ts';
import { discardArchive, finishArchive } from '../archive/archive-location.ts';
import { differences, fingerprintOf } from '../archive/kept-run.ts';
import type { Clock } from '../core/clock.ts';
import { EverypageError } from '../core/errors.ts';
import { isOnePage } from '../core/pagination.ts';
import type { OpenRequest } from './messages.ts';

/**
 * Opens the archive that a run goes on in, or begins one. One without a place is always new.
 *
 * @throws EverypageError ARCHIVE_FOREIGN where the archive is of another run and holds more than little
 */
export function openOrCreate(
  { location, specification, maxDecodedBytes, isForParts }: OpenRequest,
  clock: Clock,
): { archive: Archive; created: boolean } {
  const now = clock.wallTime();
  if (location === null) {
    const archive = Archive.createTemporary(specification, now, maxDecodedBytes, isForParts);
    return { archive, created: true };
  }
  const { part } = location;
  const open = () => Archive.openOrCreate(part, specification, now, maxDecodedBytes);
  const found = open();
  const { archive } = found;
  const { fingerprint, pagination, specification: stored } = archive.run;
  if (Buffer.compare(fingerprint, fingerprintOf(specification)) === 0) {
    archive.allowDecodedBytes(maxDecodedBytes);
    return found;
  }
  const isNextToNothing =
    archive.counts().stored === 0 || (pagination !== null && isOnePage(pagination));
  archive.close();
  if (isNextToNothing) {
    // Little is lost with it, so it must not stand in the way of a corrected command.
    discardArchive(part);
    return open();
  }
  throw new EverypageError(
    'ARCHIVE_FOREIGN',
    `${part} is an unfinished run of something else: ${differences(stored, specification).join('; ')}. ` +
      'Run the command that began it to resume it, choose another output, or discard it with --fresh.',
  );
}

/**
 * Closes the archive of a run that has no end: the next one goes on in it. One that holds nothing goes, since it
 * would stand in the way of another run.
 */
export function leaveArchive(archive: Archive, { location }: OpenRequest): void {
  const isEmpty = archive.counts().stored === 0;
  if (isEmpty || location === null) archive.closeForRemoval();
  else archive.close();
  if (isEmpty && location !== null) discardArchive(location.part);
}

/**
 * Closes the archive of a run that has ended, and gives it its final name where it is done. One that holds nothing
 * goes, and so does one that is done and not kept.
 *
 * @returns where it stands; null where it is removed
 */
export function settleArchive(
  archive: Archive,
  { location, keep }: OpenRequest,
  isDone: boolean,
  isEmpty: boolean,
): string | null {
  if (location === null) {
    archive.closeForRemoval();
    return null;
  }
  const { part, complete } = location;
  if (isDone && keep) return finishArchive(location, () => archive.close()) ? complete : part;
  if (!isDone && !isEmpty) {
    archive.close();
    return part;
  }
  archive.closeForRemoval();
  discardArchive(part);
  return null;
}
