import type { Hint } from '../core/hint.ts';
import type { PaceFacts } from '../core/summary.ts';

/**
 * pace/ says WHEN a request may start. It holds pure state machines: they are told the time and the
 * random numbers, and never do I/O or set timers. They import only core/. This file is the contract.
 * Times are milliseconds of one clock that never runs backwards; rates inside are per millisecond.
 */

export interface PaceSettings {
  /** Most requests in flight, or `'auto'` to find out how many help. */
  readonly concurrency: number | 'auto';
  /** At most so many requests in any `perMs`; null where the user set none. */
  readonly rate: { readonly count: number; readonly perMs: number } | null;
}

export interface Answer {
  /** When the request was sent: the `now` that was given to `started`. */
  readonly sentAt: number;
  readonly now: number;
  /**
   * `accepted`: the server processed it, whatever it answered. `refused`: 429 or its like, no
   * attempt. `failed`: 5xx. `late`: no answer in time. `lost`: a network fault, which says nothing of
   * the limit.
   */
  readonly kind: 'accepted' | 'refused' | 'failed' | 'late' | 'lost';
  /** Of a refusal: whether it asks for fewer requests at once (ENHANCE_YOUR_CALM); false by default. */
  readonly isCalm?: boolean;
  /** This process has little time to spare, so how long the answer took says nothing about the server. */
  readonly isBusy?: boolean;
  readonly hint: Hint | null;
}

/**
 * What the limits of a server allow. One process finds it out by itself (`ServerPace`), or several do
 * together (cluster/): one limit holds for all of them, and so does each pause.
 */
export interface ServerLimits {
  /** Counts the pauses that have ended because a request was accepted. */
  readonly openings: number;
  /** The rate is thought to be below the limit. */
  readonly isSafe: boolean;
  /** ≤ now: one may start; finite: not before; Infinity: only after an answer, or after a wake. */
  startableAt(now: number, inFlight: number): number;
  started(now: number): void;
  /**
   * Call once for each `started`.
   * @param inFlight without this one
   */
  ended(answer: Answer, inFlight: number): LimiterPause | null;
  /** An answer that had counted as accepted turned out to be a refusal. */
  refusedAfterAll(sentAt: number, now: number, waitMs: number | null): LimiterPause | null;
  /** What was found from refusals is wrong. */
  startOver(now: number): void;
  /** Nothing was asked for so long by the user's own will. */
  excuse(ms: number, now: number): void;
  /** Nothing starts before this: by a pause, or by a window of which the server says nothing is left. */
  heldUntil(now: number): number;
  /** The part of `heldUntil` that the server stated; what lies beyond is our own wait. */
  statedUntil(now: number): number;
  /** Milliseconds since the first refusal that no success has followed; 0 where there is none. */
  refusedForMs(now: number): number;
  /** What headers allow a second at this moment; null where they state no limit. */
  statedPerSecond(now: number): number | null;
  learned(): FoundPace;
  /** Null where nothing holds the pace back. */
  basis(now: number): LimitBasis | null;
}

/** A pause of the limiter that began, or that grew. */
export interface LimiterPause {
  readonly waitMs: number;
  /** False where the answer belongs to a pause that had begun. */
  readonly isNew: boolean;
}

/** What was found of a server's limit. */
export interface FoundPace {
  /** Requests a second that were accepted for long, or null where no limit was met. */
  readonly lowPerSecond: number | null;
  /** Requests a second that were refused. */
  readonly highPerSecond: number | null;
  /** Requests that may come at once. */
  readonly burst: number;
  /** Length of the server's window, where its pauses showed one. */
  readonly windowMs: number | null;
}

/** What is worth keeping from one run to the next, as plain JSON. */
export interface LearnedPace extends FoundPace {
  readonly version: 1;
  readonly concurrency: number;
}

/** A rate that holds the pace: whose it is, in requests a second, and the window that it was found from. */
export type LimitBasis = Pick<PaceBasis, 'by' | 'windowMs'> & { readonly perSecond: number };

/** What held the pace in the end, with what was found. */
export type PaceBasis = Omit<PaceFacts, 'limiter'>;

/** Reads what an archive kept; null where it cannot be used, which only costs a new search. */
export function readLearnedPace(kept: unknown): LearnedPace | null {
  if (typeof kept !== 'object' || kept === null) return null;
  const fields = kept as Readonly<Record<keyof LearnedPace, unknown>>;
  const { version, lowPerSecond, highPerSecond, burst, windowMs, concurrency } = fields;
  if (version !== 1) return null;
  if (!isRate(lowPerSecond) || !isRate(highPerSecond) || !isRate(windowMs)) return null;
  if (!(burst === 0 || isPositive(burst)) || !isPositive(concurrency)) return null;
  return { version, lowPerSecond, highPerSecond, burst, windowMs, concurrency };
}

function isRate(value: unknown): value is number | null {
  return value === null || isPositive(value);
}

function isPositive(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}
