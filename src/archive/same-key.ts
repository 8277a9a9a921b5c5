/** Whether records that share a key are one record that came twice, or others whose key is not unique. */
import type { Place } from '../core/page-request.ts';
import type { Pagination } from '../core/pagination.ts';
import {
  createJsonScanner,
  createKeyLister,
  decodeBody,
  eachKey,
  type KeyPart,
  readSelection,
  TextHashes,
} from '../decode/decode.ts';
import { wholeBody } from './body-parts.ts';
import type { SharedKeys } from './key-scan.ts';
import { PLACE } from './schema.ts';
import type { Connection } from './sqlite.ts';

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
  const keysOf = createKeyLister(key);
  const bodies = connection.query<[content: number, body: Uint8Array, encoding: string | null]>(
    `SELECT content.id, content.body, content.encoding FROM page JOIN content ON content.id = page.content
       WHERE page.place = ${PLACE} AND content.body IS NOT NULL`,
  );
  const read = ({ branch, position }: Place): NamedRecords | null => {
    const row = bodies.get(branch, position);
    if (row === undefined) return null;
    const [content, first, encoding] = row;
    const decoded = decodeBody(wholeBody(connection, content, first), encoding, maxDecodedBytes);
    if (!decoded.ok) return null;
    const found = scanner.scan(decoded.bytes);
    if (!found.valid || found.found === 'missing') return null;
    const spans = found.spans.slice(0, 2 * found.count);
    const keys = keysOf(decoded.bytes, found)?.parts ?? [];
    return { bytes: found.source ?? decoded.bytes, spans, keys };
  };
  return shared.every(({ first, second }) => {
    const isSamePage = first.branch === second.branch && first.position === second.position;
    const pages = (isSamePage ? [first] : [first, second]).map(read);
    return pages.every((page) => page !== null) && areDistinct(pages);
  });
}

interface NamedRecords {
  readonly bytes: Uint8Array;
  readonly spans: Uint32Array;
  readonly keys: readonly KeyPart[];
}

/** Records that are the same have the same key; those without one do not count. */
function areDistinct(pages: readonly NamedRecords[]): boolean {
  const most = pages.reduce((sum, { spans }) => sum + spans.length / 2, 0);
  const hashes = new TextHashes(most);
  for (const { bytes, spans, keys } of pages) {
    for (const part of keys) {
      eachKey(part, (start, end, index) => {
        if (end > start + 2) hashes.add(bytes, spans[2 * index]!, spans[2 * index + 1]!);
      });
    }
  }
  return hashes.areDistinct();
}
