import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PageInfo } from '../../src/core/page-info.ts';
import { noPagination, type Pagination } from '../../src/core/pagination.ts';
import { pagingHeaders, readPageInfo } from '../../src/plan/read-page-info.ts';
import { getBodyMember } from '../../src/plan/request-parts.ts';

interface Given {
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly records?: number;
  readonly firstKey?: string;
  readonly lastKey?: string;
}

function pageInfo(pagination: Partial<Pagination>, body: string, given: Given = {}): PageInfo {
  return readPageInfo(
    { ...noPagination, ...pagination },
    {
      url: given.url ?? 'https://a.example/v1/items?page=1',
      headers: given.headers ?? {},
      literal: (path) => getBodyMember(Buffer.from(body), path),
      recordCount: given.records ?? 2,
      firstKey: given.firstKey ?? null,
      lastKey: given.lastKey ?? null,
      digest: null,
    },
  );
}

/** The step and whether there is more, for a body. */
function said(pagination: Partial<Pagination>, body: string, given?: Given) {
  const { next, more } = pageInfo(pagination, body, given);
  return [next, more];
}

const url = (text: string) => ({ kind: 'url', url: text });
const cursor = (value: string) => ({ kind: 'cursor', value });

test('link: the next link, or that there is none', () => {
  const read = (link?: string) =>
    said({ style: 'link' }, '[]', link === undefined ? {} : { headers: { link } });
  assert.deepEqual(read('<?page=2>; rel=next'), [url('https://a.example/v1/items?page=2'), null]);
  assert.deepEqual(read('<?page=1>; rel=first'), [null, false]);
  assert.deepEqual(read('<https://a.example/doc>; rel=help'), [null, null]);
  assert.deepEqual(read(), [null, null]);
});

test('next: a URL as text, as href or url, or in a list of links', () => {
  const read = (next: string) => said({ style: 'next', nextPath: 'n.x' }, `{"n":{"x":${next}}}`);
  const second = [url('https://a.example/v1/items?page=2'), null];
  for (const text of [
    '"?page=2"',
    '"/v1/items?p\\u0061ge=2"',
    '{"href":"?page=2"}',
    '{"url":"https://a.example/v1/items?page=2"}',
    '[{"rel":"self","href":"?"},{"rel":"next","href":"?page=2"}]',
    '[{"relation":"next","url":"?page=2"}]',
  ]) {
    assert.deepEqual(read(text), second, text);
  }
  for (const text of ['null', 'false', '""', '{}', '[]', '{"href":null}', '[{"rel":"self"}]']) {
    assert.deepEqual(read(text), [null, false], text);
  }
  assert.deepEqual(said({ style: 'next', nextPath: 'n.x' }, '{}'), [null, null]);
});

test('a next step that cannot be taken is no end: there is more', () => {
  for (const [style, text] of [
    ['next', '"ftp://a.example/"'],
    ['next', '"https://"'],
    ['next', 'true'],
    ['next', '7'],
    ['next', '{"page":2}'],
    ['next', '[{"rel":"next"}]'],
    ['cursor', 'true'],
    ['continue', '"abc"'],
    ['continue', '{"a":{"b":1}}'],
  ] as const) {
    assert.deepEqual(said({ style, nextPath: 'x' }, `{"x":${text}}`), [null, true], style + text);
  }
  const header = { style: 'cursor', carrier: 'header', nextPath: 'x' } as const;
  assert.deepEqual(said(header, '{"x":"a\\r\\nx-evil: 1"}'), [null, true]);
  const link = { headers: { link: '<mailto:a@b.example>; rel=next' } };
  assert.deepEqual(said({ style: 'link' }, '', link), [null, true]);
  assert.deepEqual(said({ style: 'keyset' }, '', { records: 1 }), [null, true]);
});

test('cursor: a token’s text, or a number as it stands', () => {
  const read = (text: string) =>
    said({ style: 'cursor', nextPath: 'm.next' }, `{"m":{"next":${text}}}`);
  assert.deepEqual(read('"a\\/b=\\u003d"'), [cursor('a/b=='), null]);
  assert.deepEqual(read('"*"'), [cursor('*'), null]);
  assert.deepEqual(read('12345678901234567890'), [
    { ...cursor('12345678901234567890'), literal: true },
    null,
  ]);
  assert.deepEqual(read('{"id": {"S":"x"}}'), [
    { ...cursor('{"id": {"S":"x"}}'), literal: true },
    null,
  ]);
  for (const text of ['""', 'null', 'false', '{}'])
    assert.deepEqual(read(text), [null, false], text);
  assert.deepEqual(said({ style: 'cursor', nextPath: 'm.next' }, '{"m":{}}'), [null, null]);
});

