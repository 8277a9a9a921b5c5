/** A stored page, decoded and held against its hash. */
import { createHash } from 'node:crypto';
import type { ArchiveReader } from '../archive/archive-reader.ts';
import type { StoredPage } from '../archive/archive-types.ts';
import { EverypageError } from '../core/errors.ts';
import type { Place } from '../core/page-request.ts';
import { decodeBody } from '../decode/content-encoding.ts';
import type { FoundRecords } from '../decode/decode.ts';
import type { ExportPage, FLUSH } from '../export/format.ts';

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

/** What is found in a page without records. */
export const NO_RECORDS: FoundRecords = { count: 0, spans: new Uint32Array(0), compact: true };
