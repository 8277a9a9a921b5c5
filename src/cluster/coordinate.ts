/** How the pages of a run come where many machines fetch them: this process coordinates, and may fetch too. */
import { setTimeout as wait } from 'node:timers/promises';
import { fingerprintOf } from '../archive/kept-run.ts';
import { type EverypageError, usageError } from '../core/errors.ts';
import type { RunEvent } from '../core/events.ts';
import { Secret } from '../core/redact.ts';
import { VERSION } from '../core/resolve-options.ts';
import type { MakeTransport } from '../fetch/open-transport.ts';
import type { RunParts } from '../fetch/pending-pages.ts';
import type { Job } from '../fetch/prepare.ts';
import type { PlanSource } from '../plan/plan.ts';
import { beginRun, collect } from './collect.ts';
import type { QueueConnection } from './connect.ts';
import { QUEUE_FORMAT, runKeys } from './keys.ts';
import { Lease } from './lease.ts';
import { chunkOf, type RunRecord } from './run-record.ts';
import { PartStore } from './store.ts';
import { processName, work } from './worker.ts';

export interface Coordination {
  readonly connection: QueueConnection;
  /** Where the store is. */
  readonly store: string;
  /** What a worker reads as its command line; without credentials. */
  readonly words: readonly string[];
  readonly sources: readonly PlanSource[];
  /** This process fetches pages too. */
  readonly works: boolean;
  readonly makeTransport: MakeTransport;
  /** The run is in the queue: others can help. */
  readonly onBegun: (record: RunRecord) => void;
}

/** How long a worker waits that has lost its run, while the run is built again. */
const LOST_MS = 500;

/** Brings the pages of the plan into the archive by way of the queue and the store. */
export async function bringByQueue(parts: Coordination, run: RunParts): Promise<null> {
  const { job, opened } = run;
  checkFits(job);
  if (opened.exportOnly) return null;
  const { connection } = parts;
  const record = await recordOf(parts, job);
  const store = PartStore.begin(parts.store, record);
  const release = await coordinateAlone(connection, record, run);
  const leaving = new AbortController();
  let failure: unknown = null;
  let working: Promise<void> | null = null;
  try {
    if (job.open.fresh) store.clear();
    await beginRun(connection.redis, record, store, job.open.fresh);
    parts.onBegun(record);
    if (parts.works) {
      working = workOn(parts, run, record, store, leaving.signal).catch((error) => {
        failure = error;
      });
    }
    await collect({ connection, record, store, run, leftWith: () => failure });
  } finally {
    leaving.abort();
    await working;
    await release();
  }
  return null;
}

const COORDINATOR_MS = 10_000;
/** One that was killed is taken for gone by then. */
const TAKE_OVER_MS = COORDINATOR_MS + 2_000;
const TRY_AGAIN_MS = 500;

/**
 * Two that write the output of one run would each collect all of it.
 *
 * @throws EverypageError USAGE where another process does it
 */
async function coordinateAlone(
  { redis }: QueueConnection,
  { id }: RunRecord,
  { engine }: RunParts,
): Promise<() => Promise<void>> {
  const lease = new Lease(redis, runKeys(id).coordinator, processName(), COORDINATOR_MS);
  const until = engine.clock.now() + TAKE_OVER_MS;
  while ((await lease.take()) !== null) {
    if (engine.stopped !== null || engine.clock.now() > until) throw heldByAnother(id);
    await wait(TRY_AGAIN_MS);
  }
  const renewing = setInterval(() => {
    lease.take().then(
      (holder) => holder !== null && engine.dispatcher.fail(heldByAnother(id)),
      () => {},
    );
  }, COORDINATOR_MS / 4);
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

async function workOn(
  { connection, sources, makeTransport }: Coordination,
  { job, engine }: RunParts,
  record: RunRecord,
  store: PartStore,
  signal: AbortSignal,
): Promise<void> {
  // The pages are reported when their parts are taken over, those of other machines too.
  const isOwn = ({ type }: RunEvent): boolean => type !== 'page' && type !== 'phase';
  const emit: Job['emit'] = (event) => {
    if (isOwn(event)) job.emit(event);
  };
  while (!signal.aborted) {
    const { state, stop } = await work({
      connection,
      record,
      store,
      job: { ...job, emit },
      sources,
      makeTransport,
      signal,
    });
    if (stop !== null && !signal.aborted) engine.stop(stop);
    if (stop !== null || state === 'finished' || state === 'cancelled') return;
    await wait(LOST_MS);
  }
}

async function recordOf({ store, words, sources }: Coordination, job: Job): Promise<RunRecord> {
  if (sources.some(({ kind }) => kind !== 'template' && kind !== 'literal')) throw onlyArguments();
  const total = await job.makePlan().count();
  if (total === null) throw onlyArguments();
  const fingerprint = Buffer.from(fingerprintOf(job.open.specification)).toString('hex');
  const secret = job.options.headers.filter(({ value }) => value instanceof Secret);
  return {
    id: fingerprint.slice(0, 12),
    format: QUEUE_FORMAT,
    version: VERSION,
    words,
    secretHeaders: secret.map(({ name }) => name),
    total,
    chunk: chunkOf(total),
    store,
    createdAt: Date.now(),
  };
}

function onlyArguments(): Error {
  return usageError(
    '--queue shares URLs that stand in the command, as in items?page=[1-500]; fetch a list from a file or from standard input on one machine',
  );
}

function checkFits({ paginate, options }: Job): void {
  if (paginate !== null) {
    throw usageError(
      '--queue shares lists of known pages, as in items?page=[1-500]; a list that pages by itself is fetched by one machine, without --queue',
    );
  }
  if (options.records && options.select === null) {
    throw usageError(
      '--records and --queue cannot be used together: workers see no first page; say where the records are with --select',
    );
  }
}
