/** What all workers have in common: their names, what they report, and how they ended. */
import { randomBytes } from 'node:crypto';
import type { OpenRequest } from '../archive-thread/messages.ts';
import { isParallel } from '../core/pagination.ts';
import type { Stop } from '../core/summary.ts';
import type { Engine } from '../fetch/engine.ts';
import type { MakeTransport } from '../fetch/open-transport.ts';
import type { Job } from '../fetch/prepare.ts';
import type { PlanSlices } from '../plan/list-slice.ts';
import type { QueueConnection } from './connect.ts';
import type { FoundPlan, RunRecord } from './run-record.ts';
import type { RunWatch, WatchedState } from './run-watch.ts';
import type { PartStore } from './store.ts';

export interface WorkerParts {
  readonly connection: QueueConnection;
  readonly record: RunRecord;
  readonly store: PartStore;
  /** The run's own job, as this machine understands it: with its credentials and without outputs. */
  readonly job: Job;
  readonly slices: PlanSlices;
  readonly makeTransport: MakeTransport;
  readonly signal: AbortSignal;
}

/** How the work of a worker ended. */
export interface Worked {
  /** The state of the run. */
  readonly state: WatchedState;
  /** Why this worker left before; null where it did not. */
  readonly stop: Stop | null;
  /** Pages that it stored. */
  readonly stored: number;
}

export function workedOf(watch: RunWatch, engine: Engine, signal: AbortSignal): Worked {
  const own = engine.stopped;
  // An engine is also stopped because the run has ended.
  const isRunOver = own?.kind === 'aborted' && !signal.aborted;
  return {
    state: watch.state,
    stop: isRunOver ? null : own,
    stored: engine.counters.fetched,
  };
}

/** A name for a process: unique among all that ever work for the run. */
export function processName(): string {
  return randomBytes(6).toString('hex');
}

/** The archive that a worker's pages go through on their way to parts. It has no output. */
export function openForParts({ open }: Job): OpenRequest {
  return { ...open, location: null, isForParts: true, targets: [], manifest: null };
}

/** Whether the pages of a list that pages by itself follow from each other, branch by branch. */
export function isInChains(
  { told: { pagination } }: Pick<FoundPlan, 'told'>,
  { paginate }: Job,
): boolean {
  return pagination !== null && (!isParallel(pagination) || paginate?.split != null);
}
