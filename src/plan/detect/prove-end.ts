import type { Pagination } from '../../core/pagination.ts';
import { type PartValue, readScalar } from '../literal.ts';
import { recordIdentities } from './page-records.ts';
import type { PageView } from './page-view.ts';

/** A 400 may mean that a deeper page is not given to everyone; these two that there is none. */
const NO_SUCH_PAGE: readonly number[] = [404, 416];

/**
 * Whether the answer to a candidate may come from past the end. By itself it shows nothing: a server
 * that filters by the parameter answers with nothing too, one that does not know it may refuse it.
 */
export function mayBePastEnd(second: PageView, { style, records }: Pagination): boolean {
  if (!['page', 'offset', 'keyset'].includes(style) || records === null) return false;
  if (NO_SUCH_PAGE.includes(second.status)) return true;
  const isGood = second.status >= 200 && second.status <= 299;
  return isGood && recordIdentities(second, records, null)?.length === 0;
}

/**
 * What a parameter is, where the page after the first is past the end: it is proven to page if it
 * leads to the first page as well, or to all of it but the first record.
 *
 * @param ask with that value of the parameter; null where no more may be asked
 * @returns how the list pages, which then ends behind the first page or, where pages turn out to
 *   count from 0, goes on; null where nothing is proven
 */
export async function proveEnd(
  first: PageView,
  pagination: Pagination,
  ask: (value: PartValue) => Promise<PageView | null>,
): Promise<Pagination | null> {
  const { style, records, key } = pagination;
  if (records === null) return null;
  const own = recordIdentities(first, records, style === 'keyset' ? key : null) ?? [];
  const read = async (value: PartValue | null): Promise<Reading> => {
    const view = value === null ? null : await ask(value);
    const isGood = view !== null && view.status >= 200 && view.status <= 299;
    const other = isGood ? recordIdentities(view, records, style === 'keyset' ? key : null) : null;
    return other === null ? 'unclear' : compare(own, other);
  };
  if (style === 'keyset') {
    return (await read(readScalar(own[0] ?? null))) === 'rest' ? pagination : null;
  }
  const one = await read(number(1));
  if (style === 'page' && one === 'same') return { ...pagination, first: 1 };
  // One parameter after the other may count pages from 0, also under the name of an offset.
  if (one === 'new') return { ...pagination, style: 'page', first: 0 };
  if (style === 'offset') return one === 'rest' ? { ...pagination, first: 0 } : null;
  if (one !== 'none') return null;
  return (await read(number(0))) === 'same' ? { ...pagination, first: 0 } : null;
}

/** What proved it, a phrase for people. */
export function proofOf({ style, param, first }: Pagination): string {
  if (style === 'page') return `${param}=${first} gives this page again, so ${param} counts pages`;
  const rest = 'gives this page without its first record';
  return style === 'offset' ? `${param}=1 ${rest}` : `the first record's key in ${param} ${rest}`;
}

/** `rest`: all records of the first page but its first. */
type Reading = 'same' | 'rest' | 'new' | 'none' | 'unclear';

function compare(own: readonly string[], other: readonly string[]): Reading {
  if (other.length === 0) return 'none';
  if (isEqual(own, other)) return 'same';
  if (own.length > 1 && isEqual(own.slice(1), other)) return 'rest';
  const known = new Set(own);
  return other.some((identity) => known.has(identity)) ? 'unclear' : 'new';
}

function isEqual(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((identity, index) => identity === b[index]);
}

function number(value: number): PartValue {
  return { text: String(value), isLiteral: true };
}
