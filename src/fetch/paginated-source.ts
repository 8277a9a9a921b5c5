/** A list that pages by itself: how it was found to, and the plan that follows from it. */
import { EverypageError } from '../core/errors.ts';
import type { EventSink } from '../core/events.ts';
import type { PageToContinue, ResolvedOptions } from '../core/options.ts';
import type { PageRequest, Place } from '../core/page-request.ts';
import {
  isByOrdinal,
  isOnePage,
  NO_RECORDS,
  noPagination,
  type Pagination,
} from '../core/pagination.ts';
import { redactUrl } from '../core/redact.ts';
import { createBodyCheck } from '../decode/check-body.ts';
import { isExpression, parseSelection } from '../decode/decode.ts';
import { createGrowingPlan } from '../plan/create-growing-plan.ts';
import { pinFlags } from '../plan/detect/detect.ts';
import { type Discovery, discoverPagination, type PageView } from '../plan/detect/discover.ts';
import { readFacts } from '../plan/detect/facts.ts';
import { findRecords } from '../plan/detect/find-records.ts';
import { createFunctionPlan } from '../plan/function-plan.ts';
import type { GrowingPlan } from '../plan/plan.ts';
import { pagingHeaders } from '../plan/read-page-info.ts';
import { EarlyAnswers } from './early-answers.ts';
import { createLoneFetch, type LonePage } from './fetch-alone.ts';
import { type FirstPages, remembersPagination } from './first-pages.ts';
import { singleHeader } from './kept-headers.ts';
import { listSource, type PageSource, type SourceParts } from './page-source.ts';
import { pageToContinue } from './page-to-continue.ts';
import type { PaginateJob } from './paginate-job.ts';
import { pendingGrown } from './pending-grown.ts';
import { createListRequester } from './requester.ts';

/** A list whose records are to be found (`--records`): its first page shows where they stand. */
export async function listWithRecordsFound(parts: SourceParts): Promise<PageSource> {
  const { job, thread } = parts;
  const { options } = job;
  const request = createListRequester({ ...parts, options }, () => null);
  const fetchAlone = createLoneFetch({ ...parts, options, attempt: request });
  const early = new EarlyAnswers(options.secretParams);
  let body = (await thread.call('page', { branch: 0, position: 0 }))?.body ?? null;
  for await (const [first] of body === null ? job.planAgain().batches() : []) {
    const page = await fetchAlone(first!);
    early.keep(first!, page.result);
    body = page.body;
    break;
  }
  const found = body === null ? null : findRecords(JSON.parse(decoder.decode(body)));
  await thread.call('paginate', {
    pagination: null,
    select: found?.path ?? null,
    isOneBranch: true,
  });
  return withEarly(listSource(parts), early);
}

function withEarly(list: PageSource, early: EarlyAnswers): PageSource {
  return { ...list, request: async (it) => early.takeFor(it) ?? list.request(it) };
}

/** A list that pages by itself: finds out how before anything else is asked for. */
export async function paginatedSource(
  parts: SourceParts,
  paginate: PaginateJob,
  { request, fetchAlone, early }: FirstPages,
): Promise<PageSource> {
  const { job, opened, thread } = parts;
  const { options } = job;
  const { start, split } = paginate;
  const found = await findPagination(parts, paginate, fetchAlone, early);
  const isOneBranch = split === null;
  if (found === null) {
    // The first page did not come, and its answer says why: the run reports it as any page.
    await thread.call('paginate', { pagination: null, select: null, isOneBranch });
    return withEarly(listSource(parts), early);
  }
  const { pagination, evidence, isWholeList } = found;
  warnOfIdleOverlap(pagination, parts.emit);
  const select = options.wholePages ? null : (options.select ?? pagination.records);
  await thread.call('paginate', { pagination, select, isOneBranch });
  const plan = planFor(pagination, isWholeList, paginate, async (place) =>
    pageToContinue(await thread.call('page', place), start.url),
  );
  const flags = pinFlags(pagination);
  const facts = { style: pagination.style, evidence, flags, recordsPath: select };
  parts.emit({ type: 'pagination', ...facts });
  return {
    pending: pendingGrown(plan, start.url, thread, opened, options),
    request,
    growing: { plan, pagination, pagingHeaders: pagingHeaders(pagination), early },
    facts,
  };
}

