import { type Json, readMember } from '../../src/demo/api-json.ts';
import { type Asked, type ReadPage, withParam } from './api-client.ts';

type Step = (page: ReadPage, asked: Asked, readSoFar: number) => Asked | null;

const text = (value: Json): string | null =>
  typeof value === 'string' && value !== '' ? value : null;

/** As far as these fixtures need it: commas within `<…>`, quoted or bare relations, several in one. */
const linkNext: Step = (page) => {
  const link = page.headers.get('link') ?? '';
  for (const [, target, parameters] of link.matchAll(
    /<([^>]*)>((?:\s*;\s*[^\s=]+\s*=\s*(?:"(?:\\.|[^"\\])*"|[^\s",;]*))*)/g,
  )) {
    const rel = /(?:^|;)\s*rel\s*=\s*(?:"([^"]*)"|([^\s",;]+))/i.exec(parameters ?? '');
    const relations = (rel?.[1] ?? rel?.[2] ?? '').split(/\s+/);
    if (relations.includes('next')) return { url: new URL(target ?? '', page.url).href };
  }
  return null;
};

const nextUrl =
  (path: string): Step =>
  (page) => {
    const next = text(member(page.body, path));
    return next === null ? null : { url: new URL(next, page.url).href };
  };

/** Like readMember, with `\.` for a dot in a name. */
function member(body: Json, path: string): Json {
  const names = path.replaceAll('\\.', '\0').split('.');
  return names.reduce<Json>((value, name) => {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, Json>)[name.replaceAll('\0', '.')] : undefined;
  }, body);
}

const token =
  (path: string, param: string): Step =>
  (page, asked) => {
    const next = text(member(page.body, path));
    return next === null ? null : { url: withParam(asked.url, param, next) };
  };

/** The same token again is the end. */
const mark =
  (path: string, param: string): Step =>
  (page, asked) => {
    const next = text(member(page.body, path));
    const isEnd = next === null || new URL(asked.url).searchParams.get(param) === next;
    return isEnd ? null : { url: withParam(asked.url, param, next) };
  };

const bodyToken =
  (path: string, param: string): Step =>
  (page, asked) => {
    const next = text(member(page.body, path));
    return next === null ? null : { ...asked, body: { ...(asked.body as object), [param]: next } };
  };

/** From `first`, until an empty page or, where there are totals, the last one. */
const pages =
  (param: string, start: number, total?: (page: ReadPage) => number): Step =>
  (page, asked) => {
    const number = Number(new URL(asked.url).searchParams.get(param) ?? start);
    const isLast =
      total === undefined ? page.records.length === 0 : number + 1 - start >= total(page);
    return isLast ? null : { url: withParam(asked.url, param, number + 1) };
  };

const offset =
  (param: string, total?: string): Step =>
  (page, asked, read) => {
    const isLast =
      total === undefined ? page.records.length === 0 : read >= Number(member(page.body, total));
    return isLast ? null : { url: withParam(asked.url, param, read) };
  };

const lastKey =
  (param: string, hasMore: (page: ReadPage) => boolean): Step =>
  (page, asked) =>
    page.lastKey === null || !hasMore(page)
      ? null
      : { url: withParam(asked.url, param, page.lastKey) };

const relay =
  (path: string, variable: string): Step =>
  (page, asked) => {
    if (readMember(page.body, `${path}.hasNextPage`) !== true) return null;
    const body = asked.body as Record<string, Json>;
    const variables = {
      ...(body['variables'] as object),
      [variable]: readMember(page.body, `${path}.endCursor`),
    };
    return { ...asked, body: { ...body, variables } };
  };

/** The whole object into the first request's parameters. */
function continueObject(start: string): Step {
  return (page) => {
    const values = readMember(page.body, 'continue');
    if (values === undefined) return null;
    return {
      url: Object.entries(values as Record<string, Json>).reduce(
        (url, [name, value]) => withParam(url, name, String(value)),
        start,
      ),
    };
  };
}

const contentRange: Step = (page, asked, read) => {
  const total = Number(page.headers.get('content-range')?.split('/')[1]);
  return read >= total ? null : { ...asked, headers: { range: `items=${read}-${read + 24}` } };
};

const searchAfter: Step = (page, asked) => {
  const last = page.records.at(-1);
  if (last === undefined) return null;
  return { ...asked, body: { ...(asked.body as object), search_after: readMember(last, 'sort') } };
};

const headerNumber =
  (name: string) =>
  (page: ReadPage): number =>
    Number(page.headers.get(name));

