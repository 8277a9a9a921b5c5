/**
 * Where a run's pages come from: a list that is known, or a list that pages by itself, for which
 * this finds out how before anything else is asked for.
 */
import type { Clock } from '../core/clock.ts';
import type { EventSink } from '../core/events.ts';
import type { PageToContinue } from '../core/options.ts';
import type { PageRequest, Place } from '../core/page-request.ts';
import { noPagination, type Pagination } from '../core/pagination.ts';
import type { PaginationFacts } from '../core/summary.ts';
import type { Transport } from '../http/transport.ts';
import { createLearningPlan } from '../plan/create-learning-plan.ts';
import { discoverPagination, type PageView } from '../plan/detect/discover.ts';
import { findRecords } from '../plan/detect/find-records.ts';
import { pinFlags } from '../plan/detect/pin-flags.ts';
import { createFunctionPlan } from '../plan/function-plan.ts';
import type { LearningPlan } from '../plan/plan.ts';
import type { ArchiveThread } from './archive-thread.ts';
import { EarlyAnswers } from './early-answers.ts';
import { createLoneFetch, type LonePage } from './fetch-alone.ts';
import type { Learning } from './fetch-plan.ts';
import { singleHeader } from './kept-headers.ts';
import type { Opened } from './messages.ts';
import { pageToContinue } from './page-to-continue.ts';
import type { PaginateJob } from './paginate-job.ts';
import { pendingGrown } from './pending-grown.ts';
import { type PendingPages, pendingPages } from './pending-pages.ts';
import type { Job } from './prepare.ts';
import { createListRequester, createLockedRequester, type Requester } from './requester.ts';

export interface PageSource {
  readonly pending: PendingPages;
  readonly request: Requester;
  /** Null for a list. */
  readonly learning: Learning | null;
  /** How the list was found to page; null for a list that is known. */
  readonly facts: PaginationFacts | null;
}

export interface SourceParts {
  readonly job: Job;
  readonly opened: Opened;
  readonly transport: Transport;
  readonly thread: ArchiveThread;
  readonly clock: Clock;
  readonly emit: EventSink;
  /** Rejects when the run is stopped. */
  readonly sleep: (ms: number) => Promise<void>;
}

/** The source of the job's pages. What the archive thread has to know before the first page, it knows after this. */
export async function createPageSource(parts: SourceParts): Promise<PageSource> {
  const { paginate } = parts.job;
  if (paginate !== null) return paginatedSource(parts, paginate);
  if (parts.job.open.isPaginated) await beginWithRecordsFound(parts);
  return listSource(parts);
}

function listSource(parts: SourceParts): PageSource {
  const { job, opened, thread } = parts;
  const pending = pendingPages(job.plan, thread, opened, job.options);
  const request = createListRequester({ ...parts, options: job.options }, pending.firstOrigin);
  return { pending, request, learning: null, facts: null };
}

/** `--records` on a list: its first page shows where they stand. */
async function beginWithRecordsFound(parts: SourceParts): Promise<void> {
  const { job, thread } = parts;
  const { options } = job;
  const request = createListRequester({ ...parts, options }, () => null);
  const fetchAlone = createLoneFetch({ ...parts, options, attempt: request });
  let body = (await thread.call('page', { branch: 0, position: 0 }))?.body ?? null;
  for await (const [first] of body === null ? job.planAgain().batches() : []) {
    body = (await fetchAlone(first!)).body;
    break;
  }
  const found = body === null ? null : findRecords(JSON.parse(decoder.decode(body)));
  await thread.call('paginate', {
    pagination: null,
    select: found?.path ?? null,
    isOneBranch: true,
  });
}

