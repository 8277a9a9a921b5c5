import type { PageInfo } from '../../core/page-info.ts';
import type { PageRequest } from '../../core/page-request.ts';
import { noPagination, type Pagination } from '../../core/pagination.ts';
import { isSecretHeader } from '../../core/redact.ts';
import { pathOf } from '../../decode/decode.ts';
import { type Facts, saysMore, sourceOf } from '../detect/facts.ts';
import { isNear } from '../detect/numbers-said.ts';
import { found, linkingPage, type PageView, type Shown, trial } from '../detect/page-view.ts';
import {
  isNothing,
  readElements,
  readJson,
  readMembers,
  readScalar,
  readString,
} from '../literal.ts';
import { isWordForNothing } from '../no-next.ts';
import { isObject, keysOf, listFields, valueAt } from '../page-fields.ts';
import { mergeParameters, readQuery } from '../query-parameter.ts';
import { setBodyMember, setHeader, type UnplacedRequest } from '../request-parts.ts';
import { atOriginOf, isBareQuery, raiseScheme, underBase } from '../written-url.ts';
import { rivalCandidates, rivalOf, stepOfUrl, stepped } from './counting-link.ts';
import {
  ended,
  type LinkingPage,
  literalOfNext,
  type NextReading,
  silent,
  unusable,
  urlStep,
} from './page-reading.ts';
import { type ChainStyle, firstRequest } from './style.ts';

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
  candidates(facts) {
    const { path, url } = linkOf(facts);
    if (url === null || path === null) return [];
    return rivalCandidates(facts, url, { ...facts.base, style: 'next', nextPath: path });
  },
  readUsual: ({ next: said }) => ({
    nextPath: said.url?.path ?? said.listed?.path ?? said.empty?.path ?? 'next',
  }),
};

/**
 * The URL that a page names, taken as it is, with the start's method, body and headers: an API that
 * lists by POST wants its next link asked for by POST too.
 */
export function followUrl(
  pagination: Pagination,
  start: PageRequest,
  _previous: PageRequest,
  pageInfo: PageInfo,
): UnplacedRequest | null {
  if (pageInfo.next?.kind !== 'url') return null;
  const { send, url } = pageInfo.next;
  // A page size stands in the body, or in the URL, which the link states again.
  const asked = firstRequest(pagination, start);
  const linked = { ...asked, url: ownUrl(pagination, url, start.url) };
  if (send === undefined) return linked;
  const headers = send.headers === undefined ? {} : { ...asked.headers, ...send.headers };
  const own = send.headers === undefined ? linked : { ...linked, headers };
  if (send.method === 'GET') return { ...own, method: 'GET', body: null };
  // A list that is read by GET is never gone on with by a request that may change something.
  if (start.method !== 'POST') return null;
  const body = send.merges ? mergedBody(asked.body, send.body) : bytesOf(send.body, asked.body);
  return body === null ? null : { ...own, body };
}

/** The URL of a link as the run follows it. */
export function ownUrl({ sameOrigin }: Pagination, url: string, start: string): string {
  return sameOrigin === true ? atOriginOf(url, start) : raiseScheme(url, start);
}

function bytesOf(body: string | null, otherwise: Uint8Array | null): Uint8Array | null {
  return body === null ? otherwise : Buffer.from(body);
}

/** The start's body with the members of the link's: those stand in it at the top (STAC API, item search). */
function mergedBody(start: Uint8Array | null, body: string | null): Uint8Array | null {
  let merged = start;
  for (const [name, literal] of readMembers(body ?? '{}') ?? []) {
    const path = pathOf([name]);
    merged = setBodyMember(merged, path, literal);
    if (merged === null) return null;
  }
  return merged;
}

function readUrl(pagination: Pagination, page: LinkingPage): NextReading {
  const literal = literalOfNext(pagination, page);
  if (literal === null) return silent;
  if (isNothing(literal)) return ended;
  if (literal.startsWith('[')) return readLinkList(literal, page);
  if (literal.startsWith('{')) return readLink(literal, pagination.nextPath, page);
  return readTarget(readString(literal), pagination.nextPath, page);
}

function readTarget(target: string | null, path: string | null, page: LinkingPage): NextReading {
  if (target === null) return unusable;
  // No URL is made of it: the plan decides whether it means that nothing follows.
  if (isWordForNothing(target)) return { step: { kind: 'cursor', value: target }, more: null };
  if (isBareQuery(target)) {
    return urlStep(mergeParameters(page.url, Object.fromEntries(readQuery(`?${target}`))), page);
  }
  return urlStep(underBase(target, statedBase(path, page), page.url), page);
}

/** `[{"rel": "next", "href": …}, …]`, as FHIR and others write their links. */
function readLinkList(literal: string, page: LinkingPage): NextReading {
  if (readJson(literal) === null) return unusable;
  for (const element of readElements(literal)) {
    const members = readMembers(element);
    const relation = readJson(members?.get('rel') ?? members?.get('relation') ?? 'null');
    if ([relation].flat().includes('next')) return readLink(element, null, page);
  }
  return ended;
}

