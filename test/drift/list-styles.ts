/** The styles by which a changing list is read: what a request asks for, and what a page says. */
import type { PaginateOptions } from '../../src/index.ts';
import type { ChangingList, ListedRecord } from './changing-list.ts';

/** What the pages state of the list besides their records. */
export interface Stated {
  readonly total: 'records' | 'pages' | 'none';
  /**
   * `more`: each page says whether one follows. `empty`: nothing says so, and behind the end is an
   * empty page. `refused`: the same, and behind the end is a 404.
   */
  readonly end: 'more' | 'empty' | 'refused';
}

export interface AskedPage {
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
}

/** A part of the list, by index. */
export interface Part {
  readonly from: number;
  readonly asked: number;
}

export interface SaidOf extends Part {
  readonly query: URLSearchParams;
  readonly records: readonly ListedRecord[];
  readonly length: number;
  readonly stated: Stated;
  /** Whether the page says that one follows: rightly, or since nothing here says where the end is. */
  readonly goesOn: boolean;
  /** Of a record, what the list is sorted by, as records show it. */
  readonly keyOf: (record: ListedRecord) => number;
  /** The request's URL with other parameters. */
  readonly urlWith: (change: Readonly<Record<string, string | number>>) => string;
}

interface Said {
  readonly body?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status?: number;
}

export interface ListStyle {
  /** As tables call it. */
  readonly name: string;
  /** All that its pages may state. */
  readonly variants: readonly Stated[];
  /** @param key the field that the list is sorted by */
  paginate(stated: Stated, size: number, key: string): PaginateOptions | 'auto';
  /** Query of the first request. */
  start(size: number): string;
  place(request: AskedPage, list: ChangingList): Part;
  says(page: SaidOf): Said;
  /** Pages are asked for side by side. */
  readonly isParallel: boolean;
  /** Each page begins behind a record, not at a number, so that no other record moves it. */
  readonly holdsKey: boolean;
}

const numberIn = (query: URLSearchParams, name: string, otherwise: number): number =>
  Number(query.get(name) ?? otherwise);
const sizeIn = (query: URLSearchParams): number => numberIn(query, 'limit', 1);

const withTotals: readonly Stated['total'][] = ['records', 'none'];
const both = (ends: readonly Stated['end'][]): Stated[] =>
  withTotals.flatMap((total) => ends.map((end) => ({ total, end })));

function totals({ stated, length, asked }: SaidOf): Readonly<Record<string, number>> {
  if (stated.total === 'records') return { total: length };
  return stated.total === 'pages' ? { total_pages: Math.ceil(length / asked) } : {};
}

/** What a page says of more where that is a flag. */
function more({ stated, goesOn }: SaidOf): Readonly<Record<string, boolean>> {
  return stated.end === 'more' ? { has_more: goesOn } : {};
}

const pinned = ({ total, end }: Stated): PaginateOptions => ({
  ...(total === 'records' ? { totalPath: 'total' } : {}),
  ...(total === 'pages' ? { totalPagesPath: 'total_pages' } : {}),
  ...(end === 'more' ? { morePath: 'has_more' } : {}),
});

const byOffset = {
  start: (size: number) => `limit=${size}`,
  place: ({ query }: AskedPage): Part => ({
    from: numberIn(query, 'offset', 0),
    asked: sizeIn(query),
  }),
  paginate(stated: Stated): PaginateOptions | 'auto' {
    if (stated.total === 'records' && stated.end === 'empty') return 'auto';
    return { style: 'offset', param: 'offset', sizeParam: 'limit', ...pinned(stated) };
  },
  says: (page: SaidOf): Said => ({ body: { offset: page.from, ...totals(page), ...more(page) } }),
  variants: both(['more', 'empty', 'refused']),
  isParallel: true,
  holdsKey: false,
} as const;

const counted: readonly ListStyle[] = [
  { name: 'offset', ...byOffset },
  {
    name: 'offset, rounded',
    ...byOffset,
    // Solr-like pages behind an offset: it is rounded down to a multiple of the size.
    place({ query }) {
      const asked = sizeIn(query);
      const offset = numberIn(query, 'offset', 0);
      return { from: offset - (offset % asked), asked };
    },
  },
  {
    name: 'page',
    start: (size) => `limit=${size}`,
    place({ query }) {
      const asked = sizeIn(query);
      return { from: (numberIn(query, 'page', 1) - 1) * asked, asked };
    },
    paginate(stated) {
      if (stated.total !== 'none' && stated.end === 'empty') return 'auto';
      return { style: 'page', param: 'page', first: 1, ...pinned(stated) };
    },
    says: (page) => ({
      body: { page: numberIn(page.query, 'page', 1), ...totals(page), ...more(page) },
    }),
    variants: [
      ...both(['more', 'empty', 'refused']),
      { total: 'pages', end: 'empty' },
      { total: 'pages', end: 'refused' },
    ],
    isParallel: true,
    holdsKey: false,
  },
  {
    name: 'range',
    start: () => '',
    place({ headers }) {
      const [, from, to] = /^items=(\d+)-(\d+)$/.exec(headers['range'] ?? '') ?? [];
      return { from: Number(from ?? 0), asked: Number(to ?? 0) - Number(from ?? 0) + 1 };
    },
    paginate: (stated, size) => ({
      style: 'range',
      param: 'items',
      size,
      ...(stated.total === 'none' ? {} : { totalHeader: 'content-range' }),
    }),
    says({ from, records, length, stated }) {
      const all = stated.total === 'none' ? '*' : `${length}`;
      const range = `items ${from}-${from + Math.max(0, records.length - 1)}/${all}`;
      return { status: 206, headers: { 'content-range': range } };
    },
    variants: both(['empty', 'refused']),
    isParallel: true,
    holdsKey: false,
  },
];

