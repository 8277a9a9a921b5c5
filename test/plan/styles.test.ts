import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { NextStep, PageInfo } from '../../src/core/page-info.ts';
import type { PageRequest } from '../../src/core/page-request.ts';
import {
  isParallel,
  noPagination,
  type Pagination,
  paginationStyles,
} from '../../src/core/pagination.ts';
import { namedStyles } from '../../src/core/resolve-paginate.ts';
import { styleOf } from '../../src/plan/styles/styles.ts';
import { pageInfoOf } from './simulated-list.ts';

const place = { branch: 0, position: 0 };
const start: PageRequest = {
  place,
  method: 'GET',
  url: 'https://a.example/items?q=a+b',
  body: null,
  source: 'urls.txt line 7',
};
const post: PageRequest = {
  ...start,
  method: 'POST',
  body: Buffer.from('{"id":9007199254740993}'),
};

const nothing = pageInfoOf({ records: 1 });

function next(
  parts: Partial<Pagination>,
  step: NextStep | null,
  from: PageRequest = start,
  pageInfo: Partial<PageInfo> = {},
) {
  const pagination = { ...noPagination, ...parts };
  const style = styleOf(pagination);
  assert.equal(style?.kind, 'chain');
  const previous = { ...from, url: 'https://a.example/other', place: { branch: 0, position: 4 } };
  return style.next(pagination, from, previous, { ...nothing, next: step, ...pageInfo });
}

function pageAt(parts: Partial<Pagination>, at: number, size: number | null, from = start) {
  const pagination = { ...noPagination, ...parts };
  const style = styleOf(pagination);
  assert.equal(style?.kind, 'counted');
  return style.pageAt(pagination, from, at, size);
}

function first(parts: Partial<Pagination>, from = start) {
  const pagination = { ...noPagination, ...parts };
  return styleOf(pagination)!.first(pagination, from);
}

const cursor = (value: string): NextStep => ({ kind: 'cursor', value });
const literal = (value: string): NextStep => ({ kind: 'cursor', value, literal: true });
const url = (text: string): NextStep => ({ kind: 'url', url: text });

test('the table of docs/pagination.md says what the styles say', () => {
  const docs = readFileSync(new URL('../../docs/pagination.md', import.meta.url), 'utf8');
  const [, table = ''] = docs.split('## Styles\n\n');
  const rows = namedStyles.map((style) => {
    const { evidence, flags } = styleOf({ style })!.docs;
    const come = isParallel({ style }) ? 'in parallel' : 'one after another';
    return `| \`${style}\` | ${evidence} | ${flags} | ${come} |`;
  });
  assert.deepEqual(table.split('\n').slice(2, 2 + rows.length), rows);
});

test('a style counts pages or records where each page can be asked for by itself', () => {
  for (const style of namedStyles) {
    assert.equal(styleOf({ style })!.kind === 'counted', isParallel({ style }), style);
  }
});

test('every style but a function and a single page makes requests', () => {
  for (const style of paginationStyles) {
    const isLeftOut = style === 'function' || style === 'single';
    assert.equal(styleOf({ style }) === null, isLeftOut, style);
  }
});

test('the first request is the start as it was typed', () => {
  for (const style of paginationStyles) {
    if (styleOf({ style }) === null) continue;
    const { place: _, ...rest } = start;
    assert.deepEqual(first({ style, param: 'page', first: 1 }), rest, style);
  }
});

test('the first request asks for the page size where one is set', () => {
  const sized = { style: 'page', sizeParam: 'per_page', size: 50 } as const;
  assert.equal(first(sized).url, 'https://a.example/items?q=a+b&per_page=50');
  const body = first({ ...sized, style: 'cursor', carrier: 'body' }, post).body;
  assert.equal(String(body), '{"id":9007199254740993,"per_page":50}');
  const header = first({ ...sized, style: 'cursor', carrier: 'header' });
  assert.deepEqual([header.url, header.headers], [first(sized).url, undefined]);
  assert.deepEqual(first({ style: 'range', size: 25 }).headers, { range: 'items=0-24' });
  const graphql = first({ style: 'graphql', sizeParam: 'first', size: 50 }, post);
  assert.equal(String(graphql.body), '{"id":9007199254740993,"variables":{"first":50}}');
});

