import { factsOf, type Pagination } from '../core/pagination.ts';
import { formatCount } from '../core/units.ts';
import type { PageFacts } from './page-facts.ts';

/**
 * A server that gives fewer records in a page than were asked for, without a word, may still count its
 * pages by what was asked for: then each page by number leaves out the rest, which a total would show. A
 * phrase; null where pages do not look so.
 */
export function cutPagesText(pagination: Pagination, pages: PageFacts): string | null {
  const asked = pagination.size ?? pagination.askedSize ?? 0;
  const { largestPage, ofLargest, saysSize, withRecords } = pages;
  const isCounted = factsOf(pagination).counts === 'pages';
  if (!isCounted || withRecords < 2 || largestPage >= asked || saysSize > 0) return null;
  if (ofLargest < withRecords - 1) return null;
  return `${formatCount(largestPage)} records came on each full page where ${formatCount(asked)} were asked for, and no total says that none is missing`;
}
