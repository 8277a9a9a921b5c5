import { type ExportCounts, FLUSH } from '../export/format.ts';
import type { DecodedPage } from './decode-stored.ts';
import type { SentPage } from './messages.ts';
import type { ShapedItem } from './shape-pages.ts';

/** Pages are handed to the library's iterators in groups of about this size. */
const SEND_BYTES = 1024 * 1024;

/** Hands whole pages to the main thread, group by group; each pause of the source ends a group. */
export async function sendInGroups(
  source: AsyncIterable<ShapedItem>,
  send: (pages: readonly SentPage[]) => Promise<void>,
): Promise<ExportCounts> {
  let waiting: SentPage[] = [];
  let waitingBytes = 0;
  let pages = 0;
  let bytes = 0;
  const flush = async (): Promise<void> => {
    if (waiting.length === 0) return;
    const group = waiting;
    waiting = [];
    waitingBytes = 0;
    await send(group);
  };
  for await (const page of source) {
    if (page === FLUSH) {
      await flush();
      continue;
    }
    waiting.push(sentPage(page));
    waitingBytes += page.body.length;
    bytes += page.body.length;
    pages += 1;
    if (waitingBytes >= SEND_BYTES) await flush();
  }
  await flush();
  return { records: pages, bytes };
}

export function sentPage(page: DecodedPage): SentPage {
  const { place, url, status, headers, body, skip, repeats } = page;
  return { place, url, status, headers, body, skip: skip ?? 0, repeats: repeats ?? null };
}
