import type { PageCode } from './errors.ts';
import type { PlanEnd } from './page-info.ts';
import type { Place } from './page-request.ts';
import type { PaginationStyle } from './pagination.ts';

/**
 * What the archive proves. `complete`: every page of the plan is stored, the plan's end is known and
 * what the server said of it agrees. `unverified`: the same, but the server said nothing to check
 * against. `incomplete`: pages failed, are pending, or records are missing. `drifted`: the list
 * changed while it was read. `capped`: the server gives no more, though there is more.
 */
export type VerdictName = 'complete' | 'unverified' | 'incomplete' | 'drifted' | 'capped';

/** Whether a run with this verdict has everything: it ends well and may replace an older output. */
export function isWhole(verdict: VerdictName, strict: boolean): boolean {
  return verdict === 'complete' || (verdict === 'unverified' && !strict);
}

export interface Verdict {
  readonly name: VerdictName;
  /** Pages in the plan, or null where its end was not reached. */
  readonly planned: number | null;
  readonly stored: number;
  readonly failed: number;
  readonly pending: number | null;
  /** Speculative pages past the end; outside the verdict. */
  readonly beyondEnd: number;
  /** How the plan ended, or null where it did not. */
  readonly end: PlanEnd['reason'] | null;
  /** Why it is not `complete`, each a sentence without its full stop; empty where it is. */
  readonly reasons: readonly string[];
  /** What was counted of records; null for a plan that does not page by itself. */
  readonly records: RecordEvidence | null;
}

export interface RecordEvidence {
  /** In the stored pages, each ordinal once where the API pages by offset. */
  readonly fetched: number;
  /** What the server said at the first and at the last reading; null where it said nothing. */
  readonly totalAtStart: number | null;
  readonly totalAtEnd: number | null;
  /** Distinct keys; null where no key is known. */
  readonly unique: number | null;
  /** Records whose key had come before; 0 where no key is known. */
  readonly duplicates: number;
  /** Pages that share keys, the first few in page order. */
  readonly sharedKeys: readonly {
    readonly first: Place;
    readonly second: Place;
    readonly keys: number;
  }[];
  /** Ordinals that no page covers: from ≤ n < to. */
  readonly gaps: readonly { readonly branch: number; readonly from: number; readonly to: number }[];
  /** Pages that were read again at the end and had other records then, or were not there. */
  readonly changed: readonly Place[];
  /**
   * Where a page was refused as an expired cursor is, and the list then read again from its first page:
   * the number of that page, from 1, and the status. What is counted above is of the last reading.
   */
  readonly restarts: readonly { readonly page: number; readonly status: number | null }[];
}

export interface FailedPage {
  readonly place: Place;
  /** Redacted. */
  readonly url: string;
  readonly status: number | null;
  /**
   * Stable, for machines: `HTTP_404`, `TRUNCATED`, `NOT_JSON` … Null where no code says why.
   */
  readonly code: PageCode | null;
  /** For people; may change. */
  readonly reason: string;
  readonly attempts: number;
}

/** Why a run stopped before its plan was done; null when it was not stopped. */
export type Stop =
  | { readonly kind: 'signal'; readonly signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP' }
  | { readonly kind: 'aborted' }
  | { readonly kind: 'max-pages'; readonly maxPages: number }
  | { readonly kind: 'deadline'; readonly deadlineMs: number }
  /**
   * The server asks for a wait longer than `--max-wait`; come back at `untilWallTime`. Null: it has
   * refused or failed everything for so long, and names no time; or it names none so long, and
   * `ownPause` is.
   */
  | {
      readonly kind: 'max-wait';
      readonly untilWallTime: number | null;
      readonly reason: string;
      readonly ownPause?: OwnPause;
    }
  /** Nothing ever came from there, however often it was tried. */
  | { readonly kind: 'unreachable'; readonly limiter: string; readonly reason: string }
  | {
      readonly kind: 'credentials';
      readonly status: number;
      readonly url: string;
      /** Whether any went with the request; `withheld`: they were given for another origin. */
      readonly credentials: 'sent' | 'none' | 'withheld';
      /** How the server's answer begins, in quotes, without credentials; null where it says nothing. */
      readonly answer: string | null;
    }
  | {
      readonly kind: 'safety';
      readonly code: 'OTHER_ORIGIN' | 'PRIVATE_ADDRESS' | 'CERTIFICATE';
      readonly message: string;
    }
  | { readonly kind: 'closed-pipe' };

/** The pause that would come next, longer than the server asked for: the pauses before it did not help. */
export interface OwnPause {
  readonly nextMs: number;
  /** So many were made since anything came through. */
  readonly pausesBefore: number;
  /** What was refused or failed then. Redacted. */
  readonly url: string;
}

/** How a list that pages by itself was found to page. */
export interface PaginationFacts {
  readonly style: PaginationStyle;
  /** What showed it, each a phrase for people. */
  readonly evidence: readonly string[];
  /** The flags that pin it. */
  readonly flags: readonly string[];
  /** What is taken from a page; null for whole pages. */
  readonly recordsPath: string | null;
}

/** What held the pace of a limiter in the end. */
export interface PaceFacts {
  /** Its origin. */
  readonly limiter: string;
  /** `none`: nothing held it back but the number of pages. */
  readonly by: 'user' | 'headers' | 'refusals' | 'latency' | 'none';
  /** Requests a second that it settled at; null where no rate held it. */
  readonly perSecond: number | null;
  /** Most requests in flight at once, in the end. */
  readonly concurrency: number;
  /** The server's window, where one is known. */
  readonly windowMs: number | null;
}

export interface Summary {
  readonly verdict: Verdict;
  /** Null for a list or a range. */
  readonly pagination: PaginationFacts | null;
  /** How often the whole list was read: more than once only with `repair`. */
  readonly readings: number;
  readonly stop: Stop | null;
  /** Pages fetched by this process; the rest were stored before. */
  readonly fetched: number;
  /** The first failed pages in page order, at most 20; `verdict.failed` counts all. */
  readonly failures: readonly FailedPage[];
  readonly retries: number;
  /** Time in which the run really waited for a limit or an outage of a server. */
  readonly pausedMs: number;
  readonly durationMs: number;
  /** On the wire, bodies only. */
  readonly bodyBytes: number;
  readonly connections: Readonly<Record<'HTTP/1.1' | 'HTTP/2', number>>;
  /** How the pace was set, for each limiter that was asked, the busiest first. */
  readonly pace: readonly PaceFacts[];
  /** What was written, or null where the run asked for no output or wrote none. */
  readonly output: {
    readonly destination: string;
    readonly records: number;
    readonly bytes: number;
    /** True when failed pages were left out because the user allowed it. */
    readonly partial: boolean;
  } | null;
  /** Where the archive is now, or null when it was removed. */
  readonly archivePath: string | null;
}
