import { type ChainStyle, firstRequest, withParam } from './style.ts';

/** A token from the page before, in a parameter, a header or the body. A start cursor is the user's. */
export const cursor: ChainStyle = {
  kind: 'chain',
  first: firstRequest,
  next(pagination, start, _previous, { more, next }) {
    if (more === false || next?.kind !== 'cursor' || next.value === '') return null;
    return withParam(pagination, start, { text: next.value, isLiteral: next.literal === true });
  },
};
