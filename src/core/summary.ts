import type { PageCode } from './errors.ts';
import type { OutputKind } from './output-shape.ts';
import type { PlanEnd } from './page-info.ts';
import type { Place } from './page-request.ts';
import type { PaginationStyle } from './pagination.ts';

/**
 * What the archive proves. `proven`: no record that was there all the time can be missing. `complete`:
 * every page of the plan is stored, the list's total came or its end was stated, and what was read again
 * is unchanged. `unverified`: neither was stated, or a check could not be made. `incomplete`: pages
 * failed, are pending, or records are missing. `drifted`: the list changed while it was read. `capped`:
 * the server returns no more, although there is more.
 */
export type VerdictName = Level | 'incomplete' | 'drifted' | 'capped';

/** The verdicts of a run that has everything, from the strongest. */
const levels = ['proven', 'complete', 'unverified'] as const;
export type Level = (typeof levels)[number];

/** The least verdict that counts as success, where `unverified` is not enough. */
export type Strict = Exclude<Level, 'unverified'>;

/**
 * Whether a run with this verdict has everything, so that it succeeds and may replace an older output.
 *
 * @param strict the least that counts; null: whatever could not be checked
 */
export function isWhole(verdict: VerdictName, strict: Strict | null): boolean {
  const order: readonly VerdictName[] = levels;
  const level = order.indexOf(verdict);
  return level !== -1 && level <= order.indexOf(strict ?? 'unverified');
}

export interface Verdict {
  readonly name: VerdictName;
  /** Pages in the plan; null if its end was not reached. */
  readonly planned: number | null;
  readonly stored: number;
  readonly failed: number;
  readonly pending: number | null;
  /** Speculative pages past the end; outside the verdict. */
  readonly beyondEnd: number;
  /** How the plan ended; null if it did not. */
  readonly end: PlanEnd['reason'] | null;
  /** Why it is not whole, or no more than `unverified`: sentences without a full stop. */
  readonly reasons: readonly string[];
  /**
   * What `proven` or `complete` rests on, what one reading could not see, and what pages state that counted
   * for nothing: phrases.
   */
  readonly evidence: readonly string[];
  /** What was counted of records; null for a list of URLs or a range. */
  readonly records: RecordEvidence | null;
}

export interface RecordEvidence {
  /**
   * Records of the list in the stored pages, which is what totals are compared with. What an earlier
   * page gave because of how the API pages does not count again. See `counts`.
   */
  readonly fetched: number;
  /** `output`: where the list's own records stand is not known, so `fetched` is what the output takes. */
  readonly counts: 'list' | 'output';
  /**
   * Records in the output, as `everypage export` writes it: `fetched` where it takes the list's records.
   * Null where a selection was not applied to all pages, because the run was stopped before.
   */
  readonly written: number | null;
  /** What the output takes of a page. */
  readonly output: OutputKind;
  /** What the server said at the first and at the last reading; null if it said nothing. */
  readonly totalAtStart: number | null;
  readonly totalAtEnd: number | null;
  /** Distinct keys; null if no key is known. */
  readonly unique: number | null;
  /** Records whose key came before; 0 if no key is known. */
  readonly duplicates: number;
  /** Pages that share keys, the first few in page order. */
  readonly sharedKeys: readonly {
    readonly first: Place;
    readonly second: Place;
    readonly keys: number;
    /** Both hold the same records and no others, but with different content. */
    readonly isSameAgain: boolean;
  }[];
  /** Ordinals that no page covers: from ≤ n < to. */
  readonly gaps: readonly { readonly branch: number; readonly from: number; readonly to: number }[];
  /** Pages that were read again at the end and had other records then, or were not there. */
  readonly changed: readonly Place[];
  /**
   * Pages that were refused, probably because their cursor had expired, after which the list was read
   * again from its first page: the page's number, from 1, and the status. All counts above are of the
   * last reading.
   */
  readonly restarts: readonly { readonly page: number; readonly status: number | null }[];
}

