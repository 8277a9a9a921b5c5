import { factsOf, type Pagination } from '../core/pagination.ts';
import { counted, formatCount } from '../core/units.ts';
import type { PageFacts } from './page-facts.ts';

/**
 * A server that gives fewer records in a page than were asked for, without a word, may still count its
 * pages by what was asked for: then each page leaves out the rest, which a total would show. A phrase; null
 * where pages do not look so.
 */
export function cutPagesText(pagination: Pagination, pages: PageFacts): string | null {
  const { largestPage, ofLargest, saysSize, withRecords, skipping, shortOfAsked } = pages;
  if (skipping > 0) {
    const where = counted(skipping, 'page');
    return `behind ${where} the next one begins further on than its records end, and no total says that none is missing`;
  }
  const isCounted = factsOf(pagination).counts === 'pages';
  const isLinked = shortOfAsked > 0 && shortOfAsked >= withRecords - 1;
  const asked = isLinked ? pages.askedOfPage : (pagination.size ?? pagination.askedSize ?? 0);
  if (!(isCounted || isLinked) || withRecords < 2 || largestPage >= asked) return null;
  if (saysSize > 0 || ofLargest < withRecords - 1) return null;
  return `${formatCount(largestPage)} records came on each full page where ${formatCount(asked)} were asked for, and no total says that none is missing`;
}
