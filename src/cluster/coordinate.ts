/** How the pages of a run come where many machines fetch them: this process coordinates, and may fetch too. */
import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { fingerprintOf } from '../archive/kept-run.ts';
import { EverypageError, usageError } from '../core/errors.ts';
import type { RunEvent } from '../core/events.ts';
import { Secret } from '../core/redact.ts';
import { VERSION } from '../core/resolve-options.ts';
import type { PaginationFacts } from '../core/summary.ts';
import type { MakeTransport } from '../fetch/open-transport.ts';
import type { RunParts } from '../fetch/pending-pages.ts';
import type { Job } from '../fetch/prepare.ts';
import { fetchHere } from '../fetch/run-archive.ts';
import type { PlanSlices } from '../plan/list-slice.ts';
import type { PlanSource } from '../plan/plan.ts';
import { beginRun } from './begin-run.ts';
import { collect } from './collect.ts';
import type { QueueConnection } from './connect.ts';
import { coordinateList, findRecords } from './coordinate-list.ts';
import { QUEUE_FORMAT, runKeys } from './keys.ts';
import { Lease } from './lease.ts';
import { chunkOf, type RunRecord } from './run-record.ts';
import { ofAnotherRun, PartStore } from './store.ts';
import type { StoreHome } from './store-home.ts';
import { type WrittenList, writeList } from './stored-list.ts';
import { processName } from './worked.ts';
import { slicesOf, work } from './worker.ts';

export interface Coordination {
  readonly connection: QueueConnection;
  readonly home: StoreHome;
  /** What a worker reads as its command line; without credentials. */
  readonly words: readonly string[];
  readonly sources: readonly PlanSource[];
  /** This process fetches pages too. */
  readonly works: boolean;
  readonly makeTransport: MakeTransport;
  /** Another reading may follow this one; then `endRun` is to follow. */
  readonly isReadAgain: boolean;
  /** The run is in the queue: others can help. */
  readonly onBegun: (record: RunRecord) => void;
}

/** How long a worker waits that has lost its run, while the run is built again. */
const LOST_MS = 500;

/** Brings the pages of the plan into the archive by way of the queue and the store. */
export async function bringByQueue(
  parts: Coordination,
  run: RunParts,
): Promise<PaginationFacts | null> {
  const { job, opened } = run;
  if (opened.exportOnly) return fetchHere(run);
  const { connection, makeTransport, isReadAgain } = parts;
  if (isReadAgain && job.paginate === null) {
    throw usageError(
      'a list or a range of URLs needs no --prove: it is proven where every page has come',
    );
  }
  if (job.options.maxPages !== null && job.paginate === null) {
    throw usageError(
      '--max-pages does not stop the workers of a list or a range of URLs; write a shorter one, as in [1-100]',
    );
  }
  const { record, store } = await beginStore(parts, job);
  const slices = slicesOf(record, store, parts.sources, job);
  const release = await coordinateAlone(connection, record, run);
  const leaving = new AbortController();
  let failure: unknown = null;
  let working: Promise<void> | null = null;
  try {
    if (job.open.fresh) await store.clear();
    await beginRun(connection.redis, record, store, job.open.fresh);
    parts.onBegun(record);
    if (parts.works) {
      working = workOn(parts, run, { record, store, slices }, leaving.signal).catch((error) => {
        failure = error;
      });
    }
    const own = {
      ...{ connection, record, store, run, makeTransport, isReadAgain },
      leftWith: () => failure,
    };
    if (record.isPaged) return await coordinateList(own);
    if (!job.open.isPaginated || (await findRecords(own))) await collect({ ...own, slices });
    return null;
  } finally {
    leaving.abort();
    await working;
    await release();
  }
}

const COORDINATOR_MS = 10_000;
const SLACK_MS = 2_000;
const TRY_AGAIN_MS = 500;

