/** Pages as their rows hold them: read in one form, with whether they are as they were written. */
import type { Place } from '../core/page-request.ts';
import type { AttemptRecord, BranchSpan, PageRow, PageState } from './archive-types.ts';
import { wholeBody } from './body-parts.ts';
import { attemptsOf } from './history.ts';
import { readPageInfo } from './kept-json.ts';
import { keyPartsAt } from './key-parts.ts';
import { type CheckedPage, pageChecksum, pageInfoChecksum } from './row-checksum.ts';
import { MAX_POSITION, PLACE, placeColumns } from './schema.ts';
import type { Connection } from './sqlite.ts';

type Row<More extends readonly unknown[]> = [
  branch: number,
  position: number,
  key: Uint8Array,
  state: PageState,
  url: string,
  status: number | null,
  code: PageRow['code'],
  headers: string | null,
  encoding: string | null,
  hash: Uint8Array | null,
  records: number | null,
  reason: string | null,
  /** Null where the content is lost. */
  attempts: number | null,
  startedAt: number,
  durationMs: number,
  checksum: number,
  content: number,
  ...more: More,
];

interface ReadRow<More> {
  readonly page: CheckedPage;
  /** The row, the hash and the place among it, agrees with its checksum. */
  readonly isSound: boolean;
  readonly content: number;
  readonly more: More;
}

/**
 * Reads rows of pages.
 *
 * @param more further columns, after those of every page
 * @param rest of the statement, from its joins or its WHERE on
 */
export function* readRows<More extends readonly unknown[]>(
  connection: Connection,
  more: string,
  rest: string,
  ...values: number[]
): Generator<ReadRow<More>> {
  const rows = connection.query<Row<More>>(
    `SELECT ${placeColumns('page.place')}, page.key, page.state, page.url, content.status, content.code,
         content.headers, content.encoding, content.hash, content.records, content.reason,
         content.attempts, content.started_at, content.duration_ms, page.checksum, page.content, ${more}
       FROM page LEFT JOIN content ON content.id = page.content ${rest}`,
  );
  for (const row of rows.iterate(...values)) yield readRow(row);
}

/** Columns of every page. */
const COLUMNS = 17;

function readRow<More extends readonly unknown[]>(row: Row<More>): ReadRow<More> {
  const attempts = row[12];
  const page: CheckedPage = {
    place: { branch: row[0], position: row[1] },
    key: row[2],
    state: row[3],
    url: row[4],
    status: row[5],
    code: row[6],
    headers: row[7],
    encoding: row[8],
    hash: row[9],
    records: row[10],
    reason: row[11],
    attempts: attempts ?? 0,
    startedAt: row[13],
    durationMs: row[14],
  };
  const isSound = attempts !== null && pageChecksum(page) === row[15];
  return { page, isSound, content: row[16], more: row.slice(COLUMNS) as unknown as More };
}

const WITH_INFO = 'LEFT JOIN page_info ON page_info.place = page.place';

export interface CheckedRow {
  readonly place: Place;
  readonly url: string;
  readonly isSound: boolean;
}

/** Holds the rows of every page, in whatever state, against their checksums; no body is read. */
export function* checkRows(connection: Connection): Generator<CheckedRow> {
  const info = 'page_info.read_at, page_info.text, page_info.checksum';
  const rows = readRows<[readAt: number | null, pageInfo: string, checksum: number]>(
    connection,
    info,
    `${WITH_INFO} ORDER BY page.place`,
  );
  for (const { page, isSound, more } of rows) {
    const [readAt, text, checksum] = more;
    const { place, url } = page;
    const isInfoSound = (): boolean =>
      readAt === null ||
      pageInfoChecksum(place, readAt, text, keyPartsAt(connection, place)) === checksum;
    yield { place, url, isSound: isSound && isInfoSound() };
  }
}

/** A page as it was given to be stored, and the tries that led to it. */
export interface KeptRow {
  readonly page: PageRow;
  readonly attempts: readonly AttemptRecord[];
}

/**
 * Every page in page order, whatever its state, or those of some branches, or those at `places` in their order: with
 * all that is kept of it, so that another archive can take it over.
 *
 * @throws EverypageError ARCHIVE_DAMAGED where a row is not as it was written
 */
export function* keptRows(
  connection: Connection,
  which: readonly Place[] | BranchSpan | null = null,
): Generator<KeptRow> {
  if (which === null) {
    yield* read('ORDER BY page.place');
  } else if ('from' in which) {
    const within = `WHERE page.place >= ${PLACE} AND page.place <= ${PLACE} ORDER BY page.place`;
    yield* read(within, which.from, 0, which.to, MAX_POSITION);
  } else {
    for (const { branch, position } of which) {
      yield* read(`WHERE page.place = ${PLACE}`, branch, position);
    }
  }

  function* read(rest: string, ...values: number[]): Generator<KeptRow> {
    const rows = readRows<[body: Uint8Array | null, pageInfo: string | null]>(
      connection,
      'content.body, page_info.text',
      `${WITH_INFO} ${rest}`,
      ...values,
    );
    for (const { page, isSound, content, more } of rows) {
      const { place } = page;
      if (!isSound) {
        throw connection.damaged(`page ${place.position + 1} is not what was stored in its place`);
      }
      const [body, info] = more;
      const kept: PageRow = {
        ...page,
        body: body === null ? null : wholeBody(connection, content, body),
        pageInfo: info === null ? null : readPageInfo(info, connection),
        keys: info === null ? [] : [...keyPartsAt(connection, place)],
      };
      yield { page: kept, attempts: attemptsOf(connection, place) };
    }
  }
}
