/** Finds how a list pages, from its first pages. */
import { EverypageError } from '../core/errors.ts';
import type { ResolvedOptions } from '../core/options.ts';
import { NO_RECORDS, noPagination, type Pagination } from '../core/pagination.ts';
import { redactUrl } from '../core/redact.ts';
import { createBodyCheck } from '../decode/check-body.ts';
import { isExpression, listOfExpression, parseSelection, readSelection } from '../decode/decode.ts';
import { type Discovery, discoverPagination, type PageView } from '../plan/detect/discover.ts';
import { readFacts } from '../plan/detect/facts.ts';
import { settleOverlap } from '../plan/detect/settle-overlap.ts';
import type { Ask } from './asked-pages.ts';
import type { PaginateJob } from './paginate-job.ts';

export interface FoundPagination {
  readonly pagination: Pagination;
  readonly evidence: readonly string[];
  /** For a single page: it says itself that it is everything. */
  readonly isWholeList: boolean;
}

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
  const found = await discoverPagination(start, { pinned, usual }, ask);
  if (!found.isListAbsent) checkSelection(found.responses[0]!, options);
  const listed = withListOf(options, withEmptyList(found), found.responses[0]!);
  // What pages repeat can be left out of records, not of what is made of whole pages.
  const { wholePages, select } = options;
  const writesRecords = !wholePages && (select === null || select === listed.records);
  const { pagination, evidence } =
    pinned.overlap == null && writesRecords
      ? await settleOverlap({ ...found, pagination: listed }, ask)
      : { pagination: listed, evidence: null };
  const shown = evidenceOf(found, paginate);
  return {
    pagination,
    evidence: evidence === null ? shown : [...shown, evidence],
    isWholeList: found.isWholeList,
  };
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
  return { pagination, evidence: ['your function says what comes next'], isWholeList: false };
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
