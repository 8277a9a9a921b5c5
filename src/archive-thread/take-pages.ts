import { Archive } from '../archive/archive.ts';
import { ArchiveReader } from '../archive/archive-reader.ts';
import type { AttemptRecord, PageRow } from '../archive/archive-types.ts';
import type { PageInfo } from '../core/page-info.ts';
import { isRecheck, type Place, placeName } from '../core/page-request.ts';
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
export function takePages(
  archive: Archive,
  { path, except, which, branches }: Ask<'takePages'>,
): TakenPages {
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
    const counted = which === 'all' ? pages : pages.filter(notStored(archive, pages));
    const infos = archive.store(counted, attempts);
    taken.push(...counted.map((page, at) => takenPage(page, infos[at] ?? null)));
    pages = [];
    attempts = [];
    bytes = 0;
  };
  try {
    for (const row of part.keptRows(branches)) {
      const { state, place } = row.page;
      const isFailed = state === 'failed';
      hasFailed ||= isFailed;
      if (left.has(place.position)) continue;
      if (which !== 'all' && isFailed !== (which === 'failed')) continue;
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
      stored.add(placeName({ branch, position }));
    }
  }
  // A page that is read for comparison replaces an earlier reading.
  return ({ place }) => isRecheck(place) || !stored.has(placeName(place));
}

/** @param kept what the archive knows of earlier pages that the part did not hold */
function takenPage({ body, ...page }: PageRow, kept: PageInfo | null): TakenPage {
  const { place, url, key, state, status, code, reason, durationMs, attempts } = page;
  const bodyBytes = body?.length ?? 0;
  const pageInfo = kept &&
    page.pageInfo && {
      ...page.pageInfo,
      nextSeenAt: kept.nextSeenAt,
      recordsSeenAt: kept.recordsSeenAt,
    };
  return {
    place,
    url,
    key,
    state,
    status,
    code,
    reason,
    bodyBytes,
    durationMs,
    attempts,
    pageInfo,
  };
}
