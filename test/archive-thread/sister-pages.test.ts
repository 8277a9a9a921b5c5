import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { SisterPages } from '../../src/archive-thread/sister-pages.ts';
import { createJsonScanner } from '../../src/decode/json-scan.ts';
import { parseSelection } from '../../src/decode/selection.ts';

/** What is made of a page whose list begins with another; `usual` where no look was needed. */
function likeness(first: unknown, page: unknown, path: string): string {
  const bytes = Buffer.from(JSON.stringify(page));
  const stored = Buffer.from(JSON.stringify(first));
  const sisters = new SisterPages(path, () => stored);
  const scanner = createJsonScanner(parseSelection(path));
  const scan = scanner.scan(bytes);
  assert.ok(scan.valid);
  const found = scan.found === 'missing' ? null : { ...scan, spans: scan.spans.slice() };
  const firstScan = scanner.scan(stored);
  assert.ok(firstScan.valid);
  if (firstScan.found === 'records') sisters.began(stored, firstScan);
  if (found !== null && sisters.isUsual(bytes, found)) return 'usual';
  const judged = sisters.judge(bytes, found);
  // The same without having seen the first page: a run that goes on.
  const resumed = new SisterPages(path, () => stored).judge(bytes, found);
  assert.deepEqual(resumed, judged);
  return judged.kind === 'unlike' ? judged.reason : judged.kind;
}

const rows = [
  { id: 1, name: 'a' },
  { id: 2, name: 'b' },
];
const scan = { status: '1', message: 'OK', result: rows };
const paged = { page: 1, total_pages: 5, data: rows, next: '/things?page=2' };
const hal = {
  _embedded: { things: rows },
  _links: { self: { href: '/t' }, next: { href: '/t?page=1' } },
  page: { size: 2, totalElements: 2, totalPages: 1, number: 0 },
};
const google = { kind: 'things', etag: 'x', items: rows, nextPageToken: 'b' };
const query = { data: { things: { nodes: rows, pageInfo: { hasNextPage: true } } } };

suite('a page unlike its sisters is named with what differs', () => {
  const cases: readonly (readonly [first: unknown, page: unknown, path: string, reason: RegExp])[] =
    [
      [
        scan,
        { status: '0', message: 'NOTOK', result: 'Max rate limit reached' },
        'result',
        /^result is text where the other pages have a list, and what it says in status, message differs$/,
      ],
      [
        scan,
        { status: '0', message: 'NOTOK', result: { error: 'rate limited' } },
        'result',
        /^result is an object where the other pages have a list/,
      ],
      [scan, { status: '0', message: 'NOTOK', result: [] }, 'result', /^result is empty, and what/],
      [
        scan,
        { status: '0', message: 'NOTOK', result: null },
        'result',
        /^result is null, and what/,
      ],
      [scan, { status: '1', message: 'OK', result: 'slow down' }, 'result', /is text where/],
      [scan, { status: '1', message: 'OK', result: ['slow', 'down'] }, 'result', /no objects/],
      [
        scan,
        { status: '0', message: 'No more requests: quota used up', result: [] },
        'result',
        /^result is empty, and what it says in status, message differs$/,
      ],
      [
        paged,
        { error: 'shard down', total_pages: 5, page: 3 },
        'data',
        /^data is not in this page \(it has: error, total_pages, page\), and what it says in error differs$/,
      ],
      [
        paged,
        { page: 3, total_pages: 5, rows, next: '/things?page=4' },
        'data',
        /^data is not in this page .*, and only this page has rows$/,
      ],
      [
        paged,
        { data: null, errors: [{ message: 'timeout' }], next: '/things?page=4' },
        'data',
        /^data is null, and what it says in errors differs$/,
      ],
      [paged, {}, 'data', /it has no page, as the other pages do$/],
      [paged, [], 'data', /^data is not in this page \(it is an array\)/],
      [rows, { message: 'Too many requests' }, '@', /^the page is an object where/],
      [
        query,
        { data: null, errors: [{ message: 'x' }] },
        'data.things.nodes',
        /in errors differs$/,
      ],
      [{ data: rows }, { data: 7 }, 'data', /^data is number where/],
      [{ data: rows }, { data: [{ error: 'x' }] }, 'data', /^data holds one object, which has no/],
      [scan, { ...scan, message: 'Shard not found', result: null }, 'result', /message differs$/],
      [scan, { ...scan, message: 'No data nodes available', result: [] }, 'result', /differs$/],
      [scan, { ...scan, message: 'unexpected end of file', result: [] }, 'result', /differs$/],
      [
        { data: { list: rows, total: 9 } },
        { code: 50001, msg: 'system busy', data: null },
        'data.list',
        /^data.list is not in this page .*, and what it says in code, msg differs$/,
      ],
    ];
  for (const [first, page, path, reason] of cases) {
    test(JSON.stringify(page), () => assert.match(likeness(first, page, path), reason));
  }
});

