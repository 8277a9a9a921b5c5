/**
 * Detection: how a list goes on, read off its first page. Headers count before the body, what the
 * page links to before what it counts, and a name only where its value fits. The evidence for a style
 * is in the style's module; what is here holds for all. Pure functions over responses; `discover.ts`
 * alone asks for pages, through a function it is given. May import core/, the styles, request parts
 * and link parsers of plan/, and decode's contract.
 */
import { styles } from '../styles/styles.ts';
import { listCandidates } from './candidates.ts';
import {
  type Facts,
  numbersSayMore,
  onePage,
  type Pinned,
  readFacts,
  saysEnd,
  saysMore,
  sourceOf,
} from './facts.ts';
import { type Detection, isSuccess, type PageView, type Shown, trial } from './page-view.ts';

/** `from`, `start` and `p` may as well be dates or projects. */
const CLEAR_NAMES = /page|offset|skip/i;

/**
 * What the first page shows. Never throws, whatever the JSON.
 *
 * @param pinned what the user said already; it stands, and the rest is read in its light
 */
export function detect(first: PageView, pinned: Pinned = {}): Detection {
  const facts = readFacts(first, pinned);
  const shown = look(facts);
  if (shown.kind !== 'trial') return shown;
  const { names, evidence, ...rest } = shown;
  const candidates = listCandidates(facts, names);
  if (candidates.length > 0) {
    return { ...rest, kind: 'candidates', candidates, otherwise: facts.base, evidence };
  }
  const why = rest.completeOtherwise ? [] : ['no parameter to go on with is evident'];
  return {
    kind: 'single',
    complete: rest.completeOtherwise,
    pagination: facts.base,
    evidence: [...evidence, ...why],
  };
}

function look(facts: Facts): Shown {
  const { view } = facts;
  if (!isSuccess(view) || typeof view.json !== 'object') {
    return onePage(facts, false, ['the first page is no JSON object or array']);
  }
  for (const style of Object.values(styles)) {
    const shown = style.detect?.(facts) ?? null;
    if (shown !== null) return shown;
  }
  return (
    byEnd(facts) ??
    byNumbers(facts) ??
    bySilence(facts) ??
    onePage(facts, false, ['nothing in the first page says whether or how it goes on'])
  );
}

/** The page says that it is all. */
function byEnd(facts: Facts): Shown | null {
  const end = saysEnd(facts);
  const { next, headers, numbers, count, offset } = facts;
  if (end === null || (saysMore(facts) && next.more?.value !== false)) return null;
  const isByTotalAlone = next.more === null && next.empty === null && headers.nextPage === null;
  const isTotalOfPage =
    numbers.total?.value === count && offset === 0 && numbers.totalPages === null;
  // Some servers call the number of records in the page its total.
  if (isByTotalAlone && isTotalOfPage && looksFull(facts)) {
    return trial([end], { completeOtherwise: true });
  }
  return onePage(facts, true, [end]);
}

/** The page says that there is more, or its size may mean it. */
function byNumbers(facts: Facts): Shown | null {
  const { next, numbers, headers, count } = facts;
  if (numbersSayMore(facts)) {
    const said = numbers.totalPages ?? numbers.total;
    const what = numbers.totalPages === null ? 'records' : 'pages';
    const isSaid = said !== null;
    return trial([
      isSaid ? `${sourceOf(said)} says ${said.value} ${what}` : 'the page says that there is more',
    ]);
  }
  if (next.more?.value === true) {
    return trial([`${next.more.path.replace(/^!/, '')} says that there is more`]);
  }
  if (saysMore(facts)) {
    return trial([
      `${next.number?.path ?? `header ${headers.nextPage?.header}`} names a next page`,
    ]);
  }
  if (next.pageInfo?.hasNext === false) return onePage(facts, true, ['hasNextPage is false']);
  const { vagueTotal } = numbers;
  if (vagueTotal !== null && count > 0) {
    return trial([`${sourceOf(vagueTotal)} may count the list or the page`], { isSilent: true });
  }
  if (!looksFull(facts)) return null;
  return trial([`${count} records look like a full page`], { isSilent: true });
}

/** Records and not a word of how many there are: a short list, or a page of an unusual size. */
function bySilence({ count, view }: Facts): Shown | null {
  if (count === 0 || view.request.method === 'POST') return null;
  const sentence = 'nothing in the first page says whether it goes on';
  return trial([sentence], { isSilent: true, names: CLEAR_NAMES });
}

const ROUND_SIZES: ReadonlySet<number> = new Set([10, 20, 25, 30, 40, 50, 60, 75, 80, 100, 120]);

/** As many records as were asked for, or as pages commonly hold. */
function looksFull({ count, params, numbers }: Facts): boolean {
  if (count === 0) return false;
  const asked = params.size?.number ?? null;
  if (asked !== null && count >= asked) return true;
  // A page size that is larger than the server allows is lowered without a word.
  return numbers.size?.value === count || ROUND_SIZES.has(count) || count % 50 === 0;
}
