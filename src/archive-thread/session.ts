/**
 * What the archive thread does for one run: opens or goes on, checks and stores what arrives, and
 * exports in page order behind it. Runs on the thread; knows nothing of messages.
 */

import { basename } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import type { Archive } from '../archive/archive.ts';
import { discardArchive, finishArchive } from '../archive/archive-location.ts';
import { ArchiveReader } from '../archive/archive-reader.ts';
import type { PaceNotes, PageRow } from '../archive/archive-types.ts';
import { runIdOf } from '../archive/kept-run.ts';
import { withWritten } from '../archive/verdict.ts';
import type { Clock } from '../core/clock.ts';
import { EverypageError } from '../core/errors.ts';
import { KnownCredentials } from '../core/known-credentials.ts';
import { type OutputShape, withShape } from '../core/output-shape.ts';
import type { PageInfo } from '../core/page-info.ts';
import type { Place } from '../core/page-request.ts';
import { isWhole, type Verdict, type VerdictName } from '../core/summary.ts';
import { freeSpans, readCondition, readSelection } from '../decode/decode.ts';
import type { ExportCounts } from '../export/format.ts';
import { packReport } from '../report/pack.ts';
import { BatchReader, type ReadBatch } from './batch-reader.ts';
import { EchoWatch } from './echoed-credentials.ts';
import { ArchiveFollower } from './follow-archive.ts';
import { gatherReport } from './gather-report.ts';
import { writeManifest } from './manifest-file.ts';
import type {
  Answer,
  Ask,
  Batch,
  EndOfPlan,
  Finished,
  Opened,
  OpenRequest,
  PaginateRequest,
  SentPage,
  SessionCalls,
  Stored,
} from './messages.ts';
import { openOrCreate } from './open-archive.ts';
import { loadSinks, Outputs } from './outputs.ts';
import {
  countWritten,
  decodeStored,
  leaveOutRepeats,
  type PageItem,
  sendInGroups,
  sentPage,
  shapedPages,
  wholeArchive,
} from './stored-pages.ts';
import { copyPages, takePages } from './take-pages.ts';

const LARGE_BYTES = 4 * 1024 * 1024;

/** Of pages that are stored, and that the export reads back. */
function letGo({ arena }: Batch, pages: ReadBatch['pages']): void {
  if (arena.buffer instanceof ArrayBuffer) arena.buffer.transfer(0);
  for (const { record } of pages) {
    for (const { list } of record.keys) {
      // A small one shares its memory with others.
      if (list.length === list.buffer.byteLength && list.buffer instanceof ArrayBuffer) {
        list.buffer.transfer(0);
      }
    }
  }
}

/** Decoded; null where no page has records. */
function firstBodyIn(archive: ArchiveReader): Uint8Array | null {
  const first = archive.firstWithRecords();
  return first === null ? null : decodeStored(archive, first).body;
}

function firstBodyOf(path: string | null): Uint8Array | null {
  if (path === null) return null;
  const archive = ArchiveReader.openReadOnly(path);
  try {
    return firstBodyIn(archive);
  } finally {
    archive.close();
  }
}

/** Records that an output took of the pages, those that it left out by a condition of the user's included. */
function takenOf({ records, leftOut = 0 }: Counts): number {
  return records + leftOut;
}

/** Where an export goes that the main thread receives. */
export interface MainThread {
  sendBytes(bytes: Uint8Array): Promise<void>;
  sendPages(pages: readonly SentPage[], select: string | null): Promise<void>;
  exportFailed(error: unknown): void;
  /** Nothing that was sent is waited for any more. */
  giveUp(): void;
}

type Counts = ExportCounts & { readonly leftOut?: number };

/** What can be set up only once it is known how the list pages. */
interface Begun {
  readonly reader: BatchReader;
  readonly follow: ArchiveFollower;
  readonly output: OutputShape;
}

export class ArchiveSession implements SessionCalls {
  readonly #ask: OpenRequest;
  readonly #clock: Clock;
  readonly #main: MainThread;
  readonly #archive: Archive;
  #outputs!: Outputs;
  readonly #credentials: KnownCredentials;
  readonly #echoes: EchoWatch | null;
  #begun: Begun | null = null;
  #exporting: Promise<Counts | null> = Promise.resolve(null);
  #isAbandoned = false;
  #isExported = false;
  /** Why the output cannot be whole; null while it can. */
  #exportError: unknown = null;
  readonly opened: Opened;