test('cursor: a token in a header', () => {
  const way = { style: 'cursor', nextHeader: 'x-next' } as const;
  assert.deepEqual(said(way, '', { headers: { 'x-next': ' t"1 ' } }), [cursor('t"1'), null]);
  assert.deepEqual(said(way, '', { headers: { 'x-next': '' } }), [null, false]);
  assert.deepEqual(said(way, ''), [null, null]);
  assert.deepEqual(pagingHeaders({ ...noPagination, ...way }), ['x-next']);
});

test('keyset: the key of the last record or the first, nothing without records', () => {
  const keys = { firstKey: '9007199254740993', lastKey: '"b\\u0061"' };
  assert.deepEqual(said({ style: 'keyset' }, '', keys), [cursor('ba'), null]);
  assert.deepEqual(said({ style: 'keyset', keyFrom: 'first' }, '', keys), [
    { ...cursor('9007199254740993'), literal: true },
    null,
  ]);
  assert.deepEqual(said({ style: 'keyset' }, '', { records: 0 }), [null, null]);
});

test('continue: all members as text, numbers as they stand', () => {
  const read = (text: string) => {
    const { next, more } = pageInfo(
      { style: 'continue', nextPath: 'continue' },
      `{"continue":${text}}`,
    );
    return [next?.kind === 'parameters' ? Object.entries(next.values) : next, more];
  };
  assert.deepEqual(
    read('{"apcontinue":"A B", "n":12345678901234567890,"__proto__":true,"x":null}'),
    [
      [
        ['apcontinue', 'A B'],
        ['n', '12345678901234567890'],
        ['__proto__', 'true'],
      ],
      null,
    ],
  );
  for (const text of ['{}', 'null', '{"a":null}'])
    assert.deepEqual(read(text), [null, false], text);
  assert.deepEqual(said({ style: 'continue', nextPath: 'continue' }, '{}'), [null, null]);
});

test('graphql: the end cursor while there is a next page', () => {
  const path = 'data.items.pageInfo';
  const read = (text: string, nextPath = path) =>
    said({ style: 'graphql', nextPath }, `{"data":{"items":{"pageInfo":${text}}}}`);
  assert.deepEqual(read('{"endCursor":"c","hasNextPage":true}'), [cursor('c'), true]);
  assert.deepEqual(read('{"end_cursor":"c","has_next_page":true}'), [cursor('c'), true]);
  assert.deepEqual(read('{"endCursor":"c"}'), [cursor('c'), null]);
  assert.deepEqual(read('{"endCursor":"c","hasNextPage":false}'), [null, false]);
  assert.deepEqual(read('{"endCursor":null,"hasNextPage":true}'), [null, true]);
  assert.deepEqual(read('{"hasNextPage":true}'), [null, true]);
  assert.deepEqual(read('{"endCursor":null}'), [null, false]);
  assert.deepEqual(read('{"startCursor":"c"}'), [null, null]);
  assert.deepEqual(read('{"endCursor":"c"}', `${path}.endCursor`), [cursor('c'), null]);
});

test('where pages are counted, what names the next one is evidence that there is more', () => {
  for (const [text, more] of [
    ['{"next_page":2}', true],
    ['{"next_page":null}', false],
    ['{"next_page":0}', false],
    ['{}', null],
  ] as const) {
    assert.deepEqual(said({ style: 'page', nextPath: 'next_page' }, text), [null, more], text);
  }
  const way = { style: 'page', param: 'page', totalPagesHeader: 'link' } as const;
  const page = (link: string) => said(way, '', { headers: { link } });
  assert.deepEqual(page('<?page=2>; rel=next'), [null, true]);
  assert.deepEqual(page('<?page=1>; rel=prev'), [null, false]);
  const gitlab = { style: 'page', nextHeader: 'x-next-page' } as const;
  assert.deepEqual(said(gitlab, '', { headers: { 'x-next-page': '' } }), [null, false]);
});

test('more: a flag in any spelling, or its opposite', () => {
  const more = (morePath: string, text: string) => pageInfo({ morePath }, `{"m":${text}}`).more;
  for (const text of ['true', '"true"', '"True"', '1', '"1"', '35']) {
    assert.equal(more('m', text), true, text);
    assert.equal(more('!m', text), false, text);
  }
  for (const text of ['false', '"false"', '0', '"0"']) {
    assert.equal(more('m', text), false, text);
    assert.equal(more('!m', text), true, text);
  }
  for (const text of ['null', '""', '"maybe"', '-1', '[]', '{"a":1}']) {
    assert.equal(more('m', text), null, text);
    assert.equal(more('!m', text), null, text);
  }
});

test('a flag outweighs what a missing or present token suggests', () => {
  const way = { style: 'cursor', nextPath: 'next', morePath: 'more' } as const;
  assert.equal(pageInfo(way, '{"next":"","more":true}').more, true);
  assert.equal(pageInfo(way, '{"next":"c","more":false}').more, false);
});

