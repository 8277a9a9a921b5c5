/**
 * The second thread: it owns the archive, checks bodies, and exports pages in their order while they
 * come. It asks no server and knows no plan. It may import the layers below it: archive/, decode/,
 * export/, plan/ and core/. This file is its contract: what the two threads say to each other, in
 * plain data.
 */

import type {
  ArchiveLocation,
  AttemptRecord,
  BranchSpan,
  KnownPage,
  PaceNotes,
  PageCounts,
  PageRow,
  RunSpecification,
} from '../archive/archive-types.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { NamedCredential } from '../core/known-credentials.ts';
import type { OutputShape } from '../core/output-shape.ts';
import type { PageInfo, PlanEnd } from '../core/page-info.ts';
import type { Place } from '../core/page-request.ts';
import type { Pagination } from '../core/pagination.ts';
import type { SinkPath } from '../core/record-sink.ts';
import type { FailedPage, Strict, Verdict } from '../core/summary.ts';
import type { TableOptions } from '../core/table-options.ts';
import type { BodyFault } from '../decode/check-body.ts';
import type { OutputForm } from '../export/format.ts';
import type { Written } from '../export/write-output.ts';
import type { Echo } from './echoed-credentials.ts';

export type { KnownPage };

export interface FileTarget extends OutputForm {
  readonly kind: 'file';
  /** Or the URL of a database, which may hold a password. */
  readonly path: string;
}

/** Blocks of bytes to the main thread, which owns stdout. */
export interface BytesTarget extends OutputForm {
  readonly kind: 'bytes';
}

/** A destination of the user's. */
export interface SinkTarget extends SinkPath {
  readonly kind: 'sink';
}

/** Where the pages go, in page order. */
export type ExportTarget =
  | FileTarget
  | BytesTarget
  | SinkTarget
  /** Whole pages to the main thread: the library's iterators. */
  | { readonly kind: 'pages' };

export interface OpenRequest {
  /** Where the archive stands; null for one that is this run's alone, and is gone at its end. */
  readonly location: ArchiveLocation | null;
  /** Its pages are moved to parts (`movePages`) while they come; such an archive has no place. */
  readonly isForParts?: boolean;
  readonly specification: RunSpecification;
  readonly fresh: boolean;
  readonly keep: boolean;
  readonly allowIncomplete: boolean;
  readonly strict: Strict | null;
  /** Records there must be, or null. */
  readonly expect: number | null;
  /** What `paginate` will say is needed before anything is stored or exported. */
  readonly isPaginated: boolean;
  readonly secretParams: readonly string[];
  /** To be looked for in bodies, and withheld from all else; stored nowhere. */
  readonly credentials: readonly NamedCredential[];
  readonly select: string | null;
  readonly maxDecodedBytes: number;
  /** A page of which this is true is none; null for no such condition. */
  readonly failWhen: string | null;
  /** None for the archive alone; several only if all are files or sinks. */
  readonly targets: readonly ExportTarget[];
  readonly table: TableOptions;
  /** A file that says what was written, of which pages; null for none. */
  readonly manifest: string | null;
}

export interface Opened {
  readonly resumed: { readonly stored: number; readonly ageMs: number } | null;
  /** Every page is stored already; only the output is missing. */
  readonly exportOnly: boolean;
  /** Highest position the archive knows, −1 for none: no look-up is needed beyond it. */
  readonly highestPosition: number;
  readonly planCount: number | null;
  /** How the run that goes on was found to page; null for a list, and before it was found. */
  readonly pagination: Pagination | null;
  /** What was measured of the servers' limits, by limiter. */
  readonly pace: Readonly<Record<string, unknown>>;
}

/** How the list pages, once that is known. */
export interface PaginateRequest {
  /** Null where its first page did not come: then only the reason is known. */
  readonly pagination: Pagination | null;
  /** What the export takes from a page. */
  readonly output: OutputShape;
  /** Pages come from one branch, so the export can follow them while they arrive. */
  readonly isOneBranch: boolean;
  /** An archive of the same run that has the first page with records, with which others are compared: for one whose pages are moved away. */
  readonly firstIn?: string;
}