/**
 * Two that write the output of one run would each collect all of it.
 *
 * @throws EverypageError USAGE where another process does it
 */
async function coordinateAlone(
  connection: QueueConnection,
  { id }: RunRecord,
  { engine }: RunParts,
): Promise<() => Promise<void>> {
  const durationMs = connection.leaseMs(COORDINATOR_MS);
  const lease = new Lease(connection.redis, runKeys(id).coordinator, processName(), durationMs);
  // One that was killed is taken for gone by then.
  const until = engine.clock.now() + durationMs + SLACK_MS;
  while ((await lease.take()) !== null) {
    if (engine.stopped !== null || engine.clock.now() > until) throw heldByAnother(id);
    await wait(TRY_AGAIN_MS);
  }
  const renewing = setInterval(() => {
    lease.take().then(
      (holder) => holder !== null && engine.dispatcher.fail(heldByAnother(id)),
      () => {},
    );
  }, durationMs / 4);
  return async () => {
    clearInterval(renewing);
    await lease.release().catch(() => {});
  };
}

function heldByAnother(id: string): EverypageError {
  return usageError(
    `another process writes the output of run ${id}; everypage worker helps it, and everypage status shows how far it is`,
  );
}

interface Begun {
  readonly record: RunRecord;
  readonly store: PartStore;
  readonly slices: PlanSlices;
}

async function workOn(
  { connection, makeTransport }: Coordination,
  { job, engine }: RunParts,
  begun: Begun,
  signal: AbortSignal,
): Promise<void> {
  // The pages are reported when their parts are taken over, those of other machines too.
  const others: ReadonlySet<RunEvent['type']> = new Set(['page', 'phase', 'total']);
  const isOwn = ({ type }: RunEvent): boolean => !others.has(type);
  const emit: Job['emit'] = (event) => {
    if (isOwn(event)) job.emit(event);
  };
  while (!signal.aborted) {
    const own = { ...job, emit };
    const { state, stop } = await work({ ...begun, connection, job: own, makeTransport, signal });
    if (stop !== null && !signal.aborted) engine.stop(stop);
    if (stop !== null || state === 'finished' || state === 'cancelled') return;
    await wait(LOST_MS);
  }
}

/** @throws EverypageError USAGE where the store is of another run */
async function beginStore(
  { home, words, sources }: Coordination,
  job: Job,
): Promise<Omit<Begun, 'slices'>> {
  const fingerprint = fingerprintOf(job.open.specification);
  const hasList = sources.some(({ kind }) => kind !== 'template' && kind !== 'literal');
  const isPaged = job.paginate !== null;
  const list = hasList ? await storeList(home, job) : null;
  const total = isPaged ? 0 : (list?.total ?? (await job.makePlan().count()) ?? 0);
  if (total === 0 && !isPaged) {
    throw new EverypageError('LIST_UNREADABLE', 'the list holds no URL; nothing was fetched');
  }
  const secret = job.options.headers.filter(({ value }) => value instanceof Secret);
  const record = {
    // Standard input has no name, so its content says which run it is.
    id: createHash('sha256')
      .update(fingerprint)
      .update(list?.digest ?? '')
      .digest('hex')
      .slice(0, ID_LENGTH),
    format: QUEUE_FORMAT,
    version: VERSION,
    words,
    secretHeaders: secret.map(({ name }) => name),
    total,
    hasList,
    isPaged,
    chunk: chunkOf(total),
    store: home.where,
    createdAt: Date.now(),
  };
  const store = await PartStore.begin(home, record);
  return { record: { ...record, createdAt: store.createdAt }, store };
}

const ID_LENGTH = 12;

async function storeList(home: StoreHome, job: Job): Promise<WrittenList> {
  await home.prepare();
  const other = await PartStore.find(home);
  if (other !== null && !other.hasList) throw ofAnotherRun(home, other);
  return writeList(home, job.makePlan(), job.options.secretParams);
}
