/** Pages that were read again at the end of a run, compared with what they held before. */
import type { PageInfo } from '../core/page-info.ts';
import { type Place, RECHECK_BRANCH } from '../core/page-request.ts';
import { isParallel, type Pagination } from '../core/pagination.ts';
import { readPageInfo } from './kept-json.ts';
import { compareKeys } from './key-parts.ts';
import { placeColumns, RECHECK_PLACE } from './schema.ts';
import type { Connection } from './sqlite.ts';

/** A page that was read a second time; `place` is where it was read first. */
export interface SecondReading {
  readonly place: Place;
  /**
   * `grown`: the same records, and more behind them. `changed`: other records, by their keys.
   * `different`: other bytes, where no keys say whether a record changed or another one stands there.
   * `gone`: there is no such page any more. `unread`: it could not be read.
   */
  readonly outcome: 'same' | 'grown' | 'changed' | 'different' | 'gone' | 'unread';
  /** What it said at first. */
  readonly before: PageInfo;
  /** What it said then; null where it was not read. */
  readonly pageInfo: PageInfo | null;
  /** Milliseconds since 1970. */
  readonly readAt: number;
}

type Row = [
  branch: number,
  position: number,
  before: string | null,
  again: string | null,
  readAt: number | null,
  status: number | null,
];

/** Statuses that say that there is no such page; others may be a limit. In a chain they mean that its cursor has expired. */
const GONE: readonly (number | null)[] = [204, 404, 410, 416];

export function scanRechecks(
  connection: Connection,
  pagination: Pagination,
): readonly SecondReading[] {
  const mayBeGone = isParallel(pagination);
  const original = `page.place - ${RECHECK_PLACE}`;
  const rows = connection.query<Row>(
    `SELECT ${placeColumns(`(${original})`)}, before.text, again.text, again.read_at, content.status
       FROM page JOIN content ON content.id = page.content
         LEFT JOIN page_info AS again ON again.place = page.place
         LEFT JOIN page_info AS before ON before.place = ${original}
       WHERE page.place >= ${RECHECK_PLACE} ORDER BY page.place`,
  );
  const readings: SecondReading[] = [];
  for (const row of rows.iterate()) {
    const [branch, position, beforeText, againText, readAt, status] = row;
    if (beforeText === null) continue;
    const pageInfo = againText === null ? null : readPageInfo(againText, connection);
    const before = readPageInfo(beforeText, connection);
    const place = { branch, position };
    const again = { branch: branch + RECHECK_BRANCH, position };
    const outcome =
      pageInfo === null
        ? mayBeGone && GONE.includes(status)
          ? 'gone'
          : 'unread'
        : compare(before, pageInfo, () => compareKeys(connection, place, again));
    readings.push({ place, outcome, before, pageInfo, readAt: readAt ?? 0 });
  }
  return readings;
}

function compare(
  before: PageInfo,
  again: PageInfo,
  compareByKeys: () => ReturnType<typeof compareKeys>,
): SecondReading['outcome'] {
  if (before.digest === again.digest) return 'same';
  const byKeys = compareByKeys();
  // Records with the same keys are the same, also where something in them has changed.
  if (byKeys === 'same') return 'same';
  if (again.records < before.records) return 'changed';
  if (before.records === 0) return 'grown';
  if (byKeys === null) return 'different';
  return byKeys === 'more' ? 'grown' : 'changed';
}
