import { createHash } from 'node:crypto';
import type { StoredPage } from '../archive/archive-types.ts';
import { EverypageError } from '../core/errors.ts';
import { decodeBody } from '../decode/content-encoding.ts';
import type { ExportPage } from '../export/format.ts';

export interface DecodedPage extends ExportPage {
  readonly status: number;
  /** Kept response headers as JSON, or null. */
  readonly headers: string | null;
}

/** @throws EverypageError ARCHIVE_DAMAGED where a body no longer decodes, or not to what was stored */
export function decodeStored(page: StoredPage, maxDecodedBytes: number): DecodedPage {
  const { place, url, status, headers } = page;
  const decoded = decodeBody(page.body, page.encoding, maxDecodedBytes);
  if (!decoded.ok) throw changed(page, `can no longer be decoded: ${decoded.reason}`);
  const hash = createHash('sha256').update(decoded.bytes).digest();
  if (!hash.equals(page.hash)) throw changed(page, 'is not the page that was stored');
  return { place, url, status, headers, body: decoded.bytes };
}

function changed({ place, url }: StoredPage, how: string): EverypageError {
  return new EverypageError(
    'ARCHIVE_DAMAGED',
    `page ${place.position + 1} (${url}) ${how}. The archive was changed after it was written; ` +
      'everypage verify names all such pages, and --fresh fetches them again.',
  );
}
