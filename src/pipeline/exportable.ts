import type { StoredPage } from '../archive/archive-types.ts';
import { EverypageError } from '../core/errors.ts';
import { decodeBody } from '../decode/content-encoding.ts';
import { type ExportPage, PAUSE } from '../export/format.ts';

export interface DecodedPage extends ExportPage {
  readonly status: number;
  readonly headers: string | null;
}

/** Stored pages as formats take them: decoded, pauses passed on. */
export async function* exportable(
  pages: AsyncIterable<StoredPage | typeof PAUSE> | Iterable<StoredPage>,
  maxDecodedBytes: number,
): AsyncGenerator<DecodedPage | typeof PAUSE> {
  for await (const page of pages) {
    if (page === PAUSE) {
      yield PAUSE;
      continue;
    }
    const decoded = decodeBody(page.body, page.encoding, maxDecodedBytes);
    if (!decoded.ok) {
      throw new EverypageError(
        'ARCHIVE_DAMAGED',
        `page ${page.place.position + 1} (${page.url}) can no longer be decoded: ${decoded.reason}. ` +
          'The archive was changed after it was written; fetch again with --fresh.',
      );
    }
    const { place, url, status, headers } = page;
    yield { place, url, status, headers, body: decoded.bytes };
  }
}
