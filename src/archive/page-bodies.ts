/** Stored pages with their bodies, read from the archive and held against the checksums of their rows. */
import type { Place } from '../core/page-request.ts';
import type { PageRow, PageState, StoredPage } from './archive-types.ts';
import { pageChecksum } from './row-checksum.ts';
import { BODY_PART_BYTES, endPosition, PLACE, placeColumns, RECHECK_PLACE } from './schema.ts';
import type { Connection, Query } from './sqlite.ts';

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

// A body stands in parts, one row each: SQLite holds what it writes or reads of a row three times, so a large
// body in one row would take a multiple of its bytes.

/** What goes into the rows after that of the content, by their numbers, which begin with 1. */
export function* furtherParts(body: Uint8Array): Generator<[part: number, bytes: Uint8Array]> {
  for (let part = 1; part * BODY_PART_BYTES < body.length; part += 1) {
    yield [part, body.subarray(part * BODY_PART_BYTES, (part + 1) * BODY_PART_BYTES)];
  }
}

/** A function that gives the whole body of a content, of which the first part is read already. */
export function createBodyReader(
  connection: Connection,
): (content: number, first: Uint8Array) => Uint8Array {
  let rest: Query<[bytes: Uint8Array]> | null = null;
  return (content, first) => {
    if (first.length < BODY_PART_BYTES) return first;
    const size = connection.query<[number | null]>(
      'SELECT sum(length(bytes)) FROM more_body WHERE content = ?',
    );
    const more = size.get(content)?.[0] ?? 0;
    if (more === 0) return first;
    rest ??= connection.query('SELECT bytes FROM more_body WHERE content = ? ORDER BY part');
    const body = Buffer.allocUnsafeSlow(first.length + more);
    let to = 0;
    const add = (part: Uint8Array): void => {
      body.set(part, to);
      to += part.length;
      // Otherwise garbage of the whole size stays until memory is next looked for.
      if (part.buffer instanceof ArrayBuffer) part.buffer.transfer(0);
    };
    add(first);
    for (const [part] of rest.iterate(content)) add(part);
    return body;
  };
}
