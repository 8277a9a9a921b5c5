/**
 * WHERE pages are kept. An archive is one SQLite file with every page as it came off the wire, what
 * it answers to, and how each try went. Synchronous: it lives on a thread of its own. It sends
 * nothing, decodes nothing and judges no body.
 */
import type { DatabaseSync } from 'node:sqlite';
import { EverypageError } from '../core/errors.ts';
import type { PageInfo, PlanEnd } from '../core/page-info.ts';
import type { Place } from '../core/page-request.ts';
import type { Pagination } from '../core/pagination.ts';
import { type FailedPage, isWhole, type Verdict, type VerdictName } from '../core/summary.ts';
import {
  leaveOneFile,
  openForReading,
  openForWriting,
  openOrCreateForWriting,
  type WritableFile,
} from './archive-file.ts';
import type {
  AttemptRecord,
  KnownPage,
  PageCounts,
  PageRecord,
  RunSpecification,
  StoredPage,
} from './archive-types.ts';
import { checkFile } from './check-file.ts';
import { type KeptPace, readPace, writePace } from './kept-pace.ts';
import { PageReader } from './page-reader.ts';
import { PageStore, readTally } from './page-store.ts';
import { repeatsOf } from './reading-scan.ts';
import { type RunRow, readRun, writeRun } from './run-row.ts';
import { archiveError, inTransaction, query } from './sqlite.ts';
import { computeVerdict, type VerdictOptions } from './verdict.ts';

const UNSEALED = { verdict: null, completedAt: null, exportedAt: null };
const NOT_ENDED = { planCount: null, planDigest: null, planEnd: null };

/**
 * An open archive. Every method may throw `EverypageError`: `ARCHIVE_DAMAGED` where the file turns
 * out to be broken, `ARCHIVE_WRITE` where the disk refuses. After either, what was committed before
 * is still there and the archive can be opened again.
 *
 * ```ts
 * const archive = Archive.create('items.ndjson.everypage.part', specification, fingerprint, Date.now());
 * archive.store(pages, attempts);
 * archive.endPlan(count, digest);
 * archive.seal(archive.verdict().name, Date.now());
 * archive.close();
 * ```
 */
export class Archive {
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #reader: PageReader;
  /** Null where the archive was opened for reading only. */
  readonly #store: PageStore | null;
  #run: RunRow;
  #failed = false;

  private constructor(path: string, database: DatabaseSync, writable: boolean) {
    this.path = path;
    this.#database = database;
    try {
      this.#run = readRun(database, path);
      this.#reader = new PageReader(database, path);
      this.#store = writable ? new PageStore(database, path) : null;
    } catch (error) {
      database.close();
      throw archiveError(error, path, true);
    }
  }

  /**
   * Makes an archive, for this process alone. Throws `ARCHIVE_WRITE` if there is one already.
   * @param fingerprint see `fingerprintOf`
   * @param now milliseconds since 1970
   */
  static create(
    path: string,
    specification: RunSpecification,
    fingerprint: Uint8Array,
    now: number,
  ): Archive {
    const { archive, created } = Archive.openOrCreate(path, specification, fingerprint, now);
    if (created) return archive;
    archive.close();
    throw new EverypageError(
      'ARCHIVE_WRITE',
      `There is an archive ${path} already. Go on with it, or start over with --fresh.`,
    );
  }

  /**
   * Opens an archive to go on in it, and keeps other processes out. Throws `USAGE` where there is
   * none, `ARCHIVE_LOCKED`, `ARCHIVE_DAMAGED`, `ARCHIVE_NEWER`.
   */
  static open(path: string): Archive {
    return Archive.#over(path, openForWriting(path));
  }

  /**
   * Opens the archive at `path`, or makes one where there is none or where a process was killed
   * while it made one. Whether the archive found is of the same run is for the caller to compare.
   */
  static openOrCreate(
    path: string,
    specification: RunSpecification,
    fingerprint: Uint8Array,
    now: number,
  ): { archive: Archive; created: boolean } {
    const file = openOrCreateForWriting(path, { specification, fingerprint, now });
    return { archive: Archive.#over(path, file), created: file.created };
  }

  /**
   * Opens an archive that this process will not change; several may do so at once, and its folder
   * need not be writable. Throws like `open`.
   */
  static openReadOnly(path: string): Archive {
    return new Archive(path, openForReading(path), false);
  }

  static #over(path: string, file: WritableFile): Archive {
    return new Archive(path, file.database, true);
  }

