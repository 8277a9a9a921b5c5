import { readScalar } from '../literal.ts';
import { type ChainStyle, firstRequest, withParam } from './style.ts';

/** The key of the last record (or the first): `?starting_after=ch_9`. */
export const keyset: ChainStyle = {
  kind: 'chain',
  first: firstRequest,
  next(pagination, start, _previous, { more, firstKey, lastKey }) {
    const key = readScalar(pagination.keyFrom === 'first' ? firstKey : lastKey);
    if (more === false || key === null) return null;
    return withParam(pagination, start, key);
  },
};
