import type { PageRequest } from '../../core/page-request.ts';
import { noPagination, type Pagination } from '../../core/pagination.ts';
import { looksFull } from '../full-page.ts';
import { means } from '../names.ts';
import { keysOf, listFields, PAGE_ITSELF, type RecordsFound, valueAt } from '../page-fields.ts';
import { readStartParams, type StartParams, withSizeShown } from '../start-params.ts';
import { findAbsentList } from './absent-list.ts';
import { findKey } from './find-key.ts';
import { findRecords } from './find-records.ts';
import { type HeadersSaid, isUnsure, readHeaders } from './headers-said.ts';
import { idleFlag, type NextSaid, readNext } from './next-said.ts';
import {
  contradictedNumbers,
  type NumbersSaid,
  readNumbers,
  type SaidNumber,
  statedCounts,
} from './numbers-said.ts';
import type { PageView, Shown } from './page-view.ts';

/** Everything in a first page that says something about pagination, without a conclusion. */
export interface Facts {
  readonly view: PageView;
  readonly params: StartParams;
  readonly records: RecordsFound | null;
  /** Records in the page; 0 where none were found. */
  readonly count: number;
  /** The list is empty, and the page leaves it out or has null for it. */
  readonly isListAbsent: boolean;
  readonly headers: HeadersSaid;
  readonly numbers: NumbersSaid;
  readonly next: NextSaid;
  /** Fields that the page itself contradicts, and that therefore count for nothing; each a phrase. */
  readonly contradicted: readonly string[];
  /** How many records come before this page, as far as that is said. */
  readonly offset: number;
  /** Style `single` with records, key and all that the page says about itself. */
  readonly base: Pagination;
}

export function readFacts(view: PageView, pinned: Partial<Pagination> = {}): Facts {
  const asked = readStartParams(view.request);
  const fields = listFields(view.json);
  const headers = readHeaders(view);
  const counts = [...statedCounts(fields, asked), ...(headers.total ? [headers.total.value] : [])];
  const absent = findAbsentList(fields);
  const records =
    pinned.records == null
      ? (absent ?? findRecords(view.json, counts))
      : pinnedRecords(view, pinned.records, absent !== null);
  const around = records?.around ?? [];
  const params = withSizeShown(asked, records?.items.length ?? 0);
  const list = keysOf(records?.path ?? PAGE_ITSELF)?.at(-1) ?? null;
  const context = { fields, around, list, count: records?.items.length ?? null, params };
  const body = readNumbers(context);
  const count = records?.items.length ?? 0;
  const headerTotal = isTotalOf(headers.total, count) ? headers.total : null;
  const numbers = {
    ...body,
    // `count: 0` counts the list where the page has none.
    total: headerTotal ?? body.total ?? (absent === null ? null : body.vagueTotal),
    totalIsNear: headerTotal !== null || absent !== null || body.totalIsNear,
    totalIsLowerBound: headerTotal === null ? body.totalIsLowerBound : isUnsure(headerTotal),
    totalPages: headers.totalPages ?? body.totalPages,
    page: body.page ?? headers.page,
  };
  const size = numbers.size?.value ?? count;
  const offset = offsetOf(params, headers, size);
  const said = readNext(context, view.request.url);
  const idle = idleFlag(said, {
    isLinked: headers.next !== null,
    hasToken: headers.token !== null,
    saysMore: numbersSayMore({ numbers, offset, count, records }),
    isFull: isFullPage({ numbers, params, count }),
  });
  const next = idle === null ? said : { ...said, more: null };
  const contradicted = [...(idle?.why ?? []), ...contradictedNumbers(context)];
  const base: Pagination = {
    ...noPagination,
    records: records?.path ?? null,
    key: pinned.key ?? (records === null ? null : findKey(records.items)),
    sizeParam: params.size?.name ?? null,
    carrier: params.size?.carrier ?? noPagination.carrier,
    morePath: next.more?.path ?? null,
    totalPath: numbers.total?.path ?? null,
    totalHeader: numbers.total?.header ?? null,
    totalIsUnsure: pinned.totalHeader == null && numbers.total !== null && isUnsure(numbers.total),
    totalPagesPath: numbers.totalPages?.path ?? null,
    totalPagesHeader: numbers.totalPages?.header ?? null,
    sizePath: numbers.size?.path ?? null,
    ...askedSize(params, records?.items.length ?? 0),
    ...partialFlag(view.json),
    sameOrigin: pinned.sameOrigin ?? false,
  };
  return {
    view,
    params,
    records,
    count,
    isListAbsent: absent !== null,
    headers,
    numbers,
    next,
    contradicted,
    offset,
    base,
  };
}

/** The first page may be the last, which is short, or the server gives fewer than it is asked for. */
function askedSize({ page, size }: StartParams, count: number): Pick<Pagination, 'askedSize'> {
  const asked = size?.number ?? 0;
  return page !== null && count > 0 && asked > count ? { askedSize: asked } : {};
}

