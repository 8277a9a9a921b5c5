import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NO_RECORDS } from '../../src/core/pagination.ts';
import { discoverPagination } from '../../src/plan/detect/discover.ts';
import { pinFlags } from '../../src/plan/pin-flags.ts';
import { startAt, viewOf } from './detect-pages.ts';
import { runDetected } from './detect-run.ts';

const start = startAt('https://api.example/things');

describe('an empty list that its page leaves out is a whole list', () => {
  const bodies: readonly unknown[] = [
    {
      _links: { self: { href: '/things' } },
      page: { size: 20, totalElements: 0, totalPages: 0, number: 0 },
    },
    { _embedded: {}, _links: { self: { href: '/things' } }, page: { totalElements: 0 } },
    { total: 0 },
    { total: '0' },
    { count: 0, next: null },
    { count: 0, next: null, previous: null },
    { meta: { total: 0, page: 1, per_page: 20 } },
    { response: { numFound: 0, start: 0 } },
    { hits: { total: { value: 0, relation: 'eq' } } },
    { object: 'list', has_more: false },
    { items: null, total: 0 },
    { kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '1' }, items: null },
    { payload: { result: { meta: { nextToken: null } } } },
    { total: 0, links: [{ rel: 'self', href: '/things' }] },
    { status: 'ok', totalResults: 0 },
    { total: 0, page: 1, total_pages: 1 },
  ];
  for (const body of bodies) {
    test(JSON.stringify(body), async () => {
      const fetchPage = async () => viewOf(start, body);
      const { isListAbsent, pagination, evidence, responses } = await discoverPagination(
        start,
        { pinned: {} },
        fetchPage,
      );
      assert.ok(isListAbsent, evidence.join());
      const isNull = Object.hasOwn(Object(body), 'items');
      assert.equal(pagination.records, isNull ? 'items' : NO_RECORDS);
      assert.equal(responses.length, 1);
      assert.ok(!pinFlags(pagination, {}).includes(NO_RECORDS));
    });
  }
});

test('an empty list of any name wins against what stands beside it', async () => {
  for (const [json, path] of [
    [
      { filters: [{ id: 'a' }, { id: 'b' }], data: { shipments: [] }, paging: { total: '0' } },
      'data.shipments',
    ],
    [{ reply: { row_list: [], page: { number_of_pages: 0 } }, warnings: [] }, 'reply.row_list'],
  ] as const) {
    const found = await discoverPagination(start, { pinned: {} }, async () => viewOf(start, json));
    assert.deepEqual(
      [found.pagination.records, found.isWholeList],
      [path, true],
      found.evidence.join(),
    );
  }
});

describe('what is no empty list is not taken for one', () => {
  const bodies: readonly unknown[] = [
    { id: 7, total: 0, currency: 'EUR' },
    { name: 'x', count: 0 },
    { data: null },
    { data: null, errors: [{ message: 'no' }] },
    { success: false, data: null, total: 0 },
    { error: 'no', total: 0 },
    { nextPageToken: 'abc' },
    {},
  ];
  for (const body of bodies) {
    test(JSON.stringify(body), async () => {
      const { found, end } = await runDetected(start, async () => viewOf(start, body));
      assert.equal(found.isListAbsent, false);
      assert.deepEqual([found.isWholeList, end], [false, 'single']);
    });
  }
});
