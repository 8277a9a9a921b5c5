/** Whether records that share a key are one record that came twice, or others whose key is not unique. */
import { hash } from 'node:crypto';
import type { Place } from '../core/page-request.ts';
import type { Pagination } from '../core/pagination.ts';
import {
  createJsonScanner,
  createKeyReader,
  decodeBody,
  type FoundRecords,
  readSelection,
} from '../decode/decode.ts';
import type { SharedKeys } from './key-scan.ts';
import { PLACE } from './schema.ts';
import type { Connection } from './sqlite.ts';

/** Each key of a page, with digests of the records that have it. */
type RecordsByKey = ReadonlyMap<string, readonly string[]>;

/**
 * Compares, by their bytes, the records that pages share by their keys.
 *
 * @returns true where each of them is another record, so that the key is not unique; false where one
 *   stands twice, or where that cannot be told
 */
export function areOtherRecords(
  connection: Connection,
  { records, key }: Pagination,
  maxDecodedBytes: number,
  shared: readonly Pick<SharedKeys, 'first' | 'second'>[],
): boolean {
  if (records === null || key === null || shared.length === 0) return false;
  const scanner = createJsonScanner(readSelection(records));
  const keysOf = createKeyReader(key);
  const bodies = connection.query<[body: Uint8Array, encoding: string | null]>(
    `SELECT content.body, content.encoding FROM page JOIN content ON content.id = page.content
       WHERE page.place = ${PLACE} AND content.body IS NOT NULL`,
  );
  const read = ({ branch, position }: Place): RecordsByKey | null => {
    const row = bodies.get(branch, position);
    const decoded = row === undefined ? null : decodeBody(row[0], row[1], maxDecodedBytes);
    if (decoded === null || !decoded.ok) return null;
    const found = scanner.scan(decoded.bytes);
    if (!found.valid || found.found === 'missing') return null;
    return byKey(decoded.bytes, found, keysOf(decoded.bytes, found));
  };
  return shared.every(({ first, second }) => {
    const own = read(first);
    const isSamePage = first.branch === second.branch && first.position === second.position;
    if (isSamePage) return own !== null && [...own.values()].every(areDistinct);
    const other = read(second);
    if (own === null || other === null) return false;
    return [...own].every(([id, digests]) => areDistinct([...digests, ...(other.get(id) ?? [])]));
  });
}

function byKey(page: Uint8Array, found: FoundRecords, keys: readonly string[]): RecordsByKey {
  const { spans, source: bytes = page } = found;
  const records = new Map<string, string[]>();
  for (const [index, key] of keys.entries()) {
    if (key === '') continue;
    const record = bytes.subarray(spans[2 * index], spans[2 * index + 1]);
    const digests = records.get(key) ?? [];
    digests.push(hash('sha256', record, 'base64url'));
    records.set(key, digests);
  }
  return records;
}

function areDistinct(digests: readonly string[]): boolean {
  return new Set(digests).size === digests.length;
}
