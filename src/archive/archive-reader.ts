import type { PageInfo } from '../core/page-info.ts';
import type { Place } from '../core/page-request.ts';
import type { FailedPage, Verdict } from '../core/summary.ts';
import { openForReading } from './archive-file.ts';
import type {
  AttemptRecord,
  BranchSpan,
  KnownPage,
  PaceNotes,
  PageCounts,
  PageRow,
  PageState,
  StoredPage,
} from './archive-types.ts';
import { checkFile } from './file-checks.ts';
import {
  attemptsOf,
  countAttempts,
  type PageHistory,
  readAttempts,
  readPageHistory,
} from './history.ts';
import { readCode, readPageInfo } from './kept-json.ts';
import { type KeptPace, readPace, readPaceNotes } from './kept-pace.ts';
import { type RunRow, readRun } from './kept-run.ts';
import { lastKeysAt } from './key-parts.ts';
import { repeatsOf } from './key-scan.ts';
import { type MerkleTree, pageTree } from './merkle-tree.ts';
import { type CheckedRow, checkRows, type KeptRow, keptRows } from './page-rows.ts';
import { firstWithRecords, pageAt, readPages, readStored } from './read-pages.ts';
import { RequestIndex } from './request-index.ts';
import {
  endPosition,
  MAX_POSITION,
  PLACE,
  PLACE_COLUMNS,
  POSITION_MASK,
  RECHECK_PLACE,
} from './schema.ts';
import { sharedBySlices } from './slice-scan.ts';
import type { Connection } from './sqlite.ts';
import { computeVerdict, readTally, type VerdictOptions } from './verdict.ts';

type KnownRow = [position: number, key: Uint8Array, url: string, pageInfo: string | null];

/**
 * An archive that is read: its pages in page order, what it says about its run, and the verdict. Every
 * method may throw `EverypageError` `ARCHIVE_DAMAGED`, where the file turns out to be broken. It
 * never holds more than it returns.
 */
export class ArchiveReader {
  readonly path: string;
  protected readonly connection: Connection;
  #run: RunRow;