  get specification(): RunSpecification {
    return this.#run.specification;
  }

  get fingerprint(): Uint8Array {
    return this.#run.fingerprint;
  }

  /** Milliseconds since 1970, as all times here. */
  get createdAt(): number {
    return this.#run.createdAt;
  }

  /** Pages in the plan, or null while its end has not been reached. */
  get planCount(): number | null {
    return this.#run.planCount;
  }

  get planDigest(): Uint8Array | null {
    return this.#run.planDigest;
  }

  /** How the list pages; null for a list whose pages are known, and before that was found out. */
  get pagination(): Pagination | null {
    return this.#run.pagination;
  }

  /** As it was sealed, or null: not sealed, or changed since. */
  get verdictName(): VerdictName | null {
    return this.#run.verdict;
  }

  get completedAt(): number | null {
    return this.#run.completedAt;
  }

  get exportedAt(): number | null {
    return this.#run.exportedAt;
  }

  /** What was learned of the limits; see `KeptPace`. */
  pace(): KeptPace {
    return this.#do(() => readPace(this.#database));
  }

  /** Keeps what was learned of the buckets that are named; of others it stays as it was. */
  keepPace(kept: KeptPace): void {
    this.#writable();
    this.#commit(() => writePace(this.#database, kept));
  }

  /** Keeps how the list pages, so that a run that goes on pages as it began. */
  setPagination(pagination: Pagination): void {
    this.#changeRun({ ...this.#run, pagination });
  }

  /**
   * Stores a group of pages and the tries that led to them, all or nothing. A page that is stored
   * already stays as it is; one in any other state is replaced, and so is one read for comparison.
   * @returns what each page taught, with the earlier pages that had the same next step or the same
   *   records, as it is kept; null for a page without a page info
   */
  store(
    pages: readonly PageRecord[],
    attempts: readonly AttemptRecord[],
  ): readonly (PageInfo | null)[] {
    if (pages.length === 0 && attempts.length === 0) return [];
    return this.#changePages((store) => store.put(pages, attempts));
  }

