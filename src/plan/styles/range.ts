import type { Facts } from '../detect/facts.ts';
import { found, type Shown } from '../detect/page-view.ts';
import { setHeader } from '../request-parts.ts';
import { evidenceOfNext } from './counted.ts';
import { type CountedStyle, unplaced } from './style.ts';

/** `Range: items=25-49`, answered with `Content-Range` (RFC 9110 §14). */
export const range: CountedStyle = {
  kind: 'counted',
  docs: { evidence: '`Content-Range: items 0-24/137`', flags: '`--page-param items`' },
  usual: { carrier: 'header', totalHeader: 'content-range' },
  needsSize: true,
  first(pagination, start) {
    const { size } = pagination;
    const first = size === null ? null : range.pageAt(pagination, start, 0, size);
    return first ?? unplaced(start);
  },
  pageAt({ param, first }, start, ordinal, size) {
    const request = unplaced(start);
    const from = first + ordinal;
    const to = size === null ? '' : from + size - 1;
    const headers = setHeader(request.headers, 'range', `${param ?? 'items'}=${from}-${to}`);
    return headers === null ? null : { ...request, headers };
  },
  headers: ['content-range'],
  readNext: evidenceOfNext,
  echoedPosition: ({ range: sent }) => sent?.from ?? null,
  detect: detectRange,
  readUsual: ({ headers }) => ({
    param: headers.range?.unit || 'items',
    carrier: 'header',
    first: headers.range?.from ?? 0,
    totalHeader: 'content-range',
  }),
};

/** RFC 9110 §14.4 with a unit of records. */
function detectRange({ base, headers, params, view }: Facts): Shown | null {
  const { range: sent } = headers;
  if (sent === null || sent.unit === '' || params.offset !== null || params.page !== null) {
    return null;
  }
  const { total } = sent;
  if (view.status !== 206 && (total === null || total <= sent.to + 1)) return null;
  return found(
    {
      ...base,
      style: 'range',
      param: sent.unit,
      carrier: 'header',
      first: sent.from,
      totalHeader: total === null ? null : 'content-range',
      totalPath: total === null ? base.totalPath : null,
    },
    [`header content-range counts ${sent.unit}: ${view.headers['content-range']?.trim()}`],
    total !== null && sent.to + 1 >= total,
  );
}