function warnOfIdleOverlap(pagination: Pagination, emit: EventSink): void {
  if (pagination.overlap === 0 || isByOrdinal(pagination)) return;
  const message = `--overlap does nothing here: this list is paged by ${pagination.style}, not by offset`;
  emit({ type: 'warning', code: 'IDLE_OPTION', message });
}

/** A path that leads to nothing would read as an API that does not page, or as an empty list. */
function checkSelection({ body, request }: PageView, options: ResolvedOptions): void {
  const { select, maxDecodedBytes, secretParams } = options;
  if (select === null || isExpression(select)) return;
  const verdict = createBodyCheck(parseSelection(select), maxDecodedBytes)(body, null);
  if (verdict.ok || verdict.kind !== 'selection') return;
  const url = redactUrl(request.url, secretParams);
  throw new EverypageError(
    'SELECTION',
    `${verdict.reason}: ${url}. Give the path to the records with --select, or leave it out and they are found.`,
  );
}

function planFor(
  pagination: Pagination,
  isWholeList: boolean,
  { start, split, next }: PaginateJob,
  readPage: (place: Place) => Promise<PageToContinue>,
): GrowingPlan {
  if (next !== null) return createFunctionPlan({ start, next, readPage });
  const plan = createGrowingPlan({ pagination, start, split });
  if (!isOnePage(pagination) || !isWholeList) return plan;
  // The one page said what its page info cannot repeat: that there is nothing after it.
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
  fetchAlone: FirstPages['fetchAlone'],
  early: EarlyAnswers,
): Promise<Found | null> {
  const { opened, job } = parts;
  const { pagination: remembered } = opened;
  if (remembered !== null && remembersPagination(opened)) {
    return { pagination: remembered, evidence: ['as when this run began'], isWholeList: false };
  }
  const { pinned, usual, start } = paginate;
  const isFunction = paginate.next !== null;
  const { select, wholePages } = job.options;
  const ofFunction = (records: string | null): Found => {
    const pagination: Pagination = { ...noPagination, records, ...pinned, style: 'function' };
    return { pagination, evidence: ['your function says what comes next'], isWholeList: false };
  };
  // Pages of different forms are taken whole, or by an expression that fits them all.
  if (isFunction && (select !== null || wholePages)) return ofFunction(null);
  let firstFailed = false;
  const fetchPage = async (asked: PageRequest): Promise<PageView> => {
    const page = await fetchAlone(asked);
    early.keep(asked, page.result);
    if (page.body === null && asked === start) firstFailed = true;
    if (firstFailed) throw new FirstPageMissing();
    return pageView(asked, page);
  };
  try {
    if (isFunction) return ofFunction(readFacts(await fetchPage(start), pinned).base.records);
    const found = await discoverPagination(start, { pinned, usual }, fetchPage);
    if (!found.isListAbsent) checkSelection(found.responses[0]!, job.options);
    return {
      pagination: withEmptyList(found),
      evidence: evidenceOf(found, paginate),
      isWholeList: found.isWholeList,
    };
  } catch (error) {
    if (error instanceof FirstPageMissing) return null;
    throw error;
  }
}

/** What all slices hold together is not what the whole list holds; that is worth a look. */
function evidenceOf({ evidence, total }: Discovery, { split }: PaginateJob): readonly string[] {
  if (split === null || total === null) return evidence;
  return [...evidence, `${total} records in all without --split`];
}

/**
 * Some APIs leave the list out of the page where it is empty. A page without one, of an API that
 * pages and says that there are no records, then has none to write, and is no record itself.
 */
function withEmptyList({ kind, pagination, total }: Discovery): Pagination {
  const saysTotal = pagination.totalPath !== null || pagination.totalHeader !== null;
  const isEmpty = kind === 'found' && pagination.records === null && total === 0 && saysTotal;
  return isEmpty ? { ...pagination, records: NO_RECORDS } : pagination;
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
