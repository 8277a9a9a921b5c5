/** Whether pages of a list that is paged by offset can begin with the last record of the page before. */
import { isByOrdinal, type Pagination } from '../../core/pagination.ts';
import { PageGrid } from '../page-grid.ts';
import { isSameRequest } from '../request-parts.ts';
import { styleOf } from '../styles/styles.ts';
import type { Discovery } from './discover.ts';
import { countRecords, identitiesOf, isSuccess, type PageView } from './page-view.ts';

/** A step of N−1 costs 1/(N−1) more requests: too many where pages hold few records. */
const LEAST_RECORDS = 10;

export interface OverlapSettled {
  readonly pagination: Pagination;
  /** Why pages do not overlap, though they might; null where there is nothing to say. */
  readonly evidence: string | null;
}

/**
 * The pagination with an overlap of one record, if the second page, asked for so, begins with the first
 * page's last record. Servers that round offsets to the page size give the first page again, and others
 * refuse an offset that is no multiple of it: then pages are read side by side, without a border to check.
 *
 * The page that is asked for is the plan's second page, so nothing is asked for twice.
 *
 * @param mayCountPages nobody says that positions count records: some servers call a page's number an offset
 */
export async function settleOverlap(
  { pagination, responses, pageRecords, isLastPage }: Discovery,
  ask: (request: PageView['request']) => Promise<PageView>,
  mayCountPages = false,
): Promise<OverlapSettled> {
  const style = styleOf(pagination);
  const mayOverlap =
    isByOrdinal(pagination) && style?.kind === 'counted' && pagination.records !== null;
  const [asked] = responses;
  if (!mayOverlap || isLastPage || asked === undefined) return { pagination, evidence: null };
  const start = asked.request;
  const grid = new PageGrid({ pagination: { ...pagination, overlap: 1 }, start, style });
  // A page size that the user names is in the plan's first request, and not in what was typed.
  const own = grid.first();
  const first = isSameRequest(own, start) ? asked : await ask(own);
  const records =
    first === asked ? pageRecords : (countRecords(first, pagination.records ?? '') ?? 0);
  if (records < LEAST_RECORDS || !isSuccess(first)) return { pagination, evidence: null };
  grid.onFirst({ records, total: null, totalPages: null });
  const view = await ask(grid.request(records, records + grid.stride, true));
  const why = objection(pagination, first, view);
  if (why === null) return { pagination: { ...pagination, overlap: 1 }, evidence: null };
  if (mayCountPages && pagination.style === 'offset' && (why === EMPTY || why === OTHERS)) {
    const second = await ask(grid.request(2, 2 + grid.stride, true));
    if (pagination.first === 0 && holdsOthers(pagination, first, second)) {
      const evidence = `${pagination.param} counts pages: at 1 there are none of the first page's records`;
      return { pagination: { ...pagination, style: 'page' }, evidence };
    }
  }
  const settled = why === ROUNDS ? { ...pagination, isRounded: true as const } : pagination;
  return { pagination: settled, evidence: `pages do not overlap: ${why}` };
}

/** At the first page's second record stand others than the first page has, as many. */
function holdsOthers(pagination: Pagination, first: PageView, second: PageView): boolean {
  if (!isSuccess(second)) return false;
  const [own, other] = [first, second].map((page) => identitiesOf(page, pagination) ?? []);
  return other!.length === own!.length && !other!.some((identity) => own!.includes(identity));
}

const EMPTY = 'a page that begins in another was empty';
const OTHERS = 'a page that begins in another had other records there';
const ROUNDS = 'the server rounds the position of a page';

/** Why the page does not show that it begins where it was asked to; null where it does. */
function objection(pagination: Pagination, first: PageView, view: PageView): string | null {
  if (!isSuccess(view)) return `the server refused a page that begins in another (${view.status})`;
  const [own, other] = [first, view].map((page) => identitiesOf(page, pagination) ?? []);
  const last = own!.at(-1);
  if (other!.length === 0) return EMPTY;
  if (last === own![0]) return 'the records of a page are all alike';
  if (other![0] === own![0]) return ROUNDS;
  return other![0] === last ? null : OTHERS;
}