/** A page that arrived; its key and its body stand beside it in the batch. Only `stored` has a body. */
export interface ArrivedPage
  extends Omit<PageRow, 'key' | 'body' | 'hash' | 'records' | 'pageInfo' | 'keys'> {
  readonly bodyBytes: number;
  /** Bytes of a body that was received but is no page; absent where `bodyBytes` says it. */
  readonly receivedBytes?: number;
  /** The server has said that it is there, so one without records is asked for again (`Expectation`). */
  readonly expected?: true;
  /** Earlier tries. */
  readonly log: readonly AttemptRecord[];
  /** Its URL with credentials, and response headers that say how the list goes on; not kept. */
  readonly asked?: string;
  readonly paging?: Readonly<Record<string, string>>;
}

/**
 * Pages on their way to the archive. Cloning 50 objects with a typed array each took 20 µs a page on
 * the thread that fetches; one JSON text and one piece of memory take a tenth of that.
 */
export interface Batch {
  /** `ArrivedPage[]` as JSON. */
  readonly pages: string;
  /** For each page in turn, its key (`PAGE_KEY_BYTES`) and its body. */
  readonly arena: Uint8Array;
  /** The slot of shared memory that the arena is; null where it has memory of its own, transferred. */
  readonly slot: number | null;
  /** What was noted of the pace since the last batch; null where it did not change. */
  readonly pace: PaceNotes | null;
}

/** A page whose body did not pass the checks; it was not stored. */
export interface Rejection extends Omit<BodyFault, 'ok'> {
  readonly index: number;
}

/** How a page has ended. */
export type PlacedState = Pick<PageRow, 'place' | 'state'>;

/** What is shown of a page that has ended. */
export type EndedPage = Pick<
  ArrivedPage,
  'place' | 'url' | 'state' | 'status' | 'code' | 'reason' | 'bodyBytes' | 'durationMs' | 'attempts'
>;

/** A page that came from another archive. */
export interface TakenPage extends EndedPage {
  readonly key: Uint8Array;
  /** Null without one, and in a list of URLs. */
  readonly pageInfo: PageInfo | null;
}

export interface TakenPages {
  readonly pages: readonly TakenPage[];
  /** The other archive holds pages that failed. */
  readonly hasFailed: boolean;
}

/** What became of a batch. */
export interface Stored {
  readonly rejections: readonly Rejection[];
  /** The info of each page, by its index; empty for a list. */
  readonly pageInfos: readonly (PageInfo | null)[];
  /** Slots of this or earlier batches that may be filled again. */
  readonly freeSlots: readonly number[];
}

export interface FinishedOutput extends Written {
  readonly destination: string;
}

export interface Finished {
  readonly verdict: Verdict;
  readonly failures: readonly FailedPage[];
  /** What was written, in the order of the targets. */
  readonly outputs: readonly FinishedOutput[];
  readonly archivePath: string | null;
  /** The output was not taken whole, and was given up. */
  readonly isAbandoned: boolean;
  /** Where the server repeats a credential, or null. */
  readonly echo: Echo | null;
  /** What `packReport` gives, if it was asked for. */
  readonly report: Uint8Array | null;
}

/** How a plan came to its end. */
export interface EndOfPlan {
  readonly count: number;
  readonly digest: Uint8Array;
  /** Null for a list. */
  readonly end: PlanEnd | null;
}

export interface SentPage {
  readonly place: Place;
  readonly url: string;
  readonly status: number;
  readonly headers: string | null;
  readonly body: Uint8Array;
  /** It holds none of the records that the run takes. */
  readonly isEmpty: boolean;
  /** Records at its front that an earlier page gave already. */
  readonly skip: number;
  /** Indexes of others that an earlier page or reading gave; null where there was none. */
  readonly repeats: ReadonlySet<number> | null;
  /** What a selection other than the list's records is applied to; null for the body. */
  readonly rest: Uint8Array | null;
}

