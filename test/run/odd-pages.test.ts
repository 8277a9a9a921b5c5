/** Pages that contradict each other, or came short once: what they say must not end a list green. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fetchJson, type JsonReply } from './pagination-setup.ts';

interface Row {
  readonly id: number;
}

const range = (from: number, to: number): Row[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, at) => ({ id: (from + at) * 3 + 7 }));
const rows = range(0, 137);
const whole = rows.map((row) => `${JSON.stringify(row)}\n`).join('');

const offsetOf = ({ searchParams }: URL) => Number(searchParams.get('offset') ?? 0);
const pageOf = ({ searchParams }: URL) => Number(searchParams.get('page') ?? 1);
const ofPage = (page: number) => rows.slice((page - 1) * 20, page * 20);

/** A cursor that shows nothing of where it leads. */
const cursorOf = ({ searchParams }: URL) =>
  Number(Buffer.from(searchParams.get('cursor') ?? '', 'base64url').toString() || 0);
const nextOf = (from: number) =>
  from < rows.length ? Buffer.from(String(from)).toString('base64url') : null;
const byCursor = {
  paginate: { style: 'cursor', param: 'cursor', nextPath: 'next' },
} as const;

test('a flag that says that nothing follows does not end a list by offset whose pages do follow', async (t) => {
  const answer = (url: URL): JsonReply => {
    const at = offsetOf(url);
    return { body: { items: rows.slice(at, at + 20), has_more: at < 30 } };
  };
  const { summary, text } = await fetchJson(t, answer, {}, '/items?limit=20&offset=0');
  assert.equal(text, whole, JSON.stringify(summary.verdict));
  assert.match(summary.verdict.evidence.join(), /has_more says that nothing follows/);
});

test('a total that is too low does not end a list by offset', async (t) => {
  const answer = (url: URL): JsonReply => {
    const at = offsetOf(url);
    return { body: { items: rows.slice(at, at + 20), total: 100 } };
  };
  const { summary, text } = await fetchJson(t, answer, {}, '/items?limit=20&offset=0');
  assert.equal(text, whole, JSON.stringify(summary.verdict));
  assert.match(
    summary.verdict.evidence.join(),
    /total says 100 records in all on a page that reaches/,
  );
});

for (const [what, short] of [
  ['short', 5],
  ['empty', 0],
] as const) {
  test(`a page in the middle that came ${what} once is no page that grew`, async (t) => {
    let asked = 0;
    const answer = (url: URL): JsonReply => {
      const from = cursorOf(url);
      const isShort = from === 60 && ++asked === 1;
      const items = rows.slice(from, from + (isShort ? short : 20));
      return { body: { items, next: nextOf(from + 20) } };
    };
    const { summary, text } = await fetchJson(t, answer, byCursor);
    assert.equal(summary.verdict.name, 'drifted', JSON.stringify(summary.verdict));
    assert.match(summary.verdict.reasons.join(), /page 4 held other records when read again/);
    assert.equal(text, null);
  });
}

test('null in the place of a list in the middle leaves it unverified, and no list there incomplete', async (t) => {
  for (const [odd, level] of [
    [{ items: null }, 'unverified'],
    [{}, 'incomplete'],
  ] as const) {
    const answer = (url: URL): JsonReply => {
      const from = cursorOf(url);
      const items = from === 60 ? odd : { items: rows.slice(from, from + 20) };
      return { body: { ...items, next: nextOf(from + 20) } };
    };
    const { summary } = await fetchJson(t, answer, byCursor);
    assert.equal(summary.verdict.name, level, JSON.stringify(summary.verdict));
  }
});

test('a last page that names a next one when it is read again leaves the list unverified', async (t) => {
  let asked = 0;
  const answer = (url: URL): JsonReply => {
    const from = cursorOf(url);
    const isLast = from === 60 && ++asked === 1;
    return {
      body: { items: rows.slice(from, from + 20), next: isLast ? null : nextOf(from + 20) },
    };
  };
  const { summary } = await fetchJson(t, answer, byCursor);
  assert.equal(summary.verdict.name, 'unverified', JSON.stringify(summary.verdict));
  assert.match(summary.verdict.reasons.join(), /the last page speaks of a next one by now/);
});

