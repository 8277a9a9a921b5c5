import type { Pagination } from '../../core/pagination.ts';
import { type Facts, numbersSayMore, sourceOf } from '../detect/facts.ts';
import { found, type Shown, trial } from '../detect/page-view.ts';
import { hasLink, PAGES_BEFORE, pagesByLinks } from '../link-header.ts';
import { differInOneNumber, getQueryParameter } from '../query-parameter.ts';
import { rivalCandidates, rivalOf, stepOfUrl, stepped } from './counting-link.ts';
import { followUrl, ownUrl } from './next.ts';
import {
  ended,
  isBeforeLast,
  linkStep,
  type NextReading,
  type ReadablePage,
  silent,
  unusable,
} from './page-reading.ts';
import { type ChainStyle, firstRequest } from './style.ts';

/** `Link: <…>; rel="next"` (RFC 8288). */
export const link: ChainStyle = {
  kind: 'chain',
  docs: { evidence: '`Link: <…>; rel="next"`', flags: 'none' },
  mayBeCounted: true,
  first: firstRequest,
  next: followUrl,
  headers: ['link'],
  readNext: readLink,
  totalPages: (_pagination, { links, url }) => pagesByLinks(links, url),
  detect: detectLink,
  candidates(facts) {
    const { next } = facts.headers;
    return next === null ? [] : rivalCandidates(facts, next, { ...facts.base, style: 'link' });
  },
  readUsual: () => ({}),
};

/** A first page that is not the last and links to no next one leads nowhere. */
function readLink(_pagination: Pagination, page: ReadablePage): NextReading {
  const reading = linkStep(page);
  if (reading !== silent || page.links.length === 0) return reading;
  const isBefore = isBeforeLast(page);
  const isFirst = !PAGES_BEFORE.some((rel) => hasLink(page.links, rel, page.url));
  // Most servers count from 1, so that page 1 without a number is the last.
  return isBefore === null ? ended : isBefore && isFirst ? unusable : silent;
}

/** Links that differ only in one number are counted, if it is known how far they go. */
function detectLink(facts: Facts): Shown | null {
  const { headers, base, view, count, numbers } = facts;
  const pagination: Pagination = { ...base, style: 'link' };
  if (headers.next === null) {
    if (!headers.hasPagingLinks || numbersSayMore(facts) || facts.next.url !== null) return null;
    return found(pagination, ['Link header without rel="next"'], true);
  }
  const next = ownUrl(base, headers.next, view.request.url);
  const last = headers.last === null ? null : ownUrl(base, headers.last, view.request.url);
  const evidence = ['Link header: rel="next"'];
  const rival = rivalOf(facts, next);
  if (rival !== null) return trial([`${evidence[0]}, which leaves ${rival.name} as it is`]);
  // GitHub links to `/repositories/1/issues` from `/repos/a/b/issues`; only the query matters here.
  const own = URL.parse(next)?.pathname ?? null;
  const step = stepOfUrl(view.request.url, next, count, own);
  if (step === null) return found(pagination, evidence, false);
  const across = last === null ? null : differInOneNumber(next, last);
  const spans =
    last === next || (across !== null && 'param' in across && across.param === step.param);
  if (step.style === 'page' && last !== null && spans) {
    evidence[0] += ` and rel="last" (${getQueryParameter(last, step.param)} in ${step.param})`;
    const { path, header } = numbers.totalPages ?? { path: null, header: 'link' };
    const totals = { totalPagesPath: path, totalPagesHeader: header };
    return found(stepped(facts, step, totals), evidence, false);
  }
  const known = numbers.totalPages ?? numbers.total;
  if (known === null || !(spans || stepOfUrl(view.request.url, next, count) !== null)) {
    return found(pagination, evidence, false);
  }
  evidence.push(
    `${sourceOf(known)} says ${known.value} ${numbers.totalPages ? 'pages' : 'records'}`,
  );
  return found(stepped(facts, step, { nextHeader: 'link' }), evidence, false);
}
