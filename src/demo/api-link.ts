/** Fixture APIs whose Link header says what comes next. */

import type { ApiList } from './api-list.ts';
import { bigId, createdText, personName, slug, smallId, textId, title } from './api-records.ts';
import { linkHeader, sizeAsked, sliceAfterToken, urlWith, wholeNumber } from './api-request.ts';
import { type ApiReply, type ApiRequest, type ApiShape, Refusal } from './api-shape.ts';

/** Every list of GitHub's is clamped to 100, and its links lead to the list's numbered path. */
const github: ApiShape = {
  name: 'github',
  about: 'Link header with rel="last"; per_page above 100 is clamped; links lead to another path',
  start: (size) => `/orgs/acme/repos?per_page=${size}`,
  otherPaths: /^\/organizations\/4417\/repos$/,
  pageSize: 30,
  recordsPath: '@',
  keyPath: 'id',
  record: (item) => ({
    id: smallId(item),
    name: slug(item),
    private: false,
    owner: { login: 'acme', id: 4417 },
    topics: item.ordinal % 3 === 0 ? ['http', 'json'] : [],
    created_at: createdText(item),
  }),
  answer(request, list) {
    const size = sizeAsked(request, 'per_page', 30);
    const page = wholeNumber(request.query.get('page'), 1, 1);
    const last = Math.max(1, Math.ceil(list.length / size));
    const to = (number: number) => urlWith(request, { page: number }, '/organizations/4417/repos');
    return {
      headers: {
        ...linkHeader([
          ['prev', page > 1 ? to(page - 1) : null],
          ['next', page < last ? to(page + 1) : null],
          ['last', page < last ? to(last) : null],
          ['first', page > 1 ? to(1) : null],
        ]),
        'x-ratelimit-limit': '5000',
        'x-ratelimit-remaining': '4999',
      },
      body: list.slice((page - 1) * size, page * size),
    };
  },
};

const project: Pick<ApiShape, 'recordsPath' | 'keyPath' | 'record' | 'pageSize'> = {
  pageSize: 20,
  recordsPath: '@',
  keyPath: 'id',
  record: (item) => ({
    id: smallId(item),
    path_with_namespace: `acme/${slug(item)}`,
    created_at: createdText(item),
    namespace: { id: 12, kind: 'group' },
  }),
};

const gitlab: ApiShape = {
  ...project,
  name: 'gitlab',
  about: 'Link header and x-total; no totals above 10,000 records; offset 50,000 is the end',
  start: (size) => `/api/v4/projects?per_page=${size}`,
  ceiling: 50_000,
  answer(request, list) {
    const size = sizeAsked(request, 'per_page', 20);
    const page = wholeNumber(request.query.get('page'), 1, 1);
    if (page * size > request.ceiling) {
      const error = `Offset pagination has a maximum allowed offset of ${request.ceiling}`;
      throw new Refusal(405, { error });
    }
    const pages = Math.max(1, Math.ceil(list.length / size));
    const isCounted = list.length <= 10_000;
    const to = (number: number) => urlWith(request, { page: number, per_page: size });
    const totals = { 'x-total': `${list.length}`, 'x-total-pages': `${pages}` };
    return {
      headers: {
        ...linkHeader([
          ['prev', page > 1 ? to(page - 1) : null],
          ['next', page < pages ? to(page + 1) : null],
          ['first', to(1)],
          ['last', isCounted ? to(pages) : null],
        ]),
        ...(isCounted ? totals : {}),
        'x-page': `${page}`,
        'x-per-page': `${size}`,
        'x-next-page': page < pages ? `${page + 1}` : '',
        'x-prev-page': page > 1 ? `${page - 1}` : '',
        'ratelimit-limit': '2000',
        'ratelimit-remaining': '1999',
      },
      body: list.slice((page - 1) * size, page * size),
    };
  },
};

