/**
 * How a stored page becomes output: it is decoded and compared with its hash, records that an
 * earlier page had are marked, and it goes to a format or, in groups, to the main thread.
 */
import { createHash } from 'node:crypto';
import type { ArchiveReader } from '../archive/archive-reader.ts';
import type { StoredPage } from '../archive/archive-types.ts';
import { createLeftOut } from '../archive/left-out.ts';
import { EverypageError } from '../core/errors.ts';
import type { OutputShape } from '../core/output-shape.ts';
import type { Place } from '../core/page-request.ts';
import { isParallel, type Pagination } from '../core/pagination.ts';
import { decodeBody } from '../decode/content-encoding.ts';
import { type FoundRecords, isExpression, nullsIn, withoutRecords } from '../decode/decode.ts';
import { type ExportCounts, type ExportPage, FLUSH } from '../export/format.ts';
import { createRecordCounter, createRecordFinder } from '../export/page-records.ts';
import { createJoiner, type Joiner, mayComeInParts } from './joined-records.ts';
import type { SentPage } from './messages.ts';

export interface DecodedPage extends ExportPage {
  readonly status: number;
  /** Kept response headers as JSON, or null. */
  readonly headers: string | null;
  /** How many records it holds, which says where the next page stands. */
  readonly records: number;
  /** Another page had the same records, so it may prove to lie past the end. Read from disk where absent. */
  readonly isRepeated?: boolean;
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
 * @throws EverypageError ARCHIVE_DAMAGED where a body no longer decodes, or not to what was stored in its place
 */
export function decodeStored(archive: ArchiveReader, page: StoredPage): DecodedPage {
  const { place, url, status, headers } = page;
  if (!page.isAsStored) throw changed(page, 'is not what was stored in its place');
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

/** Of stored pages in their order, those that are parts of one batch as one page. */
class JoinedPages {
  readonly #join: Joiner;
  readonly #pageInfoAt: ArchiveReader['pageInfoAt'];
  #held: DecodedPage | null = null;

  constructor(join: Joiner, pageInfoAt: ArchiveReader['pageInfoAt']) {
    this.#join = join;
    this.#pageInfoAt = pageInfoAt;
  }

  take(page: DecodedPage): readonly DecodedPage[] {
    const { isPart, goesOn } = this.#pageInfoAt(page.place) ?? {};
    const held = goesOn === true ? null : this.#held;
    const whole = goesOn === true ? this.#joined(page) : page;
    // What was found is overwritten by what is found in the next page, and the body may be: it stands in
    // memory that the next batch is written to.
    const { found: _, ...later } = whole;
    this.#held = isPart === true ? { ...later, body: later.body.slice() } : null;
    const given = isPart === true ? [] : [whole];
    return held === null ? given : [held, ...given];
  }

  rest(): readonly DecodedPage[] {
    const held = this.#held;
    this.#held = null;
    return held === null ? [] : [held];
  }

  /** They were joined before, when they were stored. */
  #joined({ body: further, url }: DecodedPage): DecodedPage {
    const body = this.#held === null ? null : this.#join(this.#held.body, further);
    if (body === null) {
      throw new EverypageError(
        'ARCHIVE_DAMAGED',
        `${url} does not go on with the records of the page before, as it did when it was stored. ` +
          'everypage verify names what was changed, and --fresh fetches it again.',
      );
    }
    return { ...this.#held!, body };
  }
}

/**
 * Takes stored pages in page order, and gives what a format takes of each: none, one or two at a time. The
 * next page overwrites what was found in one.
 */
export interface Shaper {
  take(page: DecodedPage): Iterable<DecodedPage>;
  /** No page follows. */
  rest(): Iterable<DecodedPage>;
}

/**
 * Makes stored pages, in page order, ready for a format: puts records together that come in parts, leaves
 * out those that an earlier page gave because of how the API pages, and lets a format use the records that
 * the check has found only where it wants the same ones. A live export, `everypage export` and
 * `everypage verify` all take pages from here, so they have the same records.
 */
export function createShaper(archive: ArchiveReader, output: OutputShape | null): Shaper {
  const { pagination } = archive.run;
  const shape = createPageShaper(archive, output);
  // A whole page is as it came.
  if (output === null || output.kind === 'pages' || !mayComeInParts(pagination)) {
    return { take: (page) => [shape(page)], rest: () => [] };
  }
  const joined = new JoinedPages(createJoiner(pagination.records), (place) =>
    archive.pageInfoAt(place),
  );
  function* shaped(pages: readonly DecodedPage[]): Generator<DecodedPage> {
    for (const page of pages) yield shape(page);
  }
  return { take: (page) => shaped(joined.take(page)), rest: () => shaped(joined.rest()) };
}

/** The same for pages that are all there. */
export function* shapeAll(
  archive: ArchiveReader,
  output: OutputShape | null,
): Generator<DecodedPage> {
  const shaper = createShaper(archive, output);
  for (const page of archivePages(archive)) yield* shaper.take(decodeStored(archive, page));
  yield* shaper.rest();
}

function createPageShaper(
  archive: ArchiveReader,
  output: OutputShape | null,
): (page: DecodedPage) => DecodedPage {
  const { pagination } = archive.run;
  if (output === null) return (page) => page;
  if (pagination === null) return createNullFilter(output.select);
  const leftOut = createLeftOut(pagination, () => archive.sharedBySlices());
  const mayRepeat = pagination.key !== null && !isParallel(pagination);
  const find = createRecordFinder(output.select);
  const cut = output.kind === 'selection' ? createCutter(pagination) : null;
  return (page) => {
    const { place, records } = page;
    const info = mayRepeat ? archive.pageInfoAt(place) : null;
    const { front, back, others } = leftOut({ ...info, place, records });
    const { found: known, repeats: again, ...bare } = page;
    const repeats = new Set([...(again ?? []), ...others]);
    for (let index = records - back; index < records; index += 1) repeats.add(index);
    if (cut !== null) {
      for (let index = 0; index < front; index += 1) repeats.add(index);
      return repeats.size === 0 ? bare : { ...bare, rest: cut(page, repeats) };
    }
    if (output.kind !== 'records') return bare;
    if (records === 0) return { ...bare, found: NO_RECORDS };
    const found = known ?? find(bare);
    for (const index of nullsIn(page.body, found)) repeats.add(index);
    const shaped = { ...bare, found, skip: front };
    return repeats.size === 0 ? shaped : { ...shaped, repeats };
  };
}

/** No record is looked for, so none can be null. */
function takesAll(select: string | null): select is null {
  return select === null || isExpression(select);
}

/** Pages of a list of URLs go out as they came, but for null in the place of a record. */
function createNullFilter(select: string | null): (page: DecodedPage) => DecodedPage {
  if (takesAll(select)) return (page) => page;
  const find = createRecordFinder(select);
  return (page) => {
    const found = page.found ?? find(page);
    const nulls = nullsIn(page.body, found);
    return nulls.length === 0 ? { ...page, found } : { ...page, found, repeats: new Set(nulls) };
  };
}

/** The same for pages that come over time; those of a list of URLs mostly go out as they came. */
export function shapedPages(
  pages: AsyncIterable<PageItem>,
  archive: ArchiveReader,
  output: OutputShape | null,
): AsyncIterable<PageItem> {
  const isAsItCame =
    output === null || (archive.run.pagination === null && takesAll(output.select));
  return isAsItCame ? pages : shapedOnes(pages, createShaper(archive, output));
}

async function* shapedOnes(
  pages: AsyncIterable<PageItem>,
  shaper: Shaper,
): AsyncGenerator<PageItem> {
  for await (const page of pages) {
    if (page === FLUSH) yield page;
    else yield* shaper.take(page);
  }
  yield* shaper.rest();
}

/**
 * The pages of a whole archive, shaped for an export. Others have the thread between its reads.
 *
 * @param isGivenUp whether nobody wants the rest
 * @throws EverypageError CLOSED_PIPE where it is given up, and what `isGivenUp` throws
 */
export async function* wholeArchive(
  archive: ArchiveReader,
  output: OutputShape,
  isGivenUp: () => boolean = () => false,
): AsyncGenerator<DecodedPage> {
  const shaper = createShaper(archive, output);
  let bytes = 0;
  for (const page of archivePages(archive)) {
    if (isGivenUp()) throw new EverypageError('CLOSED_PIPE', 'nobody takes the output');
    const decoded = decodeStored(archive, page);
    yield* shaper.take(decoded);
    bytes += decoded.body.length;
    if (bytes < READ_BYTES) continue;
    bytes = 0;
    await new Promise(setImmediate);
  }
  yield* shaper.rest();
}

/** Another selection is applied to what is left of a page without records that came before. */
function createCutter({
  records,
}: Pagination): (page: DecodedPage, repeats: ReadonlySet<number>) => Uint8Array {
  const find = createRecordFinder(records);
  return (page, repeats) => {
    const found = find(page);
    return found.source === undefined ? withoutRecords(page.body, found, repeats) : page.body;
  };
}

/** How many records the output of a whole archive holds. */
export function countWritten(archive: ArchiveReader, output: OutputShape): number {
  const count = createRecordCounter(output.select);
  let written = 0;
  for (const page of shapeAll(archive, output)) written += count(page);
  return written;
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

/**
 * Sends whole pages to the main thread, group by group; each pause of the source ends a group.
 *
 * @param select what the main thread takes of each page
 */
export async function sendInGroups(
  source: AsyncIterable<PageItem>,
  select: string | null,
  send: (pages: readonly SentPage[]) => Promise<void>,
): Promise<ExportCounts> {
  const count = createRecordCounter(select);
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
    records += count(page);
    if (groupBytes >= GROUP_BYTES) await flush();
  }
  await flush();
  return { records, bytes };
}

export function sentPage(page: DecodedPage): SentPage {
  const { place, url, status, headers, found, skip = 0, repeats = null, rest = null } = page;
  const isEmpty = found?.count === 0;
  const body = unshared(page.body);
  return {
    place,
    url,
    status,
    headers,
    body,
    isEmpty,
    skip,
    repeats,
    rest: rest && unshared(rest),
  };
}

/** Shared memory is filled again; other memory is copied when it is sent. */
function unshared(bytes: Uint8Array): Uint8Array {
  return bytes.buffer instanceof SharedArrayBuffer ? new Uint8Array(bytes) : bytes;
}
