import type { DatabaseSync } from 'node:sqlite';
import type { Restart } from '../core/page-info.ts';
import type { Place } from '../core/page-request.ts';
import { MAX_POSITION, PLACE } from './schema.ts';
import { query, writer } from './sqlite.ts';

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

/** The keys of one branch as they follow each other; two parameters. */
const SEQUENCE = `SELECT row_number() OVER (ORDER BY record_keys.place, item.key) AS number,
    item.value AS key
  FROM record_keys, json_each(record_keys.keys) AS item
  WHERE record_keys.place >= ${PLACE} AND record_keys.place < ${PLACE}`;

/**
 * Holds readings that an expired cursor ended against the one that came to the end. A list that stands
 * still begins with the same records each time, so any other record at its number shows a change.
 */
export function passOverReadings(
  database: DatabaseSync,
  restarts: readonly Restart[],
): readonly GivenUpReading[] {
  const compare = query<[gone: number | null, moved: number | null, unnamed: number | null]>(
    database,
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
  database: DatabaseSync,
  { branch, position }: Place,
): (page: Place) => readonly number[] {
  database.exec(`DROP TABLE IF EXISTS temp.given;
    CREATE TEMP TABLE given (key TEXT PRIMARY KEY) STRICT, WITHOUT ROWID`);
  writer(
    database,
    `INSERT OR IGNORE INTO temp.given SELECT item.value
       FROM record_keys, json_each(record_keys.keys) AS item
       WHERE place >= ${PLACE} AND place <= ${PLACE} AND item.value <> ''`,
  ).run(branch, 0, branch, position);
  const repeats = query<[index: number]>(
    database,
    `SELECT item.key FROM record_keys, json_each(record_keys.keys) AS item
       WHERE place = ${PLACE} AND item.value IN temp.given ORDER BY item.key`,
  );
  return (page) => repeats.all(page.branch, page.position).map(([index]) => index);
}
