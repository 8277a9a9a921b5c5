/**
 * Detection: how a list goes on, read off its first page. Headers count before the body, what the
 * page links to before what it counts, and a name only where its value fits. The evidence for a style
 * is in the style's module; what is here holds for all. Pure functions over responses; `discover.ts`
 * alone asks for pages, through a function it is given. May import core/, the styles, request parts
 * and link parsers of plan/, and decode's contract.
 */

import { NO_RECORDS, noPagination, type Pagination } from '../../core/pagination.ts';
import { findToken } from '../styles/cursor.ts';
import { styleOf, styles } from '../styles/styles.ts';
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
import { namesOffset, namesPage } from './names.ts';
import { isUrlLike } from './next-said.ts';
import {
  type Detection,
  isObject,
  isSuccess,
  type PageView,
  type Shown,
  trial,
  valueAt,
} from './page-view.ts';

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

/**
 * What is left to find once the user has said how the list goes on: a style, a parameter or where
 * the next step stands. What was pinned is never tried against; what was not is filled in from the
 * page, or with what is usual for the style.
 */
export function pinDetection(detection: Detection, facts: Facts, pinned: Pinned): Detection {
  const style = pinned.style ?? styleOfPart(detection, facts, pinned);
  if (style === null) return detection;
  const fits = (pagination: Pagination): boolean =>
    pagination.style === style &&
    (pinned.param == null || pagination.param === pinned.param) &&
    (pinned.nextPath == null || pagination.nextPath === pinned.nextPath);
  if (detection.kind === 'found' && fits(detection.pagination)) return detection;
  if (detection.kind === 'candidates') {
    const candidates = detection.candidates.filter(({ pagination }) => fits(pagination));
    if (candidates.length > 0 && pinned.param == null) {
      return { ...detection, candidates, completeOtherwise: false };
    }
  }
  const usual = styleOf({ style })?.readUsual(facts);
  const pagination = { ...facts.base, ...usual, ...pinned, style };
  const evidence = [`you said ${pinned.style === undefined ? 'so' : style}`];
  return { kind: 'found', pagination, evidence, lastPage: saysEnd(facts) !== null };
}

/** The style that a pinned parameter or path belongs to; null where none of them was pinned. */
function styleOfPart(
  detection: Detection,
  facts: Facts,
  { param, nextPath, nextHeader }: Pinned,
): Pagination['style'] | null {
  if (nextPath != null) {
    const value = valueAt(facts.view.json, nextPath);
    if (isObject(value) || Array.isArray(value)) return 'next';
    const isUrl = typeof value === 'string' && isUrlLike(value, null, facts.view.request.url);
    return isUrl || param == null ? 'next' : 'cursor';
  }
  if (nextHeader != null) return nextHeader === 'link' ? 'link' : 'cursor';
  if (param == null) return null;
  if (detection.kind === 'found' && detection.pagination.param === param) {
    return detection.pagination.style;
  }
  if (detection.kind === 'candidates') {
    const same = detection.candidates.find(({ pagination }) => pagination.param === param);
    if (same !== undefined) return same.pagination.style;
  }
  if (findToken(facts) !== null) return 'cursor';
  return namesOffset(param) && !namesPage(param) ? 'offset' : 'page';
}

type Part = keyof Pagination;

const FLAGS: readonly (readonly [part: Part, flag: string])[] = [
  ['param', '--page-param'],
  ['carrier', '--param-in'],
  ['sizeParam', '--size-param'],
  ['size', '--page-size'],
  ['first', '--first'],
  ['nextPath', '--next-path'],
  ['nextHeader', '--next-header'],
  ['morePath', '--more-path'],
  ['totalPath', '--total-path'],
  ['totalHeader', '--total-header'],
  ['totalPagesPath', '--pages-path'],
  ['totalPagesHeader', '--pages-header'],
  ['records', '--select'],
  ['key', '--key'],
];

/**
 * The command line's flags that say a pagination, as arguments, without what is so by default:
 * `['--paginate', 'offset', '--page-param', 'skip', …]`. None for one page.
 */
export function pinFlags(pagination: Pagination): readonly string[] {
  const style = styleOf(pagination);
  if (style === null) return [];
  const usual: Pagination = { ...noPagination, ...style.usual };
  return [
    '--paginate',
    pagination.style,
    ...FLAGS.flatMap(([part, flag]) => {
      const value = pagination[part];
      const isUnsaid = value === null || value === usual[part] || value === NO_RECORDS;
      return isUnsaid ? [] : [flag, String(value)];
    }),
    ...(pagination.repeatIsEnd ? ['--repeat-is-end'] : []),
  ];
}
