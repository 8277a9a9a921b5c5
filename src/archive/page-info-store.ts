import { hash } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { NextStep, PageInfo } from '../core/page-info.ts';
import { type Place, RECHECK_BRANCH } from '../core/page-request.ts';
import type { PageRecord } from './archive-types.ts';
import { readPageInfo } from './kept-json.ts';
import { PLACE, PLACE_COLUMNS } from './schema.ts';
import { type Query, query, writer } from './sqlite.ts';

/** Longer keys are kept as their hash, whose text is longer than this, so that it equals no key. */
const LONGEST_KEY_BYTES = 40;

/**
 * Keeps what pages taught and the keys of their records, within transactions of its caller's, and
 * knows which next steps and which records have been there before.
 */
export class PageInfoStore {
  readonly #path: string;
  readonly #put: StatementSync;
  readonly #putKeys: StatementSync;
  readonly #get: Query<[text: string]>;
  readonly #seenNext: Seen;
  readonly #seenRecords: Seen;

  constructor(database: DatabaseSync, path: string) {
    this.#path = path;
    this.#put = writer(
      database,
      `INSERT INTO lesson (place, read_at, text) VALUES (${PLACE}, ?, ?)
         ON CONFLICT DO UPDATE SET read_at = excluded.read_at, text = excluded.text`,
    );
    this.#putKeys = writer(
      database,
      `INSERT INTO record_keys (place, keys) VALUES (${PLACE}, ?)
         ON CONFLICT DO UPDATE SET keys = excluded.keys`,
    );
    this.#get = query(database, `SELECT text FROM lesson WHERE place = ${PLACE}`);
    this.#seenNext = new Seen(database, 'seen_next');
    this.#seenRecords = new Seen(database, 'seen_records');
  }

  /** As it was kept, or null. */
  at({ branch, position }: Place): PageInfo | null {
    const row = this.#get.get(branch, position);
    return row === undefined ? null : readPageInfo(row[0], this.#path);
  }

  /** The page info with what earlier pages say of it, which is what is kept. */
  put({ place, startedAt, keys }: PageRecord, pageInfo: PageInfo): PageInfo {
    const { branch, position } = place;
    const filled = branch === RECHECK_BRANCH ? pageInfo : this.#filled(place, pageInfo);
    this.#put.run(branch, position, Math.round(startedAt), JSON.stringify(filled));
    if (keys !== null && keys.length > 0) {
      this.#putKeys.run(branch, position, JSON.stringify(keys.map(shortKey)));
    }
    return filled;
  }

  #filled(place: Place, pageInfo: PageInfo): PageInfo {
    // Slices of a list may well use the same tokens: what leads back does so within its branch.
    const nextSeenAt =
      pageInfo.next === null
        ? null
        : this.#seenNext.before(place, `${place.branch} ${stepText(pageInfo.next)}`);
    const recordsSeenAt =
      pageInfo.digest === null
        ? null
        : this.#seenRecords.before(place, `${place.branch} ${pageInfo.digest}`);
    return { ...pageInfo, nextSeenAt, recordsSeenAt };
  }
}

/** A set of texts, each with the first place that had it. */
class Seen {
  readonly #add: StatementSync;
  readonly #get: Query<[branch: number, position: number]>;

  constructor(database: DatabaseSync, table: 'seen_next' | 'seen_records') {
    this.#add = writer(
      database,
      `INSERT INTO ${table} (hash, place) VALUES (?, ${PLACE}) ON CONFLICT DO NOTHING`,
    );
    this.#get = query(database, `SELECT ${PLACE_COLUMNS} FROM ${table} WHERE hash = ?`);
  }

  /** Another place that had the text before, or null; from now on `place` has it. */
  before(place: Place, text: string): Place | null {
    const key = hash('sha256', text, 'base64url').slice(0, 22);
    if (this.#add.run(key, place.branch, place.position).changes === 1n) return null;
    const [branch, position] = this.#get.get(key)!;
    return branch === place.branch && position === place.position ? null : { branch, position };
  }
}

/** No two steps have the same text; parameters have no order. */
function stepText(step: NextStep): string {
  switch (step.kind) {
    case 'url':
      return `url ${step.url}`;
    case 'cursor':
      return `cursor ${step.value}`;
    case 'parameters': {
      const values = Object.entries(step.values);
      return `parameters ${JSON.stringify(values.toSorted(([a], [b]) => (a < b ? -1 : 1)))}`;
    }
  }
}

/** SQLite ends a text from JSON at a NUL. */
function shortKey(key: string): string {
  const isShort = key.length <= LONGEST_KEY_BYTES && Buffer.byteLength(key) <= LONGEST_KEY_BYTES;
  return isShort && !key.includes('\u0000') ? key : `sha256:${hash('sha256', key, 'base64url')}`;
}