  /**
   * Pages that failed, that were refused past the end, or that were read for comparison have no end
   * state any more, and a plan that learns has not ended: the next run tries them again. Tries are
   * kept. Changes nothing where the archive is sealed as holding everything.
   */
  forgetFailed(): void {
    const { verdict, pagination } = this.#run;
    if (verdict !== null && isWhole(verdict, false)) return;
    if (pagination === null && this.counts().failed === 0) return;
    this.#changePages(
      (store) => store.dropUnfinished(),
      () => (pagination === null ? {} : NOT_ENDED),
    );
  }

  counts(): PageCounts {
    return this.#store?.counts ?? this.#do(() => readTally(this.#database));
  }

  /** Pages that are there at positions from ≤ p < to; no body is read. */
  storedIn(branch: number, from: number, to: number): KnownPage[] {
    return this.#do(() => this.#reader.knownIn(branch, from, to));
  }

  /** How many positions from `from` on have an end state without a gap, at most `max`. */
  finalRun(branch: number, from: number, max: number): number {
    return this.#do(() => this.#reader.finalRun(branch, from, max));
  }

  /** The last position that has an end state, −1 where none has. */
  highestPosition(branch: number): number {
    return this.#do(() => this.#reader.highestPosition(branch));
  }

  /** The first failed pages in page order. */
  failures(limit: number): FailedPage[] {
    return this.#do(() => this.#reader.failures(limit));
  }

  /** Every try of a page, the oldest first. */
  attemptsOf(place: Place): AttemptRecord[] {
    return this.#do(() => this.#reader.attemptsOf(place));
  }

  /**
   * Stored pages in page order from the first after `after`; others are passed over. Ends with the
   * page whose body reaches `maxBytes`, so at least one page comes if there is one.
   */
  readPages(after: Place | null, maxPages: number, maxBytes: number): StoredPage[] {
    return this.#do(() => this.#reader.storedAfter(after, maxPages, maxBytes));
  }

  /** Stored pages at positions from ≤ p < to, bounded like `readPages`. */
  readStored(branch: number, from: number, to: number, maxBytes: number): StoredPage[] {
    return this.#do(() => this.#reader.storedBetween(branch, from, to, maxBytes));
  }

  /**
   * A function that says which records of a page, by their index, have a key that stands on a page of
   * the branch of `last`, up to it.
   */
  repeatsOf(last: Place): (page: Place) => readonly number[] {
    const find = this.#do(() => repeatsOf(this.#database, last));
    return (page) => this.#do(() => find(page));
  }

  /** A page whose body is there, also beyond the end, or null. */
  pageAt(place: Place): StoredPage | null {
    return this.#do(() => this.#reader.pageAt(place));
  }

  /**
   * The plan's end was reached. A list has so many pages, whose keys have this digest. A plan that
   * learned says how it ended: pages from its ends on are `beyond-end`, and its count is what is left.
   */
  endPlan(count: number, planDigest: Uint8Array, planEnd: PlanEnd | null = null): void {
    if (planEnd === null) this.#changeRun({ ...this.#run, planCount: count, planDigest });
    else {
      this.#changePages(
        (store) => store.setEnds(planEnd.ends),
        (planCount) => ({ planCount, planDigest, planEnd }),
      );
    }
  }

  /** Computed from the tables alone: nothing that was counted on the way is believed. */
  verdict(options: VerdictOptions = {}): Verdict {
    return this.#do(() => computeVerdict(this.#database, this.#run, options, this.path));
  }

  /** Reads all of the file; throws `ARCHIVE_DAMAGED` where it contradicts itself. */
  check(): void {
    this.#do(() => checkFile(this.#database, this.path));
  }

  /**
   * Records the verdict. When it returns, a power cut can no longer lose any page, unless the archive
   * has served its purpose once the output is there (`isPassing`).
   */
  seal(verdict: VerdictName, now: number, isPassing = false): void {
    this.#changeRun({ ...this.#run, verdict, completedAt: Math.round(now) });
    if (isPassing) return;
    this.#do(() => query(this.#database, 'PRAGMA wal_checkpoint(TRUNCATE)').get());
  }

  /** The output was written; safe from a power cut once the archive is closed. */
  markExported(now: number): void {
    this.#changeRun({ ...this.#run, exportedAt: Math.round(now) });
  }

  /** Lets the archive go as one file. After a failure of the disk a `-wal` file may stay beside it. */
  close(): void {
    if (!this.#database.isOpen) return;
    try {
      if (this.#store !== null) leaveOneFile(this.#database);
    } catch (error) {
      // The failure that came first has been told.
      if (!this.#failed) throw archiveError(error, this.path);
    } finally {
      this.#database.close();
    }
  }

  /** Lets go of an archive that will be removed now: nothing of it has to reach the disk any more. */
  closeForRemoval(): void {
    if (!this.#database.isOpen) return;
    this.#database.exec('PRAGMA synchronous = OFF');
    this.#database.close();
  }

  /** @param changesOf what else changes in the row of the run, by the result of `work` */
  #changePages<T>(work: (store: PageStore) => T, changesOf?: (result: T) => Partial<RunRow>): T {
    const store = this.#writable();
    // What was said of the archive does not hold for what will be in it.
    const isSealed = this.#run.verdict !== null || this.#run.exportedAt !== null;
    const unsealed = isSealed ? { ...this.#run, ...UNSEALED } : this.#run;
    let run = unsealed;
    const result = this.#commit(() => {
      const worked = work(store);
      if (changesOf !== undefined) run = { ...unsealed, ...changesOf(worked) };
      if (run !== this.#run) writeRun(this.#database, run);
      return worked;
    });
    this.#run = run;
    return result;
  }

  #changeRun(run: RunRow): void {
    this.#writable();
    this.#commit(() => writeRun(this.#database, run));
    this.#run = run;
  }

  #commit<T>(work: () => T): T {
    try {
      const result = this.#do(() => inTransaction(this.#database, 'BEGIN IMMEDIATE', work));
      this.#store?.committed();
      return result;
    } catch (error) {
      this.#store?.rolledBack();
      throw error;
    }
  }

  #writable(): PageStore {
    if (this.#store !== null) return this.#store;
    throw new EverypageError('INTERNAL', `The archive ${this.path} was opened for reading only.`);
  }

  #do<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.#failed = true;
      throw archiveError(error, this.path);
    }
  }
}
