/** What `status`, `pause`, `resume` and `cancel` ask of a queue. */
import type { Redis } from 'ioredis';
import { usageError } from '../core/errors.ts';
import { beginRun } from './begin-run.ts';
import { NEWS_CHANNEL, RUNS_KEY, runKeys } from './keys.ts';
import {
  findRecord,
  forgetRun,
  type Progress,
  type RunRecord,
  type RunState,
  readProgress,
} from './run-record.ts';
import { runScript } from './scripts.ts';
import { PartStore } from './store.ts';
import type { StoreHome } from './store-home.ts';

export interface RunStatus extends Progress {
  readonly run: string;
  /** The command that began it, without what is secret. */
  readonly words: readonly string[];
  readonly store: string;
  readonly createdAt: number;
  /** Processes that were there within the last 10 s. */
  readonly workers: number;
  /** Whether a process writes the output. */
  readonly isCoordinated: boolean;
}

const RECENT_SECONDS = 10;

/** The runs of a queue, the oldest first. @param id of one; null for all */
export async function runStatuses(redis: Redis, id: string | null): Promise<readonly RunStatus[]> {
  const ids = id === null ? await redis.smembers(RUNS_KEY) : [id];
  const statuses: RunStatus[] = [];
  const [seconds] = await redis.time();
  for (const run of ids) {
    const keys = runKeys(run);
    const record = await findRecord(redis, run);
    const progress = await readProgress(redis, keys);
    if (record === null || progress === null) continue;
    const { words, store, createdAt } = record;
    const workers = await redis.zcount(keys.workers, Number(seconds) - RECENT_SECONDS, '+inf');
    const isCoordinated = (await redis.exists(keys.coordinator)) === 1;
    statuses.push({ run, ...progress, words, store, createdAt, workers, isCoordinated });
  }
  return statuses.toSorted((a, b) => a.createdAt - b.createdAt);
}

/** @throws EverypageError USAGE where the run is in another state */
export async function changeState(
  redis: Redis,
  { id }: RunRecord,
  to: 'paused' | 'active',
): Promise<void> {
  const from = to === 'paused' ? 'active' : 'paused';
  const values = [to, `${from},${to}`, NEWS_CHANNEL];
  const state = await runScript(redis, 'change', [runKeys(id).run], values);
  if (state !== to) throw usageError(`run ${id} is ${state}, so it cannot be ${to}`);
}

/** Ends a run: its workers leave, and the queue forgets it. */
export async function cancelRun(redis: Redis, { id }: RunRecord): Promise<void> {
  const states: RunState[] = ['active', 'paused', 'finished'];
  const values = ['cancelled', states.join(','), NEWS_CHANNEL];
  await runScript(redis, 'change', [runKeys(id).run], values);
  await forgetRun(redis, id);
}

/** Puts a run into a queue that has lost it. Returns it with what the store holds. */
export async function restoreRun(
  redis: Redis,
  home: StoreHome,
): Promise<{ readonly record: RunRecord; readonly progress: Progress }> {
  const { store, record } = await PartStore.read(home);
  await beginRun(redis, record, store);
  const progress = await readProgress(redis, runKeys(record.id));
  if (progress === null) throw usageError(`the queue lost run ${record.id} again meanwhile`);
  return { record, progress };
}
