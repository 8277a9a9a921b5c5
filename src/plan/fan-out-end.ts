/** Where the list of a fan-out ends. */

import type { PlanEnd } from '../core/page-info.ts';
import { gone } from '../core/page-request.ts';
import { otherStart } from '../core/pagination.ts';
import { formatCount } from '../core/units.ts';
import { findCeiling } from './fan-out-ceiling.ts';
import type { Coverage, FanOutFacts } from './fan-out-coverage.ts';

/**
 * So many pages in a row, each with one new record where others hold many, are those of a server that has always
 * one more. Behind offsets a server may have lowered its page size to one record.
 */
export const MOST_MEAGRE_PAGES = { pages: 100, records: 2000 };

export function endlessText(received: number, last: number): string {
  const [records, pages] = [received, last].map(formatCount);
  return `after ${records} records, the last ${pages} pages brought one each, so the server seems to answer any page, and where the list ends is unknown`;
}

export function fanOutEnd(facts: FanOutFacts): PlanEnd {
  const end = findEnd(facts);
  const dropped = facts.totals.contradictions.dropped();
  return dropped.length === 0 ? end : { ...end, dropped };
}

function findEnd(facts: FanOutFacts): PlanEnd {
  const { branch, coverage, found, grid, totals } = facts;
  const { received } = coverage;
  const reached = Math.max(1, coverage.end, coverage.failedEnd);
  const end = (reason: PlanEnd['reason'], detail: string | null, position = reached): PlanEnd => ({
    reason,
    detail,
    ends: [{ branch, position }],
  });
  const pages = grid.isPaged ? totals.pages : null;
  const isAll = totals.areAll(received);
  if (found === 'alike' && !isAll) {
    const detail = `after ${formatCount(received)} records, pages came that are like earlier ones; without a key (--key) nobody can tell whether they are new`;
    return end('loop', detail);
  }

  if (found === 'endless') {
    const most = MOST_MEAGRE_PAGES[grid.isPaged ? 'pages' : 'records'];
    return end('broken', endlessText(received, most));
  }
  if (found === 'failure' && !isAll) {
    return end('broken', 'the pages that would show where the list ends failed');
  }
  const isOne = coverage.newest.position === 0 && coverage.newest.pageInfo?.more !== true;
  if (
    found === 'repetition' &&
    coverage.newest.position === 0 &&
    !(isOne && (isAll || pages === 1))
  ) {
    const param = facts.pagination.param ?? 'the range';
    const cure = facts.pagination.first === 0 ? otherStart(facts.pagination) : '';
    const detail = `page 2 holds the same records as page 1, so the server seems to ignore ${param}${cure}`;
    return end('stuck', detail, coverage.end);
  }
  if (found === 'statement') return end('stated', null);
  if (isAll) {
    if (pages !== null && pages !== coverage.end) {
      totals.contradictions.everythingCame(received, coverage.end, pages);
    }
    return end('total', null);
  }
  const ceiling = findCeiling(facts);
  if (ceiling !== null) return end('ceiling', ceiling.detail, ceiling.position);
  const byTotals = totals.isLowerBound ? null : grid.endBy(totals);
  if (byTotals !== null) {
    const said = `${formatCount(pages ?? totals.records ?? 0)} ${pages === null ? 'records' : 'pages'}`;
    const after = `after ${formatCount(received)} records`;
    // Servers that count one page too many where the last one is full are many.
    const isFirstLost =
      totals.records === null && !facts.isLastFull && facts.pagination.first === 1;
    if (isFirstLost && pages !== null && coverage.end === pages - 1 && coverage.trailing.size > 0) {
      const cure = otherStart(facts.pagination);
      return end('past-end', `page ${pages} is empty, and the one before it is not full${cure}`);
    }
    const isShort = pages !== null && coverage.end < pages - 1 && coverage.failedEnd === 0;
    if (byTotals > facts.next || isShort) {
      return end('past-end', `the pages ${after} are empty, though the server states ${said}`);
    }
    if (coverage.end < byTotals && isGone(coverage)) {
      return end('past-end', `there are no pages ${after}, though the server stated ${said}`);
    }
    if (found === 'unchecked') {
      totals.contradictions.uncheckedPages(pages ?? 0);
      return end('past-end', null);
    }
    // Where each page states another number, as some pagers do, none of them says where the list ends.
    const byPages = totals.arePagesSteady ? 'stated' : 'past-end';
    return end(pages === null ? 'total' : byPages, null, Math.max(reached, byTotals));
  }
  if (found === 'repetition' && !facts.pagination.repeatIsEnd) {
    // Where a server moves offsets, ordinals do not say how many records there are.
    const after = grid.isPaged ? `after ${formatCount(received)} records, ` : '';
    return end('loop', `${after}pages came again`);
  }
  return end('past-end', refusedThoughMore(coverage));
}

/** The page after the last one with records is not there. */
function isGone({ firstTrailing, failedEnd, end }: Coverage): boolean {
  const kind = firstTrailing?.[1];
  return failedEnd <= end && typeof kind === 'object' && gone.has(kind.status ?? 0);
}

/** The list says that there is more, and what follows is refused or comes empty. */
function refusedThoughMore({ newest, firstTrailing, failedEnd }: Coverage): string | null {
  if (newest.pageInfo?.more !== true || firstTrailing === null || failedEnd > 0) return null;
  const [, kind] = firstTrailing;
  if (kind === 'ended' || kind === 'bare' || kind === 'onward') return null;
  const status = typeof kind === 'object' ? kind.status : null;
  const how = typeof kind === 'object' ? 'was refused' : 'is empty';
  const by = status === null ? '' : ` (${status})`;
  return `the last page with records says that there is more, and the one after it ${how}${by}`;
}