/** The records of a page that need not be one of several. */
export function recordsIn(
  json: unknown,
  request: Pick<PageRequest, 'url' | 'body'>,
): RecordsFound | null {
  return findRecords(json, statedCounts(listFields(json), readStartParams(request)));
}

function pinnedRecords(view: PageView, path: string, isAbsent: boolean): RecordsFound | null {
  const items = valueAt(view.json, path);
  const isEmpty = items === null || (items === undefined && isAbsent);
  const around = (keysOf(path) ?? []).slice(0, -1);
  if (path !== PAGE_ITSELF && isEmpty) return { path, items: [], around };
  return Array.isArray(items) ? { path, items, around } : null;
}

function offsetOf(params: StartParams, headers: HeadersSaid, size: number): number {
  if (headers.range !== null) return headers.range.from;
  if (params.offset?.number != null) return params.offset.number;
  if (params.page?.number != null) {
    // Pages almost always count from 1; where they count from 0, the end is noticed one page later.
    return Math.max(0, params.page.number - 1) * (params.size?.number ?? size);
  }
  return 0;
}

/** Style `single`: one page, which is all or not. */
export function onePage(facts: Facts, complete: boolean, evidence: readonly string[]): Shown {
  return { kind: 'single', complete, pagination: facts.base, evidence };
}

/** Whether the page's numbers or flags say that there is more than it holds. */
export function saysMore(facts: Facts): boolean {
  const { next, headers } = facts;
  if (next.more?.value === true) return true;
  return (
    numbersSayMore(facts) || (headers.nextPage?.value ?? null) !== null || next.number !== null
  );
}

/** Whether the page links to the next one, or holds the token for it. */
export function namesNext({ next, headers }: Facts): boolean {
  const isLinked = next.url !== null || next.listed?.url != null || headers.next !== null;
  const isOpen = next.continueObject?.isThere === true || next.pageInfo?.hasNext === true;
  return (
    isLinked || isOpen || ((next.token ?? headers.token) !== null && next.more?.value !== false)
  );
}

/** As many records as were asked for, or as pages commonly hold. */
export function isFullPage({
  count,
  params,
  numbers,
}: Pick<Facts, 'count' | 'params' | 'numbers'>) {
  return looksFull(count, params.size?.number ?? null, numbers.size?.value ?? null);
}

/** The total is the number of records in the page: it may count only these. */
export function hasOwnTotal({ count, numbers }: Pick<Facts, 'count' | 'numbers'>): boolean {
  return count > 0 && numbers.total?.value === count;
}

export function numbersSayMore({
  numbers,
  offset,
  count,
  records,
}: Pick<Facts, 'numbers' | 'offset' | 'count' | 'records'>): boolean {
  if (records !== null && numbers.total !== null) {
    return numbers.total.value > offset + count;
  }
  if (numbers.totalPages === null) return false;
  return numbers.totalPages.value > pageOrdinal(numbers);
}

/** Pages up to this one, inclusive. */
function pageOrdinal({ page, totalPages }: NumbersSaid): number {
  if (page === null) return 1;
  // Page 0 of 3 and page 1 of 3 both begin the list; page 3 of 3 ends it.
  return page.value === 0 && totalPages !== null ? 1 : page.value;
}

/** Whether the page says that it is the last one, and what says so; null where nothing does. */
export function saysEnd(facts: Facts): string | null {
  const { next, numbers, headers, count, offset, records } = facts;
  if (numbersSayMore(facts)) return null;
  if (facts.isListAbsent) return 'the page says that there are no records, and holds no list';
  if (next.more?.value === false)
    return `${next.more.path.replace(/^!/, '')} says that there is no more`;
  if (next.empty !== null && next.url === null && next.token === null) {
    return `${next.empty.path} is empty`;
  }
  if (headers.nextPage !== null && headers.nextPage.value === null) {
    return `header ${headers.nextPage.header} is empty`;
  }
  const total = numbers.total;
  if (
    records !== null &&
    total !== null &&
    total.value === offset + count &&
    numbers.totalIsNear &&
    !numbers.totalIsLowerBound
  ) {
    return `${sourceOf(total)} says ${total.value} records, and the page holds the last of them`;
  }
  if (numbers.totalPages !== null && numbers.page !== null) {
    return `${sourceOf(numbers.totalPages)} says ${numbers.totalPages.value} pages, and this is the last`;
  }
  if (records?.items.length === 0 && total === null && next.url === null && next.token === null) {
    return next.number === null && next.more === null ? `${records.path} is empty` : null;
  }
  return null;
}

export function sourceOf(said: { path: string | null; header: string | null }): string {
  return said.path ?? `header ${said.header}`;
}

/** A total of any name may be that of the page, so it has to be larger than what is in it. */
function isTotalOf(total: SaidNumber | null, count: number): boolean {
  return total !== null && (isUnsure(total) ? total.value > count : total.value >= count);
}

function partialFlag(json: unknown): Pick<Pagination, 'partialPath'> {
  const flag = listFields(json).find(
    ({ name, value }) => typeof value === 'boolean' && means.partial(name),
  );
  return flag === undefined ? {} : { partialPath: flag.path };
}
