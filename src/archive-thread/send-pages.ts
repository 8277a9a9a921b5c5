import { type ExportCounts, FLUSH } from '../export/format.ts';
import { createRecordCounter } from '../export/page-records.ts';
import type { SentPage } from './messages.ts';
import type { DecodedPage, PageItem } from './stored-pages.ts';

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
