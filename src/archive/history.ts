/** What a report is drawn from, read once in page order: every try, and every page without its body. */
import type { Place } from '../core/page-request.ts';
import type { AttemptRecord, PageState } from './archive-types.ts';
import { PLACE, placeColumns } from './schema.ts';
import type { Connection } from './sqlite.ts';

/** A page in its end state. */
export interface PageHistory {
  readonly place: AttemptRecord['place'];
  /** Redacted. */
  readonly url: string;
  readonly state: PageState;
  readonly status: number | null;
  /** Allow-listed response headers as a JSON object, or null. */
  readonly headers: string | null;
  /** Null where none were looked for. */
  readonly records: number | null;
  /** Bytes of the stored body, as it came off the wire. */
  readonly bodyBytes: number;
}

type AttemptRow = [
  branch: number,
  position: number,
  number: number,
  startedAt: number,
  durationMs: number,
  status: number | null,
  outcome: string,
  toldToWaitMs: number | null,
  bodyBytes: number,
];

type PageRow = [
  branch: number,
  position: number,
  url: string,
  state: PageState,
  status: number | null,
  headers: string | null,
  records: number | null,
  bodyBytes: number,
];

const ATTEMPTS = `SELECT ${placeColumns('place')}, number, started_at, duration_ms, status, outcome,
    told_to_wait_ms, bytes
  FROM attempt`;

function attemptIn(row: AttemptRow): AttemptRecord {
  const [branch, position, number, startedAt, durationMs, status, outcome, ...rest] = row;
  const [toldToWaitMs, bodyBytes] = rest;
  const place = { branch, position };
  return { place, number, startedAt, durationMs, status, outcome, toldToWaitMs, bodyBytes };
}

/** Every try, by its page's place and then by its time. */
export function* readAttempts(connection: Connection): Generator<AttemptRecord> {
  const rows = connection.query<AttemptRow>(`${ATTEMPTS} ORDER BY place, started_at, number`);
  for (const row of rows.iterate()) yield attemptIn(row);
}

/** Every try of a page, the oldest first. */
export function attemptsOf(connection: Connection, { branch, position }: Place): AttemptRecord[] {
  return connection
    .query<AttemptRow>(`${ATTEMPTS} WHERE place = ${PLACE} ORDER BY started_at, number`)
    .all(branch, position)
    .map(attemptIn);
}

/** Every page, whatever its state, by its place. */
export function* readPageHistory(connection: Connection): Generator<PageHistory> {
  const rows = connection.query<PageRow>(
    `SELECT ${placeColumns('page.place')}, page.url, page.state, content.status, content.headers,
         content.records, ifnull(length(content.body), 0) + ifnull(
           (SELECT sum(length(bytes)) FROM more_body WHERE more_body.content = page.content), 0)
       FROM page LEFT JOIN content ON content.id = page.content ORDER BY page.place`,
  );
  for (const row of rows.iterate()) {
    const [branch, position, url, state, status, headers, records, bodyBytes] = row;
    yield { place: { branch, position }, url, state, status, headers, records, bodyBytes };
  }
}

/** How many tries there are: those that brought a page, and others. */
export function countAttempts(connection: Connection): {
  readonly ok: number;
  readonly others: number;
} {
  const row = connection.query<[ok: number, all: number]>(
    "SELECT count(*) FILTER (WHERE outcome = 'ok'), count(*) FROM attempt",
  );
  const [ok, all] = row.get()!;
  return { ok, others: all - ok };
}
