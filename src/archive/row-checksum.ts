/**
 * What a fallen bit in the rows of a page is found by. A body has its SHA-256; everything else that
 * is kept of a page, that hash and the page's place among it, has a CRC-32. So two bodies that
 * were exchanged are found too, with or without their hashes.
 */
import { crc32 } from 'node:zlib';
import type { Place } from '../core/page-request.ts';
import type { KeyPart } from '../decode/decode.ts';
import type { PageRow, PageState } from './archive-types.ts';

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

/** @param keys of the page's records */
export function pageInfoChecksum(
  { branch, position }: Place,
  readAt: number,
  text: string,
  keys: Iterable<KeyPart>,
): number {
  let crc = crc32(JSON.stringify([branch, position, readAt, text]));
  for (const { first, list } of keys) crc = crc32(list, crc32(String(first), crc));
  return crc;
}