suite('a page without records may be one of the list', () => {
  const cases: readonly (readonly [what: string, first: unknown, page: unknown, path: string])[] = [
    ['an empty list', paged, { ...paged, page: 6, data: [], next: null }, 'data'],
    ['null for it', paged, { ...paged, page: 6, data: null, next: null }, 'data'],
    ['an empty object, as Lua writes it', paged, { ...paged, data: {} }, 'data'],
    ['an empty text, as XML becomes', paged, { ...paged, data: '' }, 'data'],
    ['a good word', { status: 'partial', data: rows }, { status: 'complete', data: [] }, 'data'],
    [
      'a count in words',
      { message: '2 found', data: rows },
      { message: '0 found', data: [] },
      'data',
    ],
    ['no message', scan, { status: '1', result: [] }, 'result'],
    [
      'a message of nothing found',
      scan,
      { ...scan, status: '0', message: 'No transactions found', result: [] },
      'result',
    ],
    ['a code for it', { code: 0, data: rows }, { code: 'NO_DATA', data: null }, 'data'],
    [
      'null for what holds it',
      { code: 0, data: { list: rows, total: 9 } },
      { code: 0, data: null },
      'data.list',
    ],
    [
      'a page out of range',
      { ok: true, data: rows },
      { ok: false, error: 'Page 9 is out of range', data: [] },
      'data',
    ],
    ['404 within', { code: 200, data: rows }, { code: 404, data: [] }, 'data'],
    [
      'HAL past the end',
      hal,
      { _links: { self: { href: '/t' } }, page: { ...hal.page, number: 1 } },
      '_embedded.things',
    ],
    [
      'Google without items, with a token',
      google,
      { kind: 'things', etag: 'y', nextPageToken: 'c' },
      'items',
    ],
    ['Google without items, at the end', google, { kind: 'things', etag: 'y' }, 'items'],
    ['protobuf leaves out what is empty', { items: rows, nextPageToken: 'b' }, {}, 'items'],
  ];
  for (const [what, first, page, path] of cases) {
    test(what, () => assert.equal(likeness(first, page, path), 'empty'));
  }
});

suite('a page with records is one of the list, whatever its envelope says', () => {
  const cases: readonly (readonly [what: string, first: unknown, page: unknown, path: string])[] = [
    [
      'a message that counts',
      { message: 'Page 1 of 20', data: rows },
      { message: 'Page 3 of 20', data: rows },
      'data',
    ],
    ['a warning', paged, { ...paged, error: 'partial' }, 'data'],
    ['a list of numbers', { ids: [1, 2] }, { ids: [3, 4], status: 'x' }, 'ids'],
  ];
  for (const [what, first, page, path] of cases) {
    test(what, () => assert.equal(likeness(first, page, path), 'usual'));
  }
  test('one record alone is a list of one', () => {
    assert.equal(likeness({ data: rows }, { data: { id: 3, name: 'c' } }, 'data'), 'alike');
    assert.equal(
      likeness({ data: rows }, { data: { id: 3, name: 'c', more: 1 } }, 'data'),
      'alike',
    );
  });
  test('null among the records', () => {
    assert.equal(likeness({ data: rows }, { data: [null, { id: 3 }] }, 'data'), 'alike');
    assert.equal(
      likeness({ data: rows }, { data: [null, null] }, 'data'),
      'data holds nothing but null',
    );
  });
  test('where a page is one record, others may differ', () => {
    assert.equal(likeness({ data: { a: 1 } }, { data: { b: 1 } }, 'data'), 'usual');
  });
});
