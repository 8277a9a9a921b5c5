/** The events of a run. Observers import these types and never the run. */
import type { PageCode } from './errors.ts';
import type { Method, Place } from './page-request.ts';
import type { PaginationFacts, Summary } from './summary.ts';

/** `checking`: every page has come, and some are read again to see whether the list changed. */
export type Phase = 'fetching' | 'checking' | 'draining' | 'exporting';

/**
 * `limit`: the server asks for it. `outage`: it does not answer, or nothing else than errors. `user`: the
 * user has paused the run.
 */
export type PauseCause = 'limit' | 'outage' | 'user';

export type RunEvent =
  /** First event. `total` is null while the plan's length is unknown. */
  | {
      readonly type: 'start';
      readonly total: number | null;
      /** Null for an archive that is this run's alone. */
      readonly archivePath: string | null;
      /** Set when an unfinished archive is resumed. */
      readonly resumed: { readonly stored: number; readonly ageMs: number } | null;
      /** The pages are complete already and only the output was missing: no request is sent. */
      readonly exportOnly: boolean;
    }
  /** How a list is paginated, as detection found it. */
  | ({ readonly type: 'pagination' } & PaginationFacts)
  /** The plan's length became known, or grew. */
  | { readonly type: 'total'; readonly total: number }
  /** A page reached its final state. */
  | {
      readonly type: 'page';
      readonly place: Place;
      readonly method: Method;
      /** Redacted. */
      readonly url: string;
      readonly state: 'stored' | 'failed' | 'beyond-end';
      readonly status: number | null;
      /** Why it is not stored: a stable code; null if it is. */
      readonly code: PageCode | null;
      readonly reason: string | null;
      /** On the wire. */
      readonly bodyBytes: number;
      /** Of the last attempt. */
      readonly durationMs: number;
      readonly attempts: number;
    }
  | {
      readonly type: 'retry';
      readonly place: Place;
      readonly method: Method;
      readonly url: string;
      readonly attempt: number;
      readonly status: number | null;
      /** Why this attempt failed: a stable code. */
      readonly code: PageCode | null;
      readonly reason: string;
      /** Of this attempt. */
      readonly durationMs: number;
      /** Until the next one. */
      readonly delayMs: number;
    }
  /** The server is still making a page (202): it is asked for again, and this was no attempt. */
  | {
      readonly type: 'not-ready';
      readonly place: Place;
      /** Redacted. */
      readonly url: string;
      readonly status: number | null;
      readonly reason: string;
      readonly delayMs: number;
    }
  /**
   * A limiter stops dispatching. `untilWallTime` is milliseconds since 1970. Each `pause` is followed by
   * one `resume` of its limiter; if the pause is made longer meanwhile, by `pause-extended`. A pause of the
   * user's has neither a duration nor an end that is known before, so both are null.
   */
  | {
      readonly type: 'pause' | 'pause-extended';
      readonly limiter: string;
      readonly cause: PauseCause;
      readonly reason: string;
      readonly durationMs: number | null;
      readonly untilWallTime: number | null;
    }
  | {
      readonly type: 'resume';
      readonly limiter: string;
      /** The run ended, so the pause did too. */
      readonly ended: boolean;
    }
  /** What a server says about its limits, in words, when it has changed; rate-limited. */
  | { readonly type: 'limit'; readonly limiter: string; readonly said: string }
  | { readonly type: 'phase'; readonly phase: Phase }
  | { readonly type: 'warning'; readonly code: string; readonly message: string }
  | { readonly type: 'end'; readonly summary: Summary };

export type EventSink = (event: RunEvent) => void;
