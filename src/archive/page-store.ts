import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { EverypageError } from '../core/errors.ts';
import type { Place } from '../core/page-request.ts';
import type { AttemptRecord, PageCounts, PageRecord, PageState } from './archive-types.ts';
import { MAX_BRANCH, MAX_POSITION, PLACE } from './schema.ts';
import { type Query, query } from './sqlite.ts';

/** Writes pages, within transactions of its caller's, and keeps count of them. */
export class PageStore {
  readonly #database: DatabaseSync;
  readonly #addPage: StatementSync;
  readonly #changePage: StatementSync;
  readonly #addContent: StatementSync;
  readonly #dropContent: StatementSync;
  readonly #addAttempt: StatementSync;
  readonly #setTally: StatementSync;
  readonly #known: Query<[state: PageState, content: number]>;
  #counts: PageCounts;
  #committedCounts: PageCounts;
  #nextContent: number;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#addPage = database.prepare(
      `INSERT INTO page (place, key, state, content, url) VALUES (${PLACE}, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING`,
    );
    this.#changePage = database.prepare(
      `UPDATE page SET key = ?, state = ?, content = ?, url = ? WHERE place = ${PLACE}`,
    );
    this.#addContent = database.prepare(
      `INSERT INTO content (id, status, headers, encoding, hash, records, reason, attempts,
         started_at, duration_ms, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#dropContent = database.prepare('DELETE FROM content WHERE id = ?');
    // A page that failed in one run and is tried again in the next counts its tries from 1 again:
    // the time they began keeps them apart.
    this.#addAttempt = database.prepare(
      `INSERT INTO attempt (place, started_at, number, duration_ms, status, outcome,
         told_to_wait_ms) VALUES (${PLACE}, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    );
    this.#setTally = database.prepare('UPDATE tally SET stored = ?, failed = ?, beyond_end = ?');
    this.#known = query(database, `SELECT state, content FROM page WHERE place = ${PLACE}`);
    this.#counts = readTally(database);
    this.#committedCounts = this.#counts;
    this.#nextContent =
      (query<[number | null]>(database, 'SELECT max(id) FROM content').get()?.[0] ?? 0) + 1;
  }

  get counts(): PageCounts {
    return this.#counts;
  }

  put(pages: readonly PageRecord[], attempts: readonly AttemptRecord[]): void {
    // In order, neighbours change the same 16 KiB page of the table one after the other.
    const ordered = pages.toSorted((a, b) => comparePlaces(a.place, b.place));
    const counts = { ...this.#counts };
    for (const page of ordered) this.#putPage(page, counts);
    for (const attempt of attempts) this.#putAttempt(attempt);
    this.#setCounts(counts);
  }

  dropFailed(): void {
    this.#database.exec(`
      DELETE FROM content WHERE id IN (SELECT content FROM page INDEXED BY page_not_stored
        WHERE state <> 'stored' AND state = 'failed');
      DELETE FROM page INDEXED BY page_not_stored WHERE state <> 'stored' AND state = 'failed';
    `);
    this.#setCounts({ ...this.#counts, failed: 0 });
  }

  committed(): void {
    this.#committedCounts = this.#counts;
  }

  rolledBack(): void {
    this.#counts = this.#committedCounts;
  }

  #setCounts(counts: PageCounts): void {
    this.#setTally.run(counts.stored, counts.failed, counts.beyondEnd);
    this.#counts = counts;
  }

  #putPage(page: PageRecord, counts: Count): void {
    const { branch, position } = checkPlace(page.place);
    const { key, state, url } = page;
    if (state === 'stored' && (page.body === null || page.hash === null || page.status === null)) {
      throw new EverypageError('INTERNAL', `Page ${position} is to be stored without its body.`);
    }
    const content = this.#nextContent++;
    if (this.#addPage.run(branch, position, key, state, content, url).changes === 0) {
      const [oldState, oldContent] = this.#known.get(branch, position)!;
      // What is stored is final: a late failure of the same page changes nothing.
      if (oldState === 'stored') return;
      this.#dropContent.run(oldContent);
      this.#changePage.run(key, state, content, url, branch, position);
      counts[countOf[oldState]] -= 1;
    }
    this.#addContent.run(
      content,
      page.status,
      page.headers,
      page.encoding,
      page.hash,
      page.records,
      page.reason,
      page.attempts,
      Math.round(page.startedAt),
      page.durationMs,
      page.body,
    );
    counts[countOf[state]] += 1;
  }

  #putAttempt(attempt: AttemptRecord): void {
    const { branch, position } = checkPlace(attempt.place);
    this.#addAttempt.run(
      branch,
      position,
      Math.round(attempt.startedAt),
      attempt.number,
      attempt.durationMs,
      attempt.status,
      attempt.outcome,
      attempt.toldToWaitMs,
    );
  }
}

type Count = { -readonly [K in keyof PageCounts]: number };

const countOf: Readonly<Record<PageState, keyof PageCounts>> = {
  stored: 'stored',
  failed: 'failed',
  'beyond-end': 'beyondEnd',
};

export function readTally(database: DatabaseSync): PageCounts {
  const row = query<[number, number, number]>(
    database,
    'SELECT stored, failed, beyond_end FROM tally',
  ).get();
  return { stored: row?.[0] ?? 0, failed: row?.[1] ?? 0, beyondEnd: row?.[2] ?? 0 };
}

function comparePlaces(a: Place, b: Place): number {
  return a.branch - b.branch || a.position - b.position;
}

function checkPlace(place: Place): Place {
  const { branch, position } = place;
  const fits =
    Number.isInteger(branch) &&
    Number.isInteger(position) &&
    branch >= 0 &&
    branch <= MAX_BRANCH &&
    position >= 0 &&
    position <= MAX_POSITION;
  if (!fits) throw new EverypageError('INTERNAL', `There is no place ${branch}/${position}.`);
  return place;
}
