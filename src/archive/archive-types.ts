/**
 * WHERE pages are kept. An archive is one SQLite file with every page as it came off the wire, what
 * it answers to, and how each try went. This folder is the only one that knows the tables. It sends
 * nothing and checks no body, and it is synchronous: it lives on a thread of its own. It may import
 * core/, and what decode/ offers, to compare records. This file is its contract: what goes into an
 * archive and comes out.
 */
import type { PageCode } from '../core/errors.ts';
import type { PauseCause } from '../core/events.ts';
import type { PageInfo } from '../core/page-info.ts';
import type { Place } from '../core/page-request.ts';
import type { PaceFacts } from '../core/summary.ts';
import type { KeyPart } from '../decode/decode.ts';

/** The paths of an archive. */
export interface ArchiveLocation {
  /** While pages are missing, or not exported yet. */
  readonly part: string;
  readonly complete: string;
}

/** All branches from one to another, both included. */
export interface BranchSpan {
  readonly from: number;
  readonly to: number;
}

export type PageState = 'stored' | 'failed' | 'beyond-end';

/** One try of one page, as the report will draw it. */
export interface AttemptRecord {
  readonly place: Place;
  /** 1 for the first try of this run of the program; later tries count up. */
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** Null where no response came. */
  readonly status: number | null;
  /** `ok`, or why not, in a few words without credentials. */
  readonly outcome: string;
  /** How long the server told us to wait, or null. */
  readonly toldToWaitMs: number | null;
  /** Bytes of the body as they came off the wire; 0 where none came. */
  readonly bodyBytes: number;
}

/** One pause of a limiter. A row is written when it begins, and again when it grows or ends. */
export interface PauseRecord {
  /** The limiter's name: its origin, and a policy where it names more than one. */
  readonly limiter: string;
  /** Milliseconds since 1970, as all times here. */
  readonly startedAt: number;
  /** When it was to end, as far as was known last; of a pause of the user's its end, or its beginning. */
  readonly until: number;
  /** Null while it lasts, and where the process was killed meanwhile. */
  readonly endedAt: number | null;
  readonly cause: PauseCause;
  /** Without credentials. */
  readonly reason: string;
}

/** How fast a limiter was asked from a moment on. */
export interface PaceChange {
  readonly limiter: string;
  readonly at: number;
  /** Most requests in flight. */
  readonly concurrency: number;
  /** Requests a second; null where no rate holds the limiter. */
  readonly perSecond: number | null;
  /** What the server's headers allow a second; null where they state no limit. */
  readonly statedPerSecond: number | null;
  /** What set the pace: see `PaceFacts`. */
  readonly by: PaceFacts['by'];
}

/** What was noted of the pace since it was last stored. */
export interface PaceNotes {
  readonly pauses: readonly PauseRecord[];
  readonly changes: readonly PaceChange[];
}

/** What a page is when it has reached its end state. */
export interface PageRow {
  readonly place: Place;
  /** 16 bytes: see `pageKey`. */
  readonly key: Uint8Array;
  /** Redacted. */
  readonly url: string;
  readonly state: PageState;
  readonly status: number | null;
  /** Allow-listed response headers as a JSON object, or null. */
  readonly headers: string | null;
  /** `content-encoding` as it came, lower case; null for identity. */
  readonly encoding: string | null;
  /** As it came off the wire; null where the page failed. */
  readonly body: Uint8Array | null;
  /** SHA-256 of the decoded body, 32 bytes; null where the page failed. */
  readonly hash: Uint8Array | null;
  /** Records under the selection at the time of the fetch, or null where none was asked for. */
  readonly records: number | null;
  /** What it says about the list, its next step redacted; null where it failed and in a list. */
  readonly pageInfo: PageInfo | null;
  /** Keys of the page's records, in order; none where records have no keys. */
  readonly keys: readonly KeyPart[];
  /** Why it failed, for machines and for people; null otherwise. */
  readonly code: PageCode | null;
  readonly reason: string | null;
  readonly attempts: number;
  /** Milliseconds since 1970 when the last attempt began. */
  readonly startedAt: number;
  readonly durationMs: number;
}

/** What the run was asked to fetch, without secrets: kept to recognise it and to say what differs. */
export interface RunSpecification {
  /** What was said of pagination, as text; null for a list. */
  readonly pagination: string | null;
  /** URL arguments (redacted), `@file` names, `-`, or `list` with a digest. */
  readonly sources: readonly string[];
  readonly method: string;
  /** Hex SHA-256 of the request body, or null. */
  readonly bodyDigest: string | null;
  /** Headers that change what is represented, credentials left out. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Which pages were taken for failed ones though they are JSON; absent without such a condition. */
  readonly failWhen?: string;
}

/** A stored page as it is read back for exports, checks and replay. */
export interface StoredPage
  extends Pick<PageRow, 'place' | 'key' | 'url' | 'headers' | 'encoding' | 'records'> {
  readonly status: number;
  readonly body: Uint8Array;
  readonly hash: Uint8Array;
  /** Its rows, the hash and the place among them, agree with their checksum. */
  readonly isAsStored: boolean;
}

/**
 * A page that is there, without its body, to compare with a plan that is made again. Pages beyond the
 * plan's end that have a page info are among them.
 */
export interface KnownPage extends Pick<PageRow, 'key' | 'url' | 'pageInfo'> {
  readonly position: number;
}

/** How many pages are in each end state; pages read again to see drift are not among them. */
export interface PageCounts {
  readonly stored: number;
  readonly failed: number;
  readonly beyondEnd: number;
}

/** A page that was asked for, without its body. */
export interface AskedPage extends Pick<PageRow, 'place' | 'key' | 'url' | 'state' | 'status'> {
  /** Whether a body came. */
  readonly hasBody: boolean;
}
