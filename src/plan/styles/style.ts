/**
 * What a style of pagination is: one module a style holds how its pages are asked for, what a page
 * says about the next one, what closes the list, what shows the style, and its line in the docs. All
 * are pure functions. When to ask is for the plans to know.
 */
import type { PageInfo } from '../../core/page-info.ts';
import type { PageRequest } from '../../core/page-request.ts';
import type { Pagination } from '../../core/pagination.ts';
import type { Facts } from '../detect/facts.ts';
import type { Candidate, PageView, Shown } from '../detect/page-view.ts';
import { type PartValue, readElements, readString } from '../literal.ts';
import { repeatParameter } from '../query-parameter.ts';
import { setPart, type UnplacedRequest } from '../request-parts.ts';
import type { NextReading, ReadablePage } from './page-reading.ts';

export interface Style {
  readonly kind: 'chain' | 'counted';
  /** Its line in the table of docs/pagination.md. */
  readonly docs: { readonly evidence: string; readonly flags: string };
  /** What goes without saying once the style is named, so that no flag has to pin it. */
  readonly usual?: Partial<Pagination>;
  /** A first page may show that its URLs count on in one number, so that pages can come in parallel. */
  readonly mayBeCounted?: true;

  /**
   * The first page's request: the start as the user typed it, with the page size where one is set.
   * A first page's number is not added, unless the user named a later page: what the server does
   * without one is what was asked for.
   */
  first(pagination: Pagination, start: PageRequest): UnplacedRequest;

  /** Response headers that it reads whatever the pagination names. */
  readonly headers?: readonly ('link' | 'content-range')[];
  /** What a page says about the page after it. */
  readNext(pagination: Pagination, page: ReadablePage): NextReading;
  /** Pages in all, where a `Link` header says it. */
  totalPages?(pagination: Pagination, page: ReadablePage): number | null;
  /** The ordinal of the page's first record, where a header says it. */
  echoedPosition?(page: ReadablePage): number | null;

  /** What the first page shows of this style; null where it shows nothing. */
  detect?(facts: Facts): Shown | null;
  /** Requests for the second page that follow from something which the first page holds. */
  candidates?(facts: Facts): readonly Candidate[];
  /** What it takes where the user names the style alone, read off the first page where that shows it. */
  readUsual(facts: Facts): Partial<Pagination>;
  readonly trial?: Trial;
}

/** What the answer to a candidate shows, where that differs from style to style. */
export interface Trial {
  /** Where it goes by a token: the next step as it stands in a page, or null. */
  nextOf?(view: PageView, pagination: Pagination): string | null;
  /** Why new records are not those of the next page; null where they may be. */
  objection?(own: readonly string[], other: readonly string[]): string | null;
  /** A second page that begins with the first page's last record may be right: offsets may count from 1. */
  readonly mayOverlap?: true;
  /** Pages are compared by the keys of their records, even where they should be the same. */
  readonly byKey?: true;
  /**
   * What the parameter is, where the page after the first is past the end: it is proven to page if it
   * leads to the first page as well, or to all of it but the first record.
   *
   * @param read the page for another value of the parameter, compared with the first
   * @param firstKey the first record's identity, a literal
   * @returns how the list pages, which then ends behind the first page or, where pages turn out to
   *   count from 0, goes on; null where nothing is proven
   */
  proveEnd?(
    pagination: Pagination,
    read: (value: PartValue | null) => Promise<Comparison>,
    firstKey: string | null,
  ): Promise<Pagination | null>;
  /** What proved that, a phrase for people. */
  proof?(pagination: Pagination): string;
  /**
   * Where the server counts from, by how the page for number or offset 1 compares with the first:
   * pages from 0 lose their second page to who takes them for pages from 1. Null where an overlap is
   * not explained by counting from 1.
   */
  settleBase?(pagination: Pagination, one: Comparison, overlaps: boolean): Pagination | null;
}

/** How a page compares with the first: `rest` is all of it but its first record, `next` has none of it. */
export type Comparison = 'same' | 'rest' | 'next' | 'none' | 'unclear';

