import { mergeParameters } from '../query-parameter.ts';
import { type ChainStyle, firstRequest } from './style.ts';

/** MediaWiki: all members of the page's `continue` object go into the start, not into one another. */
export const continueStyle: ChainStyle = {
  kind: 'chain',
  first: firstRequest,
  next(pagination, start, _previous, pageInfo) {
    if (pageInfo.more === false || pageInfo.next?.kind !== 'parameters') return null;
    const request = firstRequest(pagination, start);
    return { ...request, url: mergeParameters(request.url, pageInfo.next.values) };
  },
};
