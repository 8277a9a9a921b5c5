/** The flags that say how a list pages. */
import type { AskedOutput } from '../core/output-shape.ts';
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
 * The command line's flags that pin a pagination and what the output takes, as arguments, without
 * defaults: `['--paginate', 'offset', '--page-param', 'skip', …]`. None for one page.
 *
 * @param asked what the user said that the output takes; it stands in the place of the list's records
 */
export function pinFlags(pagination: Pagination, asked: AskedOutput): readonly string[] {
  const style = styleOf(pagination);
  if (style === null) return [];
  const usual: Pagination = { ...noPagination, ...style.usual };
  return [
    '--paginate',
    pagination.style,
    ...FLAGS.flatMap(([part, flag]) => {
      if (part === 'records') return outputFlags(pagination, asked);
      const value = pagination[part];
      const isUnsaid = value === null || value === usual[part] || value === NO_RECORDS;
      return isUnsaid ? [] : [flag, String(value)];
    }),
    ...(pagination.nextIsEncoded === true ? ['--next-encoded'] : []),
    ...(pagination.nextList == null ? [] : ['--next-list', pagination.nextList]),
    ...(pagination.sameOrigin === true ? ['--same-origin'] : []),
    ...(pagination.repeatIsEnd ? ['--repeat-is-end'] : []),
  ];
}

function outputFlags(pagination: Pagination, asked: AskedOutput): readonly string[] {
  if (asked.wholePages === true) return ['--pages'];
  const select = asked.select ?? pagination.records;
  return select === null || select === NO_RECORDS ? [] : ['--select', select];
}
