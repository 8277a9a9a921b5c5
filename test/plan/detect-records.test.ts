import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findKey } from '../../src/plan/detect/find-key.ts';
import { findRecords, findRecordsInBoth } from '../../src/plan/detect/find-records.ts';

const some = (length: number): object[] =>
  Array.from({ length }, (_, id) => ({ id, name: `n${id}` }));

function pathOfRecords(json: unknown, counts?: readonly number[]): string | null {
  return findRecords(json, counts)?.path ?? null;
}

describe('records are found', () => {
  const cases: readonly (readonly [name: string, json: unknown, path: string | null])[] = [
    ['a page that is itself the array', some(3), '@'],
    ['an empty page that is itself the array', [], '@'],
    ['the array in an envelope', { ok: true, things: some(2) }, 'things'],
    ['an envelope two deep', { a: { b: { widgets: some(2) } }, n: 1 }, 'a.b.widgets'],
    [
      'four objects deep',
      { data: { repo: { issues: { nodes: some(1) } } } },
      'data.repo.issues.nodes',
    ],
    ['no deeper', { a: { b: { c: { d: { e: some(3) } } } } }, null],
    [
      'deeper beside a pageInfo',
      { a: { b: { c: { d: { e: { nodes: some(3), pageInfo: {} } } } } } },
      'a.b.c.d.e.nodes',
    ],
    ['the longest of two', { few: some(2), many: some(5) }, 'many'],
    ['the shallower of two as long', { deep: { x: some(2) }, y: some(2) }, 'y'],
    ['the usual name where all else is equal', { tags: some(2), items: some(2) }, 'items'],
    ['nodes before edges', { edges: some(2), nodes: some(2) }, 'nodes'],
    ['data, not what it includes', { data: some(2), included: some(9) }, 'data'],
    ['records, not facets', { facets: some(30), found: some(2) }, 'found'],
    [
      'the list whose own object says how it goes on, though another one be longer',
      { users: some(9), topic_list: { more_topics_url: '/latest?page=1', topics: some(6) } },
      'topic_list.topics',
    ],
    [
      'no shorter list of an object about the page',
      { things: some(9), meta: { total: 9, sources: some(7) } },
      'things',
    ],
    [
      'a usual name, not a list that says how it goes on',
      { results: some(9), log: { next: 'x', lines: some(7) } },
      'results',
    ],
    ['an empty list of a usual name', { data: [], total: 0 }, 'data'],
    [
      'an empty list beside a short list of something else',
      { items: [], reminders: some(1) },
      'items',
    ],
    ['the only array, though it is empty', { orders: [] }, 'orders'],
    [
      'an empty list of any name, not the links of the page',
      { dados: [], links: [{ rel: 'self', href: '/a' }] },
      'dados',
    ],
    ['links that are the records', { links: [{ id: 1, url: '/a' }], tags: [] }, 'links'],
    ['scalars where there are no objects', { values: ['a', 'b'] }, 'values'],
    ['the only array, though it holds scalars', { name: 'x', tags: ['1', '2'] }, 'tags'],
    ['arrays as records', { rows: [[1], [2]] }, 'rows'],
    ['objects before scalars', { ids: [1, 2, 3], users: some(1) }, 'users'],
    ['no property of a thing', { id: 1, a: 1, b: 2, c: 3, d: 4, tags: ['x'] }, null],
    [
      'the values of an object whose keys are ids',
      { query: { pages: { 12: { id: 12 }, 13: { id: 13 } } } },
      'query.pages.*',
    ],
    [
      'values that repeat their keys, whatever lists they hold',
      { entities: { Q1: { id: 'Q1', claims: some(2) }, Q2: { id: 'Q2', claims: some(3) } } },
      'entities.*',
    ],
    ['one value that repeats its key', { found: { a7: { name: 'a7' } } }, 'found.*'],
    ['an array, not what it refers to by id', { hits: some(2), users: { 1: {}, 2: {} } }, 'hits'],
    ['no parts of one thing', { id: 1, home: { name: 'x' }, away: { name: 'y' } }, null],
    ['no parts of a part', { match: { home: { name: 'x' }, away: { name: 'y' } } }, null],
    ['no links', { _links: { self: { href: 'a' }, next: { href: 'b' } } }, null],
    ['no values of different kinds', { data: { 1: { id: 1, a: 2 }, 2: { x: 1, y: 2 } } }, null],
    ['no object at a path that no expression can say', { 'a-b': { 1: { id: 1 } } }, null],
    [
      'the rows of columns side by side',
      { data: { id: [1, 2], name: ['a', 'b'], 'c-d': [3, 4] } },
      'rows(data)',
    ],
    [
      'the rows of columns beside something else',
      { page: 1, of: { unit: 'm', x: [1, 2, 3, 4, 5, 6], 'y-z': [1, 2, 3, 4, 5, 6] } },
      'rows(of.{x: x, "y-z": "y-z"})',
    ],
    ['no two short lists of one thing', { id: 1, sizes: [1, 2], colors: ['a', 'b'] }, null],
    [
      'the rows of transposed columns',
      {
        columns: some(2),
        values: [
          [1, 2, 3],
          [4, 5, 6],
        ],
      },
      'rows(values, columns)',
    ],
    [
      'rows beside as many columns',
      {
        columns: ['a', 'b'],
        rows: [
          [1, 2],
          [3, 4],
        ],
      },
      'rows',
    ],
    ['no array inside of an array', { rows: [[some(3)]] }, 'rows'],
    ['the second of two parts', [{ page: 1 }, some(2)], '[1]'],
    ['no mixture', [{ page: 1 }, some(2), some(2)], null],
    ['objects among null', { items: [null, ...some(2), null] }, 'items'],
    [
      'a list of ids, not the one object beside it',
      {
        n: '9',
        m: 1,
        o: 2,
        idlist: Array.from({ length: 10 }, (_, index) => `${index}`),
        translations: some(1),
      },
      'idlist',
    ],
    [
      'a few records, not what a chart beside them is drawn from',
      {
        orders: some(3),
        chart: { labels: ['a', 'b', 'c', 'd', 'e', 'f'], sums: [1, 2, 3, 4, 5, 6] },
      },
      'orders',
    ],
    [
      'a few records, not the ids of something else',
      { posts: some(3), media_ids: [1, 2, 3, 4, 5, 6, 7, 8] },
      'posts',
    ],
    [
      'none of many lists under names of their own',
      { status: 'ok', message: { akita: [], hound: ['afghan', 'basset'], terrier: ['toy'] } },
      null,
    ],
    ['none of the lists of days', { data: { '2026-01-01': some(2), '2026-01-02': some(1) } }, null],
    ['one of three lists of different kinds', { a: some(2), b: [1], c: [{ x: 1, y: 2 }] }, 'a'],
    ['a path with dots', { 'a.b': { items: some(1) } }, 'a\\.b.items'],
    ['nothing in a scalar', 7, null],
    ['nothing in null', null, null],
  ];
  for (const [name, json, path] of cases) {
    test(name, () => assert.equal(pathOfRecords(json), path));
  }

  test('as many as the page says it has', () => {
    const page = { columns2: some(9), matches2: some(3) };
    assert.equal(pathOfRecords(page), 'columns2');
    assert.equal(pathOfRecords(page, [3]), 'matches2');
  });

  test('scalars, where they are as many as the page says it has', () => {
    const page = { count: 1234, max: 2, start: 0, found: ['7', '8'], sets: some(1), query: 'x' };
    assert.equal(pathOfRecords(page), 'sets');
    assert.equal(pathOfRecords(page, [1234, 2]), 'found');
  });

  test('objects, though scalars beside them are as many as the page says', () => {
    const page = { total: 3, size: 2, posts: some(7), words: ['a', 'b', 'c'] };
    assert.equal(pathOfRecords(page, [3, 2]), 'posts');
  });

  test('one of many lists, where it is as many as the page says it has', () => {
    const page = { few: some(2), many: some(3), most: some(4) };
    assert.equal(pathOfRecords(page), null);
    assert.equal(pathOfRecords(page, [3]), 'many');
  });

  test('as many values as the page says it has', () => {
    const page = { total: 9, found: { ab: { x: 1 }, cd: { x: 2 } } };
    assert.equal(pathOfRecords(page), null);
    assert.equal(pathOfRecords(page, [2]), 'found.*');
  });

  test('the array that changes from page to page', () => {
    const other = some(9);
    const first = { users: other, found: [{ id: 1 }, { id: 2 }] };
    const second = { users: other, found: [{ id: 3 }] };
    assert.equal(findRecords(first)?.path, 'users');
    const found = findRecordsInBoth(first, second);
    assert.equal(found?.path, 'found');
    assert.equal(found?.items.length, 2);
  });

  test('as on the first page where nothing changes', () => {
    assert.equal(findRecordsInBoth({ a: some(2) }, { a: some(2) })?.path, 'a');
    assert.equal(findRecordsInBoth({ a: some(2) }, 'gone')?.path, 'a');
  });
});

