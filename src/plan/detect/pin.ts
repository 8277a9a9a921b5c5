import { NO_RECORDS, noPagination, type Pagination } from '../../core/pagination.ts';
import { findToken } from '../styles/cursor.ts';
import { styleOf } from '../styles/styles.ts';
import { type Facts, type Pinned, saysEnd } from './facts.ts';
import { namesOffset, namesPage } from './names.ts';
import { isUrlLike } from './next-said.ts';
import { type Detection, isObject, valueAt } from './page-view.ts';

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
