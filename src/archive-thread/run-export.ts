/**
 * The export of a run, from the first page that can be written to the last byte that is taken or given up: what is
 * written while pages come, what is written once all are there, and what becomes of it when it fails or nobody waits.
 */
import { isMainThread } from 'node:worker_threads';
import type { Archive } from '../archive/archive.ts';
import { runIdOf } from '../archive/kept-run.ts';
import { EverypageError } from '../core/errors.ts';
import type { OutputShape } from '../core/output-shape.ts';
import type { ExportCounts } from '../export/format.ts';
import type { ArchiveFollower } from './follow-archive.ts';
import type { OpenRequest, SentPage } from './messages.ts';
import { loadSinks, Outputs, type SettledOutput } from './outputs.ts';
import { sendInGroups } from './send-pages.ts';
import { countWritten, wholeArchive } from './shape-pages.ts';
import type { PageItem } from './stored-pages.ts';

/** Where an export goes that the main thread receives. */
export interface MainThread {
  sendBytes(bytes: Uint8Array): Promise<void>;
  sendPages(pages: readonly SentPage[], select: string | null): Promise<void>;
  exportFailed(error: unknown): void;
  /** Nothing that was sent is waited for any more. */
  giveUp(): void;
}

type Counts = ExportCounts & { readonly leftOut?: number };

/** Records that an output took of the pages, those that it left out by a condition of the user's included. */
function takenOf({ records, leftOut = 0 }: Counts): number {
  return records + leftOut;
}

/** Opens the outputs of a run on an archive that is there. */
export type OpenExport = (archive: Archive) => Promise<RunExport>;

export class RunExport {
  readonly #archive: Archive;
  readonly #outputs: Outputs;
  readonly #main: MainThread;
  /** Whole pages go to the main thread: the library's iterators. */
  readonly #arePages: boolean;
  #following: ArchiveFollower | null = null;
  #output: OutputShape | null = null;
  /** What was written while pages came; null where nothing was. */
  #written: Promise<Counts | null> = Promise.resolve(null);
  #sent: Counts | null = null;
  #isAbandoned = false;
  #isDone = false;
  /** Why the output cannot be whole; null while it can. */
  #error: unknown = null;

  private constructor(archive: Archive, outputs: Outputs, main: MainThread, arePages: boolean) {
    this.#archive = archive;
    this.#outputs = outputs;
    this.#main = main;
    this.#arePages = arePages;
  }

  /**
   * Loads what a user wrote, which may have any fault, before anything is written.
   *
   * @throws EverypageError USAGE where a sink cannot be loaded
   */
  static async prepare(
    { targets, table, manifest }: OpenRequest,
    main: MainThread,
  ): Promise<OpenExport> {
    const hasSink = targets.some(({ kind }) => kind === 'sink');
    const sinks = hasSink ? await loadSinks(targets, !isMainThread) : new Map();
    const sender = { write: (bytes: Uint8Array) => main.sendBytes(bytes) };
    const arePages = targets[0]?.kind === 'pages';
    return async (archive) => {
      const outputs = await Outputs.open(targets, table, sender, sinks, manifest !== null);
      return new RunExport(archive, outputs, main, arePages);
    };
  }

  /** Pages are wanted while they come. */
  get isFollowing(): boolean {
    return this.#outputs.isFollowing || this.#arePages;
  }

  /** What it takes of a page; null before that is known. */
  get output(): OutputShape | null {
    return this.#output;
  }

  /** Its reader took too long, and is not waited for. */
  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  /** Its reader has everything. Who left before the last page may come back for the rest. */
  get isTaken(): boolean {
    return !this.#isAbandoned && (!this.#arePages || this.#sent !== null);
  }

  /** What the library's iterators got; null for any other output. */
  get sent(): ExportCounts | null {
    return this.#sent;
  }

  /**
   * Writes pages while they come, if an output can be written so.
   *
   * @param pages as they are exported, in page order, from `follow`
   */
  begin(pages: AsyncIterable<PageItem>, output: OutputShape, follow: ArchiveFollower): void {
    this.#output = output;
    this.#following = follow;
    this.#written = this.#orFailed(this.#follow(pages, output.select));
  }

