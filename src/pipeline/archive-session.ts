/**
 * What the archive thread does for one run: opens or goes on, checks and stores what arrives, and
 * exports in page order behind it. Runs on the thread; knows nothing of messages.
 */
import { Archive } from '../archive/archive.ts';
import { discardArchive, finishArchive } from '../archive/archive-location.ts';
import type { AttemptRecord, PageRecord } from '../archive/archive-types.ts';
import { differences, fingerprintOf } from '../archive/fingerprint.ts';
import type { Clock } from '../core/clock.ts';
import { EverypageError } from '../core/errors.ts';
import { PAGE_KEY_BYTES } from '../core/page-key.ts';
import { type BodyCheck, createBodyCheck } from '../decode/check-body.ts';
import { parseSelection } from '../decode/decode.ts';
import { formatFor } from '../export/choose-format.ts';
import { createFileDestination, type FileDestination } from '../export/file-destination.ts';
import { type Destination, type ExportCounts, PAUSE } from '../export/format.ts';
import type { DecodedPage } from './decode-stored.ts';
import { ArchiveFollower } from './follow-archive.ts';
import type {
  ArrivedPage,
  Batch,
  Calls,
  Finished,
  Opened,
  OpenRequest,
  Rejection,
  SentPage,
} from './messages.ts';

/** Where an export goes that the main thread receives. */
export interface MainThread {
  sendBytes(bytes: Uint8Array): Promise<void>;
  sendPages(pages: readonly SentPage[]): Promise<void>;
  exportFailed(error: unknown): void;
}

/** Pages are handed to the library's iterators in groups of about this size. */
const SEND_BYTES = 1024 * 1024;

export class ArchiveSession {
  readonly #ask: OpenRequest;
  readonly #clock: Clock;
  readonly #main: MainThread;
  readonly #archive: Archive;
  readonly #check: BodyCheck;
  readonly #follower: ArchiveFollower;
  readonly #file: FileDestination | null;
  readonly #exporting: Promise<ExportCounts | null>;
  /** Why the output cannot be whole; null while it can. */
  #exportError: unknown = null;
  readonly opened: Opened;

