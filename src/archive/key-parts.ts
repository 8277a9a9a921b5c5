/** The keys of a page's records in parts, one row each, as `KeyPart` has them. */
import type { Place } from '../core/page-request.ts';
import { KEY_PART_BYTES, type KeyPart } from '../decode/decode.ts';
import { PLACE } from './schema.ts';
import type { Connection } from './sqlite.ts';

type Row = [first: number, list: Uint8Array];

/** In their order; none where the page has no keys. Several may be read side by side. */
export function* keyPartsAt(
  connection: Connection,
  { branch, position }: Place,
): Generator<KeyPart> {
  const start = connection.query<[list: Uint8Array]>(
    `SELECT CAST(keys AS BLOB) FROM record_keys WHERE place = ${PLACE}`,
  );
  const next = connection.query<Row>(
    `SELECT first, CAST(keys AS BLOB) FROM more_keys WHERE place = ${PLACE} AND first > ?
       ORDER BY first LIMIT 1`,
  );
  const list = start.get(branch, position)?.[0];
  if (list !== undefined) yield { first: 0, list };
  for (let row = next.get(branch, position, 0); row !== undefined; ) {
    yield { first: row[0], list: row[1] };
    row = next.get(branch, position, row[0]);
  }
}

/** The keys of the page's last records as one list, at least a whole part where there are so many; null for none. */
export function lastKeysAt(connection: Connection, { branch, position }: Place): Uint8Array | null {
  const start = connection.query<[list: Uint8Array]>(
    `SELECT CAST(keys AS BLOB) FROM record_keys WHERE place = ${PLACE}`,
  );
  const list = start.get(branch, position)?.[0] ?? null;
  if (list === null || list.length < KEY_PART_BYTES) return list;
  const last = connection.query<[list: Uint8Array]>(
    `SELECT CAST(keys AS BLOB) FROM more_keys WHERE place = ${PLACE} ORDER BY first DESC LIMIT 2`,
  );
  const [end, before = list] = last.all(branch, position).map(([part]) => part);
  if (end === undefined) return list;
  return Buffer.concat([before.subarray(0, -1), Buffer.from(','), end.subarray(1)]);
}

/**
 * How the keys of one page compare with those of another: `more` where that one begins with all of them
 * and has others behind. Null where a record of one of them has no key, or all.
 */
export function compareKeys(
  connection: Connection,
  page: Place,
  other: Place,
): 'same' | 'more' | 'other' | null {
  const others = keyPartsAt(connection, other);
  let outcome: 'same' | 'more' | 'other' = 'same';
  let isEmpty = true;
  for (const own of keyPartsAt(connection, page)) {
    const { value: second } = others.next();
    if (!isNamed(own) || (second !== undefined && !isNamed(second))) return null;
    isEmpty = false;
    if (outcome === 'same') outcome = comparePart(own, second);
    else outcome = 'other';
  }
  if (isEmpty) return null;
  for (const rest of others) {
    if (!isNamed(rest)) return null;
    if (outcome === 'same') outcome = 'more';
  }
  return outcome;
}

/** Parts of the same keys end at the same key: only the last one may be the beginning of another. */
function comparePart(own: KeyPart, other: KeyPart | undefined): 'same' | 'more' | 'other' {
  if (other === undefined || own.first !== other.first) return 'other';
  const { length } = own.list;
  if (Buffer.compare(own.list, other.list) === 0) return 'same';
  const begins = Buffer.compare(own.list.subarray(0, -1), other.list.subarray(0, length - 1)) === 0;
  return begins && other.list[length - 1] === COMMA ? 'more' : 'other';
}

const COMMA = 0x2c;

/** Within the text of a key no quote stands without a backslash before it. */
function isNamed({ list }: KeyPart): boolean {
  const text = Buffer.from(list.buffer, list.byteOffset, list.byteLength);
  return text.indexOf('""') !== 1 && !text.includes(',""');
}
