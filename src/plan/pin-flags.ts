/** The flags that say how a list pages. */
import { NO_RECORDS, noPagination, type Pagination } from '../core/pagination.ts';
import { styleOf } from './styles/styles.ts';

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
 * The command line's flags that pin a pagination, as arguments, without its defaults:
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
    ...(pagination.nextIsEncoded === true ? ['--next-encoded'] : []),
    ...(pagination.sameOrigin === true ? ['--same-origin'] : []),
    ...(pagination.repeatIsEnd ? ['--repeat-is-end'] : []),
  ];
}
