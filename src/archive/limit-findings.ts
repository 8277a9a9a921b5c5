import { isUsualCountLimit, isUsualLimit } from '../core/depth.ts';
import { counted } from '../core/units.ts';
import type { Finding, PagedFacts } from './finding.ts';

/**
 * The end that a list states may be as far as the server goes; a number of records or pages would tell, if it
 * is not as far as the server counts.
 */
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
  const isCounted = leastTotal !== null || totalPagesAtEnd !== null;
  const isOfList = counts === 'list' && pages.pages > 1 && pagination.slices === undefined;
  if (!isOfList || expect === fetched) return [];
  const mayBeLimit = isCounted
    ? isUsualCountLimit(depth)
    : planEnd?.reason === 'stated' && isUsualLimit(depth);
  if (!mayBeLimit) return [];
  const records = counted(depth, 'record');
  const said = isCounted
    ? `the list states exactly ${records}, as far as many servers count`
    : `the list says that it ends after exactly ${records}, where many servers stop`;
  return [{ kind: 'unverified', text: `${said}; --expect ${fetched} says that these are all` }];
}
