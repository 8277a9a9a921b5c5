/** A page as styles read it, and what it says about the page after it. */
import type { NextStep } from '../../core/page-info.ts';
import type { Pagination } from '../../core/pagination.ts';
import { findLink, hasLink, type Link, linkTarget, OTHER_PAGES } from '../link-header.ts';
import type { PartValue } from '../literal.ts';
import { differInOneNumber } from '../query-parameter.ts';
import { fitsHeader } from '../request-parts.ts';
import { resolveUrl } from '../written-url.ts';

/** A page as its page info is read from it. */
export interface PageToRead {
  /** Its own URL, against which relative targets are resolved. */
  readonly url: string;
  /** At least those of `pagingHeaders`, names in lower case, repeated ones joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * The literal text at a dotted path of the page: a string with its quotes, a container whole. Null
   * where nothing stands there; a lone quote, which is no value, where it has more than 64 KiB.
   */
  readonly literal: (path: string) => string | null;
  readonly recordCount: number;
  /** Literal text, or null without a key or without records. */
  readonly firstKey: string | null;
  readonly lastKey: string | null;
  readonly digest: string | null;
}

/** What of a page its links are read from. */
export type LinkingPage = Pick<PageToRead, 'url' | 'headers' | 'literal'>;

/** With the two structured headers parsed, where the pagination uses them. */
export interface ReadablePage extends PageToRead {
  readonly links: readonly Link[];
  readonly range: ContentRange | null;
}

export interface NextReading {
  readonly step: NextStep | null;
  /** True without a step: the page names one that cannot be taken. */
  readonly more: boolean | null;
  /** See `PageInfo.isPart`. */
  readonly isPart?: boolean;
}

export const silent: NextReading = { step: null, more: null };
export const ended: NextReading = { step: null, more: false };
/** An end must never be read out of a page that points on, however unfit what it points to is. */
export const unusable: NextReading = { step: null, more: true };

/** A header's value is made the literal that it would be in a body. */
export function literalOfNext(
  { nextHeader, nextPath }: Pagination,
  page: Pick<LinkingPage, 'headers' | 'literal'>,
): string | null {
  if (nextHeader === null) return nextPath === null ? null : page.literal(nextPath);
  const value = page.headers[nextHeader];
  return value === undefined ? null : JSON.stringify(value.trim());
}

/** @param target relative to the page's own URL, or absolute */
export function urlStep(target: unknown, page: Pick<PageToRead, 'url'>): NextReading {
  const url = typeof target === 'string' ? resolveUrl(target, page.url) : null;
  return url === null ? unusable : { step: { kind: 'url', url }, more: null };
}

export function cursorStep({ carrier }: Pagination, value: PartValue | null): NextReading {
  if (value === null || (carrier === 'header' && !fitsHeader(value.text))) return unusable;
  const step = { kind: 'cursor', value: value.text } as const;
  return { step: value.isLiteral ? { ...step, literal: true } : step, more: null };
}

/** `Link: <…>; rel="next"`. */
export function linkStep(page: ReadablePage): NextReading {
  const has = (rel: string) => hasLink(page.links, rel, page.url);
  const next = findLink(page.links, 'next', page.url);
  if (next !== null) {
    // Such servers link on from every page, so that a client may ask again later for what is new.
    const isLast = next.params['results'] === 'false';
    if (isLast && page.recordCount === 0) return ended;
    return { step: { kind: 'url', url: next.url }, more: isLast ? false : null };
  }
  if (has('next')) return unusable;
  // Links to other things, such as a description of the service, say nothing of pages.
  if (!OTHER_PAGES.some(has)) return silent;
  return isBeforeLast(page) === false ? ended : silent;
}

/**
 * Whether it links to a last page that lies further on, as servers do that never link to the next; null
 * where the page has no number of its own, so that it may be page 1 or page 0.
 */
export function isBeforeLast({ links, url }: ReadablePage): boolean | null {
  const last = linkTarget(links, 'last', url);
  const difference = last === null ? null : differInOneNumber(url, last);
  if (difference === null || !('param' in difference)) return false;
  const { a, b } = difference;
  if (a === null && b === 1) return null;
  return b > (a ?? 0);
}

/** What `Content-Range` says of the records in a page and of the list. */
export interface ContentRange {
  /** The ordinal of the first and of the last record, as the server counts; null for `*`. */
  readonly from: number | null;
  readonly to: number | null;
  readonly total: number | null;
}

/**
 * `items 0-24/3000`, `items 0-24/*`, `items *` with a total (RFC 9110 §14.4). PostgREST leaves the unit
 * out and others write `items=` or `items:`, so both are read too. Null where it is malformed.
 */
export function parseContentRange(value: string): ContentRange | null {
  const match = /^(?:[!#$%&'*+.^_`|~\w-]+[ =:]+)?(?:(\d+)-(\d+)|\*)\/(?:(\d+)|\*)$/.exec(
    value.trim(),
  );
  if (match === null) return null;
  const [from, to, total] = [match[1], match[2], match[3]].map(numberOf);
  return { from: from ?? null, to: to ?? null, total: total ?? null };
}

/** A range that says which records are in a page. */
export interface RecordRange extends ContentRange {
  /** Empty where the server names none (PostgREST). */
  readonly unit: string;
  readonly from: number;
  readonly to: number;
}

/** Null for bytes, and for what does not say which records it is. */
export function readRange(value: string): RecordRange | null {
  const { from = null, to = null, total = null } = parseContentRange(value) ?? {};
  const unit = /^\s*([\w-]+)[ =:]/.exec(value)?.[1] ?? '';
  const isOfRecords = from !== null && to !== null && to >= from && !/^bytes$/i.test(unit);
  return isOfRecords ? { unit, from, to, total } : null;
}

function numberOf(digits: string | undefined): number | null {
  const number = Number(digits ?? Number.NaN);
  return Number.isSafeInteger(number) ? number : null;
}