/** What comes next, in a cursor or in a URL. */
interface Next {
  /** As tables call it. */
  readonly name: string;
  readonly param: string;
  /** Where it is read from the parameter; null begins the list. */
  from(value: string | null, asked: number, list: ChangingList): number;
  value(page: SaidOf): string | number;
  readonly holdsKey: boolean;
}

const seal = (text: string): string => Buffer.from(text).toString('base64url');
const unseal = (text: string): string => Buffer.from(text, 'base64url').toString();

/** The key of the record that the page ends with; behind the end, that of the request again. */
function lastKey({ records, keyOf, query }: SaidOf, param: string): string {
  const last = records.at(-1);
  return last === undefined ? (query.get(param) ?? '0') : `${keyOf(last)}`;
}

const key: Next = {
  name: 'key',
  param: 'after',
  from: (value, _asked, list) => (value === null ? 0 : list.after(Number(value))),
  value: (page) => lastKey(page, 'after'),
  holdsKey: true,
};

const offset: Next = {
  name: 'offset',
  param: 'offset',
  from: (value) => Number(value ?? 0),
  value: ({ from, asked }) => from + asked,
  holdsKey: false,
};

const page: Next = {
  name: 'page',
  param: 'page',
  from: (value, asked) => (Number(value ?? 1) - 1) * asked,
  value: ({ query }) => numberIn(query, 'page', 1) + 1,
  holdsKey: false,
};

const opaqueKey: Next = {
  name: 'opaque key',
  param: 'cursor',
  from: (value, _asked, list) => (value === null ? 0 : list.after(Number(unseal(value).slice(1)))),
  value: ({ query, ...rest }) => {
    const own = new URLSearchParams({ cursor: unseal(query.get('cursor') ?? '').slice(1) });
    return seal(`k${lastKey({ ...rest, query: own }, 'cursor')}`);
  },
  holdsKey: true,
};

const opaqueOffset: Next = {
  name: 'opaque offset',
  param: 'cursor',
  from: (value) => (value === null ? 0 : Number(unseal(value).slice(1))),
  value: ({ from, asked }) => seal(`o${from + asked}`),
  holdsKey: false,
};

/** An offset beside the last record's key, which the server does not use. */
const decoratedOffset: Next = {
  name: 'offset beside the key',
  param: 'cursor',
  from: (value) => (value === null ? 0 : Number(value.split('-')[1])),
  value: (page) => `${lastKey(page, 'cursor').split('-')[0]}-${page.from + page.asked}`,
  holdsKey: false,
};

function chain(
  name: string,
  next: Next,
  rest: Pick<ListStyle, 'paginate' | 'says' | 'variants'>,
): ListStyle {
  return {
    name: `${name}: ${next.name}`,
    start: (size) => `limit=${size}`,
    place({ query }, list) {
      const asked = sizeIn(query);
      return { from: next.from(query.get(next.param), asked, list), asked };
    },
    isParallel: false,
    holdsKey: next.holdsKey,
    ...rest,
  };
}

const keyset: ListStyle = {
  ...chain('keyset', key, {
    paginate: (stated, _size, key) => ({ style: 'keyset', param: 'after', key, ...pinned(stated) }),
    says: (it) => ({ body: { ...totals(it), ...more(it) } }),
    variants: [...both(['more', 'empty']), { total: 'records', end: 'refused' }],
  }),
  name: 'keyset',
};

const cursors = [key, offset, opaqueKey, opaqueOffset, decoratedOffset].map((next) =>
  chain('cursor', next, {
    paginate: ({ total }) => ({
      style: 'cursor',
      param: next.param,
      nextPath: 'next_cursor',
      ...(total === 'records' ? { totalPath: 'total' } : {}),
    }),
    says: (it) => ({ body: { ...totals(it), next_cursor: it.goesOn ? next.value(it) : null } }),
    variants: both(['more', 'empty']),
  }),
);

const nextUrls = [key, offset, page, opaqueKey, opaqueOffset].map((next) =>
  chain('next URL', next, {
    paginate: () => 'auto',
    says: (it) => ({
      body: {
        ...totals(it),
        next: it.goesOn ? it.urlWith({ [next.param]: next.value(it) }) : null,
      },
    }),
    variants: both(['more', 'empty']),
  }),
);

const links = [key, offset, page, opaqueKey, opaqueOffset].map((next) =>
  chain('Link', next, {
    paginate: ({ total }) => ({
      style: 'link',
      ...(total === 'records' ? { totalHeader: 'x-total' } : {}),
    }),
    says(it) {
      const { stated, goesOn, length, asked, urlWith } = it;
      const all = [
        ...(goesOn ? [`<${urlWith({ [next.param]: next.value(it) })}>; rel="next"`] : []),
        ...(stated.total === 'pages' && goesOn
          ? [`<${urlWith({ page: Math.ceil(length / asked) })}>; rel="last"`]
          : []),
      ];
      return {
        headers: {
          ...(all.length > 0 ? { link: all.join(', ') } : {}),
          ...(stated.total === 'records' ? { 'x-total': `${length}` } : {}),
        },
      };
    },
    variants: [
      ...both(['more', 'empty']),
      ...(next === page ? [{ total: 'pages', end: 'more' } as const] : []),
    ],
  }),
);

export const listStyles: readonly ListStyle[] = [
  ...counted,
  keyset,
  ...cursors,
  ...nextUrls,
  ...links,
];
