import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { NO_RECORDS, noPagination, paginationStyles } from '../../src/core/pagination.ts';
import { detect } from '../../src/plan/detect/detect.ts';
import { discoverPagination } from '../../src/plan/detect/discover.ts';
import { findRecords } from '../../src/plan/detect/find-records.ts';
import { acceptCandidate } from '../../src/plan/detect/trial.ts';
import { MAX_REQUESTS } from '../../src/plan/detect/try-candidates.ts';
import { valueAt } from '../../src/plan/page-fields.ts';
import { startAt, viewOf } from './detect-pages.ts';

const numRuns = Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 500);

const name = fc.oneof(
  fc.constantFrom(
    ...['data', 'items', 'results', 'meta', 'links', '_links', 'next', 'nextPageToken', 'cursor'],
    ...[
      'next_cursor',
      'has_more',
      'total',
      'count',
      'page',
      'offset',
      'limit',
      'total_pages',
      'id',
    ],
    ...[
      'pageInfo',
      'hasNextPage',
      'endCursor',
      'continue',
      'batchcomplete',
      'hits',
      'value',
      'done',
    ],
    ...[
      '@odata.nextLink',
      '@odata.context',
      'start',
      'per_page',
      'href',
      'rel',
      'relation',
      'after',
    ],
    ...['__proto__', 'constructor', 'toString', '@', '', '.', 'a.b', 'a\\', 'page[size]', 'sort'],
  ),
  fc.string({ maxLength: 8 }),
);
const leaf = fc.oneof(
  fc.constantFrom(null, true, false, '', 0, 1, 2, 3, 20, 95, '95', '1', 'true', 2 ** 60, -1, 1.5),
  fc.constantFrom('/x?page=2', 'https://b.example/?offset=3', '//', 'http://', '?a=b', 'a==', '*'),
  fc.string({ maxLength: 8 }),
  fc.integer(),
);
const { value: json } = fc.letrec<{ value: unknown; record: unknown; object: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('record'), { maxLength: 4 }),
    tie('object'),
    fc.array(tie('value'), { maxLength: 3 }),
  ),
  record: fc.dictionary(name, leaf, { maxKeys: 3 }),
  object: fc.dictionary(name, tie('value'), { maxKeys: 6 }),
}));
const headers = fc.dictionary(
  fc.constantFrom(
    ...['link', 'x-total', 'x-total-count', 'x-total-pages', 'x-next-page', 'content-range'],
    ...['x-next-cursor', 'x-ms-continuation', 'x-page'],
  ),
  fc.oneof(
    fc.constantFrom(
      '</x?page=2>; rel="next", </x?page=9>; rel=last',
      '<a>; rel=next',
      '2',
      '95',
      '',
    ),
    fc.constantFrom('items 0-2/95', 'items */0', '0-2/*', 'bytes 0-1/2', '<>;rel="last next"'),
    fc.string({ maxLength: 12 }),
  ),
);
const query = fc.constantFrom(
  ...['', '?page=1', '?page=0&per_page=3', '?offset=0&limit=3', '?cursor=*', '?since_id=0'],
  ...['?from=x&size=20', '?page[number]=1&page[size]=3', '?%', '?page=&page=2', '?$top=3&$skip=0'],
);
const body = fc.constantFrom(
  null,
  '{"page":1}',
  '{"query":"query($a: String) { x(after: $a) { id } }"}',
  '{"from":0,"size":3,"sort":[]}',
  'no json',
  '[]',
);
const status = fc.constantFrom(200, 200, 200, 206, 404, 500);
const view = fc
  .tuple(query, body, json, headers, status)
  .map(([search, text, value, head, code]) =>
    viewOf(startAt(`https://a.example/x${search}`, text), JSON.stringify(value), head, code),
  );

describe('whatever the JSON', () => {
  test('detection gives something whole', () => {
    fc.assert(
      fc.property(view, view, (first, second) => {
        const detection = detect(first);
        if (detection.kind === 'candidates') {
          assert.ok(detection.candidates.length <= 6);
          for (const candidate of detection.candidates) acceptCandidate(first, second, candidate);
          return;
        }
        const { askedSize: _, ...pagination } = detection.pagination;
        assert.deepEqual(Object.keys(pagination), Object.keys(noPagination));
        const { records } = pagination;
        if (records === null || records === NO_RECORDS) return;
        // Null stands for an empty list.
        const found = valueAt(first.json, records);
        assert.ok(found === null || Array.isArray(found), records);
      }),
      { numRuns },
    );
  });

  test('any JSON at all', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const first = viewOf(startAt('https://a.example/x'), text);
        detect(first);
        const found = findRecords(first.json);
        if (found === null) return;
        const there = valueAt(first.json, found.path);
        // Rows are made of columns each time.
        if (found.path.startsWith('rows(')) assert.equal((there as []).length, found.items.length);
        else assert.equal(found.items, there);
      }),
      { numRuns: Math.ceil(numRuns / 4) },
    );
  });

  test('finding out ends within eight requests', async () => {
    const pinned = fc.record(
      {
        style: fc.constantFrom(...paginationStyles),
        param: fc.constantFrom('page', 'offset', 'cursor', 'variables.a', 'x'),
        nextPath: fc.constantFrom('next', 'meta.next', 'pageInfo'),
        records: fc.constantFrom('data', '@', 'items'),
        key: fc.constantFrom('id', 'a.b'),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(view, { minLength: 1, maxLength: 9 }),
        pinned,
        async (views, said) => {
          let requests = 0;
          const first = views[0]!;
          const found = await discoverPagination(
            first.request,
            { pinned: said },
            async (request) => {
              const answer = views[requests++ % views.length]!;
              return { ...answer, request };
            },
          );
          assert.equal(found.responses.length, requests);
          assert.ok(requests <= MAX_REQUESTS);
          for (const [part, value] of Object.entries(said)) {
            assert.equal(found.pagination[part as keyof typeof said], value);
          }
        },
      ),
      { numRuns: Math.ceil(numRuns / 4) },
    );
  });

  test('pages that nest deep or hold very much', () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const chain = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
    const wide = JSON.stringify(
      Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`k${n}`, n])),
    );
    const texts = [deep, chain, wide, `{"data":[{"x":${deep}}],"total":9}`];
    const names = `{"next${'next'.repeat(20_000)}!":1,"${'aB'.repeat(20_000)}":2,"data":[{}],"total":9}`;
    for (const text of [...texts, names]) {
      const first = viewOf(startAt('https://a.example/x?limit=1'), text);
      const detection = detect(first);
      if (detection.kind !== 'candidates') continue;
      const second = viewOf(startAt('https://a.example/x?limit=1&page=2'), text.replace('9', '8'));
      for (const candidate of detection.candidates) acceptCandidate(first, second, candidate);
    }
  });
});
