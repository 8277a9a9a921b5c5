import type { Archive } from '../archive/archive.ts';
import type { StoredPage } from '../archive/archive-types.ts';
import type { Place } from '../core/page-request.ts';

const READ_PAGES = 256;
const READ_BYTES = 4 * 1024 * 1024;

/** The stored pages of an archive that is not being written, in page order. */
export function* archivePages(archive: Archive): Generator<StoredPage> {
  let after: Place | null = null;
  for (;;) {
    const pages: StoredPage[] = archive.readPages(after, READ_PAGES, READ_BYTES);
    if (pages.length === 0) return;
    yield* pages;
    after = pages.at(-1)!.place;
  }
}
