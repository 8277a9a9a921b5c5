/** Finds how a list pages, from its first pages. */

import { saysThatItFailed } from '../archive-thread/outcome-words.ts';
import { EverypageError } from '../core/errors.ts';
import { SLOT_BYTES } from '../core/memory-budget.ts';
import { outputShape } from '../core/output-shape.ts';
import type { PageRequest } from '../core/page-request.ts';
import {
  isOnePage,
  isParallel,
  NO_RECORDS,
  noPagination,
  type Pagination,
} from '../core/pagination.ts';
import { redactUrl } from '../core/redact.ts';
import type { ResolvedOptions } from '../core/resolve-options.ts';
import type { PaginationFacts } from '../core/summary.ts';
import { createBodyCheck } from '../decode/check-body.ts';
import { isExpression, listOfExpression, parseSelection, readSelection } from '../decode/decode.ts';
import { loadPlans } from '../plan/create-growing-plan.ts';
import { type Discovery, discoverPagination, type PageView } from '../plan/detect/discover.ts';
import { namesNext, readFacts, saysEnd, saysMore } from '../plan/detect/facts.ts';
import { headersSayRecords } from '../plan/detect/headers-said.ts';
import {
  countsPages,
  endOfOnePage,
  endOfRivals,
  endWithoutRecords,
  type OnePageEnd,
} from '../plan/detect/one-page.ts';
import { literalOf } from '../plan/detect/page-view.ts';
import { settleOverlap } from '../plan/detect/settle-overlap.ts';
import { isOnlyOneToChange } from '../plan/detect/which-changes.ts';
import { PAGE_ITSELF } from '../plan/page-fields.ts';
import { pinFlags } from '../plan/pin-flags.ts';
import { type Ask, plainHeaders } from './asked-pages.ts';
import { errorExcerpt } from './failure.ts';
import type { PaginateJob } from './paginate-job.ts';
import type { FinalAttempt } from './task.ts';

/** A server that has not answered by now leaves time to load what a list of many pages needs. */
const LOAD_AFTER_MS = 20;

export interface FoundPagination {
  readonly pagination: Pagination;
  readonly evidence: readonly string[];
  /** How a list of one page ends, where that page's own words are not enough; null for all others. */
  readonly end: OnePageEnd | null;
  /** By what it says itself, a thread for it would take longer to come up than it takes to be stored. */
  readonly isShort?: boolean;
}

/** Storing so much takes about 10 ms, a thread 40. */
const SHORT_PAGES = 100;
const SHORT_BYTES = SLOT_BYTES;

/**
 * Rejects with `FirstPageMissing` where the first page does not come.
 *
 * @throws EverypageError SELECTION where `--select` names what the first page does not have
 */
export async function findPagination(
  paginate: PaginateJob,
  options: ResolvedOptions,
  ask: Ask,
): Promise<FoundPagination> {
  const { pinned, usual, start, next } = paginate;
  if (next !== null) return paginationOfFunction(paginate, options, ask);
  // Where it cannot be loaded, its first use says so.
  const loading = setTimeout(() => void loadPlans().catch(() => {}), LOAD_AFTER_MS).unref();
  const discovering = discoverPagination(start, { pinned, usual }, ask);
  const found = await discovering.finally(() => clearTimeout(loading));
  const settled = await settlePagination(found, paginate, options, ask);
  return { ...settled, isShort: isShort(found) };
}

function isShort({ total, pageRecords, responses }: Discovery): boolean {
  if (total === null || pageRecords === 0) return false;
  const pages = Math.ceil(total / pageRecords);
  return pages <= SHORT_PAGES && pages * responses[0]!.body.length <= SHORT_BYTES;
}

/**
 * How a run reads the list that was discovered.
 *
 * @param ask null where no further page may be asked for: what only that would show stays open
 * @throws EverypageError SELECTION where `--select` names what the first page does not have
 */
export async function settlePagination(
  found: Discovery,
  paginate: PaginateJob,
  options: ResolvedOptions,
  ask: Ask | null,
): Promise<FoundPagination> {
  const { pinned } = paginate;
  if (!found.isListAbsent) checkSelection(found.responses[0]!, options);
  const listed = withListOf(options, withPagesCounted(withEmptyList(found)), found.responses[0]!);
  const said = evidenceOf(found, paginate);
  const isOpen = options.select === null && !options.wholePages;
  const isList = !isOnePage(listed) || found.isWholeList;
  if (isOpen && isList && found.pagination.records === null && listed.records !== NO_RECORDS) {
    const { base } = readFacts(found.responses[0]!, pinned);
    const pagination = { ...base, records: NO_RECORDS };
    const end = endOfError(found, options) ?? endWithoutRecords(found);
    return { pagination, evidence: said, end };
  }
  const isAsked = isOpen && isList && found.rivals.length > 0;
  if (isAsked && !(ask !== null && (await isOnlyOneToChange(found, ask)))) {
    const pagination = { ...readFacts(found.responses[0]!, pinned).base, records: NO_RECORDS };
    return { pagination, evidence: said, end: endOfRivals(found.rivals) };
  }
  const end = isOnePage(listed)
    ? (endOfError(found, options) ?? endOfOnePage(found, !isOpen))
    : endWithoutWord(found, options);
  // What pages repeat can be left out of records, not of what is made of whole pages.
  const { wholePages, select } = options;
  const writesRecords = !wholePages && (select === null || select === listed.records);
  const { pagination, evidence } =
    pinned.overlap == null && writesRecords && ask !== null
      ? await settleOverlap({ ...found, pagination: listed }, ask, pinned.style == null)
      : { pagination: listed, evidence: null };
  // The first phrase is the one that a summary shows.
  const [first = '', ...more] = said;
  return {
    pagination,
    evidence: evidence === null ? said : [`${first}; ${evidence}`, ...more],
    end,
  };
}

