/** All styles that page by themselves. A style is added here, and its name in `core/pagination.ts`. */
import type { PaginationStyle } from '../../core/pagination.ts';
import { continueStyle } from './continue.ts';
import { cursor } from './cursor.ts';
import { graphql } from './graphql.ts';
import { keyset } from './keyset.ts';
import { link } from './link.ts';
import { next } from './next.ts';
import { offset } from './offset.ts';
import { page } from './page.ts';
import { range } from './range.ts';
import type { ChainStyle, CountedStyle } from './style.ts';

type OwnStyle = Exclude<PaginationStyle, 'function' | 'single'>;

/**
 * In the order in which their evidence counts: headers before the body, what a page links to before
 * what it counts, a number in the start URL before a token.
 */
export const styles: Readonly<Record<OwnStyle, ChainStyle | CountedStyle>> = {
  range,
  link,
  continue: continueStyle,
  graphql,
  next,
  page,
  offset,
  cursor,
  keyset,
};

const all: Readonly<Record<PaginationStyle, ChainStyle | CountedStyle | null>> = {
  ...styles,
  function: null,
  single: null,
};

/** The style of a pagination; null where a user's function pages, and for a single page. */
export function styleOf(pagination: {
  readonly style: PaginationStyle;
}): ChainStyle | CountedStyle | null {
  return all[pagination.style];
}