  /** Closes the connection where the archive cannot be read. */
  protected constructor(connection: Connection) {
    this.path = connection.path;
    this.connection = connection;
    try {
      this.#run = readRun(connection);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /**
   * Opens an archive that this process will not change; several may do so at once, and its folder
   * need not be writable. Throws `USAGE` where there is none, `ARCHIVE_LOCKED`, `ARCHIVE_DAMAGED`,
   * `ARCHIVE_VERSION`.
   */
  static openReadOnly(path: string): ArchiveReader {
    return new ArchiveReader(openForReading(path));
  }

  /** What was asked for and how far it came. */
  get run(): RunRow {
    return this.#run;
  }

  protected setRun(run: RunRow): void {
    this.#run = run;
  }

  /** What was measured of the limits; see `KeptPace`. */
  pace(): KeptPace {
    return readPace(this.connection);
  }

  /** The pauses and each change of the pace. */
  paceNotes(): PaceNotes {
    return readPaceNotes(this.connection);
  }

  /** Every try in page order; see `history.ts`. */
  attempts(): Iterable<AttemptRecord> {
    return readAttempts(this.connection);
  }

  /** How many tries brought a page, and how many did not. */
  countAttempts(): ReturnType<typeof countAttempts> {
    return countAttempts(this.connection);
  }

  /** Every page in page order, without its body. */
  pageHistory(): Iterable<PageHistory> {
    return readPageHistory(this.connection);
  }

  counts(): PageCounts {
    return readTally(this.connection);
  }

  /** Pages that are there at positions from ≤ p < to; no body is read. */
  storedIn(branch: number, from: number, to: number): KnownPage[] {
    return this.connection
      .query<KnownRow>(
        `SELECT page.place & ${POSITION_MASK}, page.key, page.url, page_info.text
           FROM page LEFT JOIN page_info ON page_info.place = page.place
           WHERE (page.state = 'stored' OR page.state = 'beyond-end' AND page_info.text IS NOT NULL)
             AND page.place >= ${PLACE} AND page.place < ${PLACE} ORDER BY page.place`,
      )
      .all(branch, from, branch, endPosition(to))
      .map(([position, key, url, pageInfo]) => ({
        position,
        key,
        url,
        pageInfo: pageInfo === null ? null : readPageInfo(pageInfo, this.connection),
      }));
  }

  /** How every page has ended, in page order. For an archive of few pages. */
  states(): readonly Pick<PageRow, 'place' | 'state'>[] {
    return this.connection
      .query<[branch: number, position: number, state: PageState]>(
        `SELECT ${PLACE_COLUMNS}, state FROM page ORDER BY place`,
      )
      .all()
      .map(([branch, position, state]) => ({ place: { branch, position }, state }));
  }

  /** How many positions from `from` on have an end state without a gap, at most `max`. */
  finalRun(branch: number, from: number, max: number): number {
    const places = this.connection.query<[branch: number, position: number]>(
      `SELECT ${PLACE_COLUMNS} FROM page WHERE place >= ${PLACE} ORDER BY place LIMIT ?`,
    );
    let run = 0;
    for (const place of places.iterate(branch, from, max)) {
      if (place[0] !== branch || place[1] !== from + run) break;
      run += 1;
    }
    return run;
  }

  /** The last position that has an end state, −1 where none has. */
  highestPosition(branch: number): number {
    const highest = this.connection.query<[position: number]>(
      `SELECT place & ${POSITION_MASK} FROM page WHERE place BETWEEN ${PLACE} AND ${PLACE}
         ORDER BY place DESC LIMIT 1`,
    );
    return highest.get(branch, 0, branch, MAX_POSITION)?.[0] ?? -1;
  }

  /**
   * Stored pages in page order from the first after `after`; others are passed over. Ends with the
   * page whose body reaches `maxBytes`, so at least one page comes if there is one.
   */
  readPages(after: Place | null, maxPages: number, maxBytes: number): StoredPage[] {
    return readPages(this.connection, after, maxPages, maxBytes);
  }

  /** Stored pages at positions from ≤ p < to, bounded like `readPages`. */
  readStored(branch: number, from: number, to: number, maxBytes: number): StoredPage[] {
    return readStored(this.connection, branch, from, to, maxBytes);
  }

  /** A page whose body is there, also beyond the end, or null. */
  pageAt(place: Place): StoredPage | null {
    return pageAt(this.connection, place);
  }

  /** What a page says about the list, as it is kept, or null. */
  pageInfoAt({ branch, position }: Place): PageInfo | null {
    const row = this.connection
      .query<[text: string]>(`SELECT text FROM page_info WHERE place = ${PLACE}`)
      .get(branch, position);
    return row === undefined ? null : readPageInfo(row[0], this.connection);
  }

  /** The first page in which records were found, or null. */
  firstWithRecords(): StoredPage | null {
    return firstWithRecords(this.connection);
  }

  /** The keys of a page's last records, see `lastKeysAt`; null where it is not stored or has none. */
  lastKeysAt(place: Place): Uint8Array | null {
    return lastKeysAt(this.connection, place);
  }

  /** The first failed pages in page order. */
  failures(limit: number): FailedPage[] {
    const rows = this.connection.objects<
      Omit<FailedPage, 'place' | 'code'> & Place & { code: string | null }
    >(
      `SELECT page.place >> 40 AS branch, page.place & ${POSITION_MASK} AS position, page.url, content.status,
           content.code, coalesce(content.reason, 'unknown') AS reason,
           coalesce(content.attempts, 0) AS attempts
         FROM page INDEXED BY page_not_stored LEFT JOIN content ON content.id = page.content
         WHERE page.state <> 'stored' AND page.state = 'failed' AND page.place < ${RECHECK_PLACE}
         ORDER BY page.place LIMIT ?`,
      limit,
    );
    return rows.map(({ branch, position, code, ...page }) => ({
      ...page,
      place: { branch, position },
      code: code === null ? null : readCode(code, this.connection),
    }));
  }

  /** Finds pages by what was asked for; see `RequestIndex`. To be made once. */
  requestIndex(nameOf: (url: string) => string): RequestIndex {
    return new RequestIndex(this.connection, nameOf);
  }

  /** Every try of a page, the oldest first. */
  attemptsOf(place: Place): AttemptRecord[] {
    return attemptsOf(this.connection, place);
  }

  /** Every page in page order, whatever its state, with all that is kept of it; or those of branches, or at places. */
  keptRows(which: readonly Place[] | BranchSpan | null = null): Iterable<KeptRow> {
    return keptRows(this.connection, which);
  }

  /**
   * A function that says which records of a page, by their index, have a key that stands on a page of
   * the branch of `last`, up to it.
   */
  repeatsOf(last: Place): (page: Place) => readonly number[] {
    return repeatsOf(this.connection, last);
  }

  /** A function that says which records of a page, by their index, the slice before gave too. */
  sharedBySlices(): (page: Place) => readonly number[] {
    const { pagination } = this.#run;
    return pagination === null ? () => [] : sharedBySlices(this.connection, pagination);
  }

  /** Computed from the tables alone: nothing that was counted on the way is believed. */
  verdict(options: VerdictOptions = {}): Verdict {
    return computeVerdict(this.connection, this.#run, options);
  }

  /** Reads all of the file; throws `ARCHIVE_DAMAGED` where it contradicts itself. */
  check(): void {
    checkFile(this.connection);
  }

  /** Every page in page order, whatever its state, with whether its row is as it was written. */
  checkRows(): Iterable<CheckedRow> {
    return checkRows(this.connection);
  }

  /** The tree over the stored pages in page order, by the hashes that they were stored with; no body is read. */
  pageTree(): MerkleTree {
    return pageTree(this.connection);
  }

  close(): void {
    this.connection.close();
  }
}