  private constructor(ask: OpenRequest, clock: Clock, main: MainThread) {
    this.#ask = ask;
    this.#credentials = new KnownCredentials(ask.credentials, ask.secretParams);
    const forms = this.#credentials.bodyForms();
    this.#echoes = forms.length === 0 ? null : new EchoWatch(forms);
    this.#clock = clock;
    this.#main = main;
    if (ask.fresh && ask.location !== null) discardArchive(ask.location.part);
    const { archive, created } = openOrCreate(ask, clock);
    this.#archive = archive;
    archive.setExpected(ask.expect);
    this.opened = this.#whatWasThere(!created, true);
  }

  /** Opens the archive. A list begins at once; where the run is paginated `paginate` must follow. */
  static async open(ask: OpenRequest, clock: Clock, main: MainThread): Promise<ArchiveSession> {
    // Before anything is written: a module may have any fault.
    const hasSink = ask.targets.some(({ kind }) => kind === 'sink');
    const sinks = hasSink ? await loadSinks(ask.targets, !isMainThread) : new Map();
    const session = new ArchiveSession(ask, clock, main);
    const sender = { write: (bytes: Uint8Array) => main.sendBytes(bytes) };
    const areHashed = ask.manifest !== null;
    try {
      session.#outputs = await Outputs.open(ask.targets, ask.table, sender, sinks, areHashed);
    } catch (error) {
      session.#closeArchive();
      throw error;
    }
    if (!ask.isPaginated) session.#begin({ kind: 'selection', select: ask.select }, null);
    return session;
  }

  async paginate(ask: PaginateRequest): Promise<null> {
    const { pagination, output } = ask;
    if (pagination !== null) this.#archive.setPagination(withShape(pagination, output));
    this.#begin(output, ask);
    return null;
  }

