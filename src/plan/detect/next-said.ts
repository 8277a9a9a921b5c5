/** What a page's body says about the page after it: a URL, a token, a number, or that there is none. */

import { means, squash } from '../names.ts';
import { asFlag, type Field, isBlank, isObject, keysOf } from '../page-fields.ts';
import { type ContinueSaid, readContinue } from '../styles/continue-object.ts';
import { type ListedLink, readLinkless, readListed } from '../styles/link-list.ts';
import { type PageInfoSaid, readPageInfo } from '../styles/page-info-object.ts';
import { isBareQuery } from '../written-url.ts';
import { asCount, distance, isNear, isOfOther, type PageContext } from './numbers-said.ts';

/** What the page says at a path. */
interface Said<Value> {
  readonly path: string;
  readonly value: Value;
}

export interface NextSaid {
  readonly url: Said<string> | null;
  readonly listed: ListedLink | null;
  readonly token: Said<string> | null;
  /** `next_page: 2`, `nextOffset: 25`. */
  readonly number: Said<number> | null;
  /** A field for what comes next that is empty: the end. */
  readonly empty: { readonly path: string; readonly kind: 'url' | 'token' } | null;
  /** Its path is as `Pagination.morePath` has it: `!done` where the field says the opposite. */
  readonly more: Said<boolean> | null;
  readonly continueObject: ContinueSaid | null;
  readonly pageInfo: PageInfoSaid | null;
}

/** Reads what the body says. `start` is the URL that was asked for, to tell links from tokens. */
export function readNext(context: PageContext, start: string): NextSaid {
  const distances = new Map(context.fields.map((it) => [it, distance(it, context.around)]));
  const own = context.fields.filter((field) => !(means.ofNext(field) && isOfOther(field, context)));
  const fields = own.toSorted((a, b) => distances.get(a)! - distances.get(b)!);
  const pageInfo = readPageInfo(fields);
  const open = fields.filter(
    ({ path }) => pageInfo === null || !path.startsWith(`${pageInfo.path}.`),
  );
  // Matrix: a chunk of events, and the token of its end.
  const isChunk = open.some(({ path, value }) => path === 'chunk' && Array.isArray(value));
  const ends = isChunk ? open.filter(({ path }) => path === 'end') : [];
  const texts = [...open.flatMap(textOfNext), ...ends.flatMap(textOf)];
  const isLink = ({ value, field }: TextOfNext): boolean => isUrlLike(value, field, start);
  const links = texts.filter((text) => namesLink(text.field) && isLink(text));
  // Asana's `path` beside `uri` is relative to nothing that the page names.
  const url =
    links.find(({ value }) => /^https?:/i.test(value)) ??
    links[0] ??
    texts.find((text) => means.next(text.field.name) && isLink(text)) ??
    null;
  const echoed = context.params.cursor?.text;
  const tokens = texts.filter(
    (text) =>
      text !== url &&
      !isLink(text) &&
      text.value !== echoed &&
      // A number as text may be a token (HubSpot's `after: "100"`), but not where a page's would stand.
      (asCount(text.value) === null || !namesPosition(text.field)),
  );
  const token = tokens.find(({ field }) => means.ofNext(field)) ?? tokens[0] ?? null;
  // Only a field that is about this list may end it.
  const near = open.filter((field) => isNear(field, context.around));
  return {
    url,
    listed: url === null ? (readListed(near) ?? readLinkless(near, context)) : null,
    token,
    number: readNumber(open),
    empty: readEmpty(near),
    more: readMore(near, token !== null || url !== null),
    continueObject: readContinue(fields),
    pageInfo,
  };
}

/**
 * Whether the flag is about something else than the list, or is the same on all pages, and a phrase where it
 * speaks against the rest of the page. A total, or a number of pages, that says more is the stronger word. A
 * flag that nothing was cut (Datasette's `truncated`) may speak of a query or a text: it says nothing beside a
 * next page, and ends no list whose page is full.
 */
export function idleFlag(
  { more, url, listed, token }: NextSaid,
  page: {
    readonly isLinked: boolean;
    readonly hasToken: boolean;
    readonly saysMore: boolean;
    readonly isFull: boolean;
  },
): { readonly why: readonly string[] } | null {
  if (more === null) return null;
  const name = more.path.replace(/^!/, '');
  if (!more.value && page.saysMore) {
    return {
      why: [`${name} says that nothing follows, and a number that more does, which counts`],
    };
  }
  if (!means.cut(keysOf(more.path)?.at(-1) ?? '')) return null;
  const isLinked = url !== null || listed?.url != null || page.isLinked;
  if (more.value) return isLinked ? { why: [] } : null;
  if (isLinked || token !== null || page.hasToken) {
    return { why: [`${name} is false beside a next page, so it is not about the list`] };
  }
  return page.isFull
    ? { why: [`${name} is false on a full page, which may be about that page`] }
    : null;
}

