import type { ArchiveReader } from '../archive/archive-reader.ts';
import { createLeftOut } from '../archive/left-out.ts';
import { EverypageError } from '../core/errors.ts';
import type { OutputShape } from '../core/output-shape.ts';
import type { Place } from '../core/page-request.ts';
import { isParallel, type Pagination } from '../core/pagination.ts';
import { isExpression, nullsIn, withoutRecords } from '../decode/decode.ts';
import { FLUSH } from '../export/format.ts';
import { createRecordCounter, createRecordFinder } from '../export/page-records.ts';
import { createJoiner, JoinedPages, mayComeInParts } from './joined-records.ts';
import {
  archivePages,
  type DecodedPage,
  decodeStored,
  NO_RECORDS,
  type PageItem,
} from './stored-pages.ts';

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

/** After so many bytes others have the thread. */
const TURN_BYTES = 4 * 1024 * 1024;

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
    if (isGivenUp()) throw new EverypageError('CLOSED_PIPE', 'the reader of the output has gone');
    const decoded = decodeStored(archive, page);
    yield* shaper.take(decoded);
    bytes += decoded.body.length;
    if (bytes < TURN_BYTES) continue;
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
