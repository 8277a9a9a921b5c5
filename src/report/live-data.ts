/** What the server of a live view (`--ui`) and its page say to each other, besides reports. */
import type { VerdictName } from '../core/summary.ts';
import type { ProgressSnapshot } from './progress.ts';

/** How fast the user lets the run be. */
export interface LivePace {
  /** Most requests in flight. */
  readonly concurrency: number | 'auto';
  /** Most requests a second; null for no limit but the servers' own. */
  readonly perSecond: number | null;
}

/** The event `status`, once a second. Infinity arrives as null. */
export interface LiveStatus {
  readonly progress: ProgressSnapshot;
  readonly isPaused: boolean;
  readonly inFlight: number;
  /** Null before the run begins. */
  readonly pace: LivePace | null;
  /** Of the run that has ended; null while it goes on. */
  readonly verdict: VerdictName | null;
}

/** The body of a POST to `controls`, as JSON. */
export type LiveCommand =
  | { readonly action: 'pause' }
  | { readonly action: 'resume' }
  | ({ readonly action: 'pace' } & LivePace);
