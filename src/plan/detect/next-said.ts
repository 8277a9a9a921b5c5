/** What a page's body says of the page after it: a URL, a token, a number, or that there is none. */
import { pathOf } from '../../decode/decode.ts';
import {
  namesDone,
  namesLinkUnder,
  namesMore,
  namesNext,
  namesOffset,
  namesPage,
  namesToken,
  squash,
} from './names.ts';
import { asCount, distance, isNear, type PageContext } from './numbers-said.ts';
import { type Field, isObject } from './page-view.ts';

/** A list of links that is longer describes something else. */
const MAX_LINKS = 50;

export interface SaidText {
  readonly path: string;
  readonly value: string;
  readonly field: Field;
}

export interface SaidFlag {
  /** As `Pagination.morePath`: `!done` where the field says the opposite. */
  readonly path: string;
  readonly value: boolean;
}

export interface NextSaid {
  readonly url: SaidText | null;
  /** A list of links (`links: [{ rel, href }]`); the URL is null where none of them is `next`. */
  readonly listed: { readonly path: string; readonly url: string | null } | null;
  readonly token: SaidText | null;
  /** `next_page: 2`, `nextOffset: 25`. */
  readonly number: { readonly path: string; readonly value: number; readonly field: Field } | null;
  /** A field for what comes next that is empty: the end. */
  readonly empty: { readonly path: string; readonly kind: 'url' | 'token' } | null;
  readonly more: SaidFlag | null;
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
  const fields = [...context.fields];
  const distances = new Map(fields.map((field) => [field, distance(field, context.around)]));
  fields.sort((a, b) => distances.get(a)! - distances.get(b)!);
  const pageInfo = readPageInfo(fields);
  const isOpen = (field: Field): boolean =>
    pageInfo === null || !field.path.startsWith(`${pageInfo.path}.`);
  const open = fields.filter(isOpen);
  const texts = open.flatMap((field): SaidText[] => {
    const { value, path } = field;
    if (!isAfter(field) || value === '') return [];
    if (typeof value === 'string') return [{ path, value, field }];
    // A number that is neither a page's nor an offset is a token: the last id.
    const isToken = typeof value === 'number' && value > 0 && !namesPosition(field);
    return isToken ? [{ path, value: String(value), field }] : [];
  });
  const isLink = ({ value, field }: SaidText): boolean => isUrlLike(value, field, start);
  const url =
    texts.find((text) => namesLink(text.field) && isLink(text)) ??
    texts.find((text) => namesNext(text.field.name) && isLink(text)) ??
    null;
  // Only what speaks of this list may end it.
  const near = open.filter((field) => isNear(field, context.around));
  const echoed = context.params.cursor?.text;
  const rest = texts.filter((text) => text !== url && !isLink(text) && text.value !== echoed);
  // A number as text may be a token (HubSpot's `after: "100"`), but not where a page's would stand.
  const tokens = rest.filter(
    ({ value, field }) => asCount(value) === null || !namesPosition(field),
  );
  const token =
    tokens.find(({ field }) => namesNext(field.name) || namesNext(field.parent)) ??
    tokens[0] ??
    null;
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

function isAfter({ name, parent, value }: Field): boolean {
  if (namesNext(name) || namesLinkUnder(name, parent) || namesToken(name, parent)) return true;
  // Airtable's `offset` is a token where it is no number.
  return squash(name) === 'offset' && typeof value === 'string' && asCount(value) === null;
}

/** Names that say a URL stands there. */
function namesLink({ name, parent }: Field): boolean {
  if (namesLinkUnder(name, parent)) return true;
  return namesNext(name) && /(?:link|url|uri|href|path|records)$/.test(squash(name));
}

/** `nextPage`, `nextOffset`, `next.page`, plain `next`. */
function namesPosition({ name, parent }: Field): boolean {
  const own = squash(name).replace(/^.*next/, '');
  if (!namesNext(name)) return namesNext(parent) && (namesPage(own) || namesOffset(own));
  return own === '' || namesPage(own) || namesOffset(own);
}

/** Tokens may begin with a slash too (base64), so a path has to look like one. */
export function isUrlLike(value: string, field: Field | null, start: string): boolean {
  if (/\s/.test(value)) return false;
  if (/^https?:\/\//i.test(value)) return true;
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
    if (value !== null && value > 0 && namesPosition(field)) {
      return { path: field.path, value, field };
    }
  }
  return null;
}

function readEmpty(fields: readonly Field[]): NextSaid['empty'] {
  const empty = fields.find(({ name, parent, value }) => {
    if (value !== null && value !== '' && value !== false) return false;
    return namesNext(name) || namesLinkUnder(name, parent) || namesEmptyToken(name, parent);
  });
  if (empty === undefined) return null;
  const isToken = TOKEN_ENDING.test(squash(empty.name)) || namesToken(empty.name, empty.parent);
  return { path: empty.path, kind: isToken ? 'token' : 'url' };
}

const TOKEN_ENDING = /(?:cursor|token|marker|mark|key|after|id)$/;

/** An empty `cursor` or `after` may be the one that was sent: none, on a first page. */
function namesEmptyToken(name: string, parent: string): boolean {
  if (namesNext(parent)) return namesToken(name, parent);
  return /^(?:endcursor|continue|continuetoken|lastevaluatedkey|resumptiontoken)$/.test(
    squash(name),
  );
}

function readMore(fields: readonly Field[], hasNext: boolean): SaidFlag | null {
  for (const { name, path, value } of fields) {
    const flag = asFlag(value);
    if (flag === null) continue;
    if (namesMore(name)) return { path, value: flag };
    // `complete` and the like of a job say nothing; these are said of lists.
    if (namesDone(name)) return { path: `!${path}`, value: !flag };
    if (namesNext(name) && !hasNext && typeof value === 'boolean') return { path, value: flag };
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
      // `self` and `first` stand on things that have but one page as well.
      isPaging ||= relation === 'prev' || relation === 'previous' || relation === 'last';
    }
    if (isPaging) return { path, url: null };
  }
  return null;
}

/** Links to the first or last page and none to the next; OData, which has to link to what is left. */
function readLinkless(
  fields: readonly Field[],
  { params, count }: PageContext,
): NextSaid['listed'] {
  const asked = params.size?.number ?? null;
  // `$top` is an end of the client's own making.
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
