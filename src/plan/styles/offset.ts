import {
  atPosition,
  detectStartNumber,
  evidenceOfNext,
  firstCounted,
  usualPosition,
} from './counted.ts';
import { offsetOfQuery } from './graphql.ts';
import { type CountedStyle, literalNumber } from './style.ts';

/** How many records come before the page: `?offset=50`. */
export const offset: CountedStyle = {
  kind: 'counted',
  docs: {
    evidence: '`offset=0` in the URL, a total, or `?offset=25` worked',
    flags: '`--page-param`, `--size-param`, `--total-path`',
  },
  first: firstCounted,
  pageAt: atPosition,
  readNext: evidenceOfNext,
  detect: (facts) => detectStartNumber(facts, 'offset'),
  candidates: offsetOfQuery,
  readUsual: (facts) => usualPosition(facts, 'offset'),
  trial: {
    mayOverlap: true,
    async proveEnd(pagination, read) {
      const one = await read(literalNumber(1));
      // It may count pages from 0 under the name of an offset.
      if (one === 'next') return { ...pagination, style: 'page', first: 0 };
      return one === 'rest' ? { ...pagination, first: 0 } : null;
    },
    proof: ({ param }) => `${param}=1 gives this page without its first record`,
    settleBase(pagination, one, overlaps) {
      if (overlaps) return one === 'same' ? { ...pagination, first: 1 } : null;
      // An offset of 1 that leads to the second page counts pages.
      return one === 'next' ? { ...pagination, style: 'page', first: 0 } : pagination;
    },
  },
};
