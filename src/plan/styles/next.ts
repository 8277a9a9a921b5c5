import type { PageInfo } from '../../core/page-info.ts';
import type { PageRequest } from '../../core/page-request.ts';
import type { Pagination } from '../../core/pagination.ts';
import { type Facts, saysMore, sourceOf } from '../detect/facts.ts';
import { found, type Shown } from '../detect/page-view.ts';
import { isNothing, readJson, readString } from '../literal.ts';
import { isWordForNothing } from '../no-next.ts';
import type { UnplacedRequest } from '../request-parts.ts';
import { raiseScheme, resolveUrl } from '../written-url.ts';
import { stepOfUrl, stepped } from './counted.ts';
import {
  ended,
  literalOfNext,
  type NextReading,
  type PageToRead,
  silent,
  unusable,
  urlStep,
} from './page-reading.ts';
import { type ChainStyle, firstRequest, unplaced } from './style.ts';

/** The next page's URL in the body, or in a header of the API's own. */
export const next: ChainStyle = {
  kind: 'chain',
  docs: {
    evidence: 'a URL in the body: `next`, `links.next`, `@odata.nextLink`',
    flags: '`--next-path`',
  },
  mayBeCounted: true,
  first: firstRequest,
  next: followUrl,
  readNext: readUrl,
  detect: detectUrl,
  readUsual: ({ next: said }) => ({
    nextPath: said.url?.path ?? said.listed?.path ?? said.empty?.path ?? 'next',
  }),
};

/**
 * The URL that a page names, taken as it is, with the start's method, body and headers: an API that
 * lists by POST wants its next link asked for by POST too.
 */
export function followUrl(
  _pagination: Pagination,
  start: PageRequest,
  _previous: PageRequest,
  pageInfo: PageInfo,
): UnplacedRequest | null {
  if (pageInfo.next?.kind !== 'url') return null;
  return { ...unplaced(start), url: raiseScheme(pageInfo.next.url, start.url) };
}

function readUrl(pagination: Pagination, page: PageToRead): NextReading {
  const literal = literalOfNext(pagination, page);
  if (literal === null) return silent;
  if (isNothing(literal)) return ended;
  if (literal.startsWith('[')) return readLinkList(literal, page);
  const inner = literal.startsWith('{') ? literalOfLink(pagination, page) : literal;
  if (inner !== null && isNothing(inner)) return ended;
  const text = readString(inner);
  // No URL is made of it: the plan decides whether it means that nothing follows.
  if (text !== null && isWordForNothing(text)) {
    return { step: { kind: 'cursor', value: text }, more: null };
  }
  return urlStep(text, page);
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
    if ((entry.rel ?? entry.relation) === 'next') return urlStep(entry.href ?? entry.url, page);
  }
  return ended;
}

function detectUrl(facts: Facts): Shown | null {
  const { next: said, params, base, view, count, numbers } = facts;
  const path = said.url?.path ?? said.listed?.path ?? null;
  const text = said.url?.value ?? said.listed?.url ?? null;
  const url = text === null ? null : resolveUrl(text, view.request.url);
  if (url !== null && path !== null) {
    const evidence = [`${path} holds a URL`];
    const step = view.request.method === 'GET' ? stepOfUrl(view.request.url, url, count) : null;
    const known = numbers.totalPages ?? numbers.total;
    if (step === null || known === null) {
      return found({ ...base, style: 'next', nextPath: path }, evidence, false);
    }
    evidence[0] += ` that counts on in ${step.param}`;
    evidence.push(`${sourceOf(known)} says ${known.value}`);
    return found(stepped(facts, step, { nextPath: path }), evidence, false);
  }
  if (said.token !== null || said.number !== null || saysMore(facts)) return null;
  if (params.page !== null || params.offset !== null || params.cursor !== null) return null;
  const end = said.empty?.kind === 'url' ? said.empty.path : (said.listed?.path ?? null);
  if (end === null || said.empty?.kind === 'token') return null;
  return found({ ...base, style: 'next', nextPath: end }, [`${end} names no next page`], true);
}