const gitlabKeyset: ApiShape = {
  ...project,
  name: 'gitlab-keyset',
  about: 'Link header with the last id in it; no totals at all',
  start: (size) => `/api/v4/projects?pagination=keyset&order_by=id&sort=asc&per_page=${size}`,
  answer(request, list) {
    const size = sizeAsked(request, 'per_page', 20);
    const last = request.query.get('id_after');
    const from = last === null ? 0 : list.after(last);
    if (from === null) throw new Refusal(400, { error: 'id_after is invalid' });
    const to = Math.min(list.length, from + size);
    const next = to < list.length ? urlWith(request, { id_after: list.idAt(to - 1) }) : null;
    return { headers: linkHeader([['next', next]]), body: list.slice(from, to) };
  },
};

/** https://shopify.dev/docs/api/usage/pagination-rest: only limit and fields go with page_info. */
const shopify: ApiShape = {
  name: 'shopify',
  about: 'Link header with page_info, which stands for the whole request and cannot be edited',
  start: (size) => `/admin/api/2024-10/products.json?limit=${size}&status=active`,
  pageSize: 50,
  recordsPath: 'products',
  keyPath: 'id',
  record: (item) => ({
    id: bigId(item),
    title: title(item),
    variants: [{ id: 70_000 + item.ordinal, price: '12.50' }],
    created_at: createdText(item),
  }),
  answer(request, list) {
    const size = sizeAsked(request, 'limit', 50, 250);
    const token = request.query.get('page_info');
    const others = [...request.query.keys()].filter((it) => !/^(limit|page_info|fields)$/.test(it));
    if (token !== null && others.length > 0) {
      const reason = `${others[0]} cannot be passed when page_info is present.`;
      throw new Refusal(400, { errors: { page_info: reason } });
    }
    const page = sliceAfterToken(
      list,
      token,
      size,
      new Refusal(400, { errors: { page_info: 'Invalid value.' } }),
    );
    const next =
      page.next === null ? null : urlWith(request, { page_info: page.next, status: null });
    return {
      headers: { ...linkHeader([['next', next]]), 'x-shopify-shop-api-call-limit': '1/40' },
      body: { products: page.records },
    };
  },
};

/** RFC 8288 §3: everything its grammar allows and no simple pattern reads. */
const linkGrammar: ApiShape = {
  name: 'link-grammar',
  about: 'Link header with unquoted and several relations, commas in URLs and relative targets',
  start: (size) => `/v1/parts?ids=1,2;3&size=${size}`,
  pageSize: 25,
  recordsPath: 'parts',
  keyPath: 'sku',
  record: (item) => ({ sku: textId('P,', item), title: title(item) }),
  answer(request: ApiRequest, list: ApiList): ApiReply {
    const size = sizeAsked(request, 'size', 25);
    const page = wholeNumber(request.query.get('page'), 1, 1);
    const pages = Math.ceil(list.length / size);
    const links = ['</v1/parts/help>; rel="help next-steps"; title="a, <b>; rel=\\"next\\""'];
    if (page < pages) {
      links.push(
        `<?ids=1,2;3&size=${size}&page=${page + 1}>; title*=UTF-8''n%C3%A4chste; REL="section  next"`,
      );
    }
    if (page > 1) links.unshift(`<?ids=1,2;3&size=${size}&page=${page - 1}>;rel=prev`);
    return {
      headers: { link: `${links.join(' ,')}, ` },
      body: { parts: list.slice((page - 1) * size, page * size) },
    };
  },
};

/** Which way unquoted relations look, and with the target that any client must resolve. */
const linkUnquoted: ApiShape = {
  name: 'link-unquoted',
  about: 'Link header with rel=next unquoted, in a value of its own beside others',
  start: () => '/v2/people',
  pageSize: 25,
  recordsPath: '@',
  keyPath: 'id',
  record: (item) => ({ id: bigId(item), name: personName(item) }),
  answer(request, list) {
    const size = request.pageSize;
    const page = wholeNumber(request.query.get('page'), 1, 1);
    const isLast = page * size >= list.length;
    const next = isLast ? '' : `, <people?page=${page + 1}>; rel=next`;
    return {
      headers: { link: `<people>; rel=first${next}` },
      body: list.slice((page - 1) * size, page * size),
    };
  },
};

export const linkShapes: readonly ApiShape[] = [
  github,
  gitlab,
  gitlabKeyset,
  shopify,
  linkGrammar,
  linkUnquoted,
];
