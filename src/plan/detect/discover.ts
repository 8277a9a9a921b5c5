import type { PageRequest } from '../../core/page-request.ts';
import {
  isOnePage,
  isParallel,
  type Pagination,
  type PaginationStyle,
} from '../../core/pagination.ts';
import { presetForHost } from '../presets.ts';
import { getQueryParameter } from '../query-parameter.ts';
import { setPart } from '../request-parts.ts';
import { cureOfQuery } from '../styles/graphql.ts';
import { literalNumber, unplaced } from '../styles/style.ts';
import { detect, pinDetection } from './detect.ts';
import { type Facts, namesNext, readFacts, saysMore } from './facts.ts';
import {
  type Candidate,
  type Detection,
  identitiesOf,
  isSuccess,
  type PageView,
} from './page-view.ts';
import { isSamePage, settleBase } from './trial.ts';
import {
  type Ask,
  type Candidates,
  MAX_OTHERS,
  MAX_REQUESTS,
  type Settled,
  tryCandidates,
  unsteadyText,
} from './try-candidates.ts';
import { whichList } from './which-list.ts';
import { requestsForSize, wholeByOtherForm, wholeBySize } from './whole-list.ts';

export type { PageView };

export interface Discovery {
  readonly kind: 'found' | 'single';
  /** Style `single` where no pagination was detected. */
  readonly pagination: Pagination;
  /** For a single page: the page itself says that it is the whole list. */
  readonly isWholeList: boolean;
  /** Nothing in it says so, but the server gives no more where more is asked for. */
  readonly seemsWhole: boolean;
  /** Nothing in it says so, but more came where more was asked for: the first evidence says it. */
  readonly moreBySize: boolean;
  /** The first page says that there is more, be it by a number, a flag or a link, or more was shown. */
  readonly saysMore: boolean;
  /** Why a parameter that seemed to give another page is not used, without a full stop. */
  readonly unproven: string | null;
  /** What the user may change in the request so that the list can be read, a sentence without its full stop. */
  readonly cure: string | null;
  /** What showed it, each a phrase for people. */
  readonly evidence: readonly string[];
  /** Every page that was fetched, at most eight, the first page first, so that none is asked for again. */
  readonly responses: readonly PageView[];
  /** The first page says that nothing comes after it. */
  readonly isLastPage: boolean;
  /** Records in the first page, and in all as the server says; null where it does not. */
  readonly pageRecords: number;
  /** The list is empty, and its page leaves it out or has null for it. */
  readonly isListAbsent: boolean;
  /** Paths to several lists, of which the first page does not show which one it is; empty where it does. */
  readonly rivals: readonly string[];
  readonly total: number | null;
}

/** Beyond so many bytes of further pages, no more are asked for: each that differs is held to be compared. */
const MOST_BYTES = 32 * 1024 * 1024;

export interface DiscoverOptions {
  /** What the user said; it overrides what is detected. */
  readonly pinned: Partial<Pagination>;
  /** The style to assume where the first page shows nothing; nothing is tried then. */
  readonly usual?: PaginationStyle | null;
}

/**
 * Finds out how a list is paginated, with at most eight requests, one after another. The start is
 * requested first, and most lists need no more. Where the first page says that there is more, but not
 * how to request it, candidates are tried until one is confirmed.
 *
 * Rejects only where `fetchPage` does.
 *
 * @param fetchPage gives refusals too: a status of 400 is an answer to a candidate
 * @example
 * const { pagination, evidence } = await discoverPagination(start, { pinned: {} }, fetchPage);
 */
export async function discoverPagination(
  start: PageRequest,
  { pinned: given, usual = null }: DiscoverOptions,
  fetchPage: (request: PageRequest) => Promise<PageView>,
): Promise<Discovery> {
  const first = await fetchPage(start);
  const responses = [first];
  let otherBytes = 0;
  const ask: Ask = async (request, position, most = MAX_OTHERS) => {
    if (responses.length >= most || otherBytes > MOST_BYTES) return null;
    const place = { branch: start.place.branch, position: start.place.position + position };
    const view = await fetchPage({ ...request, place });
    // The same page again is held once.
    if (responses.every(({ body }) => body !== view.body)) otherBytes += view.body.length;
    responses.push(view);
    return view;
  };
  const { path: list, rivals } =
    given.records == null
      ? await whichList(first, (request) => ask(request, 1))
      : { path: null, rivals: [] };
  const pinned = list === null ? given : { ...given, records: list };
  const facts = readFacts(first, pinned);
  const shown = detect(first, pinned);
  const isOpen = shown.kind !== 'found' && usual !== null;
  const detection = pinDetection(shown, facts, isOpen ? { style: usual, ...pinned } : pinned);
  const settled =
    detection.kind === 'candidates'
      ? (endByHost(facts, detection) ??
        (await tryCandidates(first, withRoom(facts, detection), pinned, ask)))
      : await settleShown(facts, detection, pinned, ask);
  const { unproven = null } = settled;
  const isSilent = detection.kind === 'candidates' && detection.isSilent;
  const isOpenEnd = isOnePage(settled.pagination) && !settled.isWholeList && unproven === null;
  const wholeness =
    isSilent && isOpenEnd
      ? (wholeByOtherForm(facts, responses) ??
        (await wholeBySize(facts, (request) => ask(request, 1, MAX_REQUESTS))))
      : null;
  const evidence =
    wholeness === null ? settled.evidence : [wholeness.why, ...settled.evidence.slice(1)];
  const isWholeList = settled.isWholeList || wholeness?.isStated === true;
  const seemsWhole = wholeness?.isWhole === true && !isWholeList;
  // A total that other answers do not bear out is the page's own.
  const noTotal = seemsWhole ? { totalPath: null, totalHeader: null } : {};
  const all = { ...settled.pagination, ...noTotal, ...pinned };
  const pagination = pinned.key == null ? withSoundKey(first, all) : all;
  const total = facts.numbers.total?.value ?? null;
  const hasTotal = pagination.totalPath !== null || pagination.totalHeader !== null;
  const isTotal = hasTotal && total !== null && total - pagination.first <= facts.count;
  return {
    kind: isOnePage(pagination) ? 'single' : 'found',
    pagination,
    isWholeList,
    seemsWhole,
    moreBySize: wholeness?.isWhole === false,
    saysMore: saysMore(facts) || namesNext(facts) || wholeness?.isWhole === false,
    unproven,
    cure: isOnePage(pagination) && !isWholeList ? cureOfQuery(facts) : null,
    evidence: [...evidence, ...(unproven === null ? [] : [unproven]), ...facts.contradicted],
    responses,
    isLastPage: isWholeList || isTotal || (detection.kind === 'found' && detection.lastPage),
    pageRecords: facts.count,
    isListAbsent: facts.isListAbsent,
    rivals,
    total,
  };
}