interface TextOfNext extends Said<string> {
  readonly field: Field;
}

/** The text of a field for what comes next; a number that is neither a page's nor an offset is a token. */
function textOfNext(field: Field): readonly TextOfNext[] {
  const { name, path, value } = field;
  const isText = typeof value === 'string' && value !== '';
  // Elasticsearch sorts by several values, and goes on behind all of them; DynamoDB's keys have members.
  if (Array.isArray(value) || isObject(value)) {
    const isOf = Array.isArray(value) ? means.searchAfter(name) : means.lastKey(name);
    const parts = Object.values(value);
    const isToken = isOf && parts.length > 0 && !(Array.isArray(value) && parts.some(isObject));
    return isToken ? [{ path, value: JSON.stringify(value), field }] : [];
  }
  // Airtable's `offset` is a token where it is no number.
  const isOffset = isText && squash(name) === 'offset' && asCount(value) === null;
  if (!isOffset && !means.next(name) && !means.nextLink(field) && !means.token(field)) return [];
  if (isText) return [{ path, value, field }];
  const isToken = typeof value === 'number' && value > 0 && !namesPosition(field);
  return isToken ? [{ path, value: String(value), field }] : [];
}

function textOf(field: Field): readonly TextOfNext[] {
  const { path, value } = field;
  return typeof value === 'string' && value !== '' ? [{ path, value, field }] : [];
}

/** Names that say a URL stands there. */
function namesLink(field: Field): boolean {
  const { name } = field;
  if (means.nextLink(field)) return true;
  return means.next(name) && /(?:link|url|uri|href|path|records)$/.test(squash(name));
}

/** `nextPage`, `nextOffset`, `next.page`, plain `next`. */
function namesPosition({ name, parent }: Field): boolean {
  const own = squash(name).replace(/^.*next/, '');
  const isPosition = means.page(own) || means.offset(own);
  return means.next(name) ? own === '' || isPosition : means.next(parent) && isPosition;
}

/** Tokens may begin with a slash too (base64), so a path has to look like one. */
export function isUrlLike(value: string, field: Field | null, start: string): boolean {
  if (/^https?:\/\//i.test(value)) return true;
  // Some servers leave spaces in a query as they are; a sentence has them before its question mark.
  if (/\s/.test(value.replace(/\?[^=]+=.*$/s, ''))) return false;
  if (/^\?[^=]+=/.test(value) || isBareQuery(value)) return true;
  if (value.startsWith('/')) {
    if (value.includes('?') || (field !== null && namesLink(field))) return true;
    const first = `/${URL.parse(start)?.pathname.split('/')[1] ?? ''}`;
    return value === first || value.startsWith(`${first}/`);
  }
  return (
    /^[^?=&]*\?[^=]+=/.test(value) || (field !== null && namesLink(field) && /[/?]/.test(value))
  );
}

function readNumber(fields: readonly Field[]): NextSaid['number'] {
  for (const field of fields) {
    const value = asCount(field.value);
    if (value !== null && value > 0 && namesPosition(field)) return { path: field.path, value };
  }
  return null;
}

function readEmpty(fields: readonly Field[]): NextSaid['empty'] {
  const empty = fields.find((field) => isBlank(field.value) && mayBeEmptyNext(field));
  if (empty === undefined) return null;
  const isToken = TOKEN_ENDING.test(squash(empty.name)) || means.token(empty);
  return { path: empty.path, kind: isToken ? 'token' : 'url' };
}

const TOKEN_ENDING = /(?:cursor|token|marker|mark|key|after|id)$/;
const EMPTY_TOKEN = /^(?:endcursor|continue|continuetoken|lastevaluatedkey|resumptiontoken)$/;

/** An empty `cursor` or `after` may be the one that was sent: none, on a first page. */
function mayBeEmptyNext(field: Field): boolean {
  if (means.next(field.name) || means.nextLink(field)) return true;
  return means.next(field.parent) ? means.token(field) : EMPTY_TOKEN.test(squash(field.name));
}

function readMore(fields: readonly Field[], hasNext: boolean): NextSaid['more'] {
  for (const { name, path, value } of fields) {
    const flag = asFlag(value);
    if (flag === null) continue;
    if (means.more(name)) return { path, value: flag };
    // Only names that are used for lists: `complete` may be said of a job.
    if (means.done(name)) return { path: `!${path}`, value: !flag };
    if (means.next(name) && !hasNext && typeof value === 'boolean') return { path, value: flag };
  }
  return null;
}
