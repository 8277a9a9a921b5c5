/**
 * What the archive thread does for one run: opens or goes on, checks and stores what arrives, and
 * exports in page order behind it. Runs on the thread; knows nothing of messages.
 */

import { Archive } from '../archive/archive.ts';
import { discardArchive, finishArchive } from '../archive/archive-location.ts';
import { differences, fingerprintOf } from '../archive/fingerprint.ts';
import type { Clock } from '../core/clock.ts';
import { EverypageError } from '../core/errors.ts';
import type { PageInfo } from '../core/page-info.ts';
import type { Place } from '../core/page-request.ts';
import { isOnePage } from '../core/pagination.ts';
import { isWhole } from '../core/summary.ts';
import { readCondition, readSelection } from '../decode/decode.ts';
import { formatFor } from '../export/choose-format.ts';
import { createFileDestination, type FileDestination } from '../export/file-destination.ts';
import type { Destination, ExportCounts } from '../export/format.ts';
import { BatchReader, type ReadBatch } from './batch-reader.ts';
import { decodeStored } from './decode-stored.ts';
import { EchoWatch } from './echoed-credentials.ts';
import { FailedCodes } from './failed-codes.ts';
import { ArchiveFollower, type Follower } from './follow-archive.ts';
import { PlaceFollower } from './follow-places.ts';
import { leaveOutRepeats } from './leave-out-repeats.ts';
import type {
  Batch,
  Calls,
  Finished,
  Opened,
  OpenRequest,
  PaginateRequest,
  SentPage,
  Stored,
} from './messages.ts';
import { sendInGroups, sentPage } from './send-pages.ts';
import { type ShapedItem, shapedPages } from './shape-pages.ts';

/** Where an export goes that the main thread receives. */
export interface MainThread {
  sendBytes(bytes: Uint8Array): Promise<void>;
  sendPages(pages: readonly SentPage[]): Promise<void>;
  exportFailed(error: unknown): void;
}

const loadPageInfoReader = () => import('./page-info-reader.ts');

/** What can be set up only once it is known how the list pages. */
interface Begun {
  readonly reader: BatchReader;
  readonly follow: Follower;
}

export class ArchiveSession {
  readonly #ask: OpenRequest;
  readonly #clock: Clock;
  readonly #main: MainThread;
  readonly #archive: Archive;
  readonly #file: FileDestination | null;
  readonly #echoes: EchoWatch;
  readonly #codes = new FailedCodes();
  #begun: Begun | null = null;
  #exporting: Promise<ExportCounts | null> = Promise.resolve(null);
  /** Why the output cannot be whole; null while it can. */
  #exportError: unknown = null;
  readonly opened: Opened;

  private constructor(ask: OpenRequest, clock: Clock, main: MainThread) {
    this.#ask = ask;
    this.#echoes = new EchoWatch(ask.credentials);
    this.#clock = clock;
    this.#main = main;
    if (ask.fresh) discardArchive(ask.part);
    const { archive, created } = this.#openOrCreate();
    this.#archive = archive;
    this.opened = this.#whatWasThere(!created);
    this.#file = ask.target.kind === 'file' ? createFileDestination(ask.target.path) : null;
  }

  /** Opens the archive. A list begins at once; where the run is paginated `paginate` must follow. */
  static async open(ask: OpenRequest, clock: Clock, main: MainThread): Promise<ArchiveSession> {
    const session = new ArchiveSession(ask, clock, main);
    if (!ask.isPaginated) await session.#begin(ask.select, null);
    // It will be needed when the first page has come, and loads until then.
    else void loadPageInfoReader();
    return session;
  }

  /** Keeps how the list pages, if it does, and begins. */
  async paginate(ask: PaginateRequest): Promise<null> {
    if (ask.pagination !== null) this.#archive.setPagination(ask.pagination);
    await this.#begin(ask.select, ask);
    return null;
  }

