import { EverypageError } from '../core/errors.ts';
import type { PageInfo, PlanEnd } from '../core/page-info.ts';
import { comparePlaces, isRecheck, type Place, RECHECK_BRANCH } from '../core/page-request.ts';
import type { AttemptRecord, PageCounts, PageRow, PageState } from './archive-types.ts';
import { furtherParts } from './body-parts.ts';
import { PageInfoStore } from './page-info-store.ts';
import { checksumWith, pageChecksum } from './row-checksum.ts';
import { BODY_PART_BYTES, MAX_BRANCH, MAX_POSITION, PLACE, RECHECK_PLACE } from './schema.ts';
import type { Connection, Query, Writer } from './sqlite.ts';
import { countPages, readTally } from './verdict.ts';

/** What holds pages, what is known of them, and how they were asked for. */
const PAGE_TABLES = [
  'page',
  'content',
  'more_body',
  'attempt',
  'page_info',
  'record_keys',
  'more_keys',
  'seen',
  'pause',
  'pace_change',
];

/** Writes pages, within transactions of its caller's, and keeps count of them. */
export class PageStore {
  readonly #connection: Connection;
  readonly #addPage: Writer;
  readonly #changePage: Writer;
  readonly #addContent: Writer;
  readonly #addBodyPart: Writer;
  readonly #dropContent: Writer;
  readonly #dropBodyParts: Writer;
  readonly #addAttempt: Writer;
  readonly #setTally: Writer;
  readonly #known: Query<[state: PageState, content: number]>;
  readonly #pageInfos: PageInfoStore;
  #counts: PageCounts;
  #committedCounts: PageCounts;
  #nextContent: number;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#addPage = connection.writer(
      `INSERT INTO page (place, key, state, content, checksum, url)
         VALUES (${PLACE}, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    );
    this.#changePage = connection.writer(
      `UPDATE page SET key = ?, state = ?, content = ?, checksum = ?, url = ?
         WHERE place = ${PLACE}`,
    );
    this.#addContent = connection.writer(
      `INSERT INTO content (id, status, code, headers, encoding, hash, records, reason, attempts,
         started_at, duration_ms, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    );
    this.#addBodyPart = connection.writer(
      'INSERT INTO more_body (content, part, bytes) VALUES (?, ?, ?)',
    );
    this.#dropContent = connection.writer('DELETE FROM content WHERE id = ?');
    this.#dropBodyParts = connection.writer('DELETE FROM more_body WHERE content = ?');
    // A page that failed in one run and is tried again in the next counts its tries from 1 again:
    // the time they began keeps them apart.
    this.#addAttempt = connection.writer(
      `INSERT INTO attempt (place, started_at, number, duration_ms, status, outcome,
         told_to_wait_ms, bytes) VALUES (${PLACE}, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    );
    this.#setTally = connection.writer('UPDATE tally SET stored = ?, failed = ?, beyond_end = ?');
    this.#known = connection.query(`SELECT state, content FROM page WHERE place = ${PLACE}`);
    this.#pageInfos = new PageInfoStore(connection);
    this.#counts = readTally(connection);
    this.#committedCounts = this.#counts;
    this.#nextContent =
      (connection.query<[number | null]>('SELECT max(id) FROM content').get()?.[0] ?? 0) + 1;
  }

  get counts(): PageCounts {
    return this.#counts;
  }

  /** The info of each page as it is kept, or null. */
  put(pages: readonly PageRow[], attempts: readonly AttemptRecord[]): (PageInfo | null)[] {
    // In order, neighbours change the same 16 KiB page of the table one after the other.
    const ordered = pages.toSorted((a, b) => comparePlaces(a.place, b.place));
    const counts = { ...this.#counts };
    const pageInfos = new Map<PageRow, PageInfo>();
    for (const page of ordered) {
      const pageInfo = this.#putPage(page, counts);
      if (pageInfo !== null) pageInfos.set(page, pageInfo);
    }
    for (const attempt of attempts) this.#putAttempt(attempt);
    this.#setCounts(counts);
    return pages.map((page) => pageInfos.get(page) ?? null);
  }

  /** Drops every page that the next run is to ask for again. */
  dropUnfinished(): void {
    this.#drop(`INDEXED BY page_not_stored WHERE state <> 'stored'
      AND (state = 'failed' OR place NOT IN (SELECT place FROM page_info))`);
    // What was read for comparison is compared with what will be there then.
    this.#drop(`WHERE place >= ${RECHECK_PLACE}`);
    this.#connection.exec(`
      DELETE FROM page_info WHERE place >= ${RECHECK_PLACE};
      DELETE FROM record_keys WHERE place >= ${RECHECK_PLACE};
      DELETE FROM more_keys WHERE place >= ${RECHECK_PLACE};
    `);
    this.#setCounts(countPages(this.#connection));
  }

  /** Drops every page and all that is known of it. */
  dropAll(): void {
    for (const table of PAGE_TABLES) this.#connection.exec(`DELETE FROM ${table}`);
    this.#setCounts({ stored: 0, failed: 0, beyondEnd: 0 });
  }

  #drop(which: string): void {
    this.#connection.exec(`
      DELETE FROM more_body WHERE content IN (SELECT content FROM page ${which});
      DELETE FROM content WHERE id IN (SELECT content FROM page ${which});
      DELETE FROM page ${which};
    `);
  }

  /**
   * Pages from each end on are beyond it, whatever they were before, and so are those of branches that
   * no end names; returns how many are not.
   */
  setEnds(ends: PlanEnd['ends']): number {
    this.#connection.exec(
      `UPDATE page INDEXED BY page_not_stored
         SET state = 'stored', checksum = ${checksumWith('stored')}
         WHERE state <> 'stored' AND state = 'beyond-end' AND place IN (SELECT place FROM page_info)`,
    );
    const setEnd = this.#connection.writer(
      `UPDATE page SET state = 'beyond-end', checksum = ${checksumWith('beyond-end')}
         WHERE place >= ${PLACE} AND place <= ${PLACE} AND state <> 'beyond-end'`,
    );
    let next = 0;
    for (const { branch, position } of ends.toSorted((a, b) => a.branch - b.branch)) {
      // An earlier run may have begun a reading that this one could do without.
      if (branch > next) setEnd(next, 0, branch - 1, MAX_POSITION);
      if (position <= MAX_POSITION) setEnd(branch, position, branch, MAX_POSITION);
      next = branch + 1;
    }
    if (next < RECHECK_BRANCH) setEnd(next, 0, RECHECK_BRANCH - 1, MAX_POSITION);
    this.#setCounts(countPages(this.#connection));
    return this.#counts.stored + this.#counts.failed;
  }

  committed(): void {
    this.#committedCounts = this.#counts;
  }

  rolledBack(): void {
    this.#counts = this.#committedCounts;
  }

  #setCounts(counts: PageCounts): void {
    this.#setTally(counts.stored, counts.failed, counts.beyondEnd);
    this.#counts = counts;
  }

  #putPage(page: PageRow, counts: Count): PageInfo | null {
    const { branch, position } = checkPlace(page.place);
    const { key, state, url } = page;
    if (state === 'stored' && (page.body === null || page.hash === null || page.status === null)) {
      throw new EverypageError('INTERNAL', `Page ${position} is to be stored without its body.`);
    }
    const content = this.#nextContent++;
    const checksum = pageChecksum(page);
    if (this.#addPage(branch, position, key, state, content, checksum, url) === 0) {
      const [oldState, oldContent] = this.#known.get(branch, position)!;
      const old = oldState === 'failed' ? null : this.#pageInfos.at(page.place);
      // What is stored is final, and a late failure of the same page changes nothing; but an empty page that
      // was asked for again may have records by then.
      const hasCome = old?.records === 0 && (page.pageInfo?.records ?? 0) > 0;
      const isFinal = (oldState === 'stored' || old !== null) && !hasCome;
      if (isFinal && !isRecheck(page.place)) return old;
      this.#dropContent(oldContent);
      this.#dropBodyParts(oldContent);
      this.#pageInfos.dropMoreKeys(page.place);
      this.#changePage(key, state, content, checksum, url, branch, position);
      if (!isRecheck(page.place)) counts[countOf[oldState]] -= 1;
    }
    const { body } = page;
    const isWhole = body === null || body.length <= BODY_PART_BYTES;
    const first = isWhole ? body : body.subarray(0, BODY_PART_BYTES);
    this.#addContent(
      content,
      page.status,
      page.code,
      page.headers,
      page.encoding,
      page.hash,
      page.records,
      page.reason,
      page.attempts,
      Math.round(page.startedAt),
      page.durationMs,
      first,
    );
    if (!isWhole) {
      for (const [part, bytes] of furtherParts(body)) this.#addBodyPart(content, part, bytes);
    }
    if (!isRecheck(page.place)) counts[countOf[state]] += 1;
    return page.pageInfo === null ? null : this.#pageInfos.put(page, page.pageInfo);
  }

  #putAttempt(attempt: AttemptRecord): void {
    const { branch, position } = checkPlace(attempt.place);
    this.#addAttempt(
      branch,
      position,
      Math.round(attempt.startedAt),
      attempt.number,
      attempt.durationMs,
      attempt.status,
      attempt.outcome,
      attempt.toldToWaitMs,
      attempt.bodyBytes,
    );
  }
}

type Count = { -readonly [K in keyof PageCounts]: number };

const countOf: Readonly<Record<PageState, keyof PageCounts>> = {
  stored: 'stored',
  failed: 'failed',
  'beyond-end': 'beyondEnd',
};

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
