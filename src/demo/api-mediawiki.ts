import { smallId, title } from './api-records.ts';
import { sizeAsked, wholeNumber } from './api-request.ts';
import type { ApiShape } from './api-shape.ts';

/**
 * As with a generator and a property that is given for half a batch at a time. The pages that wait
 * for the second half are left out of the first, so that each record comes once. MediaWiki would
 * name them in both; merging those is not what this fixture is for.
 */
export const mediawiki: ApiShape = {
  name: 'mediawiki',
  about:
    'all of `continue` goes into the first request’s parameters; a batch comes in two responses',
  start: (size) =>
    `/w/api.php?action=query&format=json&formatversion=2&generator=allpages&prop=extracts&gaplimit=${size}`,
  pageSize: 20,
  recordsPath: 'query.pages',
  keyPath: 'pageid',
  record: (item) => ({
    pageid: smallId(item),
    ns: 0,
    title: `Page ${String(item.ordinal).padStart(6, '0')}`,
    extract: title(item),
  }),
  answer(request, list) {
    const { query } = request;
    const size = sizeAsked(request, 'gaplimit', 10, 500);
    const from = wholeNumber(query.get('gapcontinue')?.replace(/^Page_0*(?=\d)/, ''), 0);
    const half = (size + 1) >> 1;
    const excontinue = query.get('excontinue');
    // Parameters of an earlier round that were kept instead of being replaced.
    const isStale = query.get('continue') === 'gapcontinue||' && excontinue !== null;
    if (isStale || (excontinue !== null && wholeNumber(excontinue, -1) !== half)) {
      return { body: { error: { code: 'badcontinue', info: 'Invalid continue param.' } } };
    }
    const end = Math.min(list.length, from + size);
    const isFirstHalf = excontinue === null && from + half < end;
    const begin = excontinue === null ? from : from + half;
    const gap = `Page_${String(end).padStart(6, '0')}`;
    const inBatch = { ...(from > 0 ? { gapcontinue: query.get('gapcontinue') } : {}) };
    return {
      body: {
        batchcomplete: isFirstHalf ? undefined : true,
        continue: isFirstHalf
          ? { excontinue: half, ...inBatch, continue: '||info' }
          : end < list.length
            ? { gapcontinue: gap, continue: 'gapcontinue||' }
            : undefined,
        query: { pages: list.slice(begin, isFirstHalf ? from + half : end) },
      },
    };
  },
};