/** `{"href": …}`, `{"url": …}`; STAC says beside it how it is to be asked for. */
function readLink(literal: string, path: string | null, page: LinkingPage): NextReading {
  const members = readMembers(literal);
  const target = members?.get('href') ?? members?.get('url') ?? members?.get('uri') ?? null;
  if (members === null || target === null) return unusable;
  if (isNothing(target)) return ended;
  const reading = readTarget(readString(target), path, page);
  const body = members.get('body') ?? null;
  const method = readString(members.get('method') ?? null)?.toUpperCase() ?? null;
  const headers = sentHeaders(members.get('headers') ?? null);
  const isPlain = method === null && isNothing(body) && headers === null;
  if (reading.step?.kind !== 'url' || isPlain) return reading;
  const isBody = isNothing(body) || body!.startsWith('{');
  const by = method ?? (isNothing(body) ? 'GET' : 'POST');
  if (!isBody || (by !== 'GET' && by !== 'POST')) return unusable;
  const merges = members.get('merge') === 'true';
  const send = { method: by, body: isNothing(body) ? null : body, merges } as const;
  const all = headers === null ? send : { ...send, headers };
  return { ...reading, step: { ...reading.step, send: all } };
}

/** What the connection and the body say about themselves is not for a page to set. */
const OWN_HEADER =
  /^(?:host|connection|keep-alive|content-.*|transfer-encoding|te|trailer|upgrade|expect|accept-encoding)$/;

/** The headers that a link names, as STAC's may; a credential goes only where the user gives it. */
function sentHeaders(literal: string | null): Readonly<Record<string, string>> | null {
  let headers: Readonly<Record<string, string>> = {};
  for (const [name, member] of readMembers(literal ?? '{}') ?? []) {
    const lower = name.toLowerCase();
    const value = readScalar(member);
    const isField = /^[-!#$%&'*+.^_`|~0-9a-z]+$/.test(lower);
    if (value === null || !isField || OWN_HEADER.test(lower) || isSecretHeader(lower)) continue;
    headers = setHeader(headers, lower, value.text) ?? headers;
  }
  return Object.keys(headers).length === 0 ? null : headers;
}

/** The base that the page states beside its next link, or beside the object that holds it. */
function statedBase(path: string | null, { literal }: LinkingPage): string | null {
  const keys = path === null ? [] : (keysOf(path) ?? []);
  for (const depth of [1, 2]) {
    if (keys.length < depth) return null;
    const base = readString(literal(pathOf([...keys.slice(0, -depth), 'base'])));
    if (base !== null) return base;
  }
  return null;
}

/** Where the page links to the next one. */
function linkOf(facts: Facts): { readonly path: string | null; readonly url: string | null } {
  const { next: said, base, view } = facts;
  const path =
    said.url === null
      ? (said.listed?.path ?? pathOfStep(facts))
      : pathOfLink(view.json, said.url.path);
  const named = path === null ? null : urlAt(view, path);
  return { path, url: named === null ? null : ownUrl(base, named, view.request.url) };
}

function detectUrl(facts: Facts): Shown | null {
  const { next: said, params, base, view, count, numbers } = facts;
  const { path, url } = linkOf(facts);
  if (url !== null && path !== null) {
    const evidence = [`${path} holds a URL`];
    const rival = rivalOf(facts, url);
    if (rival !== null) return trial([`${evidence[0]}, which leaves ${rival.name} as it is`]);
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

/** These may lead a step on where there are two pages. */
const OTHER_PAGES = /^@?_?(?:first|last|prev(?:ious)?|self|current|canonical|href|end)/i;

/** A link whose name is in no table, but that does nothing else than to count on by a page (`@nasta_sida`). */
function pathOfStep({ view, records, count, headers, next }: Facts): string | null {
  const isOpen = headers.next === null && next.token === null && next.pageInfo === null;
  if (!isOpen || records === null || count === 0 || view.request.method !== 'GET') return null;
  const step = listFields(view.json).find(
    (field) =>
      typeof field.value === 'string' &&
      /^(?:https?:\/\/|[/?])\S*[?&]/i.test(field.value) &&
      !field.keys.some((key) => OTHER_PAGES.test(key)) &&
      isNear(field, records.around) &&
      leadsOn(stepOfUrl(view.request.url, urlAt(view, field.path) ?? '', count)),
  );
  return step?.path ?? null;
}

/** Page 1 is more often this page than the one after page 0. */
function leadsOn(step: ReturnType<typeof stepOfUrl>): boolean {
  return step !== null && (step.style === 'offset' || step.first > 0);
}

/** Where the URL stands in an object that says how it is to be asked for, the path to that object. */
function pathOfLink(json: unknown, path: string): string {
  const keys = (keysOf(path) ?? []).slice(0, -1);
  if (keys.length === 0) return path;
  const holder = valueAt(json, pathOf(keys));
  return isObject(holder) && ['method', 'body', 'headers'].some((name) => name in holder)
    ? pathOf(keys)
    : path;
}

/** Where a page's link leads, as the pages behind it are read. */
function urlAt(view: PageView, path: string): string | null {
  const { step } = readUrl({ ...noPagination, nextPath: path }, linkingPage(view));
  return step?.kind === 'url' ? step.url : null;
}