/** What is said about it: by the end of a run, and by `explain` (issue 13). */
export function pagingFacts(
  { pagination, evidence, end }: FoundPagination,
  options: ResolvedOptions,
): PaginationFacts {
  const isUnread = end?.reason === 'single';
  const cures = end?.cures ?? [];
  return {
    style: pagination.style,
    evidence,
    // What does not read the list whole is not worth repeating.
    flags: isUnread ? [] : pinFlags(pagination, options),
    recordsPath: isUnread && end.isFinal ? null : outputShape(pagination, options).select,
    ...(cures.length === 0 ? {} : { cures }),
  };
}

/** Whole pages of an unknown kind come to their end by the number of pages that is stated. */
function withPagesCounted(pagination: Pagination): Pagination {
  if (pagination.records !== null || !countsPages(pagination)) return pagination;
  return { ...pagination, records: PAGE_ITSELF, totalPath: null, totalHeader: null };
}

/** A first page without records that reports an error is no list to be looked into; null for any other. */
function endOfError(
  { pagination, responses }: Discovery,
  options: ResolvedOptions,
): OnePageEnd | null {
  const { json, request } = responses[0]!;
  if (pagination.records !== null || !saysThatItFailed(json)) return null;
  const said = errorExcerpt(json, request.url, options);
  if (said === null) return null;
  const detail = `it has no records and reports an error: the server says ${said}`;
  return { reason: 'single', detail, isFinal: true, cures: [] };
}

/**
 * How a chain ends whose first page lacks what the user says that a page names the next one by. The
 * page may be the last, or the path may be wrong; it states no end, whatever else it shows.
 */
function endWithoutWord(
  { pagination, responses }: Discovery,
  { paginate: { pinned, preset, split } }: ResolvedOptions,
): OnePageEnd | null {
  const { nextPath = null, nextHeader = null, morePath = null, totalPath = null } = pinned;
  // A preset knows that its API leaves it out.
  if (isParallel(pagination) || preset !== null || split !== null) return null;
  const first = responses[0]!;
  const isThere = (path: string): boolean => literalOf(first, path) !== null;
  const hasWord = nextPath === null ? hasHeader(first, nextHeader) : isThere(nextPath);
  if (hasWord || (morePath !== null && isThere(morePath.replace(/^!/, '')))) return null;
  const facts = readFacts(first, pinned);
  const isTotal = totalPath !== null && literalOf(first, totalPath) === String(facts.count);
  if (isTotal || saysEnd(facts) !== null) return null;
  const what = nextPath ?? `header ${nextHeader}`;
  if (!saysMore(facts) && !namesNext(facts)) {
    const detail = `the first page has no ${what}, so it is taken for the last; if it is not, check what names the next page`;
    return { reason: 'short', detail, isFinal: true, cures: [] };
  }
  const detail = `${what} is not in it, and it says that there is more. Check what names the next page`;
  return { reason: 'single', detail, isFinal: true, cures: [] };
}

function hasHeader({ headers }: PageView, name: string | null): boolean {
  return name === null || name === 'link' || headers[name.toLowerCase()] !== undefined;
}

/** The user's function says what comes next; only the place of the records has to be found. */
async function paginationOfFunction(
  { pinned, start }: PaginateJob,
  { select, wholePages }: ResolvedOptions,
  ask: Ask,
): Promise<FoundPagination> {
  // The pages may have different shapes: then the user takes them whole, or gives an expression for all.
  const isOpen = select === null && !wholePages;
  const records = isOpen ? readFacts(await ask(start), pinned).base.records : null;
  const pagination: Pagination = { ...noPagination, records, ...pinned, style: 'function' };
  return { pagination, evidence: ['your function says what comes next'], end: null };
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

/**
 * An expression says where the list stands where its structure does not show it: without that no
 * record of it could be counted, and a page by number would look empty.
 */
function withListOf(
  { select, maxDecodedBytes }: ResolvedOptions,
  pagination: Pagination,
  { body }: PageView,
): Pagination {
  if (pagination.records !== null || select === null || !isExpression(select)) return pagination;
  const records = listOfExpression(select);
  if (records === null) return pagination;
  const isThere = createBodyCheck(readSelection(records), maxDecodedBytes)(body, null).ok;
  return isThere ? { ...pagination, records } : pagination;
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

/** 204 (No Content) says that there is nothing, and of a list that it is empty (RFC 9110 §15.3.5). */
export const emptyListFound: FoundPagination = {
  pagination: { ...noPagination, records: NO_RECORDS, pastEnd: [204] },
  evidence: ['the first page is 204 No Content'],
  end: null,
};

/** @param final of the first page */
export function isEmptyAnswer(final: FinalAttempt | undefined, request: PageRequest): boolean {
  if (final?.status !== 204) return false;
  return !headersSayRecords({ request, headers: plainHeaders(final) });
}