/** Each page is known by the one before. */
export interface ChainStyle extends Style {
  readonly kind: 'chain';
  /**
   * What follows the page that was got by `previous` and said `pageInfo`. Null where that page names
   * nothing or says that there is no more, and where what it names cannot be sent.
   *
   * @param start the user's request, also where `first` changed it
   */
  next(
    pagination: Pagination,
    start: PageRequest,
    previous: PageRequest,
    pageInfo: PageInfo,
  ): UnplacedRequest | null;
  /** Whether the page itself closes the list: it adds nothing to the page before. */
  isPastEnd?(pagination: Pagination, pageInfo: PageInfo, before: PageInfo | null): boolean;
  /** Why the list is broken off where a page leads no further, though it does not say that it ends. */
  whyBroken?(pageNumber: number): string;
}

/** Each page can be asked for by its number or by the ordinal of its first record. */
export interface CountedStyle extends Style {
  readonly kind: 'counted';
  /** A request names its last record too, so a page is always asked for with its size. */
  readonly needsSize?: true;
  /**
   * @param at `page`: the page's index from 0; else the ordinal, from 0, of the first record asked
   *   for, which `Pagination.overlap` puts before the page's position
   * @param size records to ask for; null leaves it to the server
   * @returns null where the body is no JSON and the number has to go into it
   */
  pageAt(
    pagination: Pagination,
    start: PageRequest,
    at: number,
    size: number | null,
  ): UnplacedRequest | null;
}

/** @see Style.first */
export function firstRequest(pagination: Pagination, start: PageRequest): UnplacedRequest {
  return withSize(pagination, unplaced(start), pagination.size);
}

export function unplaced(request: PageRequest): UnplacedRequest {
  const { place: _, speculative: __, expected: ___, ...rest } = request;
  return rest;
}

/** With the page size where the API takes one. A size goes by the query where `carrier` is a header. */
export function withSize(
  pagination: Pagination,
  request: UnplacedRequest,
  size: number | null,
): UnplacedRequest {
  const { carrier, sizeParam } = pagination;
  if (sizeParam === null || size === null) return request;
  const by = carrier === 'body' ? 'body' : 'query';
  return setPart(request, by, sizeParam, literalNumber(size)) ?? request;
}

/** The start with the style's own parameter set, for styles that go on from the start. */
export function withParam(
  pagination: Pagination,
  start: PageRequest,
  value: PartValue,
): UnplacedRequest | null {
  return setNext(pagination, firstRequest(pagination, start), value);
}

function setNext(
  { carrier, param, nextList }: Pagination,
  request: UnplacedRequest,
  value: PartValue,
): UnplacedRequest | null {
  if (param === null) return null;
  const isList = nextList != null && carrier === 'query' && isListOfValues(value);
  if (!isList) return setPart(request, carrier, param, value);
  const texts = readElements(value.text).map((literal) => readString(literal) ?? literal);
  if (nextList === 'repeated') {
    return { ...request, url: repeatParameter(request.url, param, texts) };
  }
  return setPart(request, carrier, param, { text: texts.join(), isLiteral: false });
}

/** Whether it is a JSON array. */
export function isListOfValues({ text, isLiteral }: PartValue): boolean {
  return isLiteral && text.startsWith('[');
}

type ListForm = readonly [form: Pick<Pagination, 'param' | 'nextList'>, name: string];

/** The ways in which several values may go into a query parameter, the usual one first, and what people call them. */
export function listForms(param: string): readonly ListForm[] {
  const inBrackets = `${param}[]`;
  return [
    [{ param, nextList: null }, param],
    [{ param, nextList: 'commas' }, `${param} with commas`],
    [{ param, nextList: 'repeated' }, `repeated ${param}`],
    [{ param: inBrackets, nextList: 'repeated' }, inBrackets],
  ];
}

export function literalNumber(value: number): PartValue {
  return { text: String(value), isLiteral: true };
}

/** The second page's request under a pagination that is to be tried; none where it cannot be sent. */
export function candidate(
  { view }: Facts,
  pagination: Pagination,
  value: PartValue,
  why: string,
): readonly Candidate[] {
  const start = withSize(pagination, unplaced(view.request), pagination.size);
  const request = setNext(pagination, start, value);
  return request === null ? [] : [{ pagination, request, why }];
}
