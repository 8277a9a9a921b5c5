/** Fixture APIs by the GraphQL Cursor Connections specification. */
import { type Json, readMember } from './api-json.ts';
import type { ApiList } from './api-list.ts';
import { slug, textId, title } from './api-records.ts';
import { indexOfToken, tokenAfter, wholeNumber } from './api-request.ts';
import type { ApiReply, ApiShape } from './api-shape.ts';

/**
 * A connection by the Relay specification, read from the query as far as this fixture needs it: the
 * page size is `first`, and `after` must name a variable, else the first page is given for ever.
 */
function connection(
  body: Json,
  list: ApiList,
): { from: number; records: Json[]; pageInfo: Json; refusal: ApiReply | null } {
  const query = String(readMember(body, 'query') ?? '');
  const first = /\bfirst:\s*(\$?\w+)/.exec(query)?.[1] ?? '';
  const size = first.startsWith('$') ? readMember(body, `variables.${first.slice(1)}`) : first;
  const limit = wholeNumber(size, 0, 1);
  const refuse = (type: string): ApiReply => ({ body: { data: null, errors: [{ type }] } });
  const none = { from: 0, records: [], pageInfo: null };
  if (limit < 1 || limit > 100) return { ...none, refusal: refuse('EXCESSIVE_PAGINATION') };
  const name = /\bafter:\s*\$(\w+)/.exec(query)?.[1];
  const after = name === undefined ? null : readMember(body, `variables.${name}`);
  const from = typeof after === 'string' ? indexOfToken(list, after) : 0;
  if (from === null) return { ...none, refusal: refuse('INVALID_CURSOR_ARGUMENTS') };
  const records = list.slice(from, from + limit);
  const hasNextPage = from + limit < list.length;
  const endCursor = records.length === 0 ? null : tokenAfter(list.idAt(from + records.length - 1));
  return { from, records, pageInfo: { hasNextPage, endCursor }, refusal: null };
}

const REPOSITORIES_QUERY =
  'query($endCursor: String) { organization(login: "acme") { repositories(first: SIZE, after: $endCursor) ' +
  '{ totalCount nodes { id name labels(first: 2) { nodes { name } } } pageInfo { hasNextPage endCursor } } } }';

const githubGraphql: ApiShape = {
  name: 'github-graphql',
  about: 'POST with {query, variables}; pageInfo; errors are 200; at most 100 a page',
  start: () => '/graphql',
  body: (size) => ({
    query: REPOSITORIES_QUERY.replace('SIZE', String(size)),
    variables: { endCursor: null },
  }),
  pageSize: 25,
  recordsPath: 'data.organization.repositories.nodes',
  keyPath: 'id',
  record: (item) => ({
    id: textId('R_kgDO', item),
    name: slug(item),
    labels: { nodes: [{ name: 'late' }, { name: 'open' }] },
  }),
  answer(request, list) {
    const { records, pageInfo, refusal } = connection(request.body, list);
    if (refusal !== null) return refusal;
    const repositories = { totalCount: list.length, nodes: records, pageInfo };
    return { body: { data: { organization: { repositories } } } };
  },
};

const PRODUCTS_QUERY =
  'query Products($cursor: String, $n: Int!) { products(first: $n, after: $cursor) ' +
  '{ edges { cursor node { id title variants(first: 1) { edges { node { id } } pageInfo { hasNextPage endCursor } } } } ' +
  'pageInfo { hasNextPage endCursor } } }';

/** The records' own connections have a pageInfo too, which says that there is more. */
const shopifyGraphql: ApiShape = {
  name: 'shopify-graphql',
  about: 'POST; edges with cursors; each record has a pageInfo of its own; cost in extensions',
  start: () => '/admin/api/2024-10/graphql.json',
  body: (size) => ({ query: PRODUCTS_QUERY, variables: { n: size } }),
  pageSize: 25,
  recordsPath: 'data.products.edges',
  keyPath: 'node.id',
  record: (item) => ({
    cursor: tokenAfter(`gid://shopify/Product/${item.ordinal}`),
    node: {
      id: `gid://shopify/Product/${item.ordinal}`,
      title: title(item),
      variants: {
        edges: [{ node: { id: `gid://shopify/ProductVariant/${item.ordinal}` } }],
        pageInfo: { hasNextPage: true, endCursor: tokenAfter('gid://shopify/ProductVariant/1') },
      },
    },
  }),
  answer(request, list) {
    const { records, pageInfo, refusal } = connection(request.body, list);
    if (refusal !== null) return refusal;
    return {
      body: {
        data: { products: { edges: records, pageInfo } },
        extensions: {
          cost: {
            requestedQueryCost: 12,
            throttleStatus: { maximumAvailable: 2000, currentlyAvailable: 1988, restoreRate: 100 },
          },
        },
      },
    };
  },
};

export const graphqlShapes: readonly ApiShape[] = [githubGraphql, shopifyGraphql];
