/** What the slices of a range (`--split`) hold together: which records two of them gave. */
import { type Place, placeName } from '../core/page-request.ts';
import type { Pagination } from '../core/pagination.ts';
import { createSliceOrder, keysOf } from './key-scan.ts';
import { placeColumns, RECHECK_PLACE } from './schema.ts';
import type { Connection } from './sqlite.ts';

export interface SliceFacts {
  /** Slices that have pages. */
  readonly count: number;
  /** Records that a slice and the one before it gave. */
  readonly shared: number;
  /** Records that more slices gave than may: the server does not keep to the bounds. */
  readonly overrun: number;
  /** Records of two neighbours that hold exactly the same ones, where that is more than one; else 0. */
  readonly same: number;
}

type PairRow = [low: number, high: number, keys: number];

/** Null where the list is none of slices. */
export function scanSlices(connection: Connection, pagination: Pagination): SliceFacts | null {
  if (pagination.slices === undefined) return null;
  const keys = `SELECT DISTINCT place >> 40 AS slice, key FROM (${keysOf(pagination)}) WHERE key <> ''`;
  const sizes = new Map(
    connection
      .query<[slice: number, keys: number]>(`SELECT slice, count(*) FROM (${keys}) GROUP BY slice`)
      .all(),
  );
  const [overrun] = connection
    .query<[number]>(
      `SELECT count(*) FROM (SELECT 1 FROM (${keys}) GROUP BY key HAVING count(*) > ?)`,
    )
    .get(pagination.slices.most)!;
  const pairs = connection.query<PairRow>(
    `SELECT low, slice, count(*) FROM (
         SELECT slice, lag(slice) OVER (PARTITION BY key ORDER BY slice) AS low FROM (${keys}))
       WHERE low IS NOT NULL GROUP BY low, slice`,
  );
  const follows = createSliceOrder(connection);
  let shared = 0;
  let same = 0;
  for (const [low, high, both] of pairs.iterate()) {
    if (!follows(low, high)) continue;
    shared += both;
    if (both > 1 && both === sizes.get(low) && both === sizes.get(high)) same = both;
  }
  const [count] = connection.query<[number]>(`SELECT count(*) FROM (${SLICES})`).get()!;
  return { count, shared, overrun, same };
}

const SLICES = `SELECT DISTINCT place >> 40 AS slice FROM page
  WHERE state <> 'beyond-end' AND place < ${RECHECK_PLACE}`;

/** A slice and the one before it, null for the first. */
const NEIGHBOURS = `SELECT slice, lag(slice) OVER (ORDER BY slice) AS before FROM (${SLICES})`;

/**
 * A function that says which records of a page, by their index and in order, have a key that stands in
 * the slice before. Slices share few records, so these are held in memory.
 */
export function sharedBySlices(
  connection: Connection,
  pagination: Pagination,
): (page: Place) => readonly number[] {
  const rows = connection.query<[branch: number, position: number, index: number]>(
    `WITH neighbours AS MATERIALIZED (${NEIGHBOURS}), given AS (
         SELECT place, number, place >> 40 AS slice, max(place >> 40) OVER (
           PARTITION BY key ORDER BY place >> 40 RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS earlier
         FROM (${keysOf(pagination)}) WHERE key <> '')
       SELECT ${placeColumns('place')}, number FROM given JOIN neighbours USING (slice)
       WHERE earlier = before ORDER BY place, number`,
  );
  const shared = new Map<string, number[]>();
  for (const [branch, position, index] of rows.all()) {
    const name = placeName({ branch, position });
    const known = shared.get(name);
    if (known === undefined) shared.set(name, [index]);
    else known.push(index);
  }
  return (place) => shared.get(placeName(place)) ?? [];
}
