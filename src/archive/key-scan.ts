/** What the keys of records say: which came twice, which moved, which an earlier reading gave. */
import type { Restart } from '../core/page-info.ts';
import type { Place } from '../core/page-request.ts';
import { factsOf, isByOrdinal, type Pagination } from '../core/pagination.ts';
import { compareKeys } from './key-parts.ts';
import {
  KEY_PARTS,
  MAX_POSITION,
  PLACE,
  POSITION_MASK,
  placeColumns,
  RECHECK_PLACE,
} from './schema.ts';
import type { Connection } from './sqlite.ts';

/** Two pages, in page order, and how many keys they share; or one page that has keys twice. */
export interface SharedKeys {
  readonly first: Place;
  readonly second: Place;
  readonly keys: number;
  readonly areNeighbours: boolean;
  /** They stand further to the front in the second page, so rows before them went. */
  readonly areCloser: boolean;
  /** Both pages hold these records and no others, in one order, but not the same bytes. */
  readonly isSameAgain: boolean;
}

export interface KeyFacts {
  /** Null where records have no key: then those that overlap are compared alone, as they stand. */
  readonly unique: number | null;
  readonly duplicates: number;
  /** Records without a key. */
  readonly unnamed: number;
  /** The first few, neighbours before others. */
  readonly shared: readonly SharedKeys[];
  /** Pages that overlap by ordinal and had other records there, the first few. */
  readonly shifted: readonly SharedKeys[];
}

const MOST_SHARED = 5;

const NOT_STORED = `(SELECT place FROM page INDEXED BY page_not_stored WHERE state <> 'stored')`;

/** Every key of the pages inside the ends, without those of records that a page goes on with. */
export function keysOf(pagination: Pagination): string {
  const keys = `${allKeysOf(pagination)} AND parts.place NOT IN ${NOT_STORED}`;
  if (factsOf(pagination).mayComeInParts !== true) return keys;
  return `${keys} AND NOT EXISTS (
    SELECT 1 FROM page_info WHERE page_info.place = parts.place AND text ->> '$.goesOn')`;
}

/**
 * Every key with its page and, where the API pages by offset, the ordinal of its record; a place
 * stands for that elsewhere.
 */
function allKeysOf(pagination: Pagination): string {
  const place = 'parts.place';
  const number = 'parts.first + item.key';
  // As the plan does: an overlap is never as long as the first page.
  const firstPage = `(SELECT text ->> '$.records' FROM page_info WHERE place = (${place} >> 40 << 40))`;
  const overlap = Math.trunc(pagination.overlap);
  const repeated = `min(${place} & ${POSITION_MASK}, ${overlap}, max(0, coalesce(${firstPage}, 1) - 1))`;
  const from = overlap === 0 ? place : `${place} - ${repeated}`;
  const ordinal = isByOrdinal(pagination) ? `${from} + ${number}` : place;
  return `SELECT ${place}, ${number} AS number, item.value AS key, ${ordinal} AS ordinal
    FROM ${KEY_PARTS}, json_each(parts.keys) AS item WHERE ${place} < ${RECHECK_PLACE}`;
}

type PairRow = [
  firstBranch: number,
  firstPosition: number,
  secondBranch: number,
  secondPosition: number,
  moved: number,
  same: number,
  closer: number,
  areNeighbours: number,
];

const PAIR = `${placeColumns('low')}, ${placeColumns('high')}`;

const ARE_NEIGHBOURS = `high = (
  SELECT place FROM page WHERE place > low AND state <> 'beyond-end' ORDER BY place LIMIT 1)`;

const LOW_AND_HIGH = 'min(place, previous) AS low, max(place, previous) AS high';

/**
 * Counts keys by sorting them; what does not fit the cache is sorted in a temporary file. Where pages
 * overlap by ordinal, the same key at the same ordinal is one record that was read twice. Empty text
 * is the key of records that have none: each is another record.
 *
 * @param sharesBoundaries each page begins with what the one before ended with, and that is left out
 * @param isReadTwice ordinals were read more than once
 */