test('link and next: the URL as the page names it, with the start’s method, body and headers', () => {
  const from = { ...post, headers: { 'x-view': 'full' } };
  for (const style of ['link', 'next'] as const) {
    const { place: _, ...rest } = from;
    const way = { style, sizeParam: 'size', size: 5 };
    assert.deepEqual(next(way, url('https://a.example/x?c=%2f'), from), {
      ...rest,
      url: 'https://a.example/x?c=%2f',
    });
  }
});

test('a next URL behind a proxy is raised to https on the same host, and never lowered', () => {
  const raised = (target: string, from: string) =>
    next({ style: 'next' }, url(target), { ...start, url: from })?.url;
  assert.equal(raised('http://a.example/2', 'https://a.example/'), 'https://a.example/2');
  assert.equal(raised('http://a.example:443/2', 'https://a.example/'), 'https://a.example/2');
  assert.equal(
    raised('http://a.example:8443/2', 'https://a.example:8443/'),
    'https://a.example:8443/2',
  );
  assert.equal(raised('http://b.example/2', 'https://a.example/'), 'http://b.example/2');
  assert.equal(raised('http://a.example:81/2', 'https://a.example/'), 'http://a.example:81/2');
  assert.equal(raised('https://a.example/2', 'http://a.example/'), 'https://a.example/2');
  assert.equal(raised('http://a.example/2', 'http://a.example/'), 'http://a.example/2');
});

test('cursor: the token goes into a parameter of the start', () => {
  const way = { style: 'cursor', param: 'cursor', sizeParam: 'n', size: 5 } as const;
  assert.equal(
    next(way, cursor('a+/='))?.url,
    'https://a.example/items?q=a+b&n=5&cursor=a%2B%2F%3D',
  );
  const typed = { ...start, url: 'https://a.example/items?cursor=*&n=5' };
  assert.equal(next(way, cursor('x'), typed)?.url, 'https://a.example/items?cursor=x&n=5');
  assert.equal(next(way, cursor('x'))?.source, start.source);
});

test('cursor: the token goes into a header, or into the body with its type', () => {
  const header = { style: 'cursor', param: 'X-Cursor', carrier: 'header' } as const;
  assert.deepEqual(next(header, cursor('x'), { ...start, headers: { a: 'b' } })?.headers, {
    a: 'b',
    'x-cursor': 'x',
  });
  assert.equal(next(header, cursor('x\r\ny: z')), null);
  const body = { style: 'cursor', param: 'page.after', carrier: 'body' } as const;
  const written = (step: NextStep) => String(next(body, step, post)?.body);
  assert.equal(written(cursor('1"')), '{"id":9007199254740993,"page":{"after":"1\\""}}');
  assert.equal(written(literal('[1]')), '{"id":9007199254740993,"page":{"after":[1]}}');
  assert.equal(next(body, cursor('x'), { ...post, body: Buffer.from('a=b') }), null);
});

test('keyset: the key of the last record or the first', () => {
  const way = { style: 'keyset', param: 'after', key: 'id' } as const;
  const keys = { firstKey: '9007199254740993', lastKey: '"z"' };
  assert.equal(next(way, null, start, keys)?.url, `${start.url}&after=z`);
  const newest = { ...way, keyFrom: 'first' } as const;
  assert.equal(next(newest, null, start, keys)?.url, `${start.url}&after=9007199254740993`);
  const body = { ...way, param: 'search_after', carrier: 'body' } as const;
  assert.equal(
    String(next(body, null, post, { lastKey: '[1.0,"a"]' })?.body),
    '{"id":9007199254740993,"search_after":[1.0,"a"]}',
  );
  assert.equal(next(way, null), null);
});

test('continue: all parameters are merged into the start, not into the page before', () => {
  const step: NextStep = { kind: 'parameters', values: { continue: '-||', q: 'x' } };
  const request = next({ style: 'continue' }, step);
  assert.equal(request?.url, 'https://a.example/items?q=x&continue=-%7C%7C');
});

