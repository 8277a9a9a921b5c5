/**
 * Whether a page that says no word of paging is the whole list. Its size alone never shows it: pages of
 * 12, 15 or any other number are common; nor does a total that is the number of its records, where the page
 * is full. Either the server itself says a total, in another form of its answer, or beside fewer records; or
 * it obeys a page size, and gives no more where more is asked for.
 */
import { mayBeMost } from '../full-page.ts';
import { setQueryParameter } from '../query-parameter.ts';
import type { UnplacedRequest } from '../request-parts.ts';
import type { StartParams } from '../start-params.ts';
import { unplaced } from '../styles/style.ts';
import { type Facts, hasOwnTotal, readFacts } from './facts.ts';
import { isSuccess, MOST_COMPARED, type PageView, recordIdentities } from './page-view.ts';

export interface Wholeness {
  /** False: it was shown that there is more. */
  readonly isWhole: boolean;
  /** The page's own total was shown to count the list. */
  readonly isStated?: true;
  /** A phrase for people. */
  readonly why: string;
}

export type Ask = (request: UnplacedRequest) => Promise<PageView | null>;

/** The parameters that most often set the size, where the request has none. */
const SIZE_NAMES = ['limit', 'per_page'];

/** Parameters that may set the size; none where a body has it. */
export function sizeNames({ size }: StartParams): readonly string[] {
  return size === null ? SIZE_NAMES : size.carrier === 'query' ? [size.name] : [];
}
/** As many as most servers give at most: asking for more is not worth a request. */
const COMMON_MOST: ReadonlySet<number> = new Set([10, 20, 25]);
const COMMON_STEP = 50;
const LEAST_ASKED = 100;

/** How many requests for other sizes can show anything: so many are to be kept for it. */
export function requestsForSize(facts: Facts): number {
  const { view, records, count, params } = facts;
  if (view.request.method !== 'GET' || records === null || count < 2) return 0;
  if (count > MOST_COMPARED) return 0;
  const names = sizeNames(params).length;
  if (names === 0) return 0;
  return mayShowMore(facts) ? names + 1 : hasOwnTotal(facts) ? names : 0;
}

/** Whether asking for more can show that there is none. */
function mayShowMore({ count, params }: Facts): boolean {
  // A page that is as full as was asked for may be as much as the server gives at most.
  if (params.size?.number != null && params.size.number <= count) return false;
  return count % COMMON_STEP !== 0 && !COMMON_MOST.has(count);
}

/**
 * What answers that were asked for already say: one of another form has a total, which is what the
 * first page holds, and records that are all on it.
 */
export function wholeByOtherForm(facts: Facts, answers: readonly PageView[]): Wholeness | null {
  const known = new Set(textsOf(facts));
  if (known.size === 0) return null;
  for (const view of answers) {
    if (!isSuccess(view) || view === facts.view) continue;
    const other = readFacts(view);
    const texts = textsOf(other);
    const { total, totalIsLowerBound } = other.numbers;
    const isOther = other.records?.path !== facts.records?.path && texts.length > 0;
    if (!isOther || total?.value !== known.size || totalIsLowerBound) continue;
    if (known.size !== facts.count || !texts.every((text) => known.has(text))) continue;
    const { pathname, search } = new URL(view.request.url);
    const why = `${pathname}${search} says a total of ${total.value}, which is what the first page holds`;
    return { isWhole: true, why };
  }
  return null;
}

/**
 * Asks for one record, and then for more than came: a server that obeys the first and gives nothing
 * new for the second has nothing more. Where it still says the same total beside the one record, that is the
 * list's. Null where nothing is shown.
 */
export async function wholeBySize(facts: Facts, ask: Ask): Promise<Wholeness | null> {
  if (requestsForSize(facts) === 0) return null;
  const own = textsOf(facts);
  const { params, count } = facts;
  const asked = params.size?.number ?? null;
  for (const name of sizeNames(params)) {
    const answer = await askForSize(name, 1);
    if (answer === null) return null;
    const one = textsIn(answer, facts);
    if (one.length !== 1 || one[0] !== own[0]) continue;
    if (hasOwnTotal(facts) && readFacts(answer).numbers.total?.value === count) {
      const why = `${name}=1 gives one record and still a total of ${count}, which is what the first page holds`;
      return { isWhole: true, isStated: true, why };
    }
    if (!mayShowMore(facts)) return null;
    const most = asked ?? Math.max(LEAST_ASKED, 2 * count);
    const larger = asked === null ? await askForSize(name, most) : facts.view;
    const all = larger === null ? null : textsIn(larger, facts);
    if (all === null || !own.every((text, index) => text === all[index])) return null;
    const more = all.length - count;
    if (more > 0) {
      const why = `${name}=${most} gives ${more} more records than the first page, so it is not the whole list`;
      return { isWhole: false, why };
    }
    if (mayBeMost(count)) return null;
    const why = `${name}=1 gives one record, and ${name}=${most} no more than these ${count}`;
    return { isWhole: true, why };
  }
  return null;

  /** Null where no more may be asked. */
  function askForSize(name: string, size: number): Promise<PageView | null> {
    return ask(requestForSize(facts, name, size));
  }
}

/**
 * A flag that says beside the first record alone, too, that nothing follows says nothing about the list. A phrase;
 * null where it does not, and where the server does not obey the size.
 */
export async function whyFlagIsIdle(facts: Facts, ask: Ask): Promise<string | null> {
  const { next, params, view, count } = facts;
  const [name] = sizeNames(params);
  if (next.more === null || view.request.method !== 'GET' || name === undefined) return null;
  const answer = count < 2 ? null : await ask(requestForSize(facts, name, 1));
  if (answer === null) return null;
  const one = textsIn(answer, facts);
  const said = readFacts(answer).next.more;
  if (one.length !== 1 || one[0] !== textsOf(facts)[0] || said?.value !== false) return null;
  return `${name}=1 gives one record, and ${said.path} is the same beside it, so it says nothing`;
}

export function requestForSize(
  { view }: Pick<Facts, 'view'>,
  name: string,
  size: number,
): UnplacedRequest {
  const start = unplaced(view.request);
  return { ...start, url: setQueryParameter(start.url, name, String(size)) };
}

function textsOf(facts: Facts): readonly string[] {
  return textsIn(facts.view, facts);
}

function textsIn(view: PageView, { records }: Facts): readonly string[] {
  const path = isSuccess(view) ? records?.path : undefined;
  return (path === undefined ? null : recordIdentities(view, path, null)) ?? [];
}
