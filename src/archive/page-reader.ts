import type { DatabaseSync } from 'node:sqlite';
import { codeOfStatus } from '../core/errors.ts';
import type { Place } from '../core/page-request.ts';
import type { FailedPage } from '../core/summary.ts';
import type { AttemptRecord, KnownPage, StoredPage } from './archive-types.ts';
import { readPageInfo } from './kept-json.ts';
import { MAX_POSITION, PLACE, PLACE_COLUMNS, placeColumns, RECHECK_PLACE } from './schema.ts';
import { damaged, type Query, query } from './sqlite.ts';

type ContentRow = [
  branch: number,
  position: number,
  key: Uint8Array,
  url: string,
  status: number | null,
  headers: string | null,
  encoding: string | null,
  hash: Uint8Array | null,
  records: number | null,
  body: Uint8Array | null,
];

const CONTENT = `SELECT ${placeColumns('page.place')}, page.key, page.url, content.status, content.headers,
    content.encoding, content.hash, content.records, content.body
  FROM page LEFT JOIN content ON content.id = page.content`;

const STORED = `${CONTENT} WHERE page.state = 'stored' AND page.place < ${RECHECK_PLACE}`;

/** Reads pages in page order. It never holds more than it returns. */
export class PageReader {
  readonly #path: string;
  readonly #known: Query<[number, number, Uint8Array, string, pageInfo: string | null]>;
  readonly #places: Query<[branch: number, position: number]>;
  readonly #highest: Query<[number, number]>;
  readonly #after: Query<ContentRow>;
  readonly #between: Query<ContentRow>;
  readonly #at: Query<ContentRow>;
  readonly #failures: Query<[number, number, string, number | null, string | null, number | null]>;
  readonly #attempts: Query<[number, number, number, number | null, string, number | null]>;

  constructor(database: DatabaseSync, path: string) {
    this.#path = path;
    this.#known = query(
      database,
      `SELECT ${placeColumns('page.place')}, page.key, page.url, lesson.text
         FROM page LEFT JOIN lesson ON lesson.place = page.place
         WHERE (page.state = 'stored' OR page.state = 'beyond-end' AND lesson.text IS NOT NULL)
           AND page.place >= ${PLACE} AND page.place < ${PLACE} ORDER BY page.place`,
    );
    this.#places = query(
      database,
      `SELECT ${PLACE_COLUMNS} FROM page WHERE place >= ${PLACE} ORDER BY place LIMIT ?`,
    );
    this.#highest = query(
      database,
      `SELECT ${PLACE_COLUMNS} FROM page WHERE place BETWEEN ${PLACE} AND ${PLACE}
         ORDER BY place DESC LIMIT 1`,
    );
    this.#after = query(
      database,
      `${STORED} AND page.place >= ${PLACE} ORDER BY page.place LIMIT ?`,
    );
    this.#between = query(
      database,
      `${STORED} AND page.place >= ${PLACE} AND page.place < ${PLACE} ORDER BY page.place`,
    );
    this.#at = query(
      database,
      `${CONTENT} WHERE page.place = ${PLACE} AND content.body IS NOT NULL`,
    );
    this.#failures = query(
      database,
      `SELECT ${placeColumns('page.place')}, page.url, content.status, content.reason, content.attempts
         FROM page INDEXED BY page_not_stored LEFT JOIN content ON content.id = page.content
         WHERE page.state <> 'stored' AND page.state = 'failed' AND page.place < ${RECHECK_PLACE}
         ORDER BY page.place LIMIT ?`,
    );
    this.#attempts = query(
      database,
      `SELECT number, started_at, duration_ms, status, outcome, told_to_wait_ms
         FROM attempt WHERE place = ${PLACE} ORDER BY started_at, number`,
    );
  }

  knownIn(branch: number, from: number, to: number): KnownPage[] {
    return this.#known
      .all(branch, from, branch, end(to))
      .map(([, position, key, url, pageInfo]) => ({
        position,
        key,
        url,
        pageInfo: pageInfo === null ? null : readPageInfo(pageInfo, this.#path),
      }));
  }

  finalRun(branch: number, from: number, max: number): number {
    let run = 0;
    for (const place of this.#places.iterate(branch, from, max)) {
      if (place[0] !== branch || place[1] !== from + run) break;
      run += 1;
    }
    return run;
  }

  /** −1 where there is none. */
  highestPosition(branch: number): number {
    return this.#highest.get(branch, 0, branch, MAX_POSITION)?.[1] ?? -1;
  }

  storedAfter(after: Place | null, maxPages: number, maxBytes: number): StoredPage[] {
    return this.#collect(this.#after.iterate(...following(after), maxPages), maxBytes);
  }

  storedBetween(branch: number, from: number, to: number, maxBytes: number): StoredPage[] {
    return this.#collect(this.#between.iterate(branch, from, branch, end(to)), maxBytes);
  }

  pageAt({ branch, position }: Place): StoredPage | null {
    const row = this.#at.get(branch, position);
    return row === undefined ? null : this.#storedPage(row);
  }

  failures(limit: number): FailedPage[] {
    return this.#failures.all(limit).map(([branch, position, url, status, reason, attempts]) => ({
      place: { branch, position },
      url,
      status,
      code: codeOfStatus(status),
      reason: reason ?? 'unknown',
      attempts: attempts ?? 0,
    }));
  }

  attemptsOf(place: Place): AttemptRecord[] {
    return this.#attempts
      .all(place.branch, place.position)
      .map(([number, startedAt, durationMs, status, outcome, toldToWaitMs]) => ({
        place,
        number,
        startedAt,
        durationMs,
        status,
        outcome,
        toldToWaitMs,
      }));
  }

  #collect(rows: Iterable<ContentRow>, maxBytes: number): StoredPage[] {
    const pages: StoredPage[] = [];
    let bytes = 0;
    for (const row of rows) {
      const page = this.#storedPage(row);
      pages.push(page);
      bytes += page.body.byteLength;
      if (bytes >= maxBytes) break;
    }
    return pages;
  }

  #storedPage(row: ContentRow): StoredPage {
    const [branch, position, key, url, status, headers, encoding, hash, records, body] = row;
    if (status === null || hash === null || body === null) {
      throw damaged(this.#path, `page ${position} has lost its body`);
    }
    return {
      place: { branch, position },
      key,
      url,
      status,
      headers,
      encoding,
      hash,
      records,
      body,
    };
  }
}

/** The first place that may come after `after`. */
function following(after: Place | null): [branch: number, position: number] {
  return after === null ? [0, 0] : [after.branch, after.position + 1];
}

/** More would run over into the next branch. */
function end(position: number): number {
  return Math.min(position, MAX_POSITION + 1);
}
