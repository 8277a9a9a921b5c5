import { setHeader } from '../request-parts.ts';
import { type CountedStyle, unplaced } from './style.ts';

/** `Range: items=25-49`, answered with `Content-Range` (RFC 9110 §14). */
export const range: CountedStyle = {
  kind: 'counted',
  first(pagination, start) {
    const { size } = pagination;
    const first = size === null ? null : range.pageAt(pagination, start, 0, size);
    return first ?? unplaced(start);
  },
  pageAt(pagination, start, ordinal, size) {
    const request = unplaced(start);
    const from = pagination.first + ordinal;
    const to = size === null ? '' : from + size - 1;
    const headers = setHeader(
      request.headers,
      'range',
      `${pagination.param ?? 'items'}=${from}-${to}`,
    );
    return headers === null ? null : { ...request, headers };
  },
};
