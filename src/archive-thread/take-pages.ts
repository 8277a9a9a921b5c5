import { Archive } from '../archive/archive.ts';
import { ArchiveReader } from '../archive/archive-reader.ts';
import type { AttemptRecord, PageRow } from '../archive/archive-types.ts';
import { isRecheck, type Place } from '../core/page-request.ts';
import type { Ask, PlacedState, TakenPage, TakenPages } from './messages.ts';

/** Taken over in one transaction: bounds memory. */
const MOST_BYTES = 8 * 1024 * 1024;
const MOST_PAGES = 500;

/**
 * Writes the pages at `places` to a new archive at `path`, which is on the disk then.
 *
 * @throws EverypageError ARCHIVE_WRITE where the disk refuses
 */
export function copyPages(
  archive: Archive,
  places: readonly Place[],
  path: string,
): readonly PlacedState[] {
  const { specification, maxDecodedBytes, pagination } = archive.run;
  const part = Archive.createTemporary(specification, Date.now(), maxDecodedBytes, true);
  try {
    if (pagination !== null) part.setPagination(pagination);
    for (const { page, attempts } of archive.keptRows(places)) part.store([page], attempts);
    return part.movePages(path);
  } finally {
    part.closeForRemoval();
  }
}

/** Stores pages of the archive at `path` in another one of the same run; see `SessionCalls`. */
export function takePages(archive: Archive, { path, except, which }: Ask<'takePages'>): TakenPages {
  const part = ArchiveReader.openReadOnly(path);
  const { pagination } = part.run;
  if (pagination !== null && archive.run.pagination === null) archive.setPagination(pagination);
  const left = new Set(except);
  const taken: TakenPage[] = [];
  let hasFailed = false;
  let pages: PageRow[] = [];
  let attempts: AttemptRecord[] = [];
  let bytes = 0;
  const store = (): void => {
    const isNew = notStored(archive, pages);
    archive.store(pages.filter(isNew), attempts);
    taken.push(...pages.filter(isNew).map(takenPage));
    pages = [];
    attempts = [];
    bytes = 0;
  };
  try {
    for (const row of part.keptRows()) {
      const { state, place } = row.page;
      hasFailed ||= state === 'failed';
      if (left.has(place.position) || (state === 'failed') !== (which === 'failed')) continue;
      pages.push(row.page);
      attempts.push(...row.attempts);
      bytes += row.page.body?.length ?? 0;
      if (pages.length >= MOST_PAGES || bytes >= MOST_BYTES) store();
    }
    store();
    // Pauses and the pace of the machine that fetched them, for a report.
    archive.store([], [], part.paceNotes());
  } finally {
    part.close();
  }
  return { pages: taken, hasFailed };
}

/** The pages come in page order, and those of a part stand close together. */
function notStored(archive: Archive, pages: readonly PageRow[]): (page: PageRow) => boolean {
  const spans = new Map<number, [from: number, to: number]>();
  for (const { place } of pages) {
    const [from] = spans.get(place.branch) ?? [place.position];
    spans.set(place.branch, [from, place.position + 1]);
  }
  const stored = new Set<string>();
  for (const [branch, [from, to]] of spans) {
    for (const { position } of archive.storedIn(branch, from, to)) {
      stored.add(`${branch} ${position}`);
    }
  }
  // Of readings for comparison the last counts.
  return ({ place }) => isRecheck(place) || !stored.has(`${place.branch} ${place.position}`);
}

function takenPage({ body, ...page }: PageRow): TakenPage {
  const { place, url, state, status, code, reason, durationMs, attempts } = page;
  const bodyBytes = body?.length ?? 0;
  return { place, url, state, status, code, reason, bodyBytes, durationMs, attempts };
}