export interface FailedPage {
  readonly place: Place;
  /** Redacted. */
  readonly url: string;
  readonly status: number | null;
  /** Stable, for machines: `HTTP_404`, `TRUNCATED`, `NOT_JSON` … Null if no code says why. */
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
   * The server asks for a wait longer than `--max-wait`: run again at `untilWallTime`. That is null if
   * the server states no time: then it has refused all requests for that long, `ownPause` is longer, or
   * it has been down for `downMs`.
   */
  | {
      readonly kind: 'max-wait';
      readonly untilWallTime: number | null;
      readonly reason: string;
      readonly ownPause?: OwnPause;
      readonly downMs?: number;
    }
  /** The server never answered, in any attempt. */
  | { readonly kind: 'unreachable'; readonly limiter: string; readonly reason: string }
  | {
      readonly kind: 'credentials';
      readonly status: number;
      readonly url: string;
      /** Whether any went with the request; `withheld`: they were given for another origin. */
      readonly credentials: 'sent' | 'none' | 'withheld';
      /** What the server's answer says, or how it begins, in quotes, without credentials; null if nothing. */
      readonly answer: string | null;
    }
  | {
      readonly kind: 'safety';
      readonly code: 'OTHER_ORIGIN' | 'PRIVATE_ADDRESS' | 'CERTIFICATE';
      readonly message: string;
    }
  | { readonly kind: 'closed-pipe' };

/** The pause that would come next. It is our own: the server asked for none so long, and shorter ones did not help. */
export interface OwnPause {
  readonly nextMs: number;
  /** Pauses since a request last succeeded. */
  readonly pausesBefore: number;
  /** The request that failed. Redacted. */
  readonly url: string;
}

/** How a list is paginated, as detection found it. */
export interface PaginationFacts {
  readonly style: PaginationStyle;
  /** What showed it: phrases for people. */
  readonly evidence: readonly string[];
  /** The flags that say the same, so that detection is not needed. */
  readonly flags: readonly string[];
  /** What is taken from a page; null for whole pages. */
  readonly recordsPath: string | null;
  /** What would help where one page was all that was found, the likeliest first. Default none. */
  readonly cures?: readonly Cure[];
}

/** Flags that would help, in place of those that were given with the same names. */
export interface Cure {
  /** Where they help, or what they do: a heading without its colon. */
  readonly heading: string;
  readonly flags: readonly string[];
}

/** What set the pace of a limiter in the end. */
export interface PaceFacts {
  /** Its origin. */
  readonly limiter: string;
  /** `none`: no limit was reached. */
  readonly by: 'user' | 'headers' | 'refusals' | 'latency' | 'none';
  /** Requests a second in the end; null if no rate was set. */
  readonly perSecond: number | null;
  /** Most requests in flight at once, in the end. */
  readonly concurrency: number;
  /** The server's window, if one is known. */
  readonly windowMs: number | null;
}

export interface WrittenOutput {
  readonly destination: string;
  readonly records: number;
  readonly bytes: number;
  /** Records of the list that `where` left out. */
  readonly leftOut: number;
  /** True when failed pages were left out because the user allowed it. */
  readonly partial: boolean;
}

export interface Summary {
  readonly verdict: Verdict;
  /** Null for a list or a range. */
  readonly pagination: PaginationFacts | null;
  /** How often the whole list was read: more than once only with `prove`. */
  readonly readings: number;
  readonly stop: Stop | null;
  /** Pages fetched by this process; the rest were stored before. */
  readonly fetched: number;
  /** The first failed pages in page order, at most 20; `verdict.failed` counts all. */
  readonly failures: readonly FailedPage[];
  readonly retries: number;
  /** Time that the run waited for a limit or an outage of a server. */
  readonly pausedMs: number;
  /** The part of it in which a server did not answer, or nothing else than errors. */
  readonly outageMs: number;
  readonly durationMs: number;
  /** On the wire, bodies only. */
  readonly bodyBytes: number;
  readonly connections: Readonly<Record<'HTTP/1.1' | 'HTTP/2', number>>;
  /** How the pace was set, for each limiter that was asked, the busiest first. */
  readonly pace: readonly PaceFacts[];
  /** What was written, or null where the run asked for no output or wrote none. The first of `outputs`. */
  readonly output: WrittenOutput | null;
  /** Everything that was written, in the order in which it was asked for. */
  readonly outputs: readonly WrittenOutput[];
  /** Where the archive is now; null if it was removed, or was this run's alone. */
  readonly archivePath: string | null;
}
