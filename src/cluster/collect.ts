/** The coordinator takes the parts of a run over into the archive of its output as they come. */
import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { EndOfPlan, TakenPages } from '../archive-thread/messages.ts';
import { EverypageError } from '../core/errors.ts';
import { isRecheck } from '../core/page-request.ts';
import { pageEvent, type RunParts } from '../fetch/pending-pages.ts';
import { createTask } from '../fetch/task.ts';
import type { PlanSlices } from '../plan/list-slice.ts';
import { beginRun, isDamaged } from './begin-run.ts';
import type { QueueConnection } from './connect.ts';
import { runKeys } from './keys.ts';
import { PartList } from './part-list.ts';
import { dropRun, finishRun, forgetRun, type Progress, type RunRecord } from './run-record.ts';
import { type CountedPart, type OpenedPart, type PartStore, partOf } from './store.ts';

/** New parts are looked for this often. */
const LOOK_MS = 200;
const PARTS_AT_ONCE = 200;
const REQUESTS_AT_ONCE = 10_000;

export interface CollectParts {
  readonly connection: QueueConnection;
  readonly record: RunRecord;
  readonly store: PartStore;
  readonly slices: PlanSlices;
  readonly run: RunParts;
  /** Why the worker in this process has left; null while it works, or where there is none. */
  readonly leftWith: () => unknown;
}

/** Takes over every part, until the run has ended and nothing is missing. */
export function collect(parts: CollectParts): Promise<void> {
  return new Collector(parts).run();
}

/**
 * The pages of a part in the archive of the output; null where the part is not there.
 *
 * @param which see `SessionCalls`
 */
export async function takePart(
  { run, store }: Pick<CollectParts, 'run' | 'store'>,
  part: OpenedPart,
  which: 'stored' | 'failed' | 'all',
): Promise<TakenPages | null> {
  const { thread, engine } = run;
  const { name, except } = part;
  try {
    const path = await part.path();
    // A part that somebody removed is noticed at the end, and its pages are fetched again.
    return path === null ? null : await thread.call('takePages', { path, except, which });
  } catch (error) {
    if (!isDamaged(error)) throw error;
    const message = `a part of the store is damaged; its pages are fetched again, and it is kept as ${await store.setAside(name)}`;
    engine.emit({ type: 'warning', code: 'PART_DAMAGED', message });
    return null;
  }
}

/**
 * The plan of the run has ended, and its pages are in the archive: the store says so.
 *
 * @param gone parts that count and could not be read: their pages were fetched again, and are in others
 */
export async function settleRun(
  { connection: { redis }, record, store }: Pick<CollectParts, 'connection' | 'record' | 'store'>,
  { count, digest, end }: EndOfPlan,
  gone: ReadonlySet<string> = new Set(),
): Promise<void> {
  const entries = await redis.lrange(runKeys(record.id).parts, 0, -1);
  await store.writeManifest({
    run: record.id,
    total: count,
    planDigest: Buffer.from(digest).toString('hex'),
    parts: entries.map(partOf).filter(({ name }) => !gone.has(name)),
    end,
  });
}

class Collector {
  readonly #parts: CollectParts;
  readonly #redis: Redis;
  readonly #list: PartList;
  /** Parts with failed pages, which may still come in another part. */
  readonly #withFailed: CountedPart[] = [];
  #hasLookedAgain = false;

  constructor(parts: CollectParts) {
    this.#parts = parts;
    this.#redis = parts.connection.redis;
    this.#list = new PartList(this.#redis, parts.record.id, PARTS_AT_ONCE);
  }

  async run(): Promise<void> {
    const { engine } = this.#parts.run;
    engine.emit({ type: 'phase', phase: 'fetching' });
    while (engine.stopped === null) {
      const left = this.#parts.leftWith();
      if (left !== null) throw left;
      const { parts, progress, goesOn } = await this.#list.read();
      await this.#takeParts(parts);
      if (goesOn) continue;
      if (progress === null) {
        await buildAgain(this.#parts);
        this.#list.startAgain();
      } else if (areAllEnded(progress)) {
        await finishRun(this.#redis, runKeys(this.#parts.record.id));
      } else if (progress.state === 'cancelled') throw cancelled(this.#parts.record);
      else if (progress.state === 'finished') {
        if (await this.#isWhole(progress.failed)) {
          await this.#end();
          return;
        }
        await this.#lookAgain();
      }
      await wait(LOOK_MS);
    }
  }

  async #takeParts(parts: readonly CountedPart[]): Promise<void> {
    const { run, store } = this.#parts;
    for await (const part of store.open(parts)) {
      if (run.engine.stopped !== null) return;
      if (await this.#take(part, 'stored')) this.#withFailed.push(part);
    }
  }

  /** Returns whether the part holds pages that failed. */
  async #take(part: OpenedPart, which: 'stored' | 'failed'): Promise<boolean> {
    const { engine, job } = this.#parts.run;
    const taken = await takePart(this.#parts, part, which);
    for (const page of taken?.pages ?? []) {
      if (page.state === 'stored' && !isRecheck(page.place)) engine.counters.fetched += 1;
      engine.counters.bodyBytes += page.bodyBytes;
      engine.emit(pageEvent(page, job.options.method));
    }
    return taken?.hasFailed === true;
  }

  /** Whether the archive holds what the queue says: read from the archive. */
  async #isWhole(failed: number): Promise<boolean> {
    const { total } = this.#parts.record;
    const { run } = this.#parts;
    const counts = await run.thread.call('counts', null);
    return counts.stored + failed >= total;
  }

  /**
   * The queue says that all is done, and the archive has less. The queue was set back by a crash, and its list was shorter
   * for a while: what was missed is still in it. If it is not, the store says what is really there.
   */
  async #lookAgain(): Promise<void> {
    const { record, store } = this.#parts;
    if (this.#hasLookedAgain) {
      await dropRun(this.#redis, record.id);
      await beginRun(this.#redis, record, store);
    }
    this.#hasLookedAgain = !this.#hasLookedAgain;
    this.#list.startAgain();
  }

  /** The plan is made once more, for its digest; then the store says what it holds. */
  async #end(): Promise<void> {
    const { run, slices } = this.#parts;
    const digest = createHash('sha256');
    for (let from = 0; from < slices.total; from += REQUESTS_AT_ONCE) {
      const to = Math.min(slices.total, from + REQUESTS_AT_ONCE);
      for (const request of await slices.range(from, to)) {
        digest.update(createTask(request, run.job.options.credentials).key, 'latin1');
      }
    }
    const ended = { count: slices.total, digest: digest.digest(), end: null };
    const { store } = this.#parts;
    for await (const part of store.open(this.#withFailed)) await this.#take(part, 'failed');
    await run.thread.call('endPlan', ended);
    await settleRun(this.#parts, ended);
    await forgetRun(this.#redis, this.#parts.record.id);
  }
}

/** The queue was emptied: registers the run again, and counts the parts in the store. */
export async function buildAgain({
  connection,
  record,
  store,
  run,
}: Pick<CollectParts, 'connection' | 'record' | 'store' | 'run'>): Promise<void> {
  run.engine.emit({
    type: 'warning',
    code: 'QUEUE_LOST',
    message: `the queue knew run ${record.id} no more; it is built again from the store`,
  });
  await beginRun(connection.redis, record, store);
}

function areAllEnded({ state, done, failed, total }: Progress): boolean {
  return state === 'active' && done + failed >= total;
}

export function cancelled({ id }: RunRecord): EverypageError {
  return new EverypageError(
    'STOPPED',
    `run ${id} was cancelled; what it fetched is in the store, and the same command goes on with it`,
  );
}
