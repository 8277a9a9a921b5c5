import type { Pagination } from '../../core/pagination.ts';
import { compareWithStart } from './compare-pages.ts';
import type { PageView } from './page-view.ts';

/**
 * Where a server counts from, read off the page for number 1 or offset 1: pages from 0 lose their
 * second page to who takes them for pages from 1.
 *
 * @param overlaps the page for the offset after ten records began with the tenth
 * @returns null where an overlap is not explained by counting from 1
 */
export function settleBase(
  pagination: Pagination,
  first: PageView,
  one: PageView,
  overlaps: boolean,
): Pagination | null {
  const reading = compareWithStart(first, one, pagination);
  if (pagination.style === 'page') return { ...pagination, first: reading === 'next' ? 0 : 1 };
  if (overlaps) return reading === 'same' ? { ...pagination, first: 1 } : null;
  // An offset of 1 that leads to the second page counts pages.
  if (reading === 'next') return { ...pagination, style: 'page', first: 0 };
  return pagination;
}