test('graphql: the cursor is a variable of the body, under any of its names', () => {
  const query = { ...post, body: Buffer.from('{"query":"…","variables":{"first":10}}') };
  for (const param of [null, 'after', '$after', 'variables.after']) {
    const request = next({ style: 'graphql', param }, cursor('Y3=='), query);
    assert.equal(
      String(request?.body),
      '{"query":"…","variables":{"first":10,"after":"Y3=="}}',
      String(param),
    );
  }
  const nested = next({ style: 'graphql', param: 'variables.input.after' }, cursor('c'), post);
  assert.match(String(nested?.body), /"variables":\{"input":\{"after":"c"\}\}/);
});

test('graphql: by GET the variables are a query parameter', () => {
  const variables = (search: string) => {
    const from = { ...start, url: `https://a.example/graphql?${search}` };
    const request = next({ style: 'graphql' }, cursor('c&'), from);
    return request === null ? null : new URL(request.url).searchParams.get('variables');
  };
  assert.equal(variables('query=x'), '{"after":"c&"}');
  assert.equal(variables('variables=%7B%22first%22:1%7D'), '{"first":1,"after":"c&"}');
  assert.equal(variables('variables=rubbish'), null);
});

test('no chain goes on where the page says that there is no more, or names nothing', () => {
  const all = { url: url('https://a.example/2'), cursor: cursor('x') };
  const steps: Readonly<Record<string, NextStep>> = {
    link: all.url,
    next: all.url,
    cursor: all.cursor,
    keyset: all.cursor,
    continue: { kind: 'parameters', values: { a: 'b' } },
    graphql: all.cursor,
  };
  for (const style of paginationStyles) {
    const step = steps[style];
    if (step === undefined) continue;
    const way = { style, param: 'x' };
    const keys = { lastKey: '"k"' };
    const from = style === 'graphql' ? post : start;
    assert.notEqual(next(way, step, from, { ...keys, more: null }), null, style);
    // A URL is the stronger word; what follows from the two is for the plan to say.
    const isByUrl = step.kind === 'url';
    assert.equal(next(way, step, from, { ...keys, more: false }) === null, !isByUrl, style);
    assert.equal(next(way, null, from), null, style);
  }
});

test('page: the index counts from the first page’s number', () => {
  const way = { style: 'page', param: 'page', sizeParam: 'per_page' } as const;
  assert.equal(pageAt({ ...way, first: 1 }, 4, null)?.url, `${start.url}&page=5`);
  assert.equal(pageAt({ ...way, first: 0 }, 4, 50)?.url, `${start.url}&per_page=50&page=4`);
  const typed = { ...start, url: 'https://a.example/items?page=1&x=%2f' };
  assert.equal(
    pageAt({ ...way, first: 1 }, 1, null, typed)?.url,
    'https://a.example/items?page=2&x=%2f',
  );
});

test('page and offset: a number in the body stays a number, or a string', () => {
  const way = { style: 'offset', param: 'from', carrier: 'body', sizeParam: 'size' } as const;
  const written = (body: string) =>
    String(pageAt(way, 50, 25, { ...post, body: Buffer.from(body) })?.body);
  assert.equal(written('{"from":0,"size":25}'), '{"from":50,"size":25}');
  assert.equal(written('{"from":"0"}'), '{"from":"50","size":25}');
});

test('offset: the ordinal counts from the first offset', () => {
  const way = { style: 'offset', param: '$skip', sizeParam: '$top' } as const;
  assert.equal(pageAt(way, 100, 50)?.url, `${start.url}&$top=50&$skip=100`);
  assert.equal(pageAt({ ...way, first: 1 }, 100, null)?.url, `${start.url}&$skip=101`);
});

test('range: from the first record asked for to the last', () => {
  const headers = (parts: Partial<Pagination>, at: number, size: number | null) =>
    pageAt({ style: 'range', ...parts }, at, size)?.headers;
  assert.deepEqual(headers({}, 25, 25), { range: 'items=25-49' });
  assert.deepEqual(headers({ param: 'users', first: 1 }, 25, 1), { range: 'users=26-26' });
  assert.deepEqual(headers({}, 25, null), { range: 'items=25-' });
});

test('a request that goes on is not speculative of itself', () => {
  const from = { ...start, speculative: true };
  assert.equal(pageAt({ style: 'page', param: 'p' }, 1, null, from)?.speculative, undefined);
  assert.equal(next({ style: 'link' }, url('https://a.example/'), from)?.speculative, undefined);
});
