/**
 * How each style of pagination asks for a page: one file a style, pure functions. What a page says is
 * read elsewhere (`read-page info.ts`); when to ask, and when a list has ended, is the plan's to know.
 */

import type { PageInfo } from '../../core/page-info.ts';
import type { PageRequest } from '../../core/page-request.ts';
import type { Pagination } from '../../core/pagination.ts';
import type { PartValue } from '../literal.ts';
import { setPart, type UnplacedRequest } from '../request-parts.ts';

/** Each page is known by the one before. */
export interface ChainStyle {
  readonly kind: 'chain';
  /** @see firstRequest */
  first(pagination: Pagination, start: PageRequest): UnplacedRequest;
  /**
   * What follows the page that was got by `previous` and taught `page info`. Null where that page names
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
}

/** Each page can be asked for by its number or by the ordinal of its first record. */
export interface CountedStyle {
  readonly kind: 'counted';
  /** @see firstRequest */
  first(pagination: Pagination, start: PageRequest): UnplacedRequest;
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

export type Style = ChainStyle | CountedStyle;

/**
 * The first page's request: the start as the user typed it, with the page size where one is set.
 * A first page's number is not added: what the server does without one is what the user asked for.
 */
export function firstRequest(pagination: Pagination, start: PageRequest): UnplacedRequest {
  return withSize(pagination, unplaced(start), pagination.size);
}

export function unplaced(request: PageRequest): UnplacedRequest {
  const { place: _, speculative: __, ...rest } = request;
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
  const { carrier, param } = pagination;
  if (param === null) return null;
  return setPart(firstRequest(pagination, start), carrier, param, value);
}

export function literalNumber(value: number): PartValue {
  return { text: String(value), isLiteral: true };
}