describe('a key is found', () => {
  const cases: readonly (readonly [name: string, items: readonly unknown[], key: string | null])[] =
    [
      ['id', some(2), 'id'],
      ['id before all others', [{ uuid: 'a', _id: 'b', id: 1 }], 'id'],
      ['_id', [{ _id: 'a' }, { _id: 'b' }], '_id'],
      ['ID', [{ ID: 1 }, { ID: 2 }], 'ID'],
      ['sys_id', [{ sys_id: 'a' }, { sys_id: 'b' }], 'sys_id'],
      ['uuid', [{ uuid: 'a' }, { uuid: 'b' }], 'uuid'],
      ['in the node of an edge', [{ node: { id: 'a' }, cursor: 'x' }], 'node.id'],
      ['in attributes', [{ attributes: { id: 1 } }, { attributes: { id: 2 } }], 'attributes.id'],
      ['not in what a record refers to', [{ user: { id: 1 } }, { user: { id: 2 } }], null],
      ['not where two share it', [{ id: 1 }, { id: 1 }], null],
      [
        'the next where two share the first',
        [
          { id: 1, key: 'a' },
          { id: 1, key: 'b' },
        ],
        'key',
      ],
      ['not where one lacks it', [{ id: 1 }, { name: 'x' }], null],
      ['not where one has null', [{ id: 1 }, { id: null }], null],
      ['not an object', [{ id: { a: 1 } }], null],
      ['numbers that a double cannot tell apart', [{ id: 2 ** 60 }, { id: 2 ** 60 }], 'id'],
      ['a key with a dot', [{ node: { '@.id': 1 } }], 'node.@\\.id'],
      ['none in scalars', ['a', 'b'], null],
      ['none in nothing', [], null],
      ['what is null aside', [null, { id: 1 }, null, { id: 2 }], 'id'],
    ];
  for (const [name, items, key] of cases) {
    test(name, () => assert.equal(findKey(items), key));
  }
});
