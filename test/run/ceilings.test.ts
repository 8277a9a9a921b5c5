/** Servers that give only so many records and say so by a refusal alone. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fetchJson, type JsonReply } from './pagination-setup.ts';

interface Stopping {
  /** Records in the list. */
  readonly total: number;
  /** What the server refuses, by the first and the behind-the-last position of a page. */
  readonly refuses: (from: number, to: number) => boolean;
  readonly status: number;
  readonly size: number;
  readonly expect?: number;
  /** Beside the records of a page. */
  readonly says?: (from: number, to: number) => object;
}

const listOf = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from) }, (_, index) => ({ id: from + index }));

/** The verdict of a list whose server stops. */
async function read(
  t: Parameters<typeof fetchJson>[0],
  by: 'offset' | 'page',
  { total, refuses, status, size, says, expect }: Stopping,
) {
  const answer = (url: URL): JsonReply => {
    const from =
      by === 'offset'
        ? Number(url.searchParams.get('offset'))
        : (Number(url.searchParams.get('page')) - 1) * size;
    const to = from + Number(url.searchParams.get('limit'));
    if (refuses(from, to)) return { status, body: { detail: 'no such page' } };
    return { body: { items: listOf(from, Math.min(total, to)), ...says?.(from, to) } };
  };
  const start = by === 'offset' ? 'offset=0' : 'page=1';
  const options = expect === undefined ? {} : { expect };
  const { summary } = await fetchJson(t, answer, options, `/things?${start}&limit=${size}`);
  const { name, reasons } = summary.verdict;
  return { name, told: reasons.join('; ') };
}

suite('a list that states nothing, refused behind a full page', () => {
  for (const by of ['offset', 'page'] as const) {
    for (const status of [400, 404, 422]) {
      test(`is capped by ${by} at 1,000 records with ${status}`, async (t) => {
        const list = { total: 5000, refuses: (from: number) => from >= 1000, status, size: 100 };
        const { name, told } = await read(t, by, list);
        assert.equal(name, 'capped', told);
        assert.match(told, /refuses \(4\d\d\) to give more, .*there may be more/);
      });
    }

    test(`is capped by ${by} where pages do not come out at the ceiling`, async (t) => {
      const list = { total: 5000, refuses: (_: number, to: number) => to > 1000, size: 30 };
      const { name, told } = await read(t, by, { ...list, status: 422 });
      assert.equal(name, 'capped', told);
    });

    // Most lists end with it, and a list that stands still must not exit with 3.
    test(`is not capped by ${by} by a 404 at 500 records, nor at 3,000`, async (t) => {
      for (const total of [500, 3000]) {
        const list = { total, refuses: (from: number) => from >= total, status: 404, size: 100 };
        const { name, told } = await read(t, by, list);
        assert.notEqual(name, 'capped', told);
      }
    });

    test(`is not capped by ${by} at a depth that is not round`, async (t) => {
      const list = { total: 840, refuses: (from: number) => from >= 840, status: 404, size: 60 };
      const { name, told } = await read(t, by, list);
      assert.equal(name, by === 'page' ? 'unverified' : 'proven', told);
    });

    test(`is not capped by ${by} where its last page is short`, async (t) => {
      const list = { total: 990, refuses: (from: number) => from >= 990, status: 404, size: 100 };
      const { name, told } = await read(t, by, list);
      assert.notEqual(name, 'capped', told);
    });
  }

  test('is capped at a round number of pages', async (t) => {
    const list = { total: 5000, refuses: (from: number) => from >= 1250, status: 422, size: 25 };
    const { name, told } = await read(t, 'page', list);
    assert.equal(name, 'capped', told);
  });

  test('is unverified where the last page says that nothing follows, and complete with --expect', async (t) => {
    const next = (_: number, to: number) => ({
      next: to < 1000 ? `/things?page=${to / 100 + 1}&limit=100` : null,
    });
    const list = { total: 1000, refuses: (from: number) => from >= 1000, status: 404, size: 100 };
    const { name, told } = await read(t, 'page', { ...list, says: next });
    assert.equal(name, 'unverified', told);
    assert.match(told, /it ends after exactly 1,000 records, where many servers stop/);
    const expected = await read(t, 'page', { ...list, says: next, expect: 1000 });
    assert.equal(expected.name, 'complete', expected.told);
    const odd = await read(t, 'page', { ...list, says: next, total: 900 });
    assert.equal(odd.name, 'complete', odd.told);
  });

  test('is not capped where the user says that these are all', async (t) => {
    const list = { total: 1000, refuses: (from: number) => from >= 1000, status: 404, size: 100 };
    const { name, told } = await read(t, 'page', { ...list, expect: 1000 });
    assert.equal(name, 'complete', told);
  });

  test('is unverified where its total is as far as many servers count', async (t) => {
    const list = { refuses: (from: number) => from >= 10_000, status: 400, size: 500 };
    const says = (total: number) => ({ ...list, total, says: () => ({ total }) });
    for (const by of ['page', 'offset'] as const) {
      const { name, told } = await read(t, by, says(10_000));
      assert.equal(name, 'unverified', told);
      assert.match(
        told,
        /states exactly 10,000 records, as far as many servers count; --expect 10000/,
      );
      const expected = await read(t, by, { ...says(10_000), expect: 10_000 });
      assert.notEqual(expected.name, 'unverified', expected.told);
    }
    const odd = await read(t, 'page', says(9500));
    assert.equal(odd.name, 'complete', odd.told);
  });

  test('is unverified where it goes on behind a total of 1,000, and else not proven by its borders', async (t) => {
    const list = { total: 1000, refuses: (from: number) => from >= 1000, size: 100 };
    const says = { total: 1000 };
    for (const [how, { by, ...more }, expected, word] of [
      [
        'refused',
        { by: 'page', status: 422, says: () => says },
        'unverified',
        /it refuses \(422\)/,
      ],
      [
        'a word',
        { by: 'page', status: 404, says: () => ({ ...says, has_more: true }) },
        'unverified',
        /its last page says that there is more/,
      ],
      [
        'hits',
        { by: 'offset', status: 404, says: () => ({ totalHits: 1000 }) },
        'unverified',
        /its total is one of hits/,
      ],
      ['nothing', { by: 'offset', status: 404, says: () => says }, 'complete', /^$/],
    ] as const) {
      const { name, told } = await read(t, by, { ...list, ...more });
      assert.equal(name, expected, `${how}: ${told}`);
      assert.match(told, word);
      const all = await read(t, by, { ...list, ...more, expect: 1000 });
      assert.notEqual(all.name, 'unverified', `${how}: ${all.told}`);
    }
  });

  test('is not capped where a total is there', async (t) => {
    const says = () => ({ total: 1000 });
    const list = { total: 1000, refuses: (from: number) => from >= 1000, status: 404, size: 100 };
    const { name, told } = await read(t, 'page', { ...list, says });
    assert.equal(name, 'complete', told);
  });
});
