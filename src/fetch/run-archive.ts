/** The archive of a run is opened, filled and finished. */
import type { ArchiveThread } from '../archive-thread/archive-thread.ts';
import { echoWarning } from '../archive-thread/echoed-credentials.ts';
import type { Opened } from '../archive-thread/messages.ts';
import { EverypageError } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import { isWhole, type PaginationFacts, type Summary } from '../core/summary.ts';
import type { Engine } from './engine.ts';
import { type FoundPages, findPages } from './find-pages.ts';
import type { ReportSink } from './output-sinks.ts';
import { PageBatcher } from './page-batcher.ts';
import type { RunParts } from './pending-pages.ts';
import type { Job } from './prepare.ts';
import type { Controlled } from './user-controls.ts';

/** What an archive says that has just begun. */
const NOTHING_STORED: Opened = Object.freeze({
  resumed: null,
  exportOnly: false,
  highestPosition: -1,
  planCount: null,
  pagination: null,
  pace: {},
});

/**
 * Opens the archive, or begins one, and reports the start. What a new archive says is known before, so
 * the first request does not wait for it.
 *
 * @param fail is called later if a new archive could not be begun
 */
export async function openArchive(
  thread: ArchiveThread,
  job: Job,
  fail: (error: unknown) => void,
): Promise<Opened> {
  const opening = thread.call('open', job.open);
  if (job.isNew) opening.then(({ resumed }) => resumed && fail(begunByAnother(job))).catch(fail);
  const opened = job.isNew ? NOTHING_STORED : await opening;
  const { resumed, exportOnly } = opened;
  const isListed = job.paginate === null && !exportOnly;
  const total = isListed ? await job.makePlan().count() : opened.planCount;
  job.emit({
    type: 'start',
    total,
    archivePath: job.open.location?.part ?? null,
    resumed,
    exportOnly,
  });
  return opened;
}

function begunByAnother({ open }: Job): EverypageError {
  const message = `another process began ${open.location?.part} at the same time; run the command again to resume it`;
  return new EverypageError('ARCHIVE_LOCKED', message);
}

const KEEP_PACE_EVERY_MS = 5_000;

/** Fetches every page of the plan that the archive does not hold, and stores it. */
export async function fetchPages(
  engine: Engine,
  { pending, attempt, witness }: FoundPages,
  thread: ArchiveThread,
): Promise<void> {
  const { dispatcher, emit, limiters, options, paceLog, transport } = engine;
  emit({ type: 'phase', phase: 'fetching' });
  const { traits } = pending;
  const parts = { thread, dispatcher, listener: pending, traits, transport, paceLog };
  const batcher = new PageBatcher(parts);
  const keepPace = () =>
    thread.call('keepPace', { learned: limiters.learned(), notes: paceLog.take() });
  // A run that is killed has learned something too.
  const keeping = setInterval(
    () => void keepPace().catch((error) => dispatcher.fail(error)),
    KEEP_PACE_EVERY_MS,
  );
  try {
    await engine.fetch({ tasks: () => pending.tasks(), attempt, witness }, batcher);
  } finally {
    clearInterval(keeping);
  }
  engine.pausesEnded();
  await keepPace();
  if (engine.stopped !== null) return;
  const end = pending.end();
  if (end === null) {
    const { maxPages } = options;
    if (maxPages !== null && maxPages === pending.mostPages) {
      engine.stop({ kind: 'max-pages', maxPages });
    }
    return;
  }
  if (!pending.isGrowing) {
    if (end.count === 0) {
      throw new EverypageError('LIST_UNREADABLE', 'the list holds no URL; nothing was fetched');
    }
    emit({ type: 'total', total: end.count });
  }
  await thread.call('endPlan', options.credentials.withholdIn(end));
}

/** Ends the archive and the output by what is stored, and sums up what the run took. */
export async function finishRun(
  engine: Engine,
  thread: ArchiveThread,
  pagination: PaginationFacts | null,
  startedAt: number,
  { onReport, controls }: ReportSink & Controlled = {},
): Promise<Summary> {
  const { clock, counters, emit, limiters, options, transport } = engine;
  engine.pausesEnded();
  // Connections say goodbye, which takes a round trip, while the archive is finished.
  const closing = transport.close();
  emit({ type: 'phase', phase: 'exporting' });
  engine.whileExporting(() => void thread.call('abandon', null).catch(() => {}));
  const finished = await thread.call('finish', {
    stopped: engine.stopped !== null,
    withReport: onReport !== undefined || controls?.isWatched === true,
  });
  if (finished.report !== null) {
    onReport?.(finished.report);
    if (controls !== undefined) controls.finalReport = finished.report;
  }
  const { verdict, failures, archivePath, isAbandoned, echo } = finished;
  const partial = !isWhole(verdict.name, null);
  const outputs = finished.outputs.map(({ notes: _, ...output }) => ({ ...output, partial }));
  if (echo !== null) {
    emit({ type: 'warning', code: 'ECHOED_CREDENTIAL', message: echoWarning(echo) });
  }
  sayNotes(finished.outputs, emit);
  // Credentials that the archive holds sealed are withheld too.
  const summary: Summary = options.credentials.withholdIn({
    verdict,
    pagination,
    readings: 1,
    stop: engine.stopped ?? (isAbandoned ? engine.overdue : null),
    failures,
    ...counters,
    durationMs: clock.now() - startedAt,
    connections: transport.connectionCounts(),
    pace: limiters.facts(clock.now()),
    output: outputs[0] ?? null,
    outputs,
    archivePath,
  });
  await closing;
  emit({ type: 'end', summary });
  return summary;
}

/** Says what is to be known of outputs. */
export function sayNotes(
  outputs: readonly { readonly destination: string; readonly notes: readonly string[] }[],
  emit: EventSink,
): void {
  for (const { destination, notes } of outputs) {
    if (notes.length === 0) continue;
    const message = `${destination}: ${notes.join('; ')}`;
    emit({ type: 'warning', code: 'OUTPUT_COLUMNS', message });
  }
}

/**
 * Brings the pages of the plan into the archive, until the plan has ended or the run is stopped. Gives what was
 * found of how the list pages; null for a list of URLs.
 *
 * @internal
 */
export type BringPages = (parts: RunParts) => Promise<PaginationFacts | null>;

/** This process fetches them. */
export async function fetchHere(parts: RunParts): Promise<PaginationFacts | null> {
  const found = await findPages(parts);
  if (found !== null && !parts.opened.exportOnly) {
    await fetchPages(parts.engine, found, parts.thread);
  }
  return found?.facts ?? null;
}