/** Some requests are kept to see whether the page is the whole list. */
function withRoom(facts: Facts, detection: Candidates): Candidates {
  const kept = requestsForSize(facts);
  if (!detection.isSilent || kept === 0) return detection;
  const most = MAX_REQUESTS - 1 - kept;
  // Of each style one, before another name of the same.
  const { candidates } = detection;
  const isFirst = (own: Candidate, at: number) =>
    candidates.findIndex(({ pagination }) => pagination.style === own.pagination.style) === at;
  const likely = [...new Set([...candidates.filter(isFirst), ...candidates])].slice(0, most);
  return { ...detection, candidates: candidates.filter((own) => likely.includes(own)) };
}

/** A page with so many records may have been cut off without saying so. */
const MOST_IN_A_PAGE = 1000;

/** Some known APIs end a list by not naming a next page. */
function endByHost({ base, count, view }: Facts, { isSilent }: Candidates): Settled | null {
  if (!isSilent || count >= MOST_IN_A_PAGE || view.request.method !== 'GET') return null;
  const { hostname } = new URL(view.request.url);
  const preset = presetForHost(hostname);
  if (preset?.silenceIsEnd !== true) return null;
  const { style, param = null, carrier = 'query', nextPath = null } = preset.pagination;
  const evidence = `${hostname} is ${preset.title}, where a page that names no next one is the last`;
  const pagination = { ...base, style, param, carrier, nextPath };
  return { pagination, evidence: [evidence], isWholeList: true };
}

/**
 * What the first page shows by itself. Where its URL has a page number, its records no key and nothing
 * says how far the list goes, only records that come again can show its end: so the page has to be the
 * same when it is asked for again.
 */
async function settleShown(
  facts: Facts,
  shown: Exclude<Detection, { readonly kind: 'candidates' }>,
  pinned: Partial<Pagination>,
  ask: Ask,
): Promise<Settled> {
  const { base, view, params, count } = facts;
  const pagination = await withBase(facts, shown.pagination, pinned, ask);
  const settled = { ...shown, pagination, isWholeList: shown.kind === 'single' && shown.complete };
  // A page without records has none that could come again.
  const isGiven = pinned.style !== undefined || count === 0;
  if (!isEndless(pagination) || isGiven || view.request.method !== 'GET') return settled;
  const again = await ask(unplaced(view.request), 0);
  if (again === null || !isSuccess(again) || isSamePage(view, again, pagination)) return settled;
  const { name = '' } = params.page ?? params.offset ?? {};
  return { ...settled, pagination: base, isWholeList: false, unproven: unsteadyText(name) };
}

/** Where the user names the page number's parameter alone, page 1 shows whether pages count from 0. */
async function withBase(
  { view, params, numbers }: Facts,
  pagination: Pagination,
  pinned: Partial<Pagination>,
  ask: Ask,
): Promise<Pagination> {
  const { style, param, carrier, records, nextPath, nextHeader, totalPagesHeader } = pagination;
  const isSaid = params.page !== null || numbers.page !== null || pinned.first !== undefined;
  const isShown = [nextPath, nextHeader, totalPagesHeader].some((said) => said !== null);
  if (style !== 'page' || param === null || records === null) return pagination;
  const isNamed = getQueryParameter(view.request.url, param) !== null;
  if (isSaid || isShown || isNamed || view.request.method !== 'GET') return pagination;
  const request = setPart(unplaced(view.request), carrier, param, literalNumber(1));
  const one = request === null ? null : await ask(request, 1);
  return one === null ? pagination : (settleBase(pagination, view, one, false) ?? pagination);
}

/** Whether nothing but the records themselves can show where the pages end. */
function isEndless(pagination: Pagination): boolean {
  const { key, records, morePath, nextPath, nextHeader, positionPath } = pagination;
  const { totalPath, totalHeader, totalPagesPath, totalPagesHeader } = pagination;
  const says = [key, morePath, nextPath, nextHeader, positionPath, totalPath, totalHeader];
  const isSaid = [...says, totalPagesPath, totalPagesHeader].some((said) => said !== null);
  return isParallel(pagination) && records !== null && !isSaid;
}

/** Numbers that `JSON.parse` cannot tell apart were taken as distinct; their literals decide. */
function withSoundKey(first: PageView, pagination: Pagination): Pagination {
  if (pagination.key === null) return pagination;
  const keys = identitiesOf(first, pagination) ?? [];
  return new Set(keys).size === keys.length ? pagination : { ...pagination, key: null };
}
