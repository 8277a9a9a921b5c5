import { hash } from 'node:crypto';
import type { NextStep, PageInfo } from '../core/page-info.ts';
import { type Place, RECHECK_BRANCH } from '../core/page-request.ts';
import type { PageRecord } from './archive-types.ts';
import { readPageInfo } from './kept-json.ts';
import { pageInfoChecksum } from './row-checksum.ts';
import { PLACE, PLACE_COLUMNS } from './schema.ts';
import type { Connection, Query, Writer } from './sqlite.ts';

/** Longer keys are kept as their hash, whose text is longer than this, so that it equals no key. */
const LONGEST_KEY_BYTES = 40;

/**
 * Keeps page infos and the keys of records, within transactions of its caller's, and knows which
 * next steps and which records have been there before.
 */
export class PageInfoStore {
  readonly #connection: Connection;
  readonly #put: Writer;
  readonly #putKeys: Writer;
  readonly #get: Query<[text: string]>;
  readonly #seenNext: Seen;
  readonly #seenRecords: Seen;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#put = connection.writer(
      `INSERT INTO page_info (place, read_at, checksum, text) VALUES (${PLACE}, ?, ?, ?)
         ON CONFLICT DO UPDATE SET
           read_at = excluded.read_at, checksum = excluded.checksum, text = excluded.text`,
    );
    this.#putKeys = connection.writer(
      `INSERT INTO record_keys (place, keys) VALUES (${PLACE}, ?)
         ON CONFLICT DO UPDATE SET keys = excluded.keys`,
    );
    this.#get = connection.query(`SELECT text FROM page_info WHERE place = ${PLACE}`);
    this.#seenNext = new Seen(connection, 'seen_next');
    this.#seenRecords = new Seen(connection, 'seen_records');
  }

  /** As it was kept, or null. */
  at({ branch, position }: Place): PageInfo | null {
    const row = this.#get.get(branch, position);
    return row === undefined ? null : readPageInfo(row[0], this.#connection);
  }

  /** The page info with what earlier pages say of it, which is what is kept. */
  put({ place, startedAt, keys }: PageRecord, pageInfo: PageInfo): PageInfo {
    const { branch, position } = place;
    const filled = branch === RECHECK_BRANCH ? pageInfo : this.#filled(place, pageInfo);
    const readAt = Math.round(startedAt);
    const text = JSON.stringify(filled);
    const hasKeys = keys !== null && keys.length > 0;
    const keysText = hasKeys ? JSON.stringify(keys.map(shortKey)) : null;
    const checksum = pageInfoChecksum(place, readAt, text, keysText);
    this.#put(branch, position, readAt, checksum, text);
    if (keysText !== null) this.#putKeys(branch, position, keysText);
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
  readonly #add: Writer;
  readonly #get: Query<[branch: number, position: number]>;

  constructor(connection: Connection, table: 'seen_next' | 'seen_records') {
    this.#add = connection.writer(
      `INSERT INTO ${table} (hash, place) VALUES (?, ${PLACE}) ON CONFLICT DO NOTHING`,
    );
    this.#get = connection.query(`SELECT ${PLACE_COLUMNS} FROM ${table} WHERE hash = ?`);
  }

  /** Another place that had the text before, or null; from now on `place` has it. */
  before(place: Place, text: string): Place | null {
    const key = hash('sha256', text, 'base64url').slice(0, 22);
    if (this.#add(key, place.branch, place.position) === 1) return null;
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
