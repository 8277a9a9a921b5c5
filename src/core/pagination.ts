/** How an API goes on from page to page: plain data, found by detection or said by the user. */

/** What any folder may ask of a style. All else that is particular to it is in `plan/styles/`. */
export interface StyleFacts {
  /**
   * What the position of a page counts where any page can be asked for without the one before it: the
   * pages or the records that come before. Null for chains, where each page leads to the next.
   */
  readonly counts: 'pages' | 'records' | null;
  /** As in `paginated by …`. */
  readonly name: string;
  /** As `explain` puts it. */
  readonly explained: string;
  /** Users do not name it: a function's style, and what is left without any. */
  readonly isUnnamed?: true;
  /** A page may begin with the record that the one before ended with. */
  readonly mayShareBoundaries?: true;
  /** A page may hold further properties of the records of the page before. */
  readonly mayComeInParts?: true;
}

/** In the order of docs/pagination.md. `single`: one page is all that is asked for. */
const styleFacts = {
  link: { counts: null, name: 'Link header', explained: 'Link header' },
  next: { counts: null, name: 'next URL', explained: 'next URL in the body' },
  page: { counts: 'pages', name: 'page number', explained: 'page numbers' },
  offset: { counts: 'records', name: 'offset', explained: 'offsets' },
  cursor: { counts: null, name: 'cursor', explained: 'a cursor' },
  keyset: {
    counts: null,
    name: 'last key',
    explained: 'the last key of a page',
    mayShareBoundaries: true,
  },
  continue: {
    counts: null,
    name: 'continue parameters',
    explained: 'parameters to merge',
    mayComeInParts: true,
  },
  graphql: { counts: null, name: 'GraphQL cursor', explained: 'GraphQL cursors' },
  range: { counts: 'records', name: 'Range header', explained: 'Range headers' },
  function: { counts: null, name: 'a function', explained: 'a function', isUnnamed: true },
  single: { counts: null, name: 'one page', explained: 'one page', isUnnamed: true },
} as const satisfies Readonly<Record<string, StyleFacts>>;

export type PaginationStyle = keyof typeof styleFacts;

export const paginationStyles = Object.keys(styleFacts) as readonly PaginationStyle[];

export function factsOf({ style }: { readonly style: PaginationStyle }): StyleFacts {
  return styleFacts[style];
}

/** Whether any page can be asked for without the one before it. */
export function isParallel(pagination: { readonly style: PaginationStyle }): boolean {
  return factsOf(pagination).counts !== null;
}

/** Whether the places of pages are ordinals of records; those of all others count up by one. */
export function isByOrdinal(pagination: { readonly style: PaginationStyle }): boolean {
  return factsOf(pagination).counts === 'records';
}

/** Whether nothing follows the first page, or nothing showed what does. */
export function isOnePage({ style }: { readonly style: PaginationStyle }): boolean {
  return style === 'single';
}

/** What a run says that ends after one page, and `explain` before it begins. */
export function onePageOnly(why: string): string {
  return `one page only: ${why}`;
}

/** Whether a user's function makes the requests, which may then differ from the start in anything. */
export function isByFunction({ style }: { readonly style: PaginationStyle }): boolean {
  return style === 'function';
}

export const nextLists = ['commas', 'repeated'] as const;

/**
 * One API's way to page, with nothing left open; kept in the archive, so a run that goes on pages
 * as it began. Paths are dotted paths as `--select` takes them (`meta.next`, a dot in a key is
 * `\.`), from the top of a page unless said otherwise.
 */
