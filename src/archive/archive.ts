import { dirname } from 'node:path';
import { syncFile, syncFolder } from '../core/files.ts';
import type { PageInfo, PlanEnd } from '../core/page-info.ts';
import { isOnePage, type Pagination } from '../core/pagination.ts';
import { isWhole, type VerdictName } from '../core/summary.ts';
import { archiveError } from './archive-faults.ts';
import {
  createTemporary,
  leaveOneFile,
  openForWriting,
  openOrCreateForWriting,
} from './archive-file.ts';
import { ArchiveReader } from './archive-reader.ts';
import type {
  AttemptRecord,
  PaceNotes,
  PageCounts,
  PageRow,
  RunSpecification,
} from './archive-types.ts';
import { type KeptPace, writePace, writePaceNotes } from './kept-pace.ts';
import { type RunRow, writeRun } from './kept-run.ts';
import { PageStore } from './page-store.ts';
import type { Connection } from './sqlite.ts';

/** The name of a new archive is synced with this group of pages. The log is after 16 MiB for the first time. */
const SYNCED_GROUP = 4;

const UNSEALED = { verdict: null, completedAt: null, exportedAt: null };
const NOT_ENDED = { planCount: null, planDigest: null, planEnd: null };

/**
 * An archive that this process alone writes. Every method may throw `EverypageError`:
 * `ARCHIVE_DAMAGED` where the file turns out to be broken, `ARCHIVE_WRITE` where the disk refuses.
 * After either, what was committed before is still there and the archive can be opened again.
 *
 * ```ts
 * const { archive } = Archive.openOrCreate(path, specification, Date.now(), limit);
 * archive.store(pages, attempts);
 * archive.endPlan(count, digest);
 * archive.seal(archive.verdict().name, Date.now());
 * archive.close();
 * ```
 */
export class Archive extends ArchiveReader {
  readonly #store: PageStore;
  /** Whether a power cut may take the name of the file. */
  #isUnsynced: boolean;
  #groups = 0;

  private constructor(connection: Connection, isUnsynced = false) {
    super(connection);
    this.#isUnsynced = isUnsynced;
    try {
      this.#store = new PageStore(connection);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /**
   * Opens an archive to go on in it, and keeps other processes out. Throws `USAGE` where there is
   * none, `ARCHIVE_LOCKED`, `ARCHIVE_DAMAGED`, `ARCHIVE_VERSION`.
   */
  static open(path: string): Archive {
    return new Archive(openForWriting(path).connection);
  }

  /**
   * Opens the archive at `path`, or makes one where there is none or where a process was killed
   * while it made one. Whether the archive found is of the same run is for the caller to compare.
   *
   * @param now milliseconds since 1970
   * @param maxDecodedBytes the run's limit; an archive that is there keeps the highest it had
   */
  static openOrCreate(
    path: string,
    specification: RunSpecification,
    now: number,
    maxDecodedBytes: number,
  ): { archive: Archive; created: boolean } {
    const newRun = { specification, now, maxDecodedBytes };
    const { connection, created, isUnsynced } = openOrCreateForWriting(path, newRun);
    return { archive: new Archive(connection, isUnsynced), created };
  }

  /**
   * An archive that this process alone can see, and that is gone when it is closed.
   *
   * @param isForParts `movePages` takes its pages out again and again
   */
  static createTemporary(
    specification: RunSpecification,
    now: number,
    maxDecodedBytes: number,
    isForParts = false,
  ): Archive {
    return new Archive(createTemporary({ specification, now, maxDecodedBytes }, isForParts));
  }

  override counts(): PageCounts {
    return this.#store.counts;
  }

  /** Keeps what was measured of the limiters that are named; of others it stays as it was. */
  keepPace(kept: KeptPace, notes: PaceNotes | null = null): void {
    this.#commit(() => {
      writePace(this.connection, kept);
      if (notes !== null) writePaceNotes(this.connection, notes);
    });
  }

  keepNotes(notes: PaceNotes): void {
    this.#commit(() => writePaceNotes(this.connection, notes));
  }

  /** Keeps how the list pages, so that a run that goes on pages as it began. */
  setPagination(pagination: Pagination): void {
    this.#changeRun({ pagination });
  }

  /** Keeps how many records there must be, so that it is judged by that whenever it is read. */
  setExpected(expect: number | null): void {
    if (expect !== this.run.expect) this.#changeRun({ expect });
  }

  /** Keeps what the output takes of a list of URLs, so that an export takes the same. */
  setSelection(selection: string | null): void {
    if (selection !== this.run.selection) this.#changeRun({ selection });
  }

  /** From now on bodies may have so many bytes once decoded, where that is more than before. */
  allowDecodedBytes(maxDecodedBytes: number): void {
    if (maxDecodedBytes > this.run.maxDecodedBytes) this.#changeRun({ maxDecodedBytes });
  }