  #begin(output: OutputShape, paginated: PaginateRequest | null): void {
    const { maxDecodedBytes } = this.#ask;
    const failWhen = readCondition(this.#ask.failWhen);
    const pagination = paginated?.pagination ?? null;
    // A page info counts the records of the list, whatever the export makes of a page.
    if (pagination === null) this.#archive.setSelection(output.select);
    const firstElsewhere = firstBodyOf(paginated?.firstIn ?? null);
    const selection = readSelection(pagination === null ? output.select : pagination.records);
    const reader = new BatchReader(
      selection,
      pagination,
      maxDecodedBytes,
      failWhen,
      this.#credentials,
      this.#echoes,
      {
        firstWithRecords: () => firstBodyIn(this.#archive) ?? firstElsewhere,
        lastKeysAt: (place) => this.#archive.lastKeysAt(place),
        pageInfoAt: (place) => this.#archive.pageInfoAt(place),
        bodyAt: (place) => {
          const page = this.#archive.pageAt(place);
          return page === null ? null : decodeStored(this.#archive, page).body;
        },
      },
    );
    const isOneBranch = paginated?.isOneBranch === true;
    const isRead = this.#outputs.isFollowing || this.#ask.targets[0]?.kind === 'pages';
    const follow = new ArchiveFollower(this.#archive, {
      pagination,
      planCount: this.opened.exportOnly ? this.#archive.run.planCount : null,
      isOneBranch,
      isRead,
    });
    this.#begun = { reader, follow, output };
    // Without a key no list is read twice, and slices are exported when all readings have ended.
    const isReadTwice = isOneBranch && pagination !== null && pagination.key !== null;
    const followed = isReadTwice
      ? leaveOutRepeats(follow.pages(), (last) => this.#archive.repeatsOf(last))
      : follow.pages();
    const pages = shapedPages(followed, this.#archive, output);
    this.#exporting = this.#orFailed(this.#export(pages, output.select));
  }

  /** Null where an export failed. */
  async #orFailed<Result>(exporting: Promise<Result>): Promise<Result | null> {
    try {
      return await exporting;
    } catch (error) {
      // Where the main thread takes no more, it knows already.
      const isClosed = error instanceof EverypageError && error.code === 'CLOSED_PIPE';
      if (!isClosed && !this.#isAbandoned) {
        this.#exportError = error;
        this.#main.exportFailed(error);
      }
      return null;
    }
  }

  /** @param isTriedAgain the run asks for the rest */
  #whatWasThere(goesOn: boolean, isTriedAgain: boolean): Opened {
    const archive = this.#archive;
    const { verdict, createdAt, pagination } = archive.run;
    const highestPosition = archive.highestPosition(0);
    const exportOnly = verdict !== null && isWhole(verdict, this.#ask.strict);
    // Pages that failed are tried again by the same command.
    if (isTriedAgain) archive.forgetFailed();
    const ageMs = this.#clock.wallTime() - createdAt;
    return {
      resumed: goesOn ? { stored: archive.counts().stored, ageMs } : null,
      exportOnly,
      highestPosition,
      planCount: archive.run.planCount,
      pagination,
      pace: archive.pace(),
    };
  }

  store(batch: Batch): Stored {
    const { reader, follow } = this.#ready();
    const { rejections, pages, attempts } = reader.read(batch);
    const rows: PageRow[] = [];
    for (const { record, decoded } of pages) {
      rows.push(record);
      // The export finds its records again.
      if (decoded?.found !== undefined && !follow.mayKeep(decoded.body.length)) {
        freeSpans(decoded.found);
      }
    }
    const kept = this.#archive.store(rows, attempts, batch.pace);
    reader.stored();
    const pageInfos: (PageInfo | null)[] = [];
    follow.came(batch.slot);
    let isKept = false;
    pages.forEach(({ index, record, pageInfo, decoded }, at) => {
      // The archive knows what was seen before, and has no credentials; the plan needs both.
      const info = kept[at] ?? null;
      const isInSlot = decoded?.body.buffer === batch.arena.buffer;
      const isNew = follow.offer(
        record.place,
        decoded === null || info === null
          ? decoded
          : { ...decoded, isRepeated: info.recordsSeenAt !== null },
        isInSlot ? batch.slot : null,
      );
      isKept ||= isNew;
      pageInfos[index] =
        info === null || pageInfo === null
          ? null
          : { ...pageInfo, nextSeenAt: info.nextSeenAt, recordsSeenAt: info.recordsSeenAt };
    });
    // What is large is not left until memory is next looked for.
    if (!isKept && batch.arena.byteLength > LARGE_BYTES) letGo(batch, pages);
    follow.advance();
    return { rejections, pageInfos, freeSlots: follow.takeFreeSlots() };
  }

  async freeSlots(): Promise<readonly number[]> {
    const { follow } = this.#ready();
    // What the export can write now need not be read back.
    await new Promise(setImmediate);
    return follow.takeSomeSlots();
  }

  known({ branch, from, to }: Ask<'known'>): Answer<'known'> {
    return this.#archive.storedIn(branch, from, to).map((page) => {
      const { position, pageInfo } = page;
      if (pageInfo === null) return page;
      return { ...page, pageInfo: this.#withOwnLink({ branch, position }, pageInfo) };
    });
  }

  /** A credential of the server's own stands in its page alone. */
  #withOwnLink(place: Place, pageInfo: PageInfo): PageInfo {
    if (pageInfo.next?.kind !== 'url' || pageInfo.next.mark === undefined) return pageInfo;
    const stored = this.#archive.pageAt(place);
    const next = stored && this.#ready().reader.nextOf(decodeStored(this.#archive, stored));
    return next === null ? pageInfo : { ...pageInfo, next };
  }

