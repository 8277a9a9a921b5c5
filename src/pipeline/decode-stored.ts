import type { StoredPage } from '../archive/archive-types.ts';
import { EverypageError } from '../core/errors.ts';
import { decodeBody } from '../decode/content-encoding.ts';
import type { ExportPage } from '../export/format.ts';

export interface DecodedPage extends ExportPage {
  readonly status: number;
  /** Kept response headers as JSON, or null. */
  readonly headers: string | null;
}

/** @throws EverypageError ARCHIVE_DAMAGED where a body that was stored whole no longer decodes */
export function decodeStored(page: StoredPage, maxDecodedBytes: number): DecodedPage {
  const { place, url, status, headers } = page;
  const decoded = decodeBody(page.body, page.encoding, maxDecodedBytes);
  if (decoded.ok) return { place, url, status, headers, body: decoded.bytes };
  throw new EverypageError(
    'ARCHIVE_DAMAGED',
    `page ${place.position + 1} (${url}) can no longer be decoded: ${decoded.reason}. ` +
      'The archive was changed after it was written; fetch again with --fresh.',
  );
}
