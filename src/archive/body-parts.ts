/**
 * Bodies in parts, one row each: SQLite holds what it writes or reads of a row three times, so a large body in one
 * row would take a multiple of its bytes.
 */
import { BODY_PART_BYTES } from './schema.ts';
import type { Connection } from './sqlite.ts';

/** What goes into the rows after that of the content, by their numbers, which begin with 1. */
export function* furtherParts(body: Uint8Array): Generator<[part: number, bytes: Uint8Array]> {
  for (let part = 1; part * BODY_PART_BYTES < body.length; part += 1) {
    yield [part, body.subarray(part * BODY_PART_BYTES, (part + 1) * BODY_PART_BYTES)];
  }
}

/** The whole body of a content, of which the first part is read already. */
export function wholeBody(connection: Connection, content: number, first: Uint8Array): Uint8Array {
  if (first.length < BODY_PART_BYTES) return first;
  const size = connection.query<[number | null]>(
    'SELECT sum(length(bytes)) FROM more_body WHERE content = ?',
  );
  const more = size.get(content)?.[0] ?? 0;
  if (more === 0) return first;
  const rest = connection.query<[bytes: Uint8Array]>(
    'SELECT bytes FROM more_body WHERE content = ? ORDER BY part',
  );
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
}
