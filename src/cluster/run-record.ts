/** A run as the queue and the store know it. It holds no credential: each worker brings its own. */
import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { PaginateRequest } from '../archive-thread/messages.ts';
import { EverypageError, usageError } from '../core/errors.ts';
import { VERSION } from '../core/resolve-options.ts';
import { NEWS_CHANNEL, QUEUE_FORMAT, QUEUE_NAME, RUNS_KEY, type RunKeys, runKeys } from './keys.ts';
import { runScript } from './scripts.ts';

export interface RunRecord {
  /** The first hex digits of the fingerprint: the same command is the same run. */
  readonly id: string;
  readonly format: number;
  /** The version of everypage that began the run. */
  readonly version: string;
  /** The command line that a worker reads as its own, without credentials and outputs. */
  readonly words: readonly string[];
  /** Headers that the coordinator sends and that hold credentials, by name: a worker must have them too. */
  readonly secretHeaders: readonly string[];
  readonly total: number;
  /** Its URLs came from a file or from standard input, and stand in the store. */
  readonly hasList: boolean;
  /** It pages by itself, so how many pages it has is not known before; `total` is 0. */
  readonly isPaged: boolean;
  /** Pages of one job. */
  readonly chunk: number;
  /** Where the coordinator has its store; a worker may reach it by another path. */
  readonly store: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export type RunState = 'active' | 'paused' | 'cancelled' | 'finished';

const LEAST_CHUNK = 50;
const MOST_CHUNK = 1000;
/** A plan has at least so many jobs if chunks have 50 pages or more, and at most so many while they have 1000 or less. */
const LEAST_JOBS = 100;
const MOST_JOBS = 10_000;
/** Each job takes four calls of the queue. */
const COMMON_CHUNK = 100;

/** Pages of one job: few jobs cost little memory, small ones are spread more evenly. */
export function chunkOf(total: number): number {
  const least = Math.max(LEAST_CHUNK, Math.min(COMMON_CHUNK, Math.ceil(total / LEAST_JOBS)));
  return Math.max(least, Math.min(MOST_CHUNK, Math.ceil(total / MOST_JOBS)));
}

/**
 * Reads what was written by another process, perhaps of another version. Null for what is no record.
 *
 * @throws EverypageError USAGE where this everypage cannot work for the run
 */
export function readRecord(text: string): RunRecord | null {
  let record: Partial<RunRecord>;
  try {
    record = JSON.parse(text) as Partial<RunRecord>;
  } catch {
    return null;
  }
  if (typeof record?.id !== 'string') return null;
  if (record.format === QUEUE_FORMAT && record.version === VERSION) return record as RunRecord;
  throw usageError(
    `run ${record.id} was begun by everypage ${record.version}, and this is ${VERSION}; all machines of a run need the same version`,
  );
}

/** The run is in the queue now, or was already. Returns false where it was. */
export async function registerRun(redis: Redis, record: RunRecord): Promise<boolean> {
  const keys = runKeys(record.id);
  const isNew = await redis.hsetnx(keys.run, 'record', JSON.stringify(record));
  if (isNew === 1) {
    const begun = { state: 'active', total: record.total, seeded: 0, round: 0 };
    await redis.hset(keys.run, { ...begun, epoch: randomBytes(6).toString('hex') });
  }
  await redis.sadd(RUNS_KEY, record.id);
  return isNew === 1;
}

/** How the pages of a run are read, as its coordinator has found out: workers begin when they know it. */
export interface FoundPlan {
  readonly told: PaginateRequest;
  /** The part that has the first page with records; null where none is needed. */
  readonly first: string | null;
}

export async function publishPlan(redis: Redis, { run }: RunKeys, plan: FoundPlan): Promise<void> {
  await redis.hset(run, 'plan', JSON.stringify(plan));
}

/** With the name of the queue's memory of the run: what was handed out in another one does not count. */
export interface RunPlan {
  readonly plan: FoundPlan;
  readonly epoch: string;
}

/** Null while it is not known. */
export async function readPlan(redis: Redis, { run }: RunKeys): Promise<RunPlan | null> {
  const [text, epoch] = await redis.hmget(run, 'plan', 'epoch');
  return text == null || epoch == null ? null : { plan: JSON.parse(text) as FoundPlan, epoch };
}

/** How long a queue remembers a run that has ended: who works for it has to hear of it. */
const REMEMBERED_SECONDS = 3600;

/** The queue forgets a run, but for its state. What was fetched stays in the store. */
export async function forgetRun(redis: Redis, id: string): Promise<void> {
  const keys = runKeys(id);
  await redis.srem(RUNS_KEY, id);
  await redis.del(keys.done, keys.failed, keys.parts);
  await redis.expire(keys.run, REMEMBERED_SECONDS);
  await dropQueue(redis, keys);
}

/** Whoever works for the run leaves, and the queue forgets it. */
export async function endRun(redis: Redis, id: string): Promise<void> {
  const values = ['finished', 'active,paused', NEWS_CHANNEL];
  await runScript(redis, 'change', [runKeys(id).run], values);
  await forgetRun(redis, id);
}

/** All that the queue knows of a run is gone at once, for one that begins again. */
export async function dropRun(redis: Redis, id: string): Promise<void> {
  const keys = runKeys(id);
  await redis.del(keys.run, keys.done, keys.failed, keys.parts, keys.workers, keys.shares);
  await dropQueue(redis, keys);
}

/** BullMQ's own removal needs a queue object, and stops at jobs that a worker has. */
async function dropQueue(redis: Redis, { prefix }: RunKeys): Promise<void> {
  let cursor = '0';
  do {
    const pattern = `${prefix}:${QUEUE_NAME}:*`;
    const [next, names] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', 1000);
    if (names.length > 0) await redis.unlink(...names);
    cursor = next;
  } while (cursor !== '0');
}

/** Null where the queue does not know it. */
export async function findRecord(redis: Redis, id: string): Promise<RunRecord | null> {
  const text = await redis.hget(runKeys(id).run, 'record');
  return text === null ? null : readRecord(text);
}

/** The active run with the fewest workers, so that each gets its share; null where there is none. */
export async function neediestRun(redis: Redis): Promise<RunRecord | null> {
  let least: { readonly id: string; readonly workers: number } | null = null;
  for (const id of (await redis.smembers(RUNS_KEY)).toSorted()) {
    const keys = runKeys(id);
    if ((await redis.hget(keys.run, 'state')) !== 'active') continue;
    const workers = await redis.zcard(keys.workers);
    if (least === null || workers < least.workers) least = { id, workers };
  }
  return least === null ? null : findRecord(redis, least.id);
}

/**
 * The run that a command means.
 *
 * @param id null for the only one there is
 * @throws EverypageError USAGE where there is none, or there are several
 */
export async function chooseRun(redis: Redis, id: string | null): Promise<RunRecord> {
  const ids = id === null ? (await redis.smembers(RUNS_KEY)).toSorted() : [id];
  const [first] = ids;
  if (first === undefined) throw usageError('the queue holds no run');
  if (ids.length > 1) {
    throw usageError(`the queue holds ${ids.length} runs; name one with --run: ${ids.join(', ')}`);
  }
  const record = await findRecord(redis, first);
  if (record !== null) return record;
  throw usageError(`the queue holds no run ${first}; everypage status lists its runs`);
}

export interface Progress {
  readonly state: RunState;
  readonly total: number;
  /** Pages that jobs were made of so far. */
  readonly seeded: number;
  readonly done: number;
  readonly failed: number;
  readonly parts: number;
}

interface PartsAndProgress {
  readonly entries: readonly string[];
  readonly progress: Progress;
}

/** Null where the queue does not know the run any more. */
export async function readProgress(redis: Redis, keys: RunKeys): Promise<Progress | null> {
  return (await readParts(redis, keys, 1, 0))?.progress ?? null;
}

/** The parts that count from one to another, and how far the run is, in one call. Null as above. */
export async function readParts(
  redis: Redis,
  keys: RunKeys,
  first: number,
  last: number,
): Promise<PartsAndProgress | null> {
  const names = [keys.run, keys.done, keys.failed, keys.parts];
  const answer = (await runScript(redis, 'progress', names, [first, last])) as readonly unknown[];
  const [state, total, seeded, stored, done, failed, parts, entries] = answer;
  if (state === undefined) return null;
  const progress = {
    state: state as RunState,
    total: Number(total),
    seeded: Number(seeded),
    // In a list that is paginated, not all pages have bits.
    done: Number(stored === '' ? done : stored),
    failed: Number(failed),
    parts: Number(parts),
  };
  return { entries: entries as readonly string[], progress };
}

/** The run has ended, if every page is done or failed; its workers hear of it. */
export async function finishRun(redis: Redis, { run, done, failed }: RunKeys): Promise<void> {
  await runScript(redis, 'finish', [run, done, failed], [NEWS_CHANNEL]);
}

/** The queue was emptied, or its file was lost. */
export function lostRun({ id }: Pick<RunRecord, 'id'>): EverypageError {
  return new EverypageError(
    'STOPPED',
    `the queue knows run ${id} no more; everypage resume --store builds it again from what is stored`,
  );
}