test('a selection that finds nothing writes nothing, unless it is a condition', async (t) => {
  const answer = (url: URL): JsonReply => ({
    body: { items: ofPage(pageOf(url)), total: rows.length },
  });
  const none = await fetchJson(t, answer, { select: 'items[].nmae' }, '/items?page=1');
  assert.deepEqual([none.summary.verdict.name, none.text], ['incomplete', null]);
  const filtered = await fetchJson(t, answer, { select: 'items[?id < `0`]' }, '/items?page=1');
  assert.deepEqual([filtered.summary.verdict.name, filtered.text], ['complete', '']);
});

test('of an answer without records nothing is proven', async (t) => {
  const answer = (): JsonReply => ({ body: { status: 'error', message: 'no such key', data: [] } });
  const { summary } = await fetchJson(t, answer);
  assert.equal(summary.verdict.name, 'unverified', JSON.stringify(summary.verdict));
});

test('a page that says that it is partial makes the list incomplete', async (t) => {
  const answer = (url: URL): JsonReply => {
    const page = pageOf(url);
    return { body: { timed_out: page === 3, items: ofPage(page), total: rows.length } };
  };
  const { summary } = await fetchJson(t, answer, {}, '/items?page=1');
  assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
  assert.match(
    summary.verdict.reasons.join(),
    /1 page says that not all of it is there \(timed_out\)/,
  );
});

test('records without a key that end one page and begin the next are not called complete', async (t) => {
  const labels = rows.map(({ id }) => ({ label: `row ${id}` }));
  const answer = (url: URL): JsonReply => {
    const from = cursorOf(url);
    const items = labels.slice(Math.max(0, from - 5), from + 20);
    return { body: { items, next: nextOf(from + 20) } };
  };
  const { summary } = await fetchJson(t, answer, byCursor);
  assert.equal(summary.verdict.name, 'unverified', JSON.stringify(summary.verdict));
  assert.match(
    summary.verdict.reasons.join(),
    /begin with one of the last records of the page before/,
  );
});

test('a page that holds a token of an unknown name is not said to be all', async (t) => {
  const answer = (): JsonReply => ({
    body: { Items: rows.slice(0, 25), LastEvaluatedKey: { pk: 'a', sk: 'b' } },
  });
  const { summary } = await fetchJson(t, answer);
  assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
  assert.doesNotMatch(summary.verdict.reasons.join(), /--paginate none/);
});

/** ArcGIS: a flag says that there is more, and a page may hold less than the others. */
const flagged = (take: (at: number) => readonly [from: number, to: number]) => (url: URL) => {
  const at = Number(url.searchParams.get('resultOffset') ?? 0);
  const [from, to] = take(at);
  const more = to < rows.length ? { exceededTransferLimit: true } : {};
  return { body: { features: rows.slice(from, to), ...more } };
};

test('a page that was cut short goes on from where it was cut', async (t) => {
  const answer = flagged((at) => [at, Math.min(rows.length, at + (at < 30 || at > 90 ? 20 : 7))]);
  const { summary, text } = await fetchJson(t, answer);
  assert.equal(text, whole, JSON.stringify(summary.verdict));
  assert.equal(summary.verdict.name, 'complete');
});

test('an empty page that says that there is more is no end, also where pages overlap', async (t) => {
  // Records 40 to 79 of the server's own count are hidden.
  const shown = (at: number): number => (at < 40 ? at : Math.max(40, at - 40));
  const answer = flagged((at) => [shown(at), shown(at + 20)]);
  const { summary, text } = await fetchJson(t, answer);
  assert.ok(text === null || text === whole, JSON.stringify(summary.verdict));
});
