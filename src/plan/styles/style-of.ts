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
import type { ChainStyle, CountedStyle, Style } from './style.ts';

/** The styles that page by themselves; a user's function and a single page do not. */
export const styles = {
  link,
  next,
  page,
  offset,
  cursor,
  keyset,
  continue: continueStyle,
  graphql,
  range,
} as const satisfies Record<Exclude<PaginationStyle, 'function' | 'single'>, Style>;

/** How a style asks for pages; null for `function` and `single`. */
export function styleOf(name: PaginationStyle): ChainStyle | CountedStyle | null {
  return name === 'function' || name === 'single' ? null : styles[name];
}
