/** The ranges of pages that workers take, as jobs of BullMQ. */
import type { Job, Queue, QueueOptions, Worker, WorkerOptions } from 'bullmq';
import type { QueueConnection } from './connect.ts';
import { loadPeer } from './connect.ts';
import { QUEUE_NAME, type RunKeys } from './keys.ts';

/** Positions from ≤ p < to. Of a list that pages by itself: numbers of pages, in the order in which they were handed out. */
export interface Chunk {
  readonly from: number;
  readonly to: number;
  /** Only for a list that is paginated: see `RunPlan`. */
  readonly epoch?: string;
  /** The requests, see `packRequests`. */
  readonly requests?: string;
  /** Instead: pages that follow from each other; it has one number, for its name. */
  readonly chain?: Chain;
}

/** What one worker reads page after page: a slice, or a whole list that names its next page. */
export interface Chain {
  /** The first of its branches. */
  readonly branch: number;
  /** Parts hold pages of it. */
  readonly isBegun: boolean;
}

export type ChunkJob = Job<Chunk>;

/** A worker that is gone is noticed after this; one that is busy says every third of it that it is there. */
export const LOCK_MS = 15_000;
const STALLED_MS = 5_000;
/** Length of BullMQ's own log of events, which nobody reads here. */
const MOST_EVENTS = 1000;
/** A worker that waits for a job looks again after this. */
const DRAINED_SECONDS = 1;

export function openQueue(connection: QueueConnection, { prefix }: RunKeys): Promise<Queue<Chunk>> {
  return loadPeer(async () => {
    const { Queue } = await import('bullmq');
    const options: QueueOptions = {
      connection: connection.redis,
      prefix,
      streams: { events: { maxLen: MOST_EVENTS } },
      skipVersionCheck: true,
    };
    const queue = new Queue<Chunk>(QUEUE_NAME, options);
    queue.on('error', () => {});
    return queue;
  });
}

/** Takes jobs one by one: the dispatcher says when it wants another. */
export function openWorker(
  connection: QueueConnection,
  { prefix }: RunKeys,
  name: string,
): Promise<Worker<Chunk>> {
  return loadPeer(async () => {
    const { Worker } = await import('bullmq');
    const options: WorkerOptions = {
      // BullMQ makes one more for waiting in.
      connection: connection.another(),
      prefix,
      name,
      autorun: false,
      lockDuration: connection.leaseMs(LOCK_MS),
      stalledInterval: connection.leaseMs(STALLED_MS),
      // A chunk that killed many workers was their fault: pages fail by themselves, after their retries.
      maxStalledCount: 1000,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
      drainDelay: DRAINED_SECONDS,
      skipVersionCheck: true,
    };
    const worker = new Worker<Chunk>(QUEUE_NAME, null, options);
    worker.on('error', () => {});
    return worker;
  });
}

/** @param round tells a range that is queued again from its first job, of which BullMQ may still know */
export async function addChunks(
  queue: Queue<Chunk>,
  chunks: readonly Chunk[],
  round: number,
): Promise<void> {
  await queue.addBulk(
    chunks.map((data) => ({
      name: 'c',
      data,
      opts: { jobId: `c-${data.from}${round === 0 ? '' : `-${round}`}`, attempts: 1 },
    })),
  );
}

/** Chunks that are neither done nor given up: those that wait and those that a worker has. */
export async function countOpen(queue: Queue<Chunk>): Promise<{ waiting: number; active: number }> {
  const counts = await queue.getJobCounts('wait', 'prioritized', 'delayed', 'active');
  const { active = 0, ...others } = counts;
  return { waiting: Object.values(others).reduce((sum, count) => sum + count, 0), active };
}

/** What waits, and what workers have. */
export async function openChunks(queue: Queue<Chunk>): Promise<readonly Chunk[]> {
  const jobs = await queue.getJobs(['wait', 'prioritized', 'delayed', 'active']);
  // One may have been done meanwhile.
  return jobs.flatMap((job) => (job === undefined ? [] : [job.data]));
}
