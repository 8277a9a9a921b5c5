/** Evidence in headers: which records came, and links. */
import { differInOneNumber, getQueryParameter } from '../query-parameter.ts';
import { found, stepped } from './detection.ts';
import { type Facts, numbersSayMore, sourceOf } from './facts.ts';
import type { Detection } from './page-view.ts';
import { stepOfUrl } from './step-of-url.ts';

/** RFC 9110 §14.4 with a unit of records. */
export function byContentRange(facts: Facts): Detection | null {
  const { range } = facts.headers;
  const { params } = facts;
  if (range === null || range.unit === '' || params.offset !== null || params.page !== null) {
    return null;
  }
  const isPartial = facts.view.status === 206;
  const total = range.total ?? null;
  if (!isPartial && (total === null || total <= range.last + 1)) return null;
  return found(
    {
      ...facts.base,
      style: 'range',
      param: range.unit,
      carrier: 'header',
      first: range.first,
      totalHeader: total === null ? null : 'content-range',
      totalPath: total === null ? facts.base.totalPath : null,
    },
    [`header content-range counts ${range.unit}: ${facts.view.headers['content-range']?.trim()}`],
    total !== null && range.last + 1 >= total,
  );
}

export function byLinkHeader(facts: Facts): Detection | null {
  const { headers, base, view, count, numbers } = facts;
  if (headers.next === null) {
    if (!headers.hasPagingLinks || numbersSayMore(facts) || facts.next.url !== null) return null;
    return found({ ...base, style: 'link' }, ['Link header without rel="next"'], true);
  }
  const { next, last } = headers;
  const evidence = ['Link header: rel="next"'];
  const own = withPathOf(view.request.url, next);
  const step = stepOfUrl(own, next, count);
  const across = last === null ? null : differInOneNumber(next, last);
  const spans =
    last === next || (across !== null && 'param' in across && across.param === step?.param);
  const known = numbers.totalPages ?? numbers.total;
  if (step?.style === 'page' && last !== null && spans) {
    evidence[0] += ` and rel="last" (${getQueryParameter(last, step.param)} in ${step.param})`;
    const { path, header } = numbers.totalPages ?? { path: null, header: 'link' };
    const totals = { totalPagesPath: path, totalPagesHeader: header };
    return found(stepped(facts, step, totals), evidence, false);
  }
  if (step !== null && known !== null && (spans || own === view.request.url)) {
    evidence.push(
      `${sourceOf(known)} says ${known.value} ${numbers.totalPages ? 'pages' : 'records'}`,
    );
    return found(stepped(facts, step, { nextHeader: 'link' }), evidence, false);
  }
  return found({ ...base, style: 'link' }, evidence, false);
}

/** GitHub links to `/repositories/1/issues` from `/repos/a/b/issues`; only the query matters here. */
function withPathOf(url: string, other: string): string {
  const parsed = URL.parse(url);
  const like = URL.parse(other);
  if (parsed === null || like === null || parsed.host !== like.host) return url;
  if (parsed.pathname === like.pathname) return url;
  parsed.pathname = like.pathname;
  return parsed.href;
}
