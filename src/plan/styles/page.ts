import { setPart } from '../request-parts.ts';
import { type CountedStyle, firstRequest, literalNumber, unplaced, withSize } from './style.ts';

/** A page number: `?page=2`. */
export const page: CountedStyle = {
  kind: 'counted',
  first: firstRequest,
  pageAt(pagination, start, index, size) {
    if (pagination.param === null) return null;
    const request = withSize(pagination, unplaced(start), size);
    const number = literalNumber(pagination.first + index);
    return setPart(request, pagination.carrier, pagination.param, number);
  },
};
