/**
 * What a fallen bit in the rows of a page is found by. A body has its SHA-256; everything else that
 * is kept of a page, that hash and the page's place among it, has a CRC-32. So two bodies that
 * were exchanged are found too, with or without their hashes.
 */
import { crc32 } from 'node:zlib';
import type { Place } from '../core/page-request.ts';
import type { PageRow, PageState } from './archive-types.ts';
import { placeColumns } from './schema.ts';
import type { Connection } from './sqlite.ts';

/** A page's row, and the row of its content without the body. */
export type CheckedPage = Omit<PageRow, 'body' | 'pageInfo' | 'keys'>;

/** The state stands above the CRC, so that SQL can change it for many pages at once. */
const stateNumbers: Readonly<Record<PageState, number>> = { stored: 1, failed: 2, 'beyond-end': 3 };

/** SQL for the checksum of a row whose state becomes another. */
export function checksumWith(state: PageState): string {
  return `(checksum & ${2 ** 32 - 1}) | (${stateNumbers[state]} << 32)`;
}

/** Times are rounded as they are kept. */
export function pageChecksum(page: CheckedPage): number {
  const { place, state, key, hash } = page;
  const text = JSON.stringify([
    place.branch,
    place.position,
    page.url,
    page.status,
    page.code,
    page.headers,
    page.encoding,
    page.records,
    page.reason,
    page.attempts,
    Math.round(page.startedAt),
    page.durationMs,
  ]);
  const crc = crc32(key, crc32(text));
  return stateNumbers[state] * 2 ** 32 + (hash === null ? crc : crc32(hash, crc));
}

/** Of a page's keys so much is made a text at once: they may be as long as the page. */
const PART_BYTES = 65_536;

/**
 * The CRC of these as one JSON list.
 * @param keys the JSON text of the page's record keys in UTF-8, or null
 */
export function pageInfoChecksum(
  { branch, position }: Place,
  readAt: number,
  text: string,
  keys: Uint8Array | null,
): number {
  const before = JSON.stringify([branch, position, readAt, text]).slice(0, -1);
  if (keys === null) return crc32(`${before},null]`);
  const bytes = Buffer.from(keys.buffer, keys.byteOffset, keys.byteLength);
  let crc = crc32(`${before},"`);
  for (let from = 0, to = 0; from < bytes.length; from = to) {
    to = Math.min(bytes.length, from + PART_BYTES);
    // Not within a character.
    while (to < bytes.length && (bytes[to]! & 0xc0) === 0x80) to -= 1;
    crc = crc32(JSON.stringify(bytes.toString('utf8', from, to)).slice(1, -1), crc);
  }
  return crc32('"]', crc);
}

type Row = [
  branch: number,
  position: number,
  key: Uint8Array,
  state: PageState,
  checksum: number,
  url: string,
  status: number | null,
  code: PageRow['code'],
  headers: string | null,
  encoding: string | null,
  hash: Uint8Array | null,
  records: number | null,
  reason: string | null,
  attempts: number | null,
  startedAt: number,
  durationMs: number,
  readAt: number | null,
  pageInfo: string,
  pageInfoChecksum: number,
  keys: Uint8Array | null,
];

export interface CheckedRow {
  readonly place: Place;
  readonly url: string;
  readonly isSound: boolean;
}

/** Holds the rows of every page, in whatever state, against their checksums; no body is read. */
export function* checkRows(connection: Connection): Generator<CheckedRow> {
  const rows = connection.query<Row>(
    `SELECT ${placeColumns('page.place')}, page.key, page.state, page.checksum, page.url,
         content.status, content.code, content.headers, content.encoding, content.hash,
         content.records, content.reason, content.attempts, content.started_at,
         content.duration_ms, page_info.read_at, page_info.text, page_info.checksum,
         CAST(record_keys.keys AS BLOB)
       FROM page LEFT JOIN content ON content.id = page.content
         LEFT JOIN page_info ON page_info.place = page.place
         LEFT JOIN record_keys ON record_keys.place = page.place
       ORDER BY page.place`,
  );
  for (const row of rows.iterate()) {
    const [branch, position, key, state, checksum, url, status, code, headers, ...rest] = row;
    const [encoding, hash, records, reason, attempts, startedAt, durationMs, ...info] = rest;
    const [readAt, text, infoChecksum, keys] = info;
    const place = { branch, position };
    const kept = { place, key, state, url, status, code, headers, encoding, hash, records, reason };
    const isSound =
      attempts !== null &&
      pageChecksum({ ...kept, attempts, startedAt, durationMs }) === checksum &&
      (readAt === null || pageInfoChecksum(place, readAt, text, keys) === infoChecksum);
    yield { place, url, isSound };
  }
}
