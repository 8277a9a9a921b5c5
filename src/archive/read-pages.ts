/** Stored pages with their bodies, read from the archive and held against the checksums of their rows. */
import type { Place } from '../core/page-request.ts';
import type { StoredPage } from './archive-types.ts';
import { wholeBody } from './body-parts.ts';
import { readRows } from './page-rows.ts';
import { endPosition, PLACE, RECHECK_PLACE } from './schema.ts';
import type { Connection } from './sqlite.ts';

const STORED = `WHERE page.state = 'stored' AND page.place < ${RECHECK_PLACE}`;

/** The pages of a statement, up to the one whose body reaches `maxBytes`. */
function readBodies(
  connection: Connection,
  maxBytes: number,
  rest: string,
  ...values: number[]
): StoredPage[] {
  const pages: StoredPage[] = [];
  let bytes = 0;
  for (const { page, isSound, content, more } of readRows<[body: Uint8Array | null]>(
    connection,
    'content.body',
    rest,
    ...values,
  )) {
    const [first] = more;
    const { place, key, url, headers, encoding, records, status, hash } = page;
    if (status === null || hash === null || first === null) {
      throw connection.damaged(`page ${place.position} has lost its body`);
    }
    const body = wholeBody(connection, content, first);
    const isAsStored = isSound;
    pages.push({ place, key, url, headers, encoding, records, status, hash, body, isAsStored });
    bytes += body.byteLength;
    if (bytes >= maxBytes) break;
  }
  return pages;
}

/** See `ArchiveReader.readPages`. */
export function readPages(
  connection: Connection,
  after: Place | null,
  maxPages: number,
  maxBytes: number,
): StoredPage[] {
  const rest = `${STORED} AND page.place >= ${PLACE} ORDER BY page.place LIMIT ?`;
  const { branch, position } = after ?? { branch: 0, position: -1 };
  return readBodies(connection, maxBytes, rest, branch, position + 1, maxPages);
}

/** See `ArchiveReader.readStored`. */
export function readStored(
  connection: Connection,
  branch: number,
  from: number,
  to: number,
  maxBytes: number,
): StoredPage[] {
  const range = `page.place >= ${PLACE} AND page.place < ${PLACE}`;
  const rest = `${STORED} AND ${range} ORDER BY page.place`;
  return readBodies(connection, maxBytes, rest, branch, from, branch, endPosition(to));
}

/** A page whose body is there, also beyond the end, or null. */
export function pageAt(connection: Connection, { branch, position }: Place): StoredPage | null {
  const rest = `WHERE page.place = ${PLACE} AND content.body IS NOT NULL`;
  return readBodies(connection, 0, rest, branch, position)[0] ?? null;
}

/** The first page in which records were found, or null. */
export function firstWithRecords(connection: Connection): StoredPage | null {
  const rest = `${STORED} AND content.records > 0 ORDER BY page.place LIMIT 1`;
  return readBodies(connection, 0, rest)[0] ?? null;
}
