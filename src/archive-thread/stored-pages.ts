/**
 * How a stored page becomes output: it is decoded and compared with its hash, records that an
 * earlier page had are marked, and it goes to a format or, in groups, to the main thread.
 */
import { createHash } from 'node:crypto';
import type { ArchiveReader } from '../archive/archive-reader.ts';
import type { StoredPage } from '../archive/archive-types.ts';
import { EverypageError } from '../core/errors.ts';
import type { Place } from '../core/page-request.ts';
import { isByOrdinal, type Pagination } from '../core/pagination.ts';
import { decodeBody } from '../decode/content-encoding.ts';
import type { FoundRecords } from '../decode/decode.ts';
import { type ExportCounts, type ExportPage, FLUSH } from '../export/format.ts';
import type { SentPage } from './messages.ts';

export interface DecodedPage extends ExportPage {
  readonly status: number;
  /** Kept response headers as JSON, or null. */
  readonly headers: string | null;
  /** How many records it holds, which says where the next page stands. */
  readonly records: number;
}

/** Pages in page order; see `FLUSH`. */
export type PageItem = DecodedPage | typeof FLUSH;

const READ_PAGES = 256;
const READ_BYTES = 4 * 1024 * 1024;

/** The stored pages of an archive that is not being written, in page order. */
export function* archivePages(archive: ArchiveReader): Generator<StoredPage> {
  let after: Place | null = null;
  for (;;) {
    const pages: StoredPage[] = archive.readPages(after, READ_PAGES, READ_BYTES);
    if (pages.length === 0) return;
    yield* pages;
    after = pages.at(-1)!.place;
  }
}

/**
 * Decodes a stored page of the archive, up to the limit of the run that stored it.
 *
 * @throws EverypageError ARCHIVE_DAMAGED where a body no longer decodes, or not to what was stored
 */
export function decodeStored(archive: ArchiveReader, page: StoredPage): DecodedPage {
  const { place, url, status, headers } = page;
  const decoded = decodeBody(page.body, page.encoding, archive.run.maxDecodedBytes);
  if (!decoded.ok) {
    const why = decoded.isTooLarge ? 'it is larger than the run allowed' : decoded.reason;
    throw changed(page, `can no longer be decoded: ${why}`);
  }
  const hash = createHash('sha256').update(decoded.bytes).digest();
  if (!hash.equals(page.hash)) throw changed(page, 'is not the page that was stored');
  return { place, url, status, headers, body: decoded.bytes, records: page.records ?? 1 };
}

function changed({ place, url }: StoredPage, how: string): EverypageError {
  return new EverypageError(
    'ARCHIVE_DAMAGED',
    `page ${place.position + 1} (${url}) ${how}. The archive was changed after it was written; ` +
      'everypage verify names all such pages, and --fresh fetches them again.',
  );
}

const NO_RECORDS: FoundRecords = { count: 0, spans: new Uint32Array(0), compact: true };

/**
 * Makes pages, one by one in page order, ready for a format: marks the records that an earlier page
 * gave, and lets a format use the records that the check has found only where it wants the same ones.
 *
 * @param exportsFound whether the export takes what the check counted
 */
export function createShaper(
  pagination: Pagination | null,
  exportsFound: boolean,
): (page: DecodedPage) => DecodedPage {
  if (pagination === null) return (page) => page;
  const trim = isByOrdinal(pagination) ? createTrimmer(pagination.overlap) : () => 0;
  return (page) => {
    const skip = trim(page.place, page.records);
    const { found, repeats, ...bare } = page;
    // What is skipped are records of the list; another selection has other records.
    if (!exportsFound) return bare;
    const shaped = repeats === undefined ? { ...bare, skip } : { ...bare, skip, repeats };
    if (page.records === 0) return { ...shaped, found: NO_RECORDS };
    return found === undefined ? shaped : { ...shaped, found };
  };
}

/** The same for pages that come over time. */
export async function* shapedPages(
  pages: AsyncIterable<PageItem>,
  pagination: Pagination | null,
  exportsFound: boolean,
): AsyncGenerator<PageItem> {
  const shape = createShaper(pagination, exportsFound);
  for await (const page of pages) yield page === FLUSH ? page : shape(page);
}

/**
 * How many records at the front of each page an earlier page has given already, for an API that
 * pages by offset: there a place's position is the ordinal of the page's first new record. It is told
 * of pages in page order, with the records that they hold. With `overlap`, a page repeats so many
 * records before its position, as far as there are any, and at most one less than the first page holds.
 *
 *     const trim = createTrimmer(1);
 *     trim({ branch: 0, position: 0 }, 3); // 0: holds the records 0, 1, 2
 *     trim({ branch: 0, position: 3 }, 3); // 1: holds 2, 3, 4
 *     trim({ branch: 0, position: 4 }, 3); // 2: holds 3, 4, 5, since a page was asked for too early
 */
export function createTrimmer(overlap = 0): (place: Place, records: number) => number {
  let branch = -1;
  let expected = 0;
  let repeated = 0;
  return (place, records) => {
    if (place.branch !== branch) {
      branch = place.branch;
      expected = 0;
      // As the plan does: an overlap is never as long as the first page.
      repeated = place.position === 0 ? Math.max(0, Math.min(overlap, records - 1)) : 0;
    }
    const first = Math.max(0, place.position - repeated);
    const skip = Math.min(records, Math.max(0, expected - first));
    expected = Math.max(expected, first + records);
    return skip;
  };
}

/**
 * Where an expired cursor made the list be read again, the first reading's pages may have been given
 * already, in branch order. Of the pages that follow, records whose key was given are left out, and
 * pages that hold no other are left out whole (docs/pagination.md, "Cursors that expire").
 *
 * @param repeatsOf see `ArchiveReader.repeatsOf`
 */
export async function* leaveOutRepeats(
  pages: AsyncIterable<PageItem>,
  repeatsOf: ArchiveReader['repeatsOf'],
): AsyncGenerator<PageItem> {
  let last: Place | null = null;
  let find: (page: Place) => readonly number[] = () => [];
  for await (const page of pages) {
    if (page === FLUSH) {
      yield page;
      continue;
    }
    if (last !== null && page.place.branch !== last.branch) find = repeatsOf(last);
    last = page.place;
    const repeats = find(page.place);
    if (repeats.length === 0) yield page;
    else if (repeats.length < page.records) yield { ...page, repeats: new Set(repeats) };
  }
}

/** Pages are sent to the library's iterators in groups of about this size. */
const GROUP_BYTES = 1024 * 1024;

/** Sends whole pages to the main thread, group by group; each pause of the source ends a group. */
export async function sendInGroups(
  source: AsyncIterable<PageItem>,
  send: (pages: readonly SentPage[]) => Promise<void>,
): Promise<ExportCounts> {
  let group: SentPage[] = [];
  let groupBytes = 0;
  let records = 0;
  let bytes = 0;
  const flush = async (): Promise<void> => {
    if (group.length === 0) return;
    const full = group;
    group = [];
    groupBytes = 0;
    await send(full);
  };
  for await (const page of source) {
    if (page === FLUSH) {
      await flush();
      continue;
    }
    group.push(sentPage(page));
    groupBytes += page.body.length;
    bytes += page.body.length;
    records += 1;
    if (groupBytes >= GROUP_BYTES) await flush();
  }
  await flush();
  return { records, bytes };
}

export function sentPage(page: DecodedPage): SentPage {
  const { place, url, status, headers, body, found, skip, repeats } = page;
  const isEmpty = found?.count === 0;
  return { place, url, status, headers, body, isEmpty, skip: skip ?? 0, repeats: repeats ?? null };
}
