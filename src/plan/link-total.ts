import { type Link, linkTarget } from './link-header.ts';
import { differInOneNumber, type NumberDifference, wholeNumber } from './one-number.ts';
import { getQueryParameter } from './query-parameter.ts';

/** Names of which an absent value means the first page, not the first record. */
const pageName = /page|^p$/i;

/**
 * Pages in all by `rel="last"` where its number counts pages or, evenly, records: that takes the
 * number of the first page and the step from this page to the next. Null where either is unclear.
 */
export function pagesByLinks(links: readonly Link[], pageUrl: string): number | null {
  const last = linkTarget(links, 'last', pageUrl);
  const next = linkTarget(links, 'next', pageUrl);
  if (last === null || next === null) return null;
  // Some write the page's own path in another way than it was asked for; the links agree.
  const place = differInOneNumber(next, last) ?? differInOneNumber(pageUrl, last);
  if (place === null) return null;
  const nextNumber = numberAt(next, place);
  const lastNumber = numberAt(last, place);
  if (nextNumber === null || lastNumber === null) return null;
  const own = numberAt(pageUrl, place);
  const first =
    firstNumber(links, pageUrl, place, own) ??
    (own === null ? impliedFirst(place, nextNumber) : null);
  if (first === null) return null;
  const step = nextNumber - (own ?? first);
  const pages = (lastNumber - first) / step + 1;
  return step > 0 && lastNumber >= first && Number.isSafeInteger(pages) ? pages : null;
}

function firstNumber(
  links: readonly Link[],
  pageUrl: string,
  place: NumberDifference,
  own: number | null,
): number | null {
  const first = linkTarget(links, 'first', pageUrl);
  if (first !== null) return numberAt(first, place);
  const isFirst = !links.some(({ rels }) => rels.includes('prev') || rels.includes('previous'));
  return isFirst ? own : null;
}

/** `?page=2` comes after a page without a number: that was page 1. */
function impliedFirst(place: NumberDifference, nextNumber: number): number | null {
  const countsPages = 'param' in place && pageName.test(place.param);
  return countsPages && (nextNumber === 1 || nextNumber === 2) ? nextNumber - 1 : null;
}

function numberAt(url: string, place: NumberDifference): number | null {
  if ('param' in place) return wholeNumber(getQueryParameter(url, place.param));
  return wholeNumber(URL.parse(url)?.pathname.split('/')[place.segment + 1] ?? null);
}
