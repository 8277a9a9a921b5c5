/** Stored pages with their bodies, read from the archive and held against the checksums of their rows. */
import type { Place } from '../core/page-request.ts';
import type { PageRow, PageState, StoredPage } from './archive-types.ts';
import type { createBodyReader } from './body-parts.ts';
import { pageChecksum } from './row-checksum.ts';
import { endPosition, PLACE, placeColumns, RECHECK_PLACE } from './schema.ts';
import type { Connection } from './sqlite.ts';

type ContentRow = [
  branch: number,
  position: number,
  key: Uint8Array,
  url: string,
  status: number | null,
  headers: string | null,
  encoding: string | null,
  hash: Uint8Array | null,
  records: number | null,
  body: Uint8Array | null,
  state: PageState,
  checksum: number,
  code: PageRow['code'],
  reason: string | null,
  attempts: number | null,
  startedAt: number,
  durationMs: number,
  content: number,
];

const CONTENT = `SELECT ${placeColumns('page.place')}, page.key, page.url, content.status, content.headers,
    content.encoding, content.hash, content.records, content.body, page.state, page.checksum,
    content.code, content.reason, content.attempts, content.started_at, content.duration_ms,
    page.content
  FROM page LEFT JOIN content ON content.id = page.content`;

const STORED = `${CONTENT} WHERE page.state = 'stored' AND page.place < ${RECHECK_PLACE}`;

/** Its methods are those of `ArchiveReader`, which says what they mean. */
export class PageBodies {
  readonly #connection: Connection;
  readonly #wholeBody: ReturnType<typeof createBodyReader>;

  constructor(connection: Connection, wholeBody: ReturnType<typeof createBodyReader>) {
    this.#connection = connection;
    this.#wholeBody = wholeBody;
  }

  readPages(after: Place | null, maxPages: number, maxBytes: number): StoredPage[] {
    const sql = `${STORED} AND page.place >= ${PLACE} ORDER BY page.place LIMIT ?`;
    const from = after === null ? 0 : after.position + 1;
    const rows = this.#connection
      .query<ContentRow>(sql)
      .iterate(after?.branch ?? 0, from, maxPages);
    return this.#collect(rows, maxBytes);
  }

  readStored(branch: number, from: number, to: number, maxBytes: number): StoredPage[] {
    const sql = `${STORED} AND page.place >= ${PLACE} AND page.place < ${PLACE} ORDER BY page.place`;
    const rows = this.#connection
      .query<ContentRow>(sql)
      .iterate(branch, from, branch, endPosition(to));
    return this.#collect(rows, maxBytes);
  }

  pageAt({ branch, position }: Place): StoredPage | null {
    const sql = `${CONTENT} WHERE page.place = ${PLACE} AND content.body IS NOT NULL`;
    const row = this.#connection.query<ContentRow>(sql).get(branch, position);
    return row === undefined ? null : this.#storedPage(row);
  }

  firstWithRecords(): StoredPage | null {
    const sql = `${STORED} AND content.records > 0 ORDER BY page.place LIMIT 1`;
    const row = this.#connection.query<ContentRow>(sql).get();
    return row === undefined ? null : this.#storedPage(row);
  }

  #collect(rows: Iterable<ContentRow>, maxBytes: number): StoredPage[] {
    const pages: StoredPage[] = [];
    let bytes = 0;
    for (const row of rows) {
      const page = this.#storedPage(row);
      pages.push(page);
      bytes += page.body.byteLength;
      if (bytes >= maxBytes) break;
    }
    return pages;
  }

  #storedPage(row: ContentRow): StoredPage {
    const [branch, position, key, url, status, headers, encoding, hash, records, body, ...rest] =
      row;
    const [state, checksum, code, reason, attempts, startedAt, durationMs, content] = rest;
    if (status === null || hash === null || body === null || attempts === null) {
      throw this.#connection.damaged(`page ${position} has lost its body`);
    }
    const place = { branch, position };
    const kept = { place, key, url, status, headers, encoding, hash, records };
    const all = { ...kept, state, code, reason, attempts, startedAt, durationMs };
    const isAsStored = pageChecksum(all) === checksum;
    return { ...kept, body: this.#wholeBody(content, body), isAsStored };
  }
}
