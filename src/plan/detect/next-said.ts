/** What a page's body says of the page after it: a URL, a token, a number, or that there is none. */
import { pathOf } from '../../decode/decode.ts';
import { means, squash } from './names.ts';
import { asCount, distance, isNear, type PageContext } from './numbers-said.ts';
import { type Field, isObject } from './page-view.ts';

/** A list of links that is longer describes something else. */
const MAX_LINKS = 50;

/** What the page says at a path. */
interface Said<Value> {
  readonly path: string;
  readonly value: Value;
}

export interface NextSaid {
  readonly url: Said<string> | null;
  /** A list of links (`links: [{ rel, href }]`); the URL is null where none of them is `next`. */
  readonly listed: { readonly path: string; readonly url: string | null } | null;
  readonly token: Said<string> | null;
  /** `next_page: 2`, `nextOffset: 25`. */
  readonly number: Said<number> | null;
  /** A field for what comes next that is empty: the end. */
  readonly empty: { readonly path: string; readonly kind: 'url' | 'token' } | null;
  /** Its path is as `Pagination.morePath` has it: `!done` where the field says the opposite. */
  readonly more: Said<boolean> | null;
  /** `continue: { … }`, whose members are to be sent with the next request. */
  readonly continueObject: { readonly path: string; readonly isThere: boolean } | null;
  readonly pageInfo: {
    readonly path: string;
    readonly hasNext: boolean;
    readonly cursor: string | null;
  } | null;
}

/** Reads what the body says. `start` is the URL that was asked for, to tell links from tokens. */
export function readNext(context: PageContext, start: string): NextSaid {
  const distances = new Map(context.fields.map((it) => [it, distance(it, context.around)]));
  const fields = context.fields.toSorted((a, b) => distances.get(a)! - distances.get(b)!);
  const pageInfo = readPageInfo(fields);
  const open = fields.filter(
    ({ path }) => pageInfo === null || !path.startsWith(`${pageInfo.path}.`),
  );
  const texts = open.flatMap(textOfNext);
  const isLink = ({ value, field }: TextOfNext): boolean => isUrlLike(value, field, start);
  const url =
    texts.find((text) => namesLink(text.field) && isLink(text)) ??
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
  const token =
    tokens.find(({ field }) => means.next(field.name) || means.next(field.parent)) ??
    tokens[0] ??
    null;
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

interface TextOfNext extends Said<string> {
  readonly field: Field;
}

/** The text of a field for what comes next; a number that is neither a page's nor an offset is a token. */
function textOfNext(field: Field): readonly TextOfNext[] {
  const { name, path, value } = field;
  const isText = typeof value === 'string' && value !== '';
  // Airtable's `offset` is a token where it is no number.
  const isOffset = isText && squash(name) === 'offset' && asCount(value) === null;
  if (!isOffset && !means.next(name) && !means.nextLink(field) && !means.token(field)) return [];
  if (isText) return [{ path, value, field }];
  const isToken = typeof value === 'number' && value > 0 && !namesPosition(field);
  return isToken ? [{ path, value: String(value), field }] : [];
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
  if (/^\?[^=]+=/.test(value)) return true;
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
  const isEmpty = (value: unknown): boolean => value === null || value === '' || value === false;
  const empty = fields.find((field) => isEmpty(field.value) && mayBeEmptyNext(field));
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

function asFlag(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value;
  if (value === 'true' || value === 'True') return true;
  return value === 'false' || value === 'False' ? false : null;
}

/** MediaWiki: `continue` while there is more, `batchcomplete` where there is nothing left to merge. */
function readContinue(fields: readonly Field[]): NextSaid['continueObject'] {
  const isScalar = (value: unknown): boolean =>
    typeof value === 'string' || typeof value === 'number';
  const found = fields.find(
    ({ name, value }) =>
      /^(?:query)?continue$/.test(squash(name)) &&
      isObject(value) &&
      Object.values(value).length > 0 &&
      Object.values(value).every(isScalar),
  );
  if (found !== undefined) return { path: found.path, isThere: true };
  const isLast = fields.some(({ path }) => path === 'batchcomplete');
  return isLast ? { path: 'continue', isThere: false } : null;
}

function readPageInfo(fields: readonly Field[]): NextSaid['pageInfo'] {
  for (const { name, path, value } of fields) {
    if (squash(name) !== 'pageinfo' || !isObject(value)) continue;
    const { hasNextPage, endCursor } = value;
    if (typeof hasNextPage !== 'boolean') continue;
    return { path, hasNext: hasNextPage, cursor: typeof endCursor === 'string' ? endCursor : null };
  }
  return null;
}

/** FHIR and others: `link: [{ relation: 'next', url }]`. */
function readListed(fields: readonly Field[]): NextSaid['listed'] {
  for (const { name, path, value } of fields) {
    if (!/^_?links?$/i.test(name) || !Array.isArray(value)) continue;
    let isPaging = false;
    for (const link of value.slice(0, MAX_LINKS)) {
      if (!isObject(link)) continue;
      const relation = link['rel'] ?? link['relation'];
      const url = link['href'] ?? link['url'];
      if (relation === 'next' && typeof url === 'string' && url !== '') return { path, url };
      // Things with only one page have `self` and `first` too.
      isPaging ||= relation === 'prev' || relation === 'previous' || relation === 'last';
    }
    if (isPaging) return { path, url: null };
  }
  return null;
}

/** Links to the first or last page without one to the next, and OData, which must link to the rest. */
function readLinkless(
  fields: readonly Field[],
  { params, count }: PageContext,
): NextSaid['listed'] {
  const asked = params.size?.number ?? null;
  // With `$top` it was the client that limited the list.
  const isCut = asked !== null && (count ?? 0) >= asked;
  for (const { name, keys, value } of fields) {
    if (/^_?links$/i.test(name) && isObject(value) && !('next' in value)) {
      const isPaging = ['first', 'last', 'prev', 'previous'].some((rel) => rel in value);
      if (isPaging) return { path: pathOf([...keys, 'next']), url: null };
    }
    const isOData = name === '@odata.context' || name === '@odata.deltaLink';
    const isCollection = fields.some(
      (other) => other.path === 'value' && Array.isArray(other.value),
    );
    if (isOData && keys.length === 1 && isCollection && !isCut) {
      return { path: pathOf(['@odata.nextLink']), url: null };
    }
  }
  return null;
}