test('total: digits alone, as a number, a string or an object', () => {
  const total = (text: string) => {
    const read = pageInfo({ totalPath: 't' }, `{"t":${text}}`);
    return read.totalIsLowerBound ? `≥${read.total}` : read.total;
  };
  assert.equal(total('3000'), 3000);
  assert.equal(total('"3000"'), 3000);
  assert.equal(total('0'), 0);
  assert.equal(total('{"value":10000,"relation":"gte"}'), '≥10000');
  assert.equal(total('{"value":"12","relation":"eq"}'), 12);
  assert.equal(total('">1000"'), '≥1000');
  assert.equal(total('"1000+"'), '≥1000');
  assert.equal(total('"+1000+"'), null);
  for (const text of ['-1', '"3,000"', '1.5', '1e3', 'null', '"many"', '""', '{}', '[3]', 'true']) {
    assert.equal(total(text), null, text);
  }
  assert.equal(total('99999999999999999999'), null);
  assert.equal(total('{"value":null,"relation":"gte"}'), null);
});

test('total: a header, also one that came twice', () => {
  const total = (value: string) =>
    pageInfo({ totalHeader: 'x-total' }, '', { headers: { 'x-total': value } }).total;
  assert.equal(total('3000'), 3000);
  assert.equal(total(' 3000, 3000'), 3000);
  assert.equal(total('3000, 2'), null);
  assert.equal(total(''), null);
  assert.equal(pageInfo({ totalHeader: 'x-total', totalPath: 't' }, '{"t":5}').total, 5);
});

test('range: total and position from Content-Range, with or without a unit', () => {
  const read = (value: string) => {
    const { total, echoedPosition } = pageInfo({ style: 'range' }, '', {
      headers: { 'content-range': value },
    });
    return [total, echoedPosition];
  };
  assert.deepEqual(read('items 25-49/3000'), [3000, 25]);
  assert.deepEqual(read('25-49/3000'), [3000, 25]);
  assert.deepEqual(read('items=25-49/3000'), [3000, 25]);
  assert.deepEqual(read('items 0-24/*'), [null, 0]);
  assert.deepEqual(read('items */3000'), [3000, null]);
  assert.deepEqual(read('*/0'), [0, null]);
  for (const value of ['*/*', '', 'items', 'items 0-24', '0-24/-1', 'items 0-/9', 'a b 0-1/2']) {
    assert.deepEqual(read(value), [null, null], value);
  }
});

test('pages in all: a path, a header, or the last link of a numbered list', () => {
  assert.equal(pageInfo({ totalPagesPath: 'p' }, '{"p":"12"}').totalPages, 12);
  const header = { totalPagesHeader: 'x-pages' };
  assert.equal(pageInfo(header, '', { headers: { 'x-pages': '12' } }).totalPages, 12);
  const last = { headers: { link: '<?page=2>; rel=next, <?page=9>; rel=last' } };
  const way = { style: 'page', param: 'page', totalPagesHeader: 'link' } as const;
  assert.equal(pageInfo({ ...way, first: 1 }, '', last).totalPages, 9);
  assert.equal(pageInfo({ ...way, first: 0 }, '', last).totalPages, 10);
  assert.equal(pageInfo({ ...way, first: 3 }, '', last).totalPages, 9, 'as a header would say it');
  assert.equal(pageInfo({ ...way, param: 'p' }, '', last).totalPages, null);
});

test('link: the last link tells how many pages there are, where its numbering is clear', () => {
  const pages = (own: string, links: Readonly<Record<string, string>>) => {
    const link = Object.entries(links).map(([rel, target]) => `<${target}>; rel=${rel}`);
    const given = { url: `https://a.example/v1/items${own}`, headers: { link: link.join(',') } };
    return pageInfo({ style: 'link' }, '', given).totalPages;
  };
  assert.equal(pages('?page=1', { first: '?page=1', next: '?page=2', last: '?page=9' }), 9);
  assert.equal(pages('?page=0', { next: '?page=1', last: '?page=9' }), 10);
  assert.equal(pages('', { next: '?page=2', last: '?page=9' }), 9);
  assert.equal(pages('', { next: '?page=1', last: '?page=9' }), 10);
  assert.equal(pages('?page=1', { first: '?page=1', next: '?page=2', last: '?page=2' }), 2);
  // GitHub writes the path with a number where it was asked for by name.
  assert.equal(pages('', { next: '/repositories/7?page=2', last: '/repositories/7?page=9' }), 9);
  assert.equal(pages('?offset=0', { next: '?offset=20', last: '?offset=80' }), 5);
  assert.equal(pages('/0', { next: '/v1/items/1', last: '/v1/items/9' }), 10);
  const middle = { prev: '?page=2', next: '?page=4', last: '?page=9' };
  assert.equal(pages('?page=3', { ...middle, first: '?page=1' }), 9);
  assert.equal(pages('?page=3', { ...middle, first: '?page=0' }), 10);
});