export function scanKeys(
  connection: Connection,
  pagination: Pagination,
  sharesBoundaries: boolean,
  isReadTwice: boolean,
): KeyFacts {
  const keys = keysOf(pagination);
  const isSame = isByOrdinal(pagination) ? 'ordinal = previous_ordinal' : '0';
  const pairs = connection.query<PairRow>(
    `SELECT ${PAIR}, sum(NOT is_same), sum(is_same), sum(is_closer), ${ARE_NEIGHBOURS} FROM (
         SELECT ${LOW_AND_HIGH}, ${isSame} AS is_same, place < previous AS is_closer FROM (
           SELECT place, ordinal, lag(place) OVER by_key AS previous,
             lag(ordinal) OVER by_key AS previous_ordinal
           FROM (${keys}) WHERE key <> '' WINDOW by_key AS (PARTITION BY key ORDER BY ordinal, place))
         WHERE previous IS NOT NULL)
       GROUP BY low, high ORDER BY low, high`,
  );
  const [count, unnamed] = connection
    .query<[number, number]>(`SELECT count(*), count(*) FILTER (WHERE key = '') FROM (${keys})`)
    .get()!;
  const repeatsOf = connection.query<[number | null]>(
    `SELECT text ->> '$.repeats' FROM page_info WHERE place = ${PLACE}`,
  );
  // A list that is read backwards shares one record.
  const repeatsAt = (branch: number, position: number): number =>
    repeatsOf.get(branch, position)?.[0] ?? 1;
  const shared = new FirstFew();
  const follows = pagination.slices === undefined ? null : createSliceOrder(connection);
  let duplicates = 0;
  let repeats = 0;
  for (const row of pairs.iterate()) {
    const [, , , , moved, same, , areNeighbours] = row;
    repeats += moved + same;
    const isBoundary = sharesBoundaries && areNeighbours === 1 && row[0] === row[2];
    const areSlices = row[0] !== row[2] && follows?.(row[0], row[2]) === true;
    const seen = areSlices ? 0 : moved;
    const told = isBoundary ? Math.max(0, moved - repeatsAt(row[2], row[3])) : seen;
    duplicates += told;
    if (told > 0) shared.add(sharedKeys(row, told));
  }
  const shifted = isReadTwice ? findShifted(connection, pagination) : [];
  const isSameAgain = compareProperties(connection);
  const told = shared.list().map((pair) => ({
    ...pair,
    isSameAgain: isSameAgain(pair.first, pair.second),
  }));
  return { unique: count - repeats, duplicates, unnamed, shared: told, shifted };
}

/**
 * Two records at one ordinal: the second page began elsewhere in the list than the first one. A page
 * past the end may show it too, where it overlaps one that is not.
 */
function findShifted(connection: Connection, pagination: Pagination): readonly SharedKeys[] {
  const pairs = connection.query<PairRow>(
    `SELECT ${PAIR}, count(*), 0, 0, ${ARE_NEIGHBOURS} FROM (
         SELECT ${LOW_AND_HIGH} FROM (
           SELECT place, key, lag(place) OVER by_ordinal AS previous,
             lag(key) OVER by_ordinal AS previous_key
           FROM (${allKeysOf(pagination)}) WINDOW by_ordinal AS (PARTITION BY ordinal ORDER BY place))
         WHERE previous IS NOT NULL AND key <> previous_key AND previous NOT IN ${NOT_STORED})
       GROUP BY low, high ORDER BY low, high LIMIT ${MOST_SHARED}`,
  );
  return pairs.all().map((row) => sharedKeys(row, row[4]));
}

/** Whether the slice in one branch is the next one after that in another. */
export function createSliceOrder(connection: Connection): (low: number, high: number) => boolean {
  const next = connection.query<[number | null]>(
    `SELECT place >> 40 FROM page WHERE place >= ((? + 1) << 40) AND place < ${RECHECK_PLACE}
         AND state <> 'beyond-end'
       ORDER BY place LIMIT 1`,
  );
  return (low, high) => next.get(low)?.[0] === high;
}

function sharedKeys(row: PairRow, keys: number): SharedKeys {
  return {
    first: { branch: row[0], position: row[1] },
    second: { branch: row[2], position: row[3] },
    keys,
    isSameAgain: false,
    areCloser: row[6] > 0,
    areNeighbours: row[7] === 1,
  };
}

