/** Fixture APIs that page by number or offset: where any page can be asked for at once. */
import { amount, createdText, slug, smallId, textId, title, uuid } from './api-records.ts';
import { linkHeader, sizeAsked, urlWith, wholeNumber } from './api-request.ts';
import { type ApiShape, Refusal } from './api-shape.ts';

/** https://developer.wordpress.org/rest-api/using-the-rest-api/pagination/ */
const wordpress: ApiShape = {
  name: 'wordpress',
  about: 'page and per_page; totals in x-wp-total; a page past the end is 400',
  start: (size) => `/wp-json/wp/v2/posts?per_page=${size}`,
  pageSize: 10,
  recordsPath: '@',
  keyPath: 'id',
  record: (item) => ({
    id: smallId(item),
    date: createdText(item, 'newest first').slice(0, 19),
    slug: slug(item),
    title: { rendered: title(item) },
    tags: [3, 5 + (item.ordinal % 4)],
    _links: { self: [{ href: `/wp-json/wp/v2/posts/${smallId(item)}` }] },
  }),
  answer(request, list) {
    const size = wholeNumber(request.query.get('per_page'), 10);
    if (size < 1 || size > 100) throw new Refusal(400, { code: 'rest_invalid_param' });
    const page = wholeNumber(request.query.get('page'), 1, 1);
    const pages = Math.ceil(list.length / size);
    if (page > Math.max(1, pages)) {
      throw new Refusal(400, {
        code: 'rest_post_invalid_page_number',
        message: 'The page number requested is larger than the number of pages available.',
        data: { status: 400 },
      });
    }
    return {
      headers: {
        'x-wp-total': `${list.length}`,
        'x-wp-totalpages': `${pages}`,
        ...linkHeader([
          ['prev', page > 1 ? urlWith(request, { page: page - 1 }) : null],
          ['next', page < pages ? urlWith(request, { page: page + 1 }) : null],
        ]),
      },
      body: list.slice((page - 1) * size, page * size),
    };
  },
};

/** From its third page on it gives half of what was asked for, and says so in maxResults. */
const jiraOffset: ApiShape = {
  name: 'jira-offset',
  about: 'startAt, maxResults, total; the server lowers maxResults in mid-list',
  start: (size) => `/rest/api/2/search?jql=project=ROCKET&maxResults=${size}`,
  pageSize: 25,
  recordsPath: 'issues',
  keyPath: 'id',
  record: (item) => ({
    id: `${10_000 + item.ordinal}`,
    key: `ROCKET-${item.ordinal + 1}`,
    fields: { summary: title(item), labels: ['late'] },
  }),
  answer(request, list) {
    const asked = sizeAsked(request, 'maxResults', 50);
    const startAt = wholeNumber(request.query.get('startAt'), 0);
    const size = startAt < 2 * asked ? asked : Math.max(1, asked >> 1);
    const issues = list.slice(startAt, startAt + size);
    return { body: { startAt, maxResults: size, total: list.length, issues } };
  },
};

const socrata: ApiShape = {
  name: 'socrata',
  about: '$limit and $offset; a bare array without a total; an empty array past the end',
  start: (size) => `/resource/ydr8-5enu.json?$order=:id&$limit=${size}`,
  pageSize: 25,
  recordsPath: '@',
  keyPath: 'permit_id',
  record: (item) => ({
    permit_id: `${100_000 + item.ordinal}`,
    street: slug(item),
    fee: `${amount(item)}`,
    location: { latitude: '41.88', longitude: '-87.63' },
  }),
  answer(request, list) {
    const size = sizeAsked(request, '$limit', 1000, 50_000);
    const offset = wholeNumber(request.query.get('$offset'), 0);
    return { body: list.slice(offset, offset + size) };
  },
};

const ckan: ApiShape = {
  name: 'ckan',
  about:
    'start and rows; totals in result.count; rows above 1,000 are clamped; 200 with success:false',
  start: (size) => `/api/3/action/package_search?q=water&rows=${size}`,
  pageSize: 25,
  recordsPath: 'result.results',
  keyPath: 'id',
  record: (item) => ({
    id: uuid(item),
    name: slug(item),
    resources: [{ id: textId('r-', item), format: 'CSV' }],
  }),
  answer(request, list) {
    const start = request.query.get('start') ?? '0';
    if (!/^\d+$/.test(start)) {
      return { body: { success: false, error: { __type: 'Validation Error' } } };
    }
    const rows = Math.min(1000, wholeNumber(request.query.get('rows'), 10));
    const results = list.slice(Number(start), Number(start) + rows);
    return {
      body: {
        help: `${request.origin}/api/3/action/help_show?name=package_search`,
        success: true,
        result: { count: list.length, facets: {}, results, sort: 'score desc', search_facets: {} },
      },
    };
  },
};

const npmSearch: ApiShape = {
  name: 'npm-search',
  about: 'from, size and total; a record’s name stands two deep; size above 250 is clamped',
  start: (size) => `/-/v1/search?text=keywords:json&size=${size}`,
  pageSize: 20,
  recordsPath: 'objects',
  keyPath: 'package.name',
  record: (item) => ({
    package: { name: slug(item), version: `1.${item.ordinal}.0`, keywords: ['json'] },
    score: { final: 0.5, detail: { quality: 0.9 } },
    searchScore: 100_000.25,
  }),
  answer(request, list) {
    const size = sizeAsked(request, 'size', 20, 250);
    const from = wholeNumber(request.query.get('from'), 0);
    return {
      body: {
        objects: list.slice(from, from + size),
        total: list.length,
        time: 'Mon Jan 01 2024 00:00:00 GMT+0000 (UTC)',
      },
    };
  },
};

export const countedShapes: readonly ApiShape[] = [wordpress, jiraOffset, socrata, ckan, npmSearch];
