/** A run in the queue: it is registered there, or built again from what the store holds of it. */
import type { Redis } from 'ioredis';
import { ArchiveReader } from '../archive/archive-reader.ts';
import type { PlacedState } from '../archive-thread/messages.ts';
import { EverypageError, usageError } from '../core/errors.ts';
import { runKeys } from './keys.ts';
import { countPart } from './part-writer.ts';
import { dropRun, findRecord, type RunRecord, registerRun } from './run-record.ts';
import { runScript } from './scripts.ts';
import type { OpenedPart, PartStore } from './store.ts';
import { processName } from './worked.ts';

/**
 * Puts the run into the queue: as it was there; from the store, if the queue was emptied; or as a new one.
 * Pages that failed before are tried again.
 */
export async function beginRun(
  redis: Redis,
  record: RunRecord,
  store: PartStore,
  fresh = false,
): Promise<void> {
  const keys = runKeys(record.id);
  const state = await redis.hget(keys.run, 'state');
  // A run that has ended leaves the queue, except for its state.
  const isForgotten = state === 'finished' && (await redis.exists(keys.parts)) === 0;
  if (fresh || state === 'cancelled' || isForgotten) await dropRun(redis, record.id);
  const isNew = await registerRun(redis, record);
  if (isNew) await rebuild(redis, record, store);
  else await expectStore(redis, record, store);
  await runScript(redis, 'forgive', [keys.run, keys.failed], []);
}

/** The queue counts the parts of one store, and workers use that one. @throws EverypageError USAGE for another store */
async function expectStore(redis: Redis, { id }: RunRecord, store: PartStore): Promise<void> {
  const known = await findRecord(redis, id);
  if (known === null || known.createdAt === store.createdAt) return;
  throw usageError(
    `the queue has run ${id} with another store than ${store.home.where}: with the one that was made in ${known.store}; name that with --store, or end the run first with everypage cancel`,
  );
}

/** Counts the parts of the store again, after the queue was emptied. */
async function rebuild(redis: Redis, record: RunRecord, store: PartStore): Promise<void> {
  const keys = runKeys(record.id);
  const epoch = (await redis.hget(keys.run, 'epoch')) ?? '';
  const planned = record.isPaged ? { planned: { epoch, numberOf: () => null, locks: [] } } : {};
  const parts = { redis, keys, store, who: processName(), ...planned };
  const names = (await store.names()).map((name) => ({ name, except: [] }));
  for await (const part of store.open(names)) {
    const { name } = part;
    const states = await statesIn(store, part);
    // Failed pages are tried again.
    const stored = states.filter(({ state }) => state !== 'failed');
    if (stored.length === 0) continue;
    await countPart(parts, name, stored);
  }
}

/** How the pages of a part have ended; none where it cannot be read. */
async function statesIn(store: PartStore, part: OpenedPart): Promise<readonly PlacedState[]> {
  try {
    const path = await part.path();
    if (path === null) return [];
    const archive = ArchiveReader.openReadOnly(path);
    try {
      return archive.states();
    } finally {
      archive.close();
    }
  } catch (error) {
    if (!isDamaged(error)) throw error;
    await store.setAside(part.name);
    return [];
  }
}

export function isDamaged(error: unknown): boolean {
  return error instanceof EverypageError && error.code === 'ARCHIVE_DAMAGED';
}
