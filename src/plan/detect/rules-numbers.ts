/** Evidence in numbers and flags: what the start URL counts, what the page says of its end. */
import type { Pagination } from '../../core/pagination.ts';
import { CLEAR_NAMES, nextNumber } from './candidates.ts';
import { candidates, counted, found, single } from './detection.ts';
import { type Facts, numbersSayMore, saysEnd, saysMore, sourceOf } from './facts.ts';
import type { SaidNumber } from './numbers-said.ts';
import type { Detection } from './page-view.ts';

/** The start URL names a page number or an offset itself. */
export function byStartNumbers(facts: Facts): Detection | null {
  const { params, numbers, next } = facts;
  const isPage = params.page !== null && (numbers.page !== null || params.offset === null);
  const param = isPage ? params.page : params.offset;
  if (param?.number == null) return null;
  const isBacked = numbersSayMore(facts) || numbers.page !== null || numbers.offset !== null;
  // A token beside a bare number goes further than the number does.
  if (next.token !== null && (!isBacked || params.cursor !== null)) return null;
  const { name, carrier, number } = param;
  if (!isBacked && !isPlain(name, number)) return null;
  const style = isPage ? 'page' : 'offset';
  const stated = nextNumber(facts);
  const own = { param: name, carrier, ...stated };
  const hasTotal = numbers.total !== null || numbers.totalPages !== null;
  const pagination: Pagination =
    stated !== null && !hasTotal
      ? // Without a total its own count leads on surely, page by page, and says where the end is.
        { ...facts.base, ...own, style: 'cursor' }
      : { ...counted(facts, style), ...own, style, first: number };
  const evidence = [
    `the start ${carrier === 'body' ? 'body' : 'URL'} has ${name}=${number}`,
    ...says(numbers.totalPages, 'pages'),
    ...says(numbers.total, 'records'),
  ];
  return found(pagination, evidence, saysEnd(facts) !== null);
}

function says(said: SaidNumber | null, what: string): readonly string[] {
  return said === null ? [] : [`${sourceOf(said)} says ${said.value} ${what}`];
}

/**
 * Whether a parameter pages though nothing in the answer says so: `from=2020` is a year and `p=7` a
 * project as well as a position.
 */
function isPlain(name: string, value: number): boolean {
  return /page|offset|skip/i.test(name) || (value === 0 && /^[$_]?start/i.test(name));
}

/** The page says that it is all. */
export function byEnd(facts: Facts): Detection | null {
  const end = saysEnd(facts);
  if (end === null || (saysMore(facts) && facts.next.more?.value !== false)) return null;
  const { numbers, count, offset } = facts;
  const isByTotalAlone =
    facts.next.more === null && facts.next.empty === null && facts.headers.nextPage === null;
  const isTotalOfPage =
    numbers.total?.value === count && offset === 0 && numbers.totalPages === null;
  // Some servers call the number of records in the page its total.
  if (isByTotalAlone && isTotalOfPage && looksFull(facts)) {
    return candidates(facts, 'the total is the page size, which may be chance', [end], {
      completeOtherwise: true,
    });
  }
  return single(facts, true, [end]);
}

export function byTrial(facts: Facts): Detection | null {
  const { next, numbers } = facts;
  if (numbersSayMore(facts)) {
    const said = numbers.totalPages ?? numbers.total;
    const what = numbers.totalPages === null ? 'records' : 'pages';
    const sentence =
      said === null
        ? 'the page says that there is more'
        : `${sourceOf(said)} says ${said.value} ${what}`;
    return candidates(facts, sentence, [sentence]);
  }
  if (next.more?.value === true) {
    const sentence = `${next.more.path.replace(/^!/, '')} says that there is more`;
    return candidates(facts, sentence, [sentence]);
  }
  if (saysMore(facts)) {
    const sentence = `${next.number?.path ?? `header ${facts.headers.nextPage?.header}`} names a next page`;
    return candidates(facts, sentence, [sentence]);
  }
  if (facts.next.pageInfo?.hasNext === false) return single(facts, true, ['hasNextPage is false']);
  const { vagueTotal } = numbers;
  if (vagueTotal !== null && facts.count > 0) {
    const sentence = `${sourceOf(vagueTotal)} may count the list or the page`;
    return candidates(facts, sentence, [sentence], { isSilent: true });
  }
  if (looksFull(facts)) {
    const sentence = `${facts.count} records look like a full page`;
    return candidates(facts, sentence, [sentence], { isSilent: true });
  }
  return null;
}

/** Records and not a word of how many there are: a short list, or a page of an unusual size. */
export function bySilence(facts: Facts): Detection | null {
  if (facts.count === 0 || facts.view.request.method === 'POST') return null;
  const sentence = 'nothing in the first page says whether it goes on';
  return candidates(facts, sentence, [sentence], { isSilent: true, namesOnly: CLEAR_NAMES });
}

const ROUND_SIZES: ReadonlySet<number> = new Set([10, 20, 25, 30, 40, 50, 60, 75, 80, 100, 120]);

/** As many records as were asked for, or as pages commonly hold. */
function looksFull({ count, params, numbers }: Facts): boolean {
  if (count === 0) return false;
  const asked = params.size?.number ?? null;
  if (asked !== null && count >= asked) return true;
  // A page size that is larger than the server allows is lowered without a word.
  return numbers.size?.value === count || ROUND_SIZES.has(count) || (count > 0 && count % 50 === 0);
}
