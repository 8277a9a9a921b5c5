import type { Pagination } from '../../core/pagination.ts';
import { linkTarget } from '../link-header.ts';
import { getQueryParameter, wholeNumber } from '../query-parameter.ts';
import {
  atPosition,
  detectStartNumber,
  evidenceOfNext,
  firstCounted,
  usualPosition,
} from './counted.ts';
import type { ReadablePage } from './page-reading.ts';
import { type CountedStyle, literalNumber } from './style.ts';

/** A page number: `?page=2`. */
export const page: CountedStyle = {
  kind: 'counted',
  docs: {
    evidence: '`page=1` in the URL, a number of pages, or `?page=2` worked',
    flags: '`--page-param`, `--first`',
  },
  usual: { first: 1 },
  first: firstCounted,
  pageAt: atPosition,
  readNext: evidenceOfNext,
  totalPages: pagesByLastLink,
  detect: (facts) => detectStartNumber(facts, 'page'),
  readUsual: (facts) => usualPosition(facts, 'page'),
  trial: {
    async proveEnd(pagination, read) {
      const one = await read(literalNumber(1));
      if (one === 'same') return { ...pagination, first: 1 };
      // It counts pages from 0 where page 1 has other records, and where page 1 is past the end.
      if (one === 'next') return { ...pagination, first: 0 };
      if (one !== 'none') return null;
      return (await read(literalNumber(0))) === 'same' ? { ...pagination, first: 0 } : null;
    },
    proof: ({ param, first }) =>
      `${param}=${first} gives this page again, so ${param} counts pages`,
    settleBase: (pagination, one) => ({ ...pagination, first: one === 'next' ? 0 : 1 }),
  },
};

/** As every total, of the whole list: where the run begins on a later page makes no difference. */
function pagesByLastLink(
  { param, first, totalPagesHeader }: Pagination,
  { links, url }: ReadablePage,
): number | null {
  if (totalPagesHeader !== 'link' || param === null) return null;
  const last = linkTarget(links, 'last', url);
  const number = last === null ? null : wholeNumber(getQueryParameter(last, param));
  return number === null ? null : number + (first === 0 ? 1 : 0);
}