  /**
   * Stores a group of pages, the tries that led to them and what was noted of the pace, all or nothing. A page that is stored
   * already stays as it is; one in any other state is replaced, and so is one read for comparison.
   * @returns the info of each page as it is kept, with the earlier pages that had the same next step
   *   or the same records; null for a page without one
   */
  store(
    pages: readonly PageRow[],
    attempts: readonly AttemptRecord[],
    notes: PaceNotes | null = null,
  ): readonly (PageInfo | null)[] {
    if (pages.length === 0 && attempts.length === 0) {
      if (notes !== null) this.keepNotes(notes);
      return [];
    }
    this.#groups += 1;
    if (this.#groups === SYNCED_GROUP) this.#syncNames();
    return this.#changePages((store) => {
      if (notes !== null) writePaceNotes(this.connection, notes);
      return store.put(pages, attempts);
    });
  }

  /** From now on the file and its log are there after a power cut. SQLite syncs what stands in them. */
  #syncNames(): void {
    if (!this.#isUnsynced) return;
    this.#isUnsynced = false;
    const { path } = this.connection;
    try {
      syncFolder(dirname(path));
    } catch (error) {
      throw archiveError(error, path);
    }
  }

  /**
   * Moves all pages to a new archive at `path`, which is on the disk when this returns; none are left
   * here. For a temporary archive.
   *
   * @returns how each page has ended
   * @throws EverypageError ARCHIVE_WRITE where the disk refuses; the pages are still here then
   */
  movePages(path: string): readonly Pick<PageRow, 'place' | 'state'>[] {
    const moved = this.states();
    if (moved.length === 0) return [];
    try {
      this.connection.writer('VACUUM INTO ?')(path);
      syncFile(path);
    } catch (error) {
      throw archiveError(error, path);
    }
    this.#commit(() => this.#store.dropAll());
    return moved;
  }

  /**
   * Pages that failed, that were refused past the end, or that were read for comparison have no end
   * state any more, and the plan of a paginated list has not ended: the next run tries them again.
   * Tries are kept. One page that was all that was found is tried again too: what it says was read without
   * knowing where its records stand. Changes nothing where the archive is sealed as holding everything.
   */
  forgetFailed(): void {
    const { verdict, pagination } = this.run;
    if (verdict !== null && isWhole(verdict, null)) return;
    if (pagination === null && this.counts().failed === 0) return;
    const isForNothing = pagination !== null && isOnePage(pagination);
    this.#changePages(
      (store) => (isForNothing ? store.dropAll() : store.dropUnfinished()),
      () => (pagination === null ? {} : NOT_ENDED),
    );
  }

  /**
   * The plan's end was reached. A list has so many pages, whose keys have this digest. The plan of
   * a paginated list says how it ended: pages from its ends on are `beyond-end`, and its count is what is left.
   */
  endPlan(count: number, planDigest: Uint8Array, planEnd: PlanEnd | null = null): void {
    if (planEnd === null) this.#changeRun({ planCount: count, planDigest });
    else {
      this.#changePages(
        (store) => store.setEnds(planEnd.ends),
        (planCount) => ({ planCount, planDigest, planEnd }),
      );
    }
  }

  /**
   * Records the verdict. When it returns, a power cut can no longer lose any page, unless the archive
   * has served its purpose once the output is there (`isPassing`).
   */
  seal(verdict: VerdictName, now: number, isPassing = false): void {
    this.#changeRun({ verdict, completedAt: Math.round(now) });
    if (isPassing) return;
    this.#syncNames();
    this.connection.query('PRAGMA wal_checkpoint(TRUNCATE)').get();
  }

  /** A second reading of the whole list agreed with this one. */
  markAgreed(): void {
    const { planEnd } = this.run;
    if (planEnd !== null) this.#changeRun({ planEnd: { ...planEnd, agreed: true } });
    const { name } = this.verdict();
    if (isWhole(name, null)) this.#changeRun({ verdict: name });
  }

  /** The output was written; safe from a power cut once the archive is closed. */
  markExported(now: number): void {
    this.#changeRun({ exportedAt: Math.round(now) });
  }

  /** Lets the archive go as one file. After a failure of the disk a `-wal` file may stay beside it. */
  override close(): void {
    const { connection } = this;
    if (!connection.isOpen) return;
    const isTold = connection.hasFailed;
    try {
      this.#syncNames();
      leaveOneFile(connection);
    } catch (error) {
      // The failure that came first has been told.
      if (!isTold) throw error;
    } finally {
      connection.close();
    }
  }

  /** Lets go of an archive that will be removed now: nothing of it has to reach the disk any more. */
  closeForRemoval(): void {
    if (!this.connection.isOpen) return;
    this.connection.exec('PRAGMA synchronous = OFF');
    this.connection.close();
  }

  /** @param changesOf what else changes in the row of the run, by the result of `work` */
  #changePages<T>(work: (store: PageStore) => T, changesOf?: (result: T) => Partial<RunRow>): T {
    // What was said of the archive does not hold for what will be in it.
    const isSealed = this.run.verdict !== null || this.run.exportedAt !== null;
    const unsealed = isSealed ? { ...this.run, ...UNSEALED } : this.run;
    let run = unsealed;
    const result = this.#commit(() => {
      const worked = work(this.#store);
      if (changesOf !== undefined) run = { ...unsealed, ...changesOf(worked) };
      if (run !== this.run) writeRun(this.connection, run);
      return worked;
    });
    this.setRun(run);
    return result;
  }

  #changeRun(change: Partial<RunRow>): void {
    const run = { ...this.run, ...change };
    this.#commit(() => writeRun(this.connection, run));
    this.setRun(run);
  }

  #commit<T>(work: () => T): T {
    try {
      const result = this.connection.transaction('BEGIN IMMEDIATE', work);
      this.#store.committed();
      return result;
    } catch (error) {
      this.#store.rolledBack();
      throw error;
    }
  }
}