  constructor(ask: OpenRequest, clock: Clock, main: MainThread) {
    this.#ask = ask;
    this.#clock = clock;
    this.#main = main;
    this.#check = createBodyCheck(parseSelection(ask.select), ask.maxDecodedBytes);
    if (ask.fresh) discardArchive(ask.part);
    const { archive, created } = this.#openOrCreate();
    this.#archive = archive;
    this.opened = this.#whatWasThere(!created);
    this.#follower = new ArchiveFollower(
      this.#archive,
      this.opened.exportOnly ? this.#archive.planCount : null,
      ask.maxDecodedBytes,
    );
    this.#file = ask.target.kind === 'file' ? createFileDestination(ask.target.path) : null;
    this.#exporting = this.#export().catch((error) => {
      // Where the main thread takes no more, it knows already.
      const isClosed = error instanceof EverypageError && error.code === 'CLOSED_PIPE';
      if (!isClosed) {
        this.#exportError = error;
        main.exportFailed(error);
      }
      return null;
    });
  }

  #openOrCreate(): { archive: Archive; created: boolean } {
    const { part, specification } = this.#ask;
    const fingerprint = fingerprintOf(specification);
    const found = Archive.openOrCreate(part, specification, fingerprint, this.#clock.wallTime());
    if (Buffer.compare(found.archive.fingerprint, fingerprint) === 0) return found;
    if (found.archive.counts().stored === 0) {
      // Nothing is lost with it, so it must not stand in the way of a corrected command.
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
    const exportOnly = archive.verdictName === 'complete';
    // Pages that failed are tried again by the same command.
    archive.forgetFailed();
    const ageMs = this.#clock.wallTime() - archive.createdAt;
    return {
      resumed: goesOn ? { stored: archive.counts().stored, ageMs } : null,
      exportOnly,
      highestPosition,
      planCount: archive.planCount,
    };
  }

  /** Checks every body, and commits those that pass in one transaction. */
  store({ pages, arena }: Batch): Rejection[] {
    const rejections: Rejection[] = [];
    const records: PageRecord[] = [];
    const attempts: AttemptRecord[] = [];
    const decoded = new Map<number, DecodedPage>();
    const arrived: readonly ArrivedPage[] = JSON.parse(pages);
    let at = 0;
    for (const [index, page] of arrived.entries()) {
      const { bodyBytes, log, ...kept } = page;
      const key = new Uint8Array(arena, at, PAGE_KEY_BYTES);
      const bodyAt = at + PAGE_KEY_BYTES;
      at = bodyAt + bodyBytes;
      let record: PageRecord = { ...kept, key, body: null, hash: null, records: null };
      if (page.state === 'stored') {
        const wire = new Uint8Array(arena, bodyAt, bodyBytes);
        const verdict = this.#check(wire, page.encoding);
        if (!verdict.ok) {
          rejections.push({ index, kind: verdict.kind, reason: verdict.reason });
          continue;
        }
        record = { ...record, body: wire, hash: verdict.hash, records: verdict.records };
        const { place, url, headers } = page;
        const status = page.status ?? 0;
        const { decoded: body, found } = verdict;
        decoded.set(place.position, { place, url, status, headers, body, found });
      }
      records.push(record);
      for (const earlier of log) attempts.push(earlier);
      attempts.push({
        place: page.place,
        number: log.length + 1,
        startedAt: page.startedAt,
        durationMs: page.durationMs,
        status: page.status,
        outcome: page.reason ?? 'ok',
        toldToWaitMs: null,
      });
    }
    this.#archive.store(records, attempts);
    for (const { place } of records) {
      this.#follower.offer(place.position, decoded.get(place.position) ?? null);
    }
    this.#follower.advance();
    return rejections;
  }

  known({ branch, from, to }: Calls['known']['ask']): Calls['known']['answer'] {
    return this.#archive.storedIn(branch, from, to);
  }

  endPlan({ count, digest }: Calls['endPlan']['ask']): null {
    this.#archive.endPlan(count, digest);
    this.#follower.planEnded(count);
    return null;
  }

  /** Computes the verdict from the tables, and ends the output and the archive by it. */
  async finish({ stopped }: Calls['finish']['ask']): Promise<Finished> {
    const { part, complete, keep, allowIncomplete, target } = this.#ask;
    const archive = this.#archive;
    const verdict = archive.verdict();
    const failures = archive.failures(20);
    const isComplete = verdict.name === 'complete';
    const writes = isComplete || (allowIncomplete && !stopped);
    if (isComplete) archive.seal('complete', this.#clock.wallTime());
    if (target.kind === 'file' && !writes) this.#follower.cancel();
    else this.#follower.end();
    const counts = await this.#exporting;
    if (this.#exportError !== null) throw this.#exportError;
    if (writes) this.#file?.commit();
    else this.#file?.abort();
    // Who left before the last page may come back for the rest, and must not fetch it again.
    const isDone = isComplete && !(target.kind === 'pages' && counts === null);
    if (isDone) archive.markExported(this.#clock.wallTime());
    archive.close();
    const isEmpty = verdict.stored === 0 && verdict.failed === 0;
    const archivePath =
      isEmpty && !isComplete ? this.#discard() : this.#settleArchive(isDone, keep, part, complete);
    const destination = target.kind === 'file' ? target.path : 'stdout';
    const output =
      counts === null || (target.kind === 'file' && !writes) ? null : { destination, ...counts };
    return { verdict, failures, output, archivePath };
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

  async #export(): Promise<ExportCounts | null> {
    const { target, select } = this.#ask;
    if (target.kind === 'none') return null;
    if (target.kind === 'pages') return this.#exportPages();
    const destination: Destination = this.#file ?? {
      write: (bytes) => this.#main.sendBytes(bytes),
    };
    return formatFor(target.format)(this.#follower.pages(), destination, select);
  }

  async #exportPages(): Promise<ExportCounts> {
    let waiting: SentPage[] = [];
    let waitingBytes = 0;
    let records = 0;
    let bytes = 0;
    const send = async (): Promise<void> => {
      if (waiting.length === 0) return;
      const pages = waiting;
      waiting = [];
      waitingBytes = 0;
      await this.#main.sendPages(pages);
    };
    for await (const page of this.#follower.pages()) {
      if (page === PAUSE) {
        await send();
        continue;
      }
      const { place, url, status, headers, body } = page;
      waiting.push({ place, url, status, headers, body });
      waitingBytes += body.length;
      bytes += body.length;
      records += 1;
      if (waitingBytes >= SEND_BYTES) await send();
    }
    await send();
    return { records, bytes };
  }
}
