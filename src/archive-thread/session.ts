/**
 * What the archive thread does for one run: opens or goes on, checks and stores what arrives, and
 * exports in page order behind it. Runs on the thread; knows nothing of messages.
 */

import { basename } from 'node:path';
import type { Archive } from '../archive/archive.ts';
import { discardArchive } from '../archive/archive-location.ts';
import type { PaceNotes, PageRow } from '../archive/archive-types.ts';
import type { Clock } from '../core/clock.ts';
import { EverypageError } from '../core/errors.ts';
import { KnownCredentials } from '../core/known-credentials.ts';
import { type OutputShape, withShape } from '../core/output-shape.ts';
import type { PageInfo } from '../core/page-info.ts';
import type { Place } from '../core/page-request.ts';
import { isWhole, type Verdict } from '../core/summary.ts';
import { freeSpans, readCondition, readSelection } from '../decode/decode.ts';
import { packReport } from '../report/pack.ts';
import { BatchReader, type ReadBatch } from './batch-reader.ts';
import { EchoWatch } from './echoed-credentials.ts';
import { finishSession } from './finish-session.ts';
import { ArchiveFollower } from './follow-archive.ts';
import { gatherReport, unjudged } from './gather-report.ts';
import { keptPagesOf } from './kept-pages.ts';
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
import { leaveArchive, openOrCreate } from './open-archive.ts';
import { type MainThread, RunExport } from './run-export.ts';
import { sentPage } from './send-pages.ts';
import { leaveOutRepeats, shapedPages } from './shape-pages.ts';
import { decodeStored } from './stored-pages.ts';
import { copyPages, takePages } from './take-pages.ts';

const LARGE_BYTES = 4 * 1024 * 1024;

/** Frees the memory of a stored batch whose pages the export will read back from the archive. */
function freeBatch({ arena }: Batch, pages: ReadBatch['pages']): void {
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

/** What can be set up only once it is known how the list pages. */
interface Begun {
  readonly reader: BatchReader;
  readonly follow: ArchiveFollower;
}

export class ArchiveSession implements SessionCalls {
  readonly #ask: OpenRequest;
  readonly #clock: Clock;
  readonly #archive: Archive;
  #export!: RunExport;
  readonly #credentials: KnownCredentials;
  readonly #echoes: EchoWatch | null;
  #begun: Begun | null = null;
  readonly opened: Opened;

  private constructor(ask: OpenRequest, clock: Clock) {
    this.#ask = ask;
    this.#credentials = new KnownCredentials(ask.credentials, ask.secretParams);
    const forms = this.#credentials.bodyForms();
    this.#echoes = forms.length === 0 ? null : new EchoWatch(forms);
    this.#clock = clock;
    if (ask.fresh && ask.location !== null) discardArchive(ask.location.part);
    const { archive, created } = openOrCreate(ask, clock);
    this.#archive = archive;
    archive.setExpected(ask.expect);
    this.opened = this.#whatWasThere(!created, true);
  }

  /** Opens the archive. A list begins at once; where the run is paginated `paginate` must follow. */
  static async open(ask: OpenRequest, clock: Clock, main: MainThread): Promise<ArchiveSession> {
    const openExport = await RunExport.prepare(ask, main);
    const session = new ArchiveSession(ask, clock);
    try {
      session.#export = await openExport(session.#archive);
    } catch (error) {
      leaveArchive(session.#archive, ask);
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
    const selection = readSelection(pagination === null ? output.select : pagination.records);
    const reader = new BatchReader(
      selection,
      pagination,
      maxDecodedBytes,
      failWhen,
      this.#credentials,
      this.#echoes,
      keptPagesOf(this.#archive, paginated?.firstIn ?? null),
    );
    const isOneBranch = paginated?.isOneBranch === true;
    const follow = new ArchiveFollower(this.#archive, {
      pagination,
      planCount: this.opened.exportOnly ? this.#archive.run.planCount : null,
      isOneBranch,
      isRead: this.#export.isFollowing,
    });
    this.#begun = { reader, follow };
    // Without a key no list is read twice, and slices are exported when all readings have ended.
    const isReadTwice = isOneBranch && pagination !== null && pagination.key !== null;
    const followed = isReadTwice
      ? leaveOutRepeats(follow.pages(), (last) => this.#archive.repeatsOf(last))
      : follow.pages();
    const pages = shapedPages(followed, this.#archive, output);
    this.#export.begin(pages, output, follow);
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
    for (let at = 0; at < pages.length; at += 1) {
      const { index, record, pageInfo, decoded } = pages[at]!;
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
    }
    // A large batch is freed at once: the next garbage collection may be far away.
    if (!isKept && batch.arena.byteLength > LARGE_BYTES) freeBatch(batch, pages);
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
    const end = {
      ask: this.#ask,
      archive: this.#archive,
      exported: this.#export,
      now: () => this.#clock.wallTime(),
      withhold: <Value>(value: Value) => this.#credentials.withholdIn(value),
    };
    const report = (verdict: Verdict) => (withReport ? this.#report(verdict) : null);
    const finished = await finishSession(end, stopped, report);
    return { ...finished, echo: this.#echoes?.found ?? null };
  }

  report({ notes, open }: Ask<'report'>): Uint8Array {
    if (notes !== null) this.#archive.keepNotes(notes);
    return this.#report(unjudged(this.#archive.counts()), open);
  }

  /** What the archive holds has no credentials; what the verdict quotes of pages may. */
  #report(verdict: Verdict, open: PaceNotes['pauses'] | null = null): Uint8Array {
    const { location, select } = this.#ask;
    const data = gatherReport(this.#archive, {
      name: location === null ? 'not kept' : basename(location.complete),
      verdict,
      output: this.#export.output ?? { kind: 'selection', select },
      notices: [],
      now: this.#clock.wallTime(),
      open,
    });
    return packReport({ ...data, facts: this.#credentials.withholdIn(data.facts) });
  }

  abandon(): null {
    this.#export.abandon();
    return null;
  }

  async close(): Promise<null> {
    const undone = this.#export.abort();
    leaveArchive(this.#archive, this.#ask);
    await undone;
    return null;
  }

  #ready(): Begun {
    if (this.#begun !== null) return this.#begun;
    throw new EverypageError('INTERNAL', 'how the list pages is not known yet');
  }
}