  async #begin(select: string | null, paginated: PaginateRequest | null): Promise<void> {
    const { maxDecodedBytes, secretParams } = this.#ask;
    const failWhen = readCondition(this.#ask.failWhen);
    const pagination = paginated?.pagination ?? null;
    // A page info counts the records of the list, whatever the export makes of a page.
    const checked = pagination === null ? select : pagination.records;
    const selection = readSelection(checked);
    const readPageInfo =
      pagination === null ? null : (await loadPageInfoReader()).createPageInfoReader(pagination);
    const reader = new BatchReader(
      selection,
      readPageInfo,
      maxDecodedBytes,
      failWhen,
      secretParams,
      this.#echoes,
      this.#codes,
    );
    const follow =
      pagination === null
        ? new ArchiveFollower(
            this.#archive,
            this.opened.exportOnly ? this.#archive.planCount : null,
            maxDecodedBytes,
          )
        : new PlaceFollower(
            this.#archive,
            pagination,
            paginated?.isOneBranch === true,
            maxDecodedBytes,
          );
    this.#begun = { reader, follow };
    // Without a key no list is read twice, and slices are exported when all readings have ended.
    const isReadTwice = pagination !== null && pagination.key !== null && paginated?.isOneBranch;
    const followed = isReadTwice
      ? leaveOutRepeats(follow.pages(), (last) => this.#archive.repeatsOf(last))
      : follow.pages();
    const pages = shapedPages(followed, pagination, checked === select);
    this.#exporting = this.#export(pages, select).catch((error) => {
      // Where the main thread takes no more, it knows already.
      const isClosed = error instanceof EverypageError && error.code === 'CLOSED_PIPE';
      if (!isClosed) {
        this.#exportError = error;
        this.#main.exportFailed(error);
      }
      return null;
    });
  }

  #openOrCreate(): { archive: Archive; created: boolean } {
    const { part, specification } = this.#ask;
    const fingerprint = fingerprintOf(specification);
    const found = Archive.openOrCreate(part, specification, fingerprint, this.#clock.wallTime());
    if (Buffer.compare(found.archive.fingerprint, fingerprint) === 0) return found;
    const { pagination } = found.archive;
    const isNothing = pagination !== null && isOnePage(pagination);
    if (found.archive.counts().stored === 0 || isNothing) {
      // Next to nothing is lost with it, so it must not stand in the way of a corrected command.
      found.archive.close();
      discardArchive(part);
      return Archive.openOrCreate(part, specification, fingerprint, this.#clock.wallTime());
    }
    const differs = differences(found.archive.specification, specification).join('; ');
    found.archive.close();
    throw new EverypageError(
      'ARCHIVE_FOREIGN',
      `${part} is an unfinished run of something else: ${differs}. ` +
        'Go on with the command that began it, choose another output, or discard it with --fresh.',
    );
  }

  #whatWasThere(goesOn: boolean): Opened {
    const archive = this.#archive;
    const highestPosition = archive.highestPosition(0);
    const exportOnly =
      archive.verdictName !== null && isWhole(archive.verdictName, this.#ask.strict);
    // Pages that failed are tried again by the same command.
    archive.forgetFailed();
    const ageMs = this.#clock.wallTime() - archive.createdAt;
    return {
      resumed: goesOn ? { stored: archive.counts().stored, ageMs } : null,
      exportOnly,
      highestPosition,
      planCount: archive.planCount,
      pagination: archive.pagination,
      pace: archive.pace(),
    };
  }

  /** Checks every body, and commits those that pass in one transaction. */
  store(batch: Batch): Stored {
    const { reader, follow } = this.#ready();
    const read = reader.read(batch);
    const filled = this.#archive.store(read.records, read.attempts);
    for (const [at, page] of read.pages.entries()) follow.offer(read.records[at]!.place, page);
    follow.advance();
    return { rejections: read.rejections, pageInfos: pageInfosByIndex(read, filled) };
  }

  known({ branch, from, to }: Calls['known']['ask']): Calls['known']['answer'] {
    return this.#archive.storedIn(branch, from, to);
  }

  page(place: Place): SentPage | null {
    const stored = this.#archive.pageAt(place);
    return stored === null ? null : sentPage(decodeStored(stored, this.#ask.maxDecodedBytes));
  }

  keepPace(learned: Calls['keepPace']['ask']): null {
    this.#archive.keepPace(learned);
    return null;
  }

  endPlan({ count, digest, end }: Calls['endPlan']['ask']): null {
    this.#archive.endPlan(count, digest, end);
    this.#ready().follow.planEnded(count);
    return null;
  }

  /** Computes the verdict from the tables, and ends the output and the archive by it. */
  async finish({ stopped }: Calls['finish']['ask']): Promise<Finished> {
    const { part, complete, keep, allowIncomplete, strict, expect, target } = this.#ask;
    const archive = this.#archive;
    const verdict = archive.verdict({ expect });
    const failures = this.#codes.named(archive.failures(20));
    const isComplete = isWhole(verdict.name, strict);
    const writes = isComplete || (allowIncomplete && !stopped);
    if (isComplete) archive.seal(verdict.name, this.#clock.wallTime(), !keep);
    if (target.kind === 'file' && !writes) this.#begun?.follow.cancel();
    else this.#begun?.follow.end();
    const counts = await this.#exporting;
    if (this.#exportError !== null) throw this.#exportError;
    if (writes) this.#file?.commit();
    else this.#file?.abort();
    // Who left before the last page may come back for the rest, and must not fetch it again.
    const isDone = isComplete && !(target.kind === 'pages' && counts === null);
    if (isDone) archive.markExported(this.#clock.wallTime());
    if (isDone && !keep) archive.closeForRemoval();
    else archive.close();
    const isEmpty = verdict.stored === 0 && verdict.failed === 0;
    const archivePath =
      isEmpty && !isComplete ? this.#discard() : this.#settleArchive(isDone, keep, part, complete);
    const destination = target.kind === 'file' ? target.path : 'stdout';
    const output =
      counts === null || (target.kind === 'file' && !writes) ? null : { destination, ...counts };
    return { verdict, failures, output, archivePath, echo: this.#echoes.found };
  }

  /** Leaves one file whatever happened; for ends that are not a finish. */
  close(): void {
    this.#file?.abort();
    const isEmpty = this.#archive.counts().stored === 0;
    this.#archive.close();
    if (isEmpty) this.#discard();
  }

  #discard(): null {
    discardArchive(this.#ask.part);
    return null;
  }

  #settleArchive(isDone: boolean, keep: boolean, part: string, complete: string): string | null {
    if (!isDone) return part;
    if (keep) {
      finishArchive({ part, complete });
      return complete;
    }
    discardArchive(part);
    return null;
  }

  async #export(
    pages: AsyncIterable<ShapedItem>,
    select: string | null,
  ): Promise<ExportCounts | null> {
    const { target } = this.#ask;
    if (target.kind === 'none') return null;
    if (target.kind === 'pages') return sendInGroups(pages, (sent) => this.#main.sendPages(sent));
    const destination: Destination = this.#file ?? {
      write: (bytes) => this.#main.sendBytes(bytes),
    };
    return formatFor(target.format)(pages, destination, select);
  }

  #ready(): Begun {
    if (this.#begun !== null) return this.#begun;
    throw new EverypageError('INTERNAL', 'how the list pages is not known yet');
  }
}

/** PageInfos as the archive filled them in, with the credentials that it does not keep. */
function pageInfosByIndex(
  { indexes, pageInfos }: ReadBatch,
  filled: readonly (PageInfo | null)[],
): (PageInfo | null)[] {
  const byIndex: (PageInfo | null)[] = [];
  for (const [at, index] of indexes.entries()) {
    const pageInfo = filled[at] ?? null;
    byIndex[index] = pageInfo === null ? null : { ...pageInfo, next: pageInfos[at]?.next ?? null };
  }
  return byIndex;
}
