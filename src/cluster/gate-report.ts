/** What the workers of one limiter tell each other by way of the queue. Times are microseconds of Redis's clock. */
import type { Hint } from '../core/hint.ts';
import type { Rate } from '../core/units.ts';
import type { Answer, FoundPace, LimitBasis } from '../pace/pace.ts';

/**
 * A request that has ended: when it was to start (or was sent, where nothing held it back), how long it took in
 * milliseconds, and, where it was not simply accepted, what came of it. `after-all`: one that had counted as accepted
 * was refused. `start-over`: what was found of the limit is wrong.
 */
export type Told = readonly [
  at: number,
  tookMs: number,
  kind?: Answer['kind'] | 'after-all' | 'start-over',
  hint?: Hint | null,
];

/** What a worker reports to the one that leads. */
export interface GateReport {
  readonly who: string;
  readonly run: string;
  readonly rate: Rate | null;
  /** Starts that it would hold at once; null for as many as there are. */
  readonly wants: number | null;
  readonly told: readonly Told[];
  /** Starts that it was given and did not use. */
  readonly dropped: readonly number[];
}

/** What the leading worker tells all workers. */
export interface GateState {
  /** Counts the refusals that made all wait, as far as it has taken them in. */
  readonly epoch: number;
  /** Nothing is known to hold requests back: each starts as it likes. */
  readonly isFree: boolean;
  /** A refusal is being waited out: every answer counts. */
  readonly isProving: boolean;
  readonly isSafe: boolean;
  /** No request starts before `opensAt`; the server itself stated the pause until `statedUntil`. 0 without a pause. */
  readonly opensAt: number;
  readonly statedUntil: number;
  /** The time of the first refusal since the last success; 0 without one. */
  readonly refusedSince: number;
  readonly ownPauseMs: number;
  /** How often workers are to ask. */
  readonly everyMs: number;
  readonly found: FoundPace;
  readonly basis: LimitBasis | null;
  readonly statedPerSecond: number | null;
}

/** What the queue answers a worker. */
export interface GateAnswer {
  readonly now: number;
  /** Counts up with each worker that begins to lead. */
  readonly term: number;
  /** This worker leads. */
  readonly leads: boolean;
  readonly epoch: number;
  /** The end of the pause that all were told. */
  readonly pause: number;
  /** Null before anybody has led. */
  readonly state: GateState | null;
  /** Starts that this worker was given, in each epoch. */
  readonly given: readonly { readonly epoch: number; readonly starts: readonly number[] }[];
  /** The reports of all workers, if this worker leads; else empty. */
  readonly reports: readonly GateReport[];
}

/** Reads what the script `ask` answers. */
export function readAnswer(answer: unknown): GateAnswer {
  const [now, term, leads, epoch, pause, state, given, reports] = answer as readonly [
    ...[string, number, number, number, string, string, string, string[]],
  ];
  return {
    now: Number(now),
    term,
    leads: leads === 1,
    epoch,
    pause: Number(pause),
    state: state === '' ? null : (JSON.parse(state) as GateState),
    given: given === '' ? [] : given.split(' ').map(readBatch),
    reports: reports.map((text) => JSON.parse(text) as GateReport),
  };
}

/** Starts as the queue keeps them for a worker. */
export function writeBatch(epoch: number, starts: readonly number[]): string {
  return `${epoch}:${starts}`;
}

function readBatch(text: string) {
  const [epoch, starts = ''] = text.split(':');
  return { epoch: Number(epoch), starts: starts.split(',').map(Number) };
}
