/** All that an archive holds of its pages, as it was given to be stored: one archive can take over the pages of another. */
import type { Place } from '../core/page-request.ts';
import type { AttemptRecord, BranchSpan, PageRow, PageState } from './archive-types.ts';
import { readPageInfo } from './kept-json.ts';
import { keyPartsAt } from './key-parts.ts';
import { pageChecksum } from './row-checksum.ts';
import { MAX_POSITION, PLACE, placeColumns } from './schema.ts';
import type { Connection } from './sqlite.ts';

type Row = [
  branch: number,
  position: number,
  key: Uint8Array,
  url: string,
  state: PageState,
  checksum: number,
  status: number | null,
  code: PageRow['code'],
  headers: string | null,
  encoding: string | null,
  hash: Uint8Array | null,
  records: number | null,
  reason: string | null,
  attempts: number,
  startedAt: number,
  durationMs: number,
  body: Uint8Array | null,
  content: number,
  pageInfo: string | null,
];

/** A page, and the tries that led to it. */
export interface KeptRow {
  readonly page: PageRow;
  readonly attempts: readonly AttemptRecord[];
}

const ROWS = `SELECT ${placeColumns('page.place')}, page.key, page.url, page.state, page.checksum,
    content.status, content.code, content.headers, content.encoding, content.hash,
    content.records, content.reason, content.attempts, content.started_at,
    content.duration_ms, content.body, content.id, page_info.text
  FROM page JOIN content ON content.id = page.content
    LEFT JOIN page_info ON page_info.place = page.place`;

interface RowReader {
  readonly connection: Connection;
  readonly wholeBody: (content: number, first: Uint8Array) => Uint8Array;
  readonly attemptsOf: (place: Place) => readonly AttemptRecord[];
}

/**
 * Every page in page order, whatever its state, or those of some branches, or those at `places` in their order.
 *
 * @throws EverypageError ARCHIVE_DAMAGED where a row is not as it was written
 */
export function* keptRows(
  reader: RowReader,
  which: readonly Place[] | BranchSpan | null = null,
): Generator<KeptRow> {
  const { connection } = reader;
  if (which === null) {
    const all = connection.query<Row>(`${ROWS} ORDER BY page.place`);
    for (const row of all.iterate()) yield keptRow(row, reader);
    return;
  }
  if ('from' in which) {
    const some = connection.query<Row>(
      `${ROWS} WHERE page.place >= ${PLACE} AND page.place <= ${PLACE} ORDER BY page.place`,
    );
    const { from, to } = which;
    for (const row of some.iterate(from, 0, to, MAX_POSITION)) yield keptRow(row, reader);
    return;
  }
  const one = connection.query<Row>(`${ROWS} WHERE page.place = ${PLACE}`);
  for (const { branch, position } of which) {
    const row = one.get(branch, position);
    if (row !== undefined) yield keptRow(row, reader);
  }
}

function keptRow(row: Row, { connection, wholeBody, attemptsOf }: RowReader): KeptRow {
  const [branch, position, key, url, state, checksum, status, code, headers, ...rest] = row;
  const [encoding, hash, records, reason, attempts, startedAt, durationMs, ...more] = rest;
  const [body, content, pageInfo] = more;
  const place = { branch, position };
  const kept = { place, key, url, state, status, code, headers, encoding, hash, records, reason };
  const checked = { ...kept, attempts, startedAt, durationMs };
  if (pageChecksum(checked) !== checksum) {
    throw connection.damaged(`page ${position + 1} is not what was stored in its place`);
  }
  const page: PageRow = {
    ...checked,
    body: body === null ? null : wholeBody(content, body),
    pageInfo: pageInfo === null ? null : readPageInfo(pageInfo, connection),
    keys: pageInfo === null ? [] : [...keyPartsAt(connection, place)],
  };
  return { page, attempts: attemptsOf(place) };
}