/** For each API, how its documentation says to go on; given the start URL. */
export const steps: Readonly<Record<string, (start: string) => Step>> = {
  github: () => linkNext,
  gitlab: () => linkNext,
  'gitlab-keyset': () => linkNext,
  shopify: () => linkNext,
  'link-grammar': () => linkNext,
  'link-unquoted': () => linkNext,
  pokeapi: () => nextUrl('next'),
  django: () => nextUrl('next'),
  graph: () => nextUrl('@odata\\.nextLink'),
  'graph-delta': () => nextUrl('@odata\\.nextLink'),
  salesforce: () => nextUrl('nextRecordsUrl'),
  zendesk: () => nextUrl('links.next'),
  laravel: () => nextUrl('next_page_url'),
  hal: () => nextUrl('_links.next.href'),
  jsonapi: () => nextUrl('links.next'),
  wordpress: () => pages('page', 1, headerNumber('x-wp-totalpages')),
  camel: () => pages('pageIndex', 0, (page) => Number(member(page.body, 'pageInfo.totalPages'))),
  'strange-page': () => pages('pageNo', 0, (page) => Number(member(page.body, 'pages'))),
  plain: () => pages('page', 1),
  clamped: () => pages('page', 1),
  'jira-offset': () => offset('startAt', 'total'),
  socrata: () => offset('$offset'),
  ckan: () => offset('start', 'result.count'),
  'npm-search': () => offset('from', 'total'),
  'elasticsearch-from': () => offset('from', 'hits.total.value'),
  'offset-only': () => offset('skip', 'count'),
  couchdb: () => offset('skip', 'total_rows'),
  range: () => contentRange,
  slack: () => token('response_metadata.next_cursor', 'cursor'),
  hubspot: () => token('paging.next.after', 'after'),
  jira: () => token('nextPageToken', 'nextPageToken'),
  openalex: () => token('meta.next_cursor', 'cursor'),
  crossref: () => mark('message.next-cursor', 'cursor'),
  solr: () => mark('nextCursorMark', 'cursorMark'),
  europepmc: () => mark('nextCursorMark', 'cursorMark'),
  airtable: () => token('offset', 'offset'),
  google: () => token('nextPageToken', 'pageToken'),
  nested: () => token('payload.result.meta.nextToken', 'nextToken'),
  'nested-parent': () => token('payload.meta.marker', 'meta[marker]'),
  'nested-dollar': () => token('skipToken', '$skipToken'),
  'header-cursor': () => (page, asked) => {
    const next = page.headers.get('x-next-cursor');
    return next === null ? null : { url: withParam(asked.url, 'cursor', next) };
  },
  mediawiki: continueObject,
  notion: () => bodyToken('next_cursor', 'start_cursor'),
  aws: () => bodyToken('NextToken', 'NextToken'),
  stripe: () => lastKey('starting_after', (page) => member(page.body, 'has_more') === true),
  discord: () => lastKey('before', () => true),
  'since-id': () => lastKey('since_id', () => true),
  elasticsearch: () => searchAfter,
  'github-graphql': () => relay('data.organization.repositories.pageInfo', 'endCursor'),
  'shopify-graphql': () => relay('data.products.pageInfo', 'cursor'),
  'spring-page': () => pages('page', 0),
  'spring-slice': () => pages('page', 0),
  'last-key': () => token('body.lastKey', 'exclusiveStartKey'),
  'pagination-object': () =>
    pages('page', 1, (page) => Number(member(page.body, 'pagination.pageCount'))),
  'rel-links': () => (page) => {
    const links = member(page.body, 'meta.links') as { rel: string; href: string }[];
    const next = links.find(({ rel }) => rel === 'next');
    return next === undefined ? null : { url: new URL(next.href, page.url).href };
  },
  'next-href': () => nextUrl('paging.next.href'),
  'snake-deep': () => pages('current_page', 1),
  'skip-take': () => offset('Skip', 'Result.TotalCount'),
  'header-token': () => (page, asked) => {
    const next = page.headers.get('x-continuation-token');
    return next === null ? null : { url: withParam(asked.url, 'continuationToken', next) };
  },
  'header-pages': () => pages('page', 1),
  'jsonapi-number': () => nextUrl('links.next.href'),
  'start-end': () => (page, asked, read) =>
    page.records.length === 0 ? null : { url: withParam(asked.url, 'startIndex', read + 1) },
  'cursor-pair': () => (page, asked) =>
    member(page.body, 'list.cursors.hasNext') === true
      ? { url: withParam(asked.url, 'after', String(member(page.body, 'list.cursors.after'))) }
      : null,
  'next-page-number': () => token('payload.nextPage', 'pageNum'),
  'last-seq': () => lastKey('since', () => true),
  single: () => () => null,
  'single-total': () => () => null,
};

/** These cannot be read whole, or not in one go, which is what they are for. */
export const unreadable: readonly string[] = [
  'ambiguous',
  'expiring-cursor',
  'loop',
  'self-next',
  'sliced',
];
