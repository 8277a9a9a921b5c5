import type { NextStep } from '../core/page-info.ts';
import type { Pagination } from '../core/pagination.ts';
import { hasLink, type Link, linkTarget } from './link-header.ts';
import {
  isNothing,
  type PartValue,
  readFlag,
  readJson,
  readMembers,
  readScalar,
  readString,
} from './literal.ts';
import type { PageToRead } from './page-to-read.ts';
import { fitsHeader } from './request-parts.ts';
import { resolveUrl } from './request-url.ts';

/** What a page says of the page after it. */
export interface NextReading {
  readonly step: NextStep | null;
  /** True without a step: the page names one that cannot be taken. */
  readonly more: boolean | null;
}

const silent: NextReading = { step: null, more: null };
const ended: NextReading = { step: null, more: false };
/** An end must never be read out of a page that points on, however unfit what it points to is. */
const unusable: NextReading = { step: null, more: true };

export function readNext(
  pagination: Pagination,
  page: PageToRead,
  links: readonly Link[],
): NextReading {
  switch (pagination.style) {
    case 'link':
      return readLinks(page, links);
    case 'next':
      return readUrl(pagination, page);
    case 'cursor':
      return readCursor(pagination, page);
    case 'keyset':
      return readKey(pagination, page);
    case 'continue':
      return readParameters(pagination, page);
    case 'graphql':
      return readPageInfo(pagination, page);
    case 'page':
    case 'offset':
    case 'range':
      return readEvidence(pagination, page, links);
    default:
      return silent;
  }
}

function readLinks(page: PageToRead, links: readonly Link[]): NextReading {
  const has = (rel: string) => hasLink(links, rel, page.url);
  const url = linkTarget(links, 'next', page.url);
  if (url !== null) return { step: { kind: 'url', url }, more: null };
  if (has('next')) return unusable;
  // Links to other things, such as a description of the service, say nothing of pages.
  return ['prev', 'previous', 'first', 'last'].some(has) ? ended : silent;
}

function readUrl(pagination: Pagination, page: PageToRead): NextReading {
  const literal = literalOfNext(pagination, page);
  if (literal === null) return silent;
  if (isNothing(literal)) return ended;
  if (literal.startsWith('[')) return readLinkList(literal, page);
  const inner = literal.startsWith('{') ? literalOfLink(pagination, page) : literal;
  if (inner !== null && isNothing(inner)) return ended;
  return stepTo(readString(inner), page);
}

/** `{"href": …}`, `{"url": …}`. */
function literalOfLink({ nextPath }: Pagination, { literal }: PageToRead): string | null {
  return literal(`${nextPath}.href`) ?? literal(`${nextPath}.url`);
}

/** `[{"rel": "next", "href": …}, …]`, as FHIR and others write their links. */
function readLinkList(literal: string, page: PageToRead): NextReading {
  const list = readJson(literal);
  if (!Array.isArray(list)) return unusable;
  for (const entry of list) {
    if (typeof entry !== 'object' || entry === null) continue;
    if ((entry.rel ?? entry.relation) === 'next') return stepTo(entry.href ?? entry.url, page);
  }
  return ended;
}

function stepTo(target: unknown, page: PageToRead): NextReading {
  const url = typeof target === 'string' ? resolveUrl(target, page.url) : null;
  return url === null ? unusable : { step: { kind: 'url', url }, more: null };
}

function readCursor(pagination: Pagination, page: PageToRead): NextReading {
  const literal = literalOfNext(pagination, page);
  if (literal === null) return silent;
  return isNothing(literal) ? ended : cursorStep(pagination, readScalar(literal));
}

function readKey(pagination: Pagination, page: PageToRead): NextReading {
  if (page.recordCount === 0) return silent;
  const key = pagination.keyFrom === 'first' ? page.firstKey : page.lastKey;
  return cursorStep(pagination, readScalar(key));
}

function readParameters({ nextPath }: Pagination, page: PageToRead): NextReading {
  const literal = nextPath === null ? null : page.literal(nextPath);
  if (literal === null) return silent;
  if (isNothing(literal)) return ended;
  const members = readMembers(literal);
  if (members === null) return unusable;
  // Without a prototype, `__proto__` is a name like any other.
  const values: Record<string, string> = Object.create(null);
  let isEnd = true;
  for (const [name, member] of members) {
    if (member === 'null' || member === 'false') continue;
    isEnd = false;
    if (!/^[{[]/.test(member)) values[name] = readString(member) ?? member;
  }
  if (isEnd) return ended;
  if (Object.keys(values).length === 0) return unusable;
  return { step: { kind: 'parameters', values }, more: null };
}

function readPageInfo(pagination: Pagination, { literal }: PageToRead): NextReading {
  const path = pagination.nextPath;
  if (path === null) return silent;
  const cursor = literal(`${path}.endCursor`) ?? literal(`${path}.end_cursor`);
  const more = readFlag(literal(`${path}.hasNextPage`) ?? literal(`${path}.has_next_page`));
  if (more === false) return ended;
  if (cursor !== null) {
    if (!isNothing(cursor)) return { ...cursorStep(pagination, readScalar(cursor)), more };
    return more === true ? unusable : ended;
  }
  if (more === true) return unusable;
  // The path may lead to the cursor itself.
  const whole = literal(path);
  if (whole === null || whole.startsWith('{')) return silent;
  return isNothing(whole) ? ended : cursorStep(pagination, readScalar(whole));
}

function cursorStep({ carrier }: Pagination, value: PartValue | null): NextReading {
  if (value === null || (carrier === 'header' && !fitsHeader(value.text))) return unusable;
  const step = { kind: 'cursor', value: value.text } as const;
  return { step: value.isLiteral ? { ...step, literal: true } : step, more: null };
}

/** Where pages are counted, what names the next one is evidence alone. */
function readEvidence(
  pagination: Pagination,
  page: PageToRead,
  links: readonly Link[],
): NextReading {
  if (pagination.nextHeader === 'link' || pagination.totalPagesHeader === 'link') {
    const { step, more } = readLinks(page, links);
    return { step: null, more: step === null ? more : true };
  }
  const literal = literalOfNext(pagination, page);
  if (literal === null) return silent;
  // No number of a next page is 0.
  return isNothing(literal) || literal === '0' ? ended : unusable;
}

/** A header's value is made the literal that it would be in a body. */
function literalOfNext({ nextHeader, nextPath }: Pagination, page: PageToRead): string | null {
  if (nextHeader === null) return nextPath === null ? null : page.literal(nextPath);
  const value = page.headers[nextHeader];
  return value === undefined ? null : JSON.stringify(value.trim());
}
