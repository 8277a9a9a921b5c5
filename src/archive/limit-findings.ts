import { isUsualLimit } from '../core/depth.ts';
import { counted } from '../core/units.ts';
import type { Finding, PagedFacts } from './finding.ts';

/** The end that a list states may be as far as the server goes; a number of records or pages would tell. */
export function limitFindings({
  planEnd,
  counts,
  expect,
  fetched,
  pages,
  pagination,
}: PagedFacts): readonly Finding[] {
  const { leastTotal, nulls, skippedRecords, totalPagesAtEnd } = pages;
  const depth = fetched + nulls + skippedRecords;
  const isCounted = leastTotal !== null || totalPagesAtEnd !== null || expect === fetched;
  const isOfList = counts === 'list' && pages.pages > 1 && pagination.slices === undefined;
  if (planEnd?.reason !== 'stated') return [];
  if (isCounted || !isOfList || !isUsualLimit(depth)) return [];
  const text = `the list says that it ends after exactly ${counted(depth, 'record')}, where many servers stop; --expect ${fetched} says that these are all`;
  return [{ kind: 'unverified', text }];
}
