import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fetchJson, type JsonReply } from './pagination-setup.ts';

interface Row {
  readonly id: number;
}

/** Ids that no offset looks like. */
const rowsOf = (count: number): Row[] =>
  Array.from({ length: count }, (_, index) => ({ id: 1000 + index * 7 }));

type Style = 'page' | 'offset' | 'cursor';

const startOf: Readonly<Record<Style, string>> = {
  page: '/items?page=1',
  offset: '/items?offset=0',
  cursor: '/items',
};

/** A list that changes before the fourth request; pages of ten, and a total. */
function changing(style: Style, rows: Row[], change: (rows: Row[]) => void) {
  let requests = 0;
  return ({ searchParams }: URL): JsonReply => {
    requests += 1;
    if (requests === 4) change(rows);
    const from =
      style === 'page'
        ? (Number(searchParams.get('page') ?? 1) - 1) * 10
        : style === 'offset'
          ? Number(searchParams.get('offset') ?? 0)
          : Number(Buffer.from(searchParams.get('cursor') ?? '', 'base64url').toString() || 0);
    const items = rows.slice(from, from + 10);
    if (items.length === 0) return { status: 404, body: { detail: 'Invalid page.' } };
    const after =
      from + 10 < rows.length ? Buffer.from(String(from + 10)).toString('base64url') : null;
    return { body: { items, total: rows.length, ...(style === 'cursor' ? { next: after } : {}) } };
  };
}

const paginateOf = { style: 'cursor', param: 'cursor', nextPath: 'next' } as const;

for (const style of ['page', 'offset', 'cursor'] as const) {
  const options = style === 'cursor' ? { paginate: paginateOf } : {};

  suite(`a list by ${style} that changes its length while it is read`, () => {
    test('is complete where rows were appended, and says so', async (t) => {
      const rows = rowsOf(150);
      const append = (list: Row[]) => void list.push({ id: 900_001 }, { id: 900_002 });
      const read = await fetchJson(t, changing(style, rows, append), options, startOf[style]);
      const { name, evidence } = read.summary.verdict;
      assert.equal(name, 'complete', JSON.stringify(read.summary.verdict));
      assert.equal(read.text, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
      assert.match(evidence.join(), /the total went from 150 to 152 while the list was read/);
    });

    test('is complete where its last page is gone and nothing else changed', async (t) => {
      const rows = rowsOf(101);
      const shorten = (list: Row[]) => void list.splice(95, 1);
      const read = await fetchJson(t, changing(style, rows, shorten), options, startOf[style]);
      const { name, failed, evidence } = read.summary.verdict;
      assert.equal(name, 'complete', JSON.stringify(read.summary.verdict));
      assert.equal(failed, 0);
      assert.equal(read.text, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
      assert.match(evidence.join(), /the total went from 101 to 100 while the list was read/);
    });

    test('drifted where a row went from a page that had been read', async (t) => {
      const rows = rowsOf(101);
      const shorten = (list: Row[]) => void list.splice(3, 1);
      const read = await fetchJson(
        t,
        changing(style, rows, shorten),
        { ...options, concurrency: 1 },
        startOf[style],
      );
      assert.equal(read.summary.verdict.name, 'drifted', JSON.stringify(read.summary.verdict));
      assert.equal(read.text, null);
    });
  });
}