export interface Pagination {
  readonly style: PaginationStyle;
  /**
   * What takes the page number, the offset, the cursor or the last key: a query parameter, a
   * request header or a dotted path in a JSON request body, by `carrier`. For `range` the unit
   * (`items`). Null for `link`, `next`, `continue`, `function`, `single`.
   */
  readonly param: string | null;
  readonly carrier: 'query' | 'header' | 'body';
  /** What takes the page size, by the same `carrier` (query where that is `header`), or null. */
  readonly sizeParam: string | null;
  /** Records to ask for in a page; null leaves it to the start URL or the server. */
  readonly size: number | null;
  /** `page`: records that the start request asks for, where its page has fewer; absent where it has not. */
  readonly askedSize?: number;
  /** The first page's number (`page`: 0 or 1, or where the start URL begins) or offset (`offset`, `range`). */
  readonly first: number;
  /** `next`: the URL; `cursor`: the token; `continue`: the object; `graphql`: the `pageInfo` object. */
  readonly nextPath: string | null;
  /** `cursor`: the response header that holds the token, lower case, instead of `nextPath`. */
  readonly nextHeader: string | null;
  /** `cursor`: the token is URL-encoded in the page, and is decoded before it goes into a parameter. */
  readonly nextIsEncoded?: boolean;
  /** How several values of a page go into one query parameter: `a=1,2`, `a=1&a=2`; null for `a=[1,2]`, their JSON. */
  readonly nextList?: (typeof nextLists)[number] | null;
  /** A flag that says whether there is more: `has_more`. `!done` where it says the opposite. */
  readonly morePath: string | null;
  /** Records in all. Header names are lower case; `content-range` is understood as RFC 9110 §14.4. */
  readonly totalPath: string | null;
  readonly totalHeader: string | null;
  /** That header is taken for a total by the end of its name alone, so what is behind it is looked for. */
  readonly totalIsUnsure?: boolean;
  /** Pages in all. */
  readonly totalPagesPath: string | null;
  readonly totalPagesHeader: string | null;
  /** What the server says it used: the page size, and the offset or page number. */
  readonly sizePath: string | null;
  readonly positionPath: string | null;
  /**
   * The records: a path, `@` for a page that is itself the array, null where none were found, and
   * `NO_RECORDS` where the list is empty and its page leaves it out.
   */
  readonly records: string | null;
  /** A record's identity, a path from the record; null where none is evident. */
  readonly key: string | null;
  /** `keyset`: which record's key goes on. */
  readonly keyFrom: 'last' | 'first';
  /** A next link's path and query are asked for at the start's own origin, whatever origin it names. */
  readonly sameOrigin?: boolean;
  /** The same cursor again is the end (Solr), not a loop. */
  readonly repeatIsEnd: boolean;
  /** Statuses that answer a page past the end. */
  readonly pastEnd: readonly number[];
  /** The server gives no records beyond so many; null: none known. */
  readonly ceiling: number | null;
  /**
   * `offset` and `range`: each page begins with so many last records of the page before, which the
   * output leaves out. They prove that nothing was lost between the two.
   */
  readonly overlap: number;
  /** `offset`: the server rounds where a page begins to a multiple of the page size; absent where it does not. */
  readonly isRounded?: true;
  /**
   * What the run's output takes of a page where that is not `records`: a path or an expression, null
   * for whole pages. See `output-shape.ts`.
   */
  readonly output?: string | null;
  /** A flag by which a page says that it lacks records (`timed_out`); absent where the first page has none. */
  readonly partialPath?: string;
  /** Of a range that is read in slices (`--split`), each in branches of its own; absent elsewhere. */
  readonly slices?: Slices;
}

/** A slice ends at the value where the next begins. */
export interface Slices {
  /** The parameters that bound a slice. */
  readonly lower: string;
  readonly upper: string;
  /** Whether both slices have that value, as the names tell (`gte` and `lte`); null where they do not. */
  readonly share: boolean | null;
  /** So many slices may have a record, whatever the bounds include. */
  readonly most: number;
}

/** What to try where pages may be counted from another number than they were; empty where no such thing is likely. */
export function otherStart({ style, param, first }: Pagination): string {
  if (styleFacts[style].counts !== 'pages' || param === null || first > 1) return '';
  return `; if pages count from ${1 - first}, begin with ${param}=${1 - first}`;
}

/** How many records each page repeats: at most one less than the first page of the list holds. */
export function overlapOf({ overlap }: Pick<Pagination, 'overlap'>, firstRecords: number): number {
  return Math.max(0, Math.min(overlap, firstRecords - 1));
}

/**
 * How many records lie before a first page by number that is not the list's first. A run that begins at
 * the last page, which is short, does not show how long the others are: the size that was asked for
 * counts if it fits the total, for pages from 1 or from 0, and so does what the number of pages leaves.
 */
export function recordsBefore(
  { first, size, askedSize = 0 }: Pick<Pagination, 'first' | 'size' | 'askedSize'>,
  came: {
    readonly largestPage: number;
    readonly records: number;
    readonly total: number | null;
    readonly totalPages: number | null;
  },
): number {
  const pages = Math.max(0, first - 1);
  const asked = size ?? askedSize;
  // From page 1 on nothing lies before, and page 1 may be the second where they count from 0.
  if (came.total !== null && first > 1) {
    const left = came.total - came.records;
    const isFit = asked > came.largestPage && (left === pages * asked || left === first * asked);
    const isLast = pages > 0 && came.totalPages === first && left % pages === 0;
    if (isFit || (isLast && left / pages >= came.records)) return left;
  }
  return pages * came.largestPage;
}

/** JMESPath that gives no records for any page. */
export const NO_RECORDS = '`[]`';

/** Everything open: what styles, presets and flags fill in. */
export const noPagination: Pagination = Object.freeze({
  style: 'single',
  param: null,
  carrier: 'query',
  sizeParam: null,
  size: null,
  first: 0,
  nextPath: null,
  nextHeader: null,
  nextIsEncoded: false,
  nextList: null,
  morePath: null,
  totalPath: null,
  totalHeader: null,
  totalIsUnsure: false,
  totalPagesPath: null,
  totalPagesHeader: null,
  sizePath: null,
  positionPath: null,
  records: null,
  key: null,
  keyFrom: 'last',
  sameOrigin: false,
  repeatIsEnd: false,
  pastEnd: [204, 400, 404, 416, 422],
  ceiling: null,
  overlap: 0,
});
