import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { exportArchive, type RunOptions } from '../../src/index.ts';
import { fetchJson, OUTPUT } from './pagination-setup.ts';

const cases: readonly (readonly [what: string, body: object, options: RunOptions])[] = [
  [
    'HAL without _embedded',
    { _links: { self: { href: '/things' } }, page: { totalElements: 0, totalPages: 0, number: 0 } },
    {},
  ],
  ['a count of 0 and no next', { count: 0, next: null }, {}],
  ['null for the list', { items: null, total: 0 }, {}],
  [
    'no list where the user says it stands',
    { page: { totalElements: 0, number: 0 } },
    { select: '_embedded.things' },
  ],
];

suite('an empty list that its page leaves out gives no records', { concurrency: 4 }, () => {
  for (const [what, body, options] of cases) {
    test(what, async (t) => {
      const { summary, text, targets, folder } = await fetchJson(t, () => ({ body }), options);
      const { verdict } = summary;
      assert.deepEqual([verdict.name, verdict.end], ['complete', 'stated'], verdict.reasons.join());
      assert.deepEqual([text, verdict.records?.fetched], ['', 0]);
      assert.equal(targets.length, 1);
      const again = join(folder, 'again.ndjson');
      await exportArchive(join(folder, `${OUTPUT}.everypage`), { output: again });
      assert.equal(readFileSync(again, 'utf8'), '');
    });
  }
});

test('a thing whose total is 0 is no empty list', async (t) => {
  const body = { id: 7, total: 0, currency: 'EUR' };
  const { summary, text } = await fetchJson(t, () => ({ body }));
  assert.deepEqual(
    [summary.verdict.name, summary.verdict.end, text],
    ['incomplete', 'single', null],
  );
});

suite('204 (No Content)', { concurrency: 4 }, () => {
  test('for the first page is an empty list, of which nothing is proven', async (t) => {
    const { summary, text, targets } = await fetchStatus(t, () => 204, {});
    const { verdict } = summary;
    assert.deepEqual([verdict.name, verdict.end, text], ['unverified', 'past-end', '']);
    assert.deepEqual([verdict.stored, verdict.failed, verdict.planned], [0, 0, 0]);
    assert.equal(targets.length, 2, 'it is asked for once more');
  });

  test('for the first page, with a style named, as JSON, and strict', async (t) => {
    const named = await fetchStatus(t, () => 204, { paginate: 'page', format: 'json' });
    assert.equal(named.summary.verdict.name, 'unverified');
    assert.deepEqual(JSON.parse(named.text ?? ''), []);
    const strict = await fetchStatus(t, () => 204, { strict: true });
    assert.equal(strict.text, null);
  });

  test('for the first page is no list where a header speaks of records', async (t) => {
    for (const headers of [{ 'x-total-count': '7' }, { link: '</things?page=2>; rel="next"' }]) {
      const { summary, text } = await fetchJson(t, () => ({ status: 204, headers }));
      assert.deepEqual([summary.verdict.name, text], ['incomplete', null]);
    }
    const none = await fetchJson(t, () => ({ status: 204, headers: { 'x-total-count': '0' } }), {
      retries: 1,
    });
    assert.deepEqual([none.summary.verdict.name, none.text], ['unverified', '']);
  });

  test('that heals is no answer', async (t) => {
    const { summary, text } = await fetchStatus(t, (_page, time) => (time === 1 ? 204 : 200), {});
    assert.equal(summary.verdict.records?.fetched, 6, summary.verdict.reasons.join());
    assert.equal(text?.split('\n').length, 7);
  });

  test('where a next link led is a page that is missing', async (t) => {
    const { summary, text } = await fetchStatus(t, (page) => (page === 2 ? 204 : 200), {});
    assert.deepEqual([summary.verdict.name, text], ['incomplete', null]);
    assert.equal(summary.failures[0]?.code, 'HTTP_204');
  });

  test('in a list of URLs is a page that fails', async (t) => {
    const { summary, text } = await fetchStatus(t, () => 204, { paginate: 'none' });
    assert.deepEqual([summary.verdict.name, text], ['incomplete', null]);
    assert.equal(summary.failures[0]?.attempts, 2);
  });

  test('past the end of a list by number is its end', async (t) => {
    const { summary, text } = await fetchJson(
      t,
      (url) => {
        const page = Number(url.searchParams.get('page'));
        return page > 3 ? { status: 204 } : { body: [{ id: 2 * page }, { id: 2 * page + 1 }] };
      },
      { retries: 5 },
      '/things?page=1',
    );
    assert.equal(summary.verdict.name, 'unverified', summary.verdict.reasons.join());
    assert.equal(text?.split('\n').length, 7);
  });
});

/** A list of three pages with next links, each answered with a status. */
async function fetchStatus(
  t: TestContext,
  statusOf: (page: number, time: number) => number,
  options: RunOptions,
) {
  const asked = new Map<number, number>();
  return fetchJson(
    t,
    (url) => {
      const page = Number(url.searchParams.get('page') ?? 1);
      const time = (asked.get(page) ?? 0) + 1;
      asked.set(page, time);
      const next = page < 3 ? `/things?page=${page + 1}&of=${page}` : null;
      const body = { data: [{ id: 2 * page }, { id: 2 * page + 1 }], next };
      return { status: statusOf(page, time), body };
    },
    { retries: 5, ...options },
  );
}
