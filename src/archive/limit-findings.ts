import { isUsualCountLimit, isUsualLimit } from '../core/depth.ts';
import type { Pagination } from '../core/pagination.ts';
import { counted } from '../core/units.ts';
import type { Finding, PagedFacts } from './finding.ts';
import type { PageFacts } from './page-facts.ts';

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
  const isOfList = counts === 'list' && pages.pages > 1 && pagination.slices === undefined;
  if (!isOfList || expect === fetched || !isUsualLimit(depth)) return [];
  const records = counted(depth, 'record');
  const settled = `--expect ${fetched} says that these are all`;
  if (leastTotal === null && totalPagesAtEnd === null) {
    if (planEnd?.reason !== 'stated') return [];
    const said = `the list says that it ends after exactly ${records}, where many servers stop`;
    return [{ kind: 'unverified', text: `${said}; ${settled}` }];
  }
  const states = `the list states exactly ${records}`;
  if (isUsualCountLimit(depth)) {
    return [{ kind: 'unverified', text: `${states}, as far as many servers count; ${settled}` }];
  }
  const sign = signOfMore(pagination, pages);
  const kind = sign === null ? 'unproven' : 'unverified';
  const why = sign === null ? '' : `, and ${sign}`;
  return [{ kind, text: `${states}, as far as some servers count${why}; ${settled}` }];
}

/** What lists of so many records mostly do not do, and those do that go on behind what their server counts. */
function signOfMore(
  { totalPath }: Pagination,
  { goingOnAtEnd, refusedBehind }: PageFacts,
): string | null {
  if (refusedBehind !== null) return `it refuses (${refusedBehind}) what is behind them`;
  if (goingOnAtEnd > 0) return 'its last page says that there is more';
  // Search engines find more than they count.
  return totalPath !== null && /hits$/i.test(totalPath) ? 'its total is one of hits' : null;
}