async function paginatedSource(parts: SourceParts, paginate: PaginateJob): Promise<PageSource> {
  const { job, opened, thread } = parts;
  const { options } = job;
  const { start, split } = paginate;
  const request = createLockedRequester({ ...parts, options }, start.url);
  const early = new EarlyAnswers(options.secretParams);
  const found = await findPagination(parts, paginate, request, early);
  const isOneBranch = split === null;
  if (found === null) {
    // The first page did not come, and its answer says why: the run reports it as any page.
    await thread.call('paginate', { pagination: null, select: null, isOneBranch });
    const list = listSource(parts);
    return { ...list, request: async (it) => early.takeFor(it) ?? list.request(it) };
  }
  const { pagination, evidence, isWholeList } = found;
  const select = options.wholePages ? null : (options.select ?? pagination.records);
  await thread.call('paginate', { pagination, select, isOneBranch });
  const plan = planFor(pagination, isWholeList, paginate, async (place) =>
    pageToContinue(await thread.call('page', place)),
  );
  const flags = pinFlags(pagination);
  const facts = { style: pagination.style, evidence, flags, recordsPath: select };
  parts.emit({ type: 'pagination', ...facts });
  return {
    pending: pendingGrown(plan, start.url, thread, opened, options),
    request,
    learning: { plan, pagination, early },
    facts,
  };
}

function planFor(
  pagination: Pagination,
  isWholeList: boolean,
  { start, split, next }: PaginateJob,
  readPage: (place: Place) => Promise<PageToContinue>,
): LearningPlan {
  if (next !== null) return createFunctionPlan({ start, next, readPage });
  const plan = createLearningPlan({ pagination, start, split });
  if (pagination.style !== 'single' || !isWholeList) return plan;
  // The one page said what its lesson cannot repeat: that there is nothing after it.
  return { ...plan, end: () => ({ ...plan.end(), reason: 'stated' }) };
}

interface Found {
  readonly pagination: Pagination;
  readonly evidence: readonly string[];
  /** For a single page: it says itself that it is everything. */
  readonly isWholeList: boolean;
}

/** What the archive remembers, or what the first pages show; null where the first page did not come. */
async function findPagination(
  parts: SourceParts,
  paginate: PaginateJob,
  request: Requester,
  early: EarlyAnswers,
): Promise<Found | null> {
  const { opened, job } = parts;
  const remembered = opened.pagination;
  if (remembered !== null && (remembered.style !== 'single' || opened.exportOnly)) {
    return { pagination: remembered, evidence: ['as when this run began'], isWholeList: false };
  }
  const { pinned, start } = paginate;
  if (paginate.next !== null) {
    const pagination: Pagination = { ...noPagination, ...pinned, style: 'function' };
    return { pagination, evidence: ['your function says what comes next'], isWholeList: false };
  }
  const fetchAlone = createLoneFetch({ ...parts, options: job.options, attempt: request });
  let firstFailed = false;
  const fetchPage = async (asked: PageRequest): Promise<PageView> => {
    const page = await fetchAlone(asked);
    early.keep(asked, page.result);
    if (page.body === null && asked === start) firstFailed = true;
    if (firstFailed) throw new FirstPageMissing();
    return pageView(asked, page);
  };
  try {
    const found = await discoverPagination(start, { pinned }, fetchPage);
    return {
      pagination: found.pagination,
      evidence: found.evidence,
      isWholeList: found.isWholeList,
    };
  } catch (error) {
    if (error instanceof FirstPageMissing) return null;
    throw error;
  }
}

class FirstPageMissing extends Error {}

const decoder = new TextDecoder();

export function pageView(request: PageRequest, { result, body }: LonePage): PageView {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(result.response?.headers ?? {})) {
    // HTTP/2 keeps its pseudo-headers, which are no strings, among them.
    const text = name.startsWith(':') ? null : singleHeader(value);
    if (text !== null) headers[name] = text;
  }
  return {
    request,
    status: result.response?.status ?? 0,
    headers,
    body: body ?? new Uint8Array(0),
    json: body === null ? undefined : JSON.parse(decoder.decode(body)),
  };
}
