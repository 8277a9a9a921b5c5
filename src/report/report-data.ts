/**
 * What a report shows, as plain data. The archive thread gathers it, `pack.ts` makes one file of it, and
 * the page in `page/` draws it: nothing here needs Node or a browser. All text is redacted and escaped, and
 * times count from the run's first attempt, in milliseconds, without the times in which nothing ran.
 */
import type { PauseCause } from '../core/events.ts';
import type { PaceFacts, VerdictName } from '../core/summary.ts';

/** Counts up when an older page could not draw the data. */
export const REPORT_VERSION = 1;

/** What became of an attempt. Its number in `attempts.kind` is its place in this list. */
export const attemptKinds = [
  'ok',
  'refused',
  'server-error',
  'no-answer',
  'not-a-page',
  'past-end',
] as const;
export type AttemptKind = (typeof attemptKinds)[number];

export const kindNames: Readonly<Record<AttemptKind, string>> = {
  ok: 'brought a page',
  refused: 'told to wait',
  'server-error': 'server error (5xx)',
  'no-answer': 'no answer',
  'not-a-page': 'answered, but no page',
  'past-end': 'past the end of the list',
};

export interface ReportData {
  readonly facts: ReportFacts;
  /** Of the pages that attempts belong to, redacted. */
  readonly urls: readonly string[];
  readonly attempts: AttemptColumns;
}

/** One entry for each attempt, by when it began. */
export interface AttemptColumns {
  /** Index into `urls`. */
  readonly page: Uint32Array;
  readonly start: Float64Array;
  readonly duration: Float32Array;
  /** 0 where no response came. */
  readonly status: Uint16Array;
  /** Index into `attemptKinds`. */
  readonly kind: Uint8Array;
  /** Index into `facts.outcomes`. */
  readonly outcome: Uint16Array;
  /** How long the server asked to wait; NaN where it did not. */
  readonly told: Float32Array;
  readonly bytes: Float64Array;
  /** 1 for a page's first attempt. */
  readonly number: Uint16Array;
}

export interface ReportFacts {
  readonly version: typeof REPORT_VERSION;
  /** `everypage 0.1.0` */
  readonly madeBy: string;
  /** Milliseconds since 1970. */
  readonly madeAt: number;
  readonly archive: string;
  readonly sources: readonly string[];
  readonly method: string;
  readonly verdict: VerdictFacts;
  /** What a reader must know before all else, a sentence each: what is unfinished, damaged or left out. */
  readonly notices: readonly string[];
  readonly totals: Totals;
  /** How the list is paginated, in words; null for a list of URLs. */
  readonly paging: string | null;
  /** What set the pace, in words; null where no request was sent. */
  readonly pace: string | null;
  readonly time: TimeFacts;
  /** Names of limiters, the busiest first. */
  readonly limiters: readonly string[];
  readonly pauses: readonly PauseFacts[];
  readonly changes: readonly ChangeFacts[];
  /** What headers stated, one for each policy. */
  readonly limits: readonly LimitFacts[];
  readonly outcomes: readonly string[];
  readonly tally: readonly TallyRow[];
  /** How many pages needed so many attempts. */
  readonly tries: readonly { readonly attempts: number; readonly pages: number }[];
  /** The first pages that failed, in page order. */
  readonly failed: readonly PageFacts[];
  /** Those whose attempts took longest together, the slowest first. */
  readonly slowest: readonly PageFacts[];
  readonly sizes: SizeFacts | null;
  readonly schema: SchemaFacts | null;
  /** One of so many attempts is drawn, where there are too many for a page; 1 is all. */
  readonly drawn: { readonly okEvery: number; readonly otherEvery: number };
}

export interface VerdictFacts {
  readonly name: VerdictName;
  /** One sentence. */
  readonly headline: string;
  readonly evidence: readonly string[];
}

export interface Totals {
  /** Null where records were not looked for. */
  readonly records: number | null;
  readonly stored: number;
  readonly failed: number;
  readonly pending: number | null;
  readonly beyondEnd: number;
  readonly attempts: number;
  /** Of all attempts, on the wire. */
  readonly bytes: number;
  /** While the run was under way. */
  readonly activeMs: number;
  readonly pausedMs: number;
}

export interface TimeFacts {
  /** Milliseconds since 1970 at the time 0. */
  readonly startedAt: number;
  /** Where the run stopped and was resumed later: at this time, so long. */
  readonly cuts: readonly { readonly at: number; readonly ms: number }[];
}

export interface PauseFacts {
  /** Index into `limiters`. */
  readonly limiter: number;
  readonly from: number;
  readonly to: number;
  /** When it was to end. */
  readonly until: number;
  readonly cause: PauseCause;
  readonly reason: string;
}

export interface ChangeFacts {
  readonly limiter: number;
  readonly at: number;
  readonly concurrency: number;
  readonly perSecond: number | null;
  readonly statedPerSecond: number | null;
  readonly by: PaceFacts['by'];
}

/** One policy of a server's. What it left out is null. */
export interface LimitFacts {
  /** The server's name for it; empty where it gave none. */
  readonly policy: string;
  /** Index into `limiters`; -1 where no limiter is known. */
  readonly limiter: number;
  /** Requests that a window allows. */
  readonly quota: number | null;
  readonly windowMs: number | null;
  /** The least that was left. */
  readonly leastLeft: number | null;
  /** When it was first and last stated. */
  readonly from: number;
  readonly to: number;
}

/** Attempts with one status and kind. */
export interface TallyRow {
  readonly status: number | null;
  readonly kind: AttemptKind;
  readonly attempts: number;
  readonly bytes: number;
  /** The outcome that was met most often, in words. */
  readonly outcome: string;
}

export interface PageFacts {
  /** Its number in the plan, from 1. */
  readonly number: number;
  readonly branch: number;
  readonly url: string;
  readonly state: 'stored' | 'failed' | 'beyond-end' | 'pending';
  readonly records: number | null;
  readonly bytes: number;
  readonly totalMs: number;
  /** Response headers that the archive keeps. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly attempts: readonly AttemptFacts[];
}

export interface AttemptFacts {
  readonly at: number;
  readonly durationMs: number;
  readonly status: number | null;
  readonly kind: AttemptKind;
  readonly outcome: string;
  readonly toldToWaitMs: number | null;
  readonly bytes: number;
}

/** Of stored bodies, on the wire. */
export interface SizeFacts {
  readonly least: number;
  readonly median: number;
  readonly most: number;
  /** Bodies of from ≤ bytes < to. */
  readonly bins: readonly { readonly from: number; readonly to: number; readonly pages: number }[];
}

export interface SchemaFacts {
  readonly records: number;
  readonly isOfAll: boolean;
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly mayBeNull: boolean;
    readonly mayBeAbsent: boolean;
  }[];
}

/** Where a column stands in a packed report, from the end of its text. */
export interface PackedColumn {
  readonly name: keyof AttemptColumns;
  readonly offset: number;
}

/** The text of a packed report: `pack.ts` writes it, `page/unpack.ts` reads it. */
export interface PackedText extends Pick<ReportData, 'facts' | 'urls'> {
  readonly count: number;
  readonly columns: readonly PackedColumn[];
}
