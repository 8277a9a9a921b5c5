/**
 * Finds the pages of an archive by what was asked for. Made when it is first wanted, in a temporary table
 * beside the archive's own: it is as large as the list of URLs, and nothing but a replay needs it.
 */
import type { AskedPage, PageState } from './archive-types.ts';
import { placeColumns, RECHECK_PLACE } from './schema.ts';
import type { Connection } from './sqlite.ts';

type Row = [
  branch: number,
  position: number,
  key: Uint8Array,
  url: string,
  state: PageState,
  status: number | null,
  hasBody: number,
];

const ASKED = `SELECT ${placeColumns('page.place')}, page.key, page.url, page.state, content.status,
    content.body IS NOT NULL
  FROM page LEFT JOIN content ON content.id = page.content`;

/** The most pages of one name that are looked at: requests that differ only in their bodies share one. */
const MOST_NAMESAKES = 100_000;

export class RequestIndex {
  readonly #connection: Connection;

  /** @param nameOf what requests for the same page have in common, from a URL */
  constructor(connection: Connection, nameOf: (url: string) => string) {
    this.#connection = connection;
    connection.exec(
      'CREATE TEMP TABLE asked (name TEXT NOT NULL, place INTEGER NOT NULL); CREATE INDEX temp.asked_name ON asked (name, place)',
    );
    const add = connection.writer('INSERT INTO temp.asked VALUES (?, (? << 40) | ?)');
    const pages = connection.query<[branch: number, position: number, url: string]>(
      `SELECT ${placeColumns('place')}, url FROM page WHERE place < ${RECHECK_PLACE} ORDER BY place`,
    );
    for (const [branch, position, url] of pages.iterate()) add(nameOf(url), branch, position);
  }

  /** The pages of one name, in page order. */
  named(name: string): AskedPage[] {
    return this.#pages(
      `${ASKED} JOIN temp.asked ON asked.place = page.place WHERE asked.name = ?
         ORDER BY page.place LIMIT ${MOST_NAMESAKES}`,
      name,
    );
  }

  /** The first pages whose name begins so. */
  beginning(name: string, limit: number): AskedPage[] {
    return this.#pages(
      `${ASKED} JOIN temp.asked ON asked.place = page.place
         WHERE asked.name >= ? AND asked.name < ? || char(0x10FFFF) ORDER BY page.place LIMIT ?`,
      name,
      name,
      limit,
    );
  }

  /** The first page that was stored. */
  first(): AskedPage | null {
    return (
      this.#pages(`${ASKED} WHERE page.state = 'stored' ORDER BY page.place LIMIT 1`)[0] ?? null
    );
  }

  #pages(sql: string, ...values: (string | number)[]): AskedPage[] {
    return this.#connection
      .query<Row>(sql)
      .all(...values)
      .map(([branch, position, key, url, state, status, hasBody]) => ({
        place: { branch, position },
        key,
        url,
        state,
        status,
        hasBody: hasBody === 1,
      }));
  }
}