  page(place: Place): SentPage | null {
    const stored = this.#archive.pageAt(place);
    return stored === null ? null : sentPage(decodeStored(this.#archive, stored));
  }

  movePages(path: string): Answer<'movePages'> {
    return this.#archive.movePages(path);
  }

  takePages(ask: Ask<'takePages'>): Answer<'takePages'> {
    const taken = takePages(this.#archive, ask);
    const last = taken.pages.reduce((most, { place }) => Math.max(most, place.position), -1);
    this.#begun?.follow.stored(last);
    this.#begun?.follow.advance();
    const pages = taken.pages.map((page) =>
      page.pageInfo?.next?.kind === 'url' && this.#begun !== null
        ? { ...page, pageInfo: this.#withOwnLink(page.place, page.pageInfo) }
        : page,
    );
    return { ...taken, pages };
  }

  copyPages({ path, places }: Ask<'copyPages'>): Answer<'copyPages'> {
    return copyPages(this.#archive, places, path);
  }

  look({ goesOn }: Ask<'look'>): Opened {
    return this.#whatWasThere(true, goesOn);
  }

  counts(): Answer<'counts'> {
    return this.#archive.counts();
  }

  keepPace({ learned, notes }: Ask<'keepPace'>): null {
    this.#archive.keepPace(learned, notes);
    return null;
  }

  endPlan({ count, digest, end }: EndOfPlan): null {
    this.#archive.endPlan(count, digest, end);
    this.#ready().follow.planEnded(count);
    return null;
  }

  async finish({ stopped, withReport = false }: Ask<'finish'>): Promise<Finished> {
    const { allowIncomplete, strict, targets } = this.#ask;
    const archive = this.#archive;
    const selected = stopped ? null : await this.#countSelected();
    const counted = archive.verdict({ written: selected });
    const failures = archive.failures(20);
    const isWritten = isWhole(counted.name, strict) || (allowIncomplete && !stopped);
    if (isWhole(counted.name, strict)) this.#seal(counted.name);
    const { isAllOrNothing } = this.#outputs;
    if (isAllOrNothing && !isWritten) this.#begun?.follow.cancel();
    else this.#begun?.follow.end();
    const followed = await this.#exporting;
    if (isWritten) await this.#writeOthers();
    await this.#throwIfFailed();
    const counts = followed ?? this.#outputs.written;
    const isCounted = counts !== null && (!isAllOrNothing || isWritten);
    const verdict = isCounted ? withWritten(counted, takenOf(counts)) : counted;
    const isComplete = isWhole(verdict.name, strict);
    if (verdict.name !== counted.name) this.#seal(verdict.name);
    const isGood = isWritten && (isComplete || allowIncomplete) && !this.#isAbandoned;
    const settling = this.#outputs.settle(isGood, () => this.#isAbandoned);
    const given = (await this.#orFailed(settling)) ?? [];
    await this.#throwIfFailed();
    this.#isExported = true;
    if (isGood && !this.#isAbandoned) this.#writeManifest(verdict, given, isComplete);
    // Who left before the last page may come back for the rest, and must not fetch it again.
    const arePages = targets[0]?.kind === 'pages';
    const isLeft = arePages && followed === null;
    const isTaken = !isLeft && !this.#isAbandoned;
    const isDone = isComplete && isTaken;
    const report = withReport ? this.#report(verdict) : null;
    if (isDone) archive.markExported(this.#clock.wallTime());
    const isEmpty = verdict.stored === 0 && verdict.failed === 0;
    const archivePath = this.#settleArchive(isDone, isEmpty && !isComplete);
    const sent = arePages && followed !== null ? { ...followed, leftOut: 0, notes: [] } : null;
    const outputs =
      sent === null ? given.map(({ finished }) => finished) : [{ destination: 'stdout', ...sent }];
    const isAbandoned = this.#isAbandoned;
    const echo = this.#echoes?.found ?? null;
    return { verdict, failures, outputs, archivePath, isAbandoned, echo, report };
  }

  report({ notes, open }: Ask<'report'>): Uint8Array {
    if (notes !== null) this.#archive.keepNotes(notes);
    const { stored, failed, beyondEnd } = this.#archive.counts();
    // Nothing is judged before the end: a verdict reads every page info and key.
    const unjudged: Verdict = {
      name: 'incomplete',
      planned: null,
      stored,
      failed,
      pending: null,
      beyondEnd,
      end: null,
      reasons: [],
      evidence: [],
      records: null,
    };
    return this.#report(unjudged, open);
  }

  /** What the archive holds has no credentials; what the verdict quotes of pages may. */
  #report(verdict: Verdict, open: PaceNotes['pauses'] | null = null): Uint8Array {
    const { location, select } = this.#ask;
    const data = gatherReport(this.#archive, {
      name: location === null ? 'not kept' : basename(location.complete),
      verdict,
      output: this.#begun?.output ?? { kind: 'selection', select },
      notices: [],
      now: this.#clock.wallTime(),
      open,
    });
    return packReport({ ...data, facts: this.#credentials.withholdIn(data.facts) });
  }

  /** Those that have to see every page first, and those that did not follow. */
  async #writeOthers(): Promise<void> {
    if (this.#begun === null) return;
    const shape = this.#begun.output;
    const pages = () => wholeArchive(this.#archive, shape, () => this.#isAbandoned);
    const { pagination, createdAt } = this.#archive.run;
    const runId = runIdOf(this.#archive.run);
    const key = pagination?.key;
    for (const write of this.#outputs.others(pages, shape.select, key, createdAt, runId)) {
      if (this.#isAbandoned || this.#exportError !== null) return;
      await this.#orFailed(write());
    }
    // A sink is waited for until it is committed.
    this.#isExported = !this.#outputs.hasSink;
  }

  async #throwIfFailed(): Promise<void> {
    if (this.#exportError === null) return;
    await this.#outputs.abort(this.#exportError);
    throw this.#exportError;
  }

  /** Before the archive gets its name: who is killed until then writes both again. */
  #writeManifest(
    verdict: Verdict,
    outputs: Awaited<ReturnType<Outputs['settle']>>,
    isComplete: boolean,
  ): void {
    const { manifest, location, keep } = this.#ask;
    if (manifest === null || this.#begun === null) return;
    writeManifest(manifest, this.#archive, {
      verdict,
      takes: this.#begun.output,
      outputs: outputs.map(({ described }) => described),
      archive: location !== null && keep ? location[isComplete ? 'complete' : 'part'] : null,
      writtenAt: this.#clock.wallTime(),
      withhold: (value) => this.#credentials.withholdIn(value),
    });
  }

  /** Keeps the verdict, after which a run that goes on has only the output to write. */
  #seal(name: VerdictName): void {
    this.#archive.seal(name, this.#clock.wallTime(), !this.#ask.keep);
  }

  /**
   * What another selection than the list's records gives is known only when it was applied to every
   * page; null where that does not matter.
   */
  async #countSelected(): Promise<number | null> {
    const { output, follow } = this.#begun ?? {};
    if (output?.kind !== 'selection' || this.#archive.run.pagination === null) return null;
    const isFollowed = this.#outputs.isFollowing || this.#ask.targets[0]?.kind === 'pages';
    if (!isFollowed) return countWritten(this.#archive, output);
    follow?.end();
    const counts = await this.#exporting;
    return counts === null ? null : takenOf(counts);
  }

  abandon(): null {
    if (!this.#outputs.haveReader || this.#isExported) return null;
    this.#isAbandoned = true;
    this.#outputs.leave();
    void this.#outputs.abort(new Error('the run was stopped'));
    this.#main.giveUp();
    return null;
  }

  async close(): Promise<null> {
    const undone = this.#outputs.abort(new Error('the run has ended'));
    this.#closeArchive();
    await undone;
    return null;
  }

  /** One that holds nothing goes: it would stand in the way of another run. */
  #closeArchive(): void {
    const isEmpty = this.#archive.counts().stored === 0;
    if (this.#ask.location === null) this.#archive.closeForRemoval();
    else this.#archive.close();
    if (isEmpty) this.#discard();
  }

  #discard(): null {
    const { location } = this.#ask;
    if (location !== null) discardArchive(location.part);
    return null;
  }

  /** Closes the archive. Returns where it stands, null where it is removed. */
  #settleArchive(isDone: boolean, isEmpty: boolean): string | null {
    const { location, keep } = this.#ask;
    const archive = this.#archive;
    if (location === null) {
      archive.closeForRemoval();
      return null;
    }
    if (isDone && keep) {
      const isNamed = finishArchive(location, () => archive.close());
      return isNamed ? location.complete : location.part;
    }
    if (isDone) archive.closeForRemoval();
    else archive.close();
    return isDone || isEmpty ? this.#discard() : location.part;
  }

  async #export(pages: AsyncIterable<PageItem>, select: string | null): Promise<Counts | null> {
    if (this.#ask.targets[0]?.kind === 'pages') {
      return sendInGroups(pages, select, (sent) => this.#main.sendPages(sent, select));
    }
    const written = await this.#outputs.follow(pages, select);
    this.#isExported = written !== null && this.#outputs.areWritten;
    return written;
  }

  #ready(): Begun {
    if (this.#begun !== null) return this.#begun;
    throw new EverypageError('INTERNAL', 'how the list pages is not known yet');
  }
}