test('link: where the numbering is unclear, nothing is said of it', () => {
  const pages = (own: string, links: string) =>
    pageInfo({ style: 'link' }, '', {
      url: `https://a.example/v1/items${own}`,
      headers: { link: links },
    }).totalPages;
  for (const [own, links] of [
    ['?page=3', '<?page=2>; rel=prev, <?page=4>; rel=next, <?page=9>; rel=last'],
    ['', '<?offset=2>; rel=next, <?offset=8>; rel=last'],
    ['', '<?page=20>; rel=next, <?page=80>; rel=last'],
    ['?offset=0', '<?offset=20>; rel=next, <?offset=85>; rel=last'],
    ['?cursor=a', '<?cursor=b>; rel=next, <?cursor=z>; rel=last'],
    ['?page=1', '<?page=2>; rel=next'],
    ['?page=9', '<?page=8>; rel=prev, <?page=9>; rel=last'],
    ['?page=5', '<?page=4>; rel=next, <?page=1>; rel=last'],
    // It may be any page of a server that links to no page before it.
    ['?page=2', '<?page=3>; rel=next, <?page=4>; rel=last'],
    ['?page=1', '<?page=2>; rel=next, <?page=4>; rel=last'],
    ['?offset=20', '<?offset=40>; rel=next, <?offset=80>; rel=last'],
  ] as const) {
    assert.equal(pages(own, links), null, `${own} ${links}`);
  }
});

test('what the server says it used is read, and the rest handed through', () => {
  const read = pageInfo({ sizePath: 's', positionPath: 'p' }, '{"s":"50","p":100}', {
    records: 7,
    firstKey: '1',
    lastKey: '1.0',
  });
  assert.deepEqual(
    [read.echoedSize, read.echoedPosition, read.records, read.firstKey, read.lastKey],
    [50, 100, 7, '1', '1.0'],
  );
  assert.deepEqual([read.nextSeenAt, read.recordsSeenAt], [null, null]);
});

test('the headers a pageInfo needs are named once each', () => {
  const names = (parts: Partial<Pagination>) => pagingHeaders({ ...noPagination, ...parts });
  assert.deepEqual(names({}), []);
  assert.deepEqual(names({ style: 'link' }), ['link']);
  assert.deepEqual(names({ style: 'range', totalHeader: 'content-range' }), ['content-range']);
  assert.deepEqual(names({ style: 'page', totalHeader: 'x-total', totalPagesHeader: 'link' }), [
    'x-total',
    'link',
  ]);
});

test('what is too long to be read is there: a flag goes on, a total is unreadable', () => {
  const TOO_LONG = '"';
  const read = (pagination: Partial<Pagination>, literals: Record<string, string>) =>
    readPageInfo(
      { ...noPagination, ...pagination },
      {
        url: 'https://a.example/v1/items?page=1',
        headers: { 'x-total': '1'.repeat(30), 'x-pages': '12' },
        literal: (path) => literals[path] ?? null,
        recordCount: 2,
        firstKey: null,
        lastKey: null,
        digest: null,
      },
    );
  for (const morePath of ['m', '!m']) {
    assert.equal(read({ morePath }, { m: TOO_LONG }).more, true);
    assert.equal(read({ morePath }, {}).more, null);
  }
  const isUnreadable = (pagination: Partial<Pagination>, literals: Record<string, string> = {}) => {
    const { total, totalPages, totalIsUnreadable = false } = read(pagination, literals);
    assert.ok(!totalIsUnreadable || total === null || totalPages === null);
    return totalIsUnreadable;
  };
  for (const path of ['totalPath', 'totalPagesPath'] as const) {
    for (const long of [TOO_LONG, '9'.repeat(17), `"${'9'.repeat(40)}"`, '9007199254740993']) {
      assert.ok(isUnreadable({ [path]: 't' }, { t: long }), long);
    }
    for (const short of ['12', '"12"', 'null', '-1', '"unknown"', '0000000000000012']) {
      assert.ok(!isUnreadable({ [path]: 't' }, { t: short }), short);
    }
    assert.ok(!isUnreadable({ [path]: 't' }));
  }
  assert.ok(isUnreadable({ totalPath: 't' }, { t: '{"value": 1}', 't.value': TOO_LONG }));
  assert.ok(isUnreadable({ totalHeader: 'x-total' }));
  assert.ok(!isUnreadable({ totalPagesHeader: 'x-pages' }));
});