class FirstFew {
  readonly #neighbours: SharedKeys[] = [];
  readonly #others: SharedKeys[] = [];

  add(pair: SharedKeys): void {
    const list = pair.areNeighbours ? this.#neighbours : this.#others;
    if (list.length < MOST_SHARED) list.push(pair);
  }

  list(): readonly SharedKeys[] {
    return [...this.#neighbours, ...this.#others].slice(0, MOST_SHARED);
  }
}

/** Whether two pages hold the same records with other bytes. */
function compareProperties(connection: Connection): (a: Place, b: Place) => boolean {
  const digests = connection.query<[number]>(
    `SELECT a.text ->> '$.digest' <> b.text ->> '$.digest' FROM page_info AS a, page_info AS b
       WHERE a.place = ${PLACE} AND b.place = ${PLACE}`,
  );
  return (a, b) => {
    const isOther = digests.get(a.branch, a.position, b.branch, b.position)?.[0] === 1;
    return isOther && compareKeys(connection, a, b) === 'same';
  };
}

/** How a reading that was given up compares with the one that the list was taken from. */
export interface GivenUpReading {
  readonly place: Place;
  readonly status: number | null;
  /** Its records that the other one has nowhere. */
  readonly gone: number;
  /** Its records that stand elsewhere in the other one, or are there no more. */
  readonly moved: number;
  /** Its records without a key, of which cannot be said whether they came again. */
  readonly unnamed: number;
}

type ReadingRow = [gone: number | null, moved: number | null, unnamed: number | null];

/** The keys of one branch as they follow each other; two parameters. */
const SEQUENCE = `SELECT row_number() OVER (ORDER BY parts.place, parts.first, item.key) AS number,
    item.value AS key
  FROM ${KEY_PARTS}, json_each(parts.keys) AS item
  WHERE parts.place >= ${PLACE} AND parts.place < ${PLACE}`;

/**
 * Holds readings that an expired cursor ended against the one that came to the end. A list that stands
 * still begins with the same records each time, so any other record at its number shows a change.
 */
export function compareReadings(
  connection: Connection,
  restarts: readonly Restart[],
): readonly GivenUpReading[] {
  if (restarts.length === 0) return [];
  const compare = connection.query<ReadingRow>(
    `WITH a AS MATERIALIZED (${SEQUENCE}), b AS MATERIALIZED (${SEQUENCE})
       SELECT sum(a.key NOT IN (SELECT key FROM b)), sum(a.key IS NOT b.key), sum(a.key = '')
       FROM a LEFT JOIN b ON b.number = a.number`,
  );
  return restarts
    .filter(({ branch, into }) => branch !== into)
    .map(({ branch, position, status, into }) => {
      const row = compare.get(branch, 0, branch, position, into, 0, into, MAX_POSITION);
      const [gone, moved, unnamed] = row!.map((count) => count ?? 0) as [number, number, number];
      return { place: { branch, position }, status, gone, moved, unnamed };
    });
}

/**
 * Which records of a page have a key that stands on a page of the same branch as `last`, up to it: by
 * their index, in order. Keys are kept in a temporary table, which spills into a file.
 */
export function repeatsOf(
  connection: Connection,
  { branch, position }: Place,
): (page: Place) => readonly number[] {
  connection.exec(`DROP TABLE IF EXISTS temp.given;
    CREATE TEMP TABLE given (key TEXT PRIMARY KEY) STRICT, WITHOUT ROWID`);
  connection.writer(
    `INSERT OR IGNORE INTO temp.given SELECT item.value
       FROM ${KEY_PARTS}, json_each(parts.keys) AS item
       WHERE parts.place >= ${PLACE} AND parts.place <= ${PLACE} AND item.value <> ''`,
  )(branch, 0, branch, position);
  const repeats = connection.query<[index: number]>(
    `SELECT parts.first + item.key AS number FROM ${KEY_PARTS}, json_each(parts.keys) AS item
       WHERE parts.place = ${PLACE} AND item.value IN temp.given ORDER BY number`,
  );
  return (page) => repeats.all(page.branch, page.position).map(([index]) => index);
}
