import type { Place } from './page-request.ts';

/**
 * What the archive proves. `complete`: every page of the plan is stored and the plan's end is
 * known. `incomplete`: pages failed or are still pending. The names `unverified`, `drifted` and
 * `capped` come with pagination.
 */
export type VerdictName = 'complete' | 'incomplete';

export interface Verdict {
  readonly name: VerdictName;
  /** Pages in the plan, or null where its end was not reached. */
  readonly planned: number | null;
  readonly stored: number;
  readonly failed: number;
  readonly pending: number | null;
}

export interface FailedPage {
  readonly place: Place;
  /** Redacted. */
  readonly url: string;
  readonly status: number | null;
  readonly reason: string;
  readonly attempts: number;
}

/** Why a run stopped before its plan was done; null when it was not stopped. */
export type Stop =
  | { readonly kind: 'signal'; readonly signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP' }
  | { readonly kind: 'aborted' }
  | { readonly kind: 'max-pages'; readonly maxPages: number }
  | { readonly kind: 'deadline'; readonly deadlineMs: number }
  /** The server asks for a wait longer than `--max-wait`; come back at `untilWallTime`. */
  | { readonly kind: 'max-wait'; readonly untilWallTime: number; readonly reason: string }
  | { readonly kind: 'credentials'; readonly status: number; readonly url: string }
  | {
      readonly kind: 'safety';
      readonly code: 'OTHER_ORIGIN' | 'CERTIFICATE';
      readonly message: string;
    }
  | { readonly kind: 'closed-pipe' };

export interface Summary {
  readonly verdict: Verdict;
  readonly stop: Stop | null;
  /** Pages fetched by this process; the rest were stored before. */
  readonly fetched: number;
  /** The first failed pages in page order, at most 20; `verdict.failed` counts all. */
  readonly failures: readonly FailedPage[];
  readonly retries: number;
  readonly pausedMs: number;
  readonly durationMs: number;
  /** On the wire, bodies only. */
  readonly bodyBytes: number;
  readonly connections: Readonly<Record<'HTTP/1.1' | 'HTTP/2', number>>;
  readonly concurrency: number;
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
