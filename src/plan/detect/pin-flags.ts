import { NO_RECORDS, noPagination, type Pagination } from '../../core/pagination.ts';

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
  const { style } = pagination;
  if (style === 'single' || style === 'function') return [];
  const usual: Pagination = { ...noPagination, ...DEFAULTS[style] };
  return [
    '--paginate',
    style,
    ...FLAGS.flatMap(([part, flag]) => {
      const value = pagination[part];
      const isUnsaid = value === null || value === usual[part] || value === NO_RECORDS;
      return isUnsaid ? [] : [flag, String(value)];
    }),
    ...(pagination.repeatIsEnd ? ['--repeat-is-end'] : []),
  ];
}

const DEFAULTS: Partial<Record<Pagination['style'], Partial<Pagination>>> = {
  page: { first: 1 },
  graphql: { carrier: 'body' },
  range: { carrier: 'header', totalHeader: 'content-range' },
};
