/**
 * A list that pages by itself is one job: what its next page is shows in the page before. The worker that has it runs
 * what one machine runs, and writes parts meanwhile; the worker that takes it over begins at the parts.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { ArchiveThread } from '../archive-thread/archive-thread.ts';
import type { Answer, Ask, CallName, EndOfPlan, PlacedState } from '../archive-thread/messages.ts';
import { systemClock as clock } from '../core/clock.ts';
import type { PlanEnd } from '../core/page-info.ts';
import type { PaginationFacts } from '../core/summary.ts';
import { Engine } from '../fetch/engine.ts';
import { findPages } from '../fetch/find-pages.ts';
import { openTransport } from '../fetch/open-transport.ts';
import { fetchPages } from '../fetch/run-archive.ts';
import { NEWS_CHANNEL, type RunKeys, runKeys } from './keys.ts';
import { Lease } from './lease.ts';
import { PartWriter } from './part-writer.ts';
import { RunWatch } from './run-watch.ts';
import { runScript } from './scripts.ts';
import { partOf } from './store.ts';
import { openForParts, processName, type Worked, type WorkerParts, workedOf } from './worked.ts';

/** A worker that is gone is noticed after this. */
const LIST_MS = 10_000;
const TRY_AGAIN_MS = 500;

/** How a list ended, as the queue and the store keep it. */
export interface ListEnd {
  readonly count: number;
  /** In hex. */
  readonly digest: string;
  readonly end: PlanEnd | null;
  /** How it was found to page; null for one page that did not come. */
  readonly facts: PaginationFacts | null;
}

export async function workOnList(parts: WorkerParts): Promise<Worked> {
  const { job, makeTransport, record, store, connection, signal } = parts;
  const { options } = job;
  const { redis } = connection;
  const keys = runKeys(record.id);
  const who = processName();
  const watch = new RunWatch(connection, keys, who);
  const over = Promise.withResolvers<void>();
  over.promise.catch(() => {});
  const transport = openTransport(makeTransport, job);
  const thread = new WatchedThread({ failed: over.reject });
  const leaseMs = connection.leaseMs(LIST_MS);
  const lease = new Lease(redis, keys.list, who, leaseMs);
  let engine = engineOver({ pace: {}, resumed: null });
  function engineOver(opened: ConstructorParameters<typeof Engine>[0]['opened']): Engine {
    const { emit } = job;
    const makeGate = (limiter: string) => watch.makeGate(limiter, options.rate);
    return new Engine({ options, transport, clock, emit, opened, keepsPages: true, makeGate });
  }
  const onAbort = (): void => engine.stop({ kind: 'aborted' });
  let renewing: NodeJS.Timeout | undefined;
  try {
    await watch.begin(engine, async () => {});
    while ((await lease.take()) !== null) {
      if (signal.aborted || engine.stopped !== null) return workedOf(watch, engine, signal);
      await wait(TRY_AGAIN_MS);
    }
    const epoch = await redis.hincrby(keys.run, 'epoch', 1);
    const writer = new PartWriter({
      store,
      who,
      write: (path) => thread.call('copyPages', path),
      count: (name, pages) => countListPart(redis, keys, epoch, name, pages),
      onCounted: async () => {},
      onLost: () => watch.set('lost'),
      fail: over.reject,
    });
    renewing = setInterval(() => {
      lease.take().then(
        (holder) => holder !== null && watch.set('lost'),
        () => {},
      );
    }, leaseMs / 4);
    await thread.call('open', openForParts(job));
    const counted = (await redis.lrange(keys.parts, 0, -1)).map(partOf);
    for await (const part of store.open(counted)) {
      const path = await part.path();
      if (path !== null) await thread.call('takePages', { path, except: [], which: 'stored' });
    }
    const opened = await thread.call('look', { goesOn: true });
    engine = engineOver(opened);
    watch.attach(engine);
    thread.onStored = (pages, bytes) => {
      for (let page = 0; page < pages; page += 1) writer.add(bytes / pages);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    const fetching = (async () => {
      const found = await findPages({ job, opened, thread, engine });
      if (found !== null) await fetchPages(engine, found, thread);
      return found?.facts ?? null;
    })();
    const facts = await Promise.race([fetching, over.promise.then(() => null)]);
    await writer.close();
    const { ended } = thread;
    if (ended !== null && engine.stopped === null) {
      const { count, digest, end } = ended;
      const kept: ListEnd = { count, digest: Buffer.from(digest).toString('hex'), end, facts };
      const text = JSON.stringify(options.credentials.withholdIn(kept));
      await runScript(redis, 'endList', [keys.run], [epoch, text, NEWS_CHANNEL]);
      watch.set('finished');
    }
    return workedOf(watch, engine, signal);
  } finally {
    signal.removeEventListener('abort', onAbort);
    clearInterval(renewing);
    engine.ended();
    await lease.release().catch(() => {});
    await watch.end();
    await transport.close();
    await thread.giveUp();
    await thread.close();
  }
}

/** Has a part counted that is in the store, if the worker still has the list. */
export async function countListPart(
  redis: Redis,
  keys: RunKeys,
  epoch: number,
  name: string,
  pages: readonly PlacedState[],
): Promise<'counted' | 'lost'> {
  const stored = pages.filter(({ state }) => state === 'stored').length;
  const answer = await runScript(
    redis,
    'commitList',
    [keys.run, keys.parts],
    [epoch, name, stored],
  );
  return answer === -1 ? 'lost' : 'counted';
}

/** The archive thread of a run, of which is noted what was stored and how the plan ended. */
class WatchedThread extends ArchiveThread {
  onStored: (pages: number, bytes: number) => void = () => {};
  ended: EndOfPlan | null = null;

  override async call<K extends CallName>(
    call: K,
    ask: Ask<K>,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<Answer<K>> {
    const bytes = call === 'store' ? (ask as Ask<'store'>).arena.byteLength : 0;
    const answer = await super.call(call, ask, transfer);
    if (call === 'store') {
      const { pageInfos } = answer as Answer<'store'>;
      if (pageInfos.length > 0) this.onStored(pageInfos.length, bytes);
    }
    if (call === 'endPlan') this.ended = ask as Ask<'endPlan'>;
    return answer;
  }
}