/** What an open session answers to. The name of a call is the name of its message. */
export interface SessionCalls {
  /** Keeps how the list pages, if it does, and begins. Must come first where the run is paginated. */
  paginate(ask: PaginateRequest): Promise<null>;
  /** Checks every body, and commits those that pass in one transaction. */
  store(batch: Batch): Stored;
  /** Slots that may be filled again; for when no answer to a batch is awaited, and none is left. */
  freeSlots(ask: null): Promise<readonly number[]>;
  /** Stored pages at positions from ≤ p < to of a branch. */
  known(range: {
    readonly branch: number;
    readonly from: number;
    readonly to: number;
  }): readonly KnownPage[];
  /** A stored page, decoded, or null. */
  page(place: Place): SentPage | null;
  /** Moves all pages to a new archive at the path, which is on the disk when this is answered; says which. */
  movePages(path: string): readonly PlacedState[];
  /** Copies the pages at some places to a new archive at the path, which is on the disk when this is answered; says which. */
  copyPages(ask: {
    readonly path: string;
    readonly places: readonly Place[];
  }): readonly PlacedState[];
  /**
   * What is here, as the answer to `open`, after pages were taken over. `goesOn`: this run asks for the rest,
   * so what failed and what was read for comparison is dropped.
   */
  look(ask: { readonly goesOn: boolean }): Opened;
  /**
   * Takes over pages of another archive of the same run, but those at the positions of `except`. Pages that
   * are stored here already stay as they are, and are not in the answer.
   *
   * Those of a list of URLs that failed are taken by a call of their own, when no other archive can bring them any
   * more: the export passes over what has failed. `all`: whatever their state, and the answer names also those that
   * are stored here already. `branches`: only theirs.
   *
   * @throws EverypageError ARCHIVE_DAMAGED where that archive is not as it was written
   */
  takePages(part: {
    readonly path: string;
    readonly except: readonly number[];
    readonly which: 'stored' | 'failed' | 'all';
    readonly branches?: BranchSpan;
  }): TakenPages;
  /** How many pages have ended in which way. */
  counts(ask: null): PageCounts;
  /** Keeps what was measured so far, by limiter; a run that goes on need not measure it again. */
  keepPace(ask: {
    readonly learned: Readonly<Record<string, unknown>>;
    readonly notes: PaceNotes | null;
  }): null;
  endPlan(ask: EndOfPlan): null;
  /**
   * What a report shows of the run so far, as `packReport` gives it. `notes` are kept as by `keepPace`;
   * `open` are the pauses that last.
   */
  report(ask: { readonly notes: PaceNotes | null; readonly open: PaceNotes['pauses'] }): Uint8Array;
  /**
   * Computes the verdict from the tables, and ends the output and the archive by it. `stopped`: the
   * run ended before its plan was done. `withReport`: also gathers what a report shows.
   */
  finish(ask: { readonly stopped: boolean; readonly withReport?: boolean }): Promise<Finished>;
  /** A reader does not take the output in time: its export ends where it is, and is none. */
  abandon(ask: null): null;
  /** Leaves the archive as it is, in one file; for ends that are not a finish. */
  close(ask: null): Promise<null>;
}

/** Requests that have an answer, by name. */
interface Calls extends SessionCalls {
  /** Must come before any other. */
  open(ask: OpenRequest): Opened;
}

export type CallName = keyof Calls;
export type Ask<K extends CallName> = Parameters<Calls[K]>[0];
export type Answer<K extends CallName> = Awaited<ReturnType<Calls[K]>>;

interface Call<K extends CallName> {
  readonly id: number;
  readonly call: K;
  readonly ask: Ask<K>;
}

export type ToThread =
  | { readonly [K in CallName]: Call<K> }[CallName]
  /** The main thread has taken the last `bytes` or `pages`, or will take no more. */
  | { readonly call: 'taken'; readonly ok: boolean };

export type ThrownError = { readonly code: ErrorCode; readonly message: string };

export type FromThread =
  | { readonly type: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly type: 'error'; readonly id: number; readonly error: ThrownError }
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  /** Pages, and what the run takes of each: where its records are, or null for the whole page. */
  | {
      readonly type: 'pages';
      readonly pages: readonly SentPage[];
      readonly select: string | null;
    }
  /** The export cannot go on; the run should stop. */
  | { readonly type: 'export-failed'; readonly error: ThrownError };
