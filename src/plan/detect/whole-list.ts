/**
 * Whether a page that says no word of paging is the whole list. Its size alone never shows it: pages of
 * 12, 15 or any other number are common. Either the server itself says a total, in another form of its
 * answer; or it obeys a page size, and gives no more where more is asked for.
 */
import type { PageRequest } from '../../core/page-request.ts';
import { setQueryParameter } from '../query-parameter.ts';
import { type Facts, readFacts } from './facts.ts';
import { isSuccess, MOST_COMPARED, type PageView, recordTexts } from './page-view.ts';

export interface Wholeness {
  /** False: it was shown that there is more. */
  readonly isWhole: boolean;
  /** A phrase for people. */
  readonly why: string;
}

type Ask = (request: Omit<PageRequest, 'place'>) => Promise<PageView | null>;

/** The parameters that most often set the size, where the request has none. */
export const SIZE_NAMES = ['limit', 'per_page'];
/** As many as servers commonly give at most: more would not come, whatever the list has. */
const COMMON_MOST: ReadonlySet<number> = new Set([10, 20, 25]);
const COMMON_STEP = 50;
const LEAST_ASKED = 100;

/** Whether asking for other sizes can show anything: then some requests are to be kept for it. */
export function mayShowBySize({ view, records, count, params }: Facts): boolean {
  if (view.request.method !== 'GET' || records === null || count < 2) return false;
  if (count > MOST_COMPARED) return false;
  if (params.size !== null && params.size.carrier !== 'query') return false;
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
 * new for the second has nothing more. Null where nothing is shown.
 */
export async function wholeBySize(facts: Facts, ask: Ask): Promise<Wholeness | null> {
  if (!mayShowBySize(facts)) return null;
  const own = textsOf(facts);
  const { params, view, count } = facts;
  const asked = params.size?.number ?? null;
  for (const name of params.size === null ? SIZE_NAMES : [params.size.name]) {
    const one = await askForSize(name, 1);
    if (one === null) return null;
    if (one.length !== 1 || one[0] !== own[0]) continue;
    const most = asked ?? Math.max(LEAST_ASKED, 2 * count);
    const all = asked === null ? await askForSize(name, most) : own;
    if (all === null || !own.every((text, index) => text === all[index])) return null;
    const more = all.length - count;
    if (more > 0) {
      const why = `${name}=${most} gives ${more} more records than the first page, so it is not the whole list`;
      return { isWhole: false, why };
    }
    const why = `${name}=1 gives one record, and ${name}=${most} no more than these ${count}`;
    return { isWhole: true, why };
  }
  return null;

  /** Null where no more may be asked; none where the answer is another one. */
  async function askForSize(name: string, size: number): Promise<readonly string[] | null> {
    const { place: _, ...start } = view.request;
    const answer = await ask({ ...start, url: setQueryParameter(start.url, name, String(size)) });
    return answer === null ? null : isSuccess(answer) ? textsIn(answer, facts) : [];
  }
}

function textsOf(facts: Facts): readonly string[] {
  return textsIn(facts.view, facts);
}

function textsIn(view: PageView, { records }: Facts): readonly string[] {
  return (records === null ? null : recordTexts(view, records.path)) ?? [];
}
