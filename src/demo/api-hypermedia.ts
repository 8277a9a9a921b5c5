/** Fixture APIs by conventions that many share: a next URL among other links and numbers. */
import type { Json } from './api-json.ts';
import { amount, createdText, personName, smallId, textId, title } from './api-records.ts';
import { indexOfToken, sizeAsked, tokenAfter, urlWith, wholeNumber } from './api-request.ts';
import { type ApiShape, Refusal } from './api-shape.ts';

/** Laravel's paginator: `links` is another array of objects, and it changes between pages too. */
const laravel: ApiShape = {
  name: 'laravel',
  about: 'next_page_url, last_page and total beside an array of page links that is no record',
  start: () => '/api/users',
  pageSize: 15,
  recordsPath: 'data',
  keyPath: 'id',
  record: (item) => ({ id: smallId(item), name: personName(item) }),
  answer(request, list) {
    const size = request.pageSize;
    const page = wholeNumber(request.query.get('page'), 1, 1);
    const pages = Math.max(1, Math.ceil(list.length / size));
    const to = (number: number) =>
      number < 1 || number > pages ? null : urlWith(request, { page: number });
    const data = list.slice((page - 1) * size, page * size);
    const links: Json[] = [{ url: to(page - 1), label: '&laquo; Previous', active: false }];
    for (let number = 1; number <= Math.min(pages, 40); number += 1) {
      links.push({ url: to(number), label: `${number}`, active: number === page });
    }
    links.push({ url: to(page + 1), label: 'Next &raquo;', active: false });
    return {
      body: {
        current_page: page,
        data,
        first_page_url: to(1),
        from: data.length === 0 ? null : (page - 1) * size + 1,
        last_page: pages,
        last_page_url: to(pages),
        links,
        next_page_url: to(page + 1),
        path: `${request.origin}${request.path}`,
        per_page: size,
        prev_page_url: to(page - 1),
        to: data.length === 0 ? null : (page - 1) * size + data.length,
        total: list.length,
      },
    };
  },
};

/** Spring's HAL: zero-based pages, records under `_embedded`, links within the records too. */
const hal: ApiShape = {
  name: 'hal',
  about: '_links.next.href and a zero-based page object; records have _links of their own',
  start: (size) => `/api/orders?size=${size}`,
  pageSize: 20,
  recordsPath: '_embedded.orders',
  keyPath: 'number',
  record: (item) => ({
    number: textId('o-', item),
    total: amount(item) / 100,
    _links: { self: { href: `/api/orders/${item.ordinal}` } },
  }),
  answer(request, list) {
    const size = sizeAsked(request, 'size', 20, 1000);
    const page = wholeNumber(request.query.get('page'), 0);
    const pages = Math.ceil(list.length / size);
    const to = (number: number) => ({ href: urlWith(request, { page: number, size }) });
    const orders = list.slice(page * size, (page + 1) * size);
    return {
      body: {
        _embedded: orders.length === 0 ? undefined : { orders },
        _links: {
          first: to(0),
          self: to(page),
          next: page + 1 < pages ? to(page + 1) : undefined,
          last: to(Math.max(0, pages - 1)),
        },
        page: { size, totalElements: list.length, totalPages: pages, number: page },
      },
    };
  },
};

const jsonapi: ApiShape = {
  name: 'jsonapi',
  about: 'JSON:API: links.next, absent at the end; `included` is another array of objects',
  start: (size) => `/articles?page[size]=${size}`,
  pageSize: 20,
  recordsPath: 'data',
  keyPath: 'id',
  record: (item) => ({
    type: 'articles',
    id: `${smallId(item)}`,
    attributes: { title: title(item), created: createdText(item) },
    relationships: { author: { data: { type: 'people', id: '9' } } },
  }),
  answer(request, list) {
    const size = sizeAsked(request, 'page[size]', 20);
    const token = request.query.get('page[after]');
    const from = token === null ? 0 : indexOfToken(list, token);
    if (from === null) throw new Refusal(400, { errors: [{ status: '400' }] });
    const end = Math.min(list.length, from + size);
    const hasMore = end < list.length;
    return {
      body: {
        jsonapi: { version: '1.1' },
        links: {
          self: `${request.origin}${request.target}`,
          next: hasMore
            ? urlWith(request, { 'page[after]': tokenAfter(list.idAt(end - 1)) })
            : undefined,
        },
        data: list.slice(from, end),
        included: [{ type: 'people', id: '9', attributes: { name: 'Ada' } }],
      },
    };
  },
};

export const hypermediaShapes: readonly ApiShape[] = [laravel, hal, jsonapi];
