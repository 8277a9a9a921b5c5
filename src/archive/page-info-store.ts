/** What is kept of the infos of pages and the keys of their records. */
import { hash } from 'node:crypto';
import type { NextStep, PageInfo } from '../core/page-info.ts';
import { isRecheck, type Place } from '../core/page-request.ts';
import type { PageRow } from './archive-types.ts';
import { readPageInfo } from './kept-json.ts';
import { pageInfoChecksum } from './row-checksum.ts';
import { PLACE, PLACE_COLUMNS } from './schema.ts';
import type { Connection, Query, Writer } from './sqlite.ts';

/** Keeps page infos and the keys of records, and knows which next steps and records came before. */
export class PageInfoStore {
  readonly #connection: Connection;
  readonly #put: Writer;
  readonly #putKeys: Writer;
  readonly #addMoreKeys: Writer;
  readonly #dropMoreKeys: Writer;
  readonly #get: Query<[text: string]>;
  readonly #addSeen: Writer;
  readonly #firstSeen: Query<[branch: number, position: number]>;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#put = connection.writer(
      `INSERT INTO page_info (place, read_at, checksum, text) VALUES (${PLACE}, ?, ?, ?)
         ON CONFLICT DO UPDATE SET
           read_at = excluded.read_at, checksum = excluded.checksum, text = excluded.text`,
    );
    this.#putKeys = connection.writer(
      `INSERT INTO record_keys (place, keys) VALUES (${PLACE}, CAST(? AS TEXT))
         ON CONFLICT DO UPDATE SET keys = excluded.keys`,
    );
    this.#addMoreKeys = connection.writer(
      `INSERT INTO more_keys (place, first, keys) VALUES (${PLACE}, ?, CAST(? AS TEXT))`,
    );
    this.#dropMoreKeys = connection.writer(`DELETE FROM more_keys WHERE place = ${PLACE}`);
    this.#get = connection.query(`SELECT text FROM page_info WHERE place = ${PLACE}`);
    this.#addSeen = connection.writer(
      `INSERT INTO seen (hash, place) VALUES (?, ${PLACE}) ON CONFLICT DO NOTHING`,
    );
    this.#firstSeen = connection.query(`SELECT ${PLACE_COLUMNS} FROM seen WHERE hash = ?`);
  }

  /** As it was kept, or null. */
  at({ branch, position }: Place): PageInfo | null {
    const row = this.#get.get(branch, position);
    return row === undefined ? null : readPageInfo(row[0], this.#connection);
  }

  /** The page info with what earlier pages say about it, which is what is kept. */
  put({ place, startedAt, keys }: PageRow, pageInfo: PageInfo): PageInfo {
    const { branch, position } = place;
    const filled = isRecheck(place) ? pageInfo : this.#filled(place, pageInfo);
    const readAt = Math.round(startedAt);
    const text = JSON.stringify(filled);
    const checksum = pageInfoChecksum(place, readAt, text, keys);
    this.#put(branch, position, readAt, checksum, text);
    for (const { first, list } of keys) {
      if (first === 0) this.#putKeys(branch, position, list);
      else this.#addMoreKeys(branch, position, first, list);
    }
    return filled;
  }

  /** Drops the keys of a page that is read again for comparison. */
  dropMoreKeys({ branch, position }: Place): void {
    this.#dropMoreKeys(branch, position);
  }

  #filled(place: Place, pageInfo: PageInfo): PageInfo {
    const { next, digest } = pageInfo;
    const nextSeenAt = next === null ? null : this.#seenBefore(place, stepText(next));
    const recordsSeenAt = digest === null ? null : this.#seenBefore(place, `records ${digest}`);
    return { ...pageInfo, nextSeenAt, recordsSeenAt };
  }

  /**
   * Another place that had the text before, or null; from now on `place` has it. Slices of a list may
   * well use the same tokens: what leads back does so within its branch.
   */
  #seenBefore(place: Place, text: string): Place | null {
    const key = hash('sha256', `${place.branch} ${text}`, 'base64url').slice(0, 22);
    if (this.#addSeen(key, place.branch, place.position) === 1) return null;
    const [branch, position] = this.#firstSeen.get(key)!;
    return branch === place.branch && position === place.position ? null : { branch, position };
  }
}

/** No two steps have the same text; parameters have no order. */
function stepText(step: NextStep): string {
  switch (step.kind) {
    case 'url': {
      const marked = step.mark === undefined ? step.url : `${step.url} ${step.mark}`;
      return step.send === undefined
        ? `url ${marked}`
        : `url ${marked} ${JSON.stringify(step.send)}`;
    }
    case 'cursor':
      return `cursor ${step.value}`;
    case 'parameters': {
      const values = Object.entries(step.values);
      return `parameters ${JSON.stringify(values.toSorted(([a], [b]) => (a < b ? -1 : 1)))}`;
    }
  }
}