  async #follow(pages: AsyncIterable<PageItem>, select: string | null): Promise<Counts | null> {
    if (this.#arePages) {
      this.#sent = await sendInGroups(pages, select, (sent) => this.#main.sendPages(sent, select));
      return this.#sent;
    }
    const written = await this.#outputs.follow(pages, select);
    this.#isDone = written !== null && this.#outputs.areWritten;
    return written;
  }

  /** Null where an export failed. */
  async #orFailed<Result>(exporting: Promise<Result>): Promise<Result | null> {
    try {
      return await exporting;
    } catch (error) {
      // Where the main thread takes no more, it knows already.
      const isClosed = error instanceof EverypageError && error.code === 'CLOSED_PIPE';
      if (!isClosed && !this.#isAbandoned) {
        this.#error = error;
        this.#main.exportFailed(error);
      }
      return null;
    }
  }

  /**
   * What another selection than the list's records gives is known only when it was applied to every
   * page; null where that does not matter. No page comes any more.
   */
  async countSelected(): Promise<number | null> {
    const output = this.#output;
    if (output?.kind !== 'selection' || this.#archive.run.pagination === null) return null;
    if (!this.isFollowing) return countWritten(this.#archive, output);
    this.#following?.end();
    const counts = await this.#written;
    return counts === null ? null : takenOf(counts);
  }

  /**
   * No page comes any more: all outputs are written, but nothing is put in its place.
   *
   * @param isWanted false where the run has no output; what was written while pages came may be lost then
   * @returns records that were taken of the pages; null where no output counts
   * @throws why an output cannot be whole
   */
  async finish(isWanted: boolean): Promise<number | null> {
    const { isAllOrNothing } = this.#outputs;
    if (isAllOrNothing && !isWanted) this.#following?.cancel();
    else this.#following?.end();
    const followed = await this.#written;
    if (isWanted) await this.#writeOthers();
    await this.#throwIfFailed();
    const counts = followed ?? this.#outputs.written;
    return counts === null || (isAllOrNothing && !isWanted) ? null : takenOf(counts);
  }

  /** Those that have to see every page first, and those that did not follow. */
  async #writeOthers(): Promise<void> {
    const output = this.#output;
    if (output === null) return;
    const { run } = this.#archive;
    const pages = () => wholeArchive(this.#archive, output, () => this.#isAbandoned);
    const facts = [run.pagination?.key, run.createdAt, runIdOf(run)] as const;
    for (const write of this.#outputs.others(pages, output.select, ...facts)) {
      if (this.#isAbandoned || this.#error !== null) return;
      await this.#orFailed(write());
    }
    // A sink is waited for until it is committed.
    this.#isDone = !this.#outputs.hasSink;
  }

  /**
   * Puts outputs in their places, if they are good; else they stay as they were.
   *
   * @returns what was written
   * @throws why an output cannot be whole
   */
  async settle(isGood: boolean): Promise<readonly SettledOutput[]> {
    const isKept = isGood && !this.#isAbandoned;
    const settling = this.#outputs.settle(isKept, () => this.#isAbandoned);
    const settled = await this.#orFailed(settling);
    await this.#throwIfFailed();
    this.#isDone = true;
    return settled ?? [];
  }

  async #throwIfFailed(): Promise<void> {
    if (this.#error === null) return;
    await this.#outputs.abort(this.#error);
    throw this.#error;
  }

  /** A reader does not take the output in time: the export ends where it is, and is none. */
  abandon(): void {
    if (!this.#outputs.haveReader || this.#isDone) return;
    this.#isAbandoned = true;
    this.#outputs.leave();
    void this.#outputs.abort(new Error('the run was stopped'));
    this.#main.giveUp();
  }

  /** Takes back what is not in its place. */
  abort(): Promise<void> {
    return this.#outputs.abort(new Error('the run has ended'));
  }
}
