/** Pages that say in a 200 that they are none, and pages that are empty, through the whole program. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { mock, suite, test } from 'node:test';
import { type RunOptions, records, run, UnfinishedError, verifyArchive } from '../../src/index.ts';
import { fetchJson, type JsonReply, OUTPUT, startJsonServer } from './pagination-setup.ts';

// Pages are tried again at once.
mock.method(Math, 'random', () => 0);

const SIZE = 3;
const row = (id: number) => ({ id, name: `n${id}` });

/** A list by page number of 18 records, without a total unless `envelope` has one. */
function list(
  odd: (page: number, time: number) => JsonReply | null,
  envelope: (page: number) => object = () => ({}),
) {
  const asked = new Map<number, number>();
  return (url: URL): JsonReply => {
    const page = Number(url.searchParams.get('page') ?? 1);
    const time = (asked.get(page) ?? 0) + 1;
    asked.set(page, time);
    const own = odd(page, time);
    if (own !== null) return own;
    const data = Array.from({ length: SIZE }, (_, at) => (page - 1) * SIZE + at + 1);
    const body = {
      status: '1',
      message: `Page ${page}`,
      ...envelope(page),
      data: data.filter((id) => id <= 18).map(row),
    };
    return { body };
  };
}

const WHOLE = Array.from({ length: 18 }, (_, at) => `${JSON.stringify(row(at + 1))}\n`).join('');
const START = '/things?page=1';

/** What may stand where a page should be. */
const refusals: readonly (readonly [what: string, body: object, reason: RegExp])[] = [
  ['text', { status: '0', message: 'NOTOK', data: 'Max calls reached' }, /^data is text where/],
  ['an object', { status: '0', message: 'NOTOK', data: { error: 'x' } }, /^data is an object/],
  ['null and errors', { data: null, errors: [{ message: 'x' }] }, /^data is null, and .* errors/],
  [
    'an empty list and a status',
    { status: '0', message: 'NOTOK', data: [] },
    /^data is empty, and/,
  ],
  [
    'no list',
    { error: 'shard down', total_pages: 6, page: 3 },
    /^data is not in .* error, status differs/,
  ],
  ['a list of another name', { status: '1', total_pages: 6, rows: [row(7)] }, /only this page has/],
];

suite('a page unlike its sisters is tried again', { concurrency: 2 }, () => {
  for (const [what, body] of refusals) {
    test(`${what}, once`, async (t) => {
      const answer = list((page, time) => (page === 3 && time === 1 ? { body } : null));
      const { summary, text } = await fetchJson(t, answer, { retries: 5 }, START);
      assert.equal(summary.verdict.name, 'unverified', summary.verdict.reasons.join());
      assert.equal(text, WHOLE);
    });
  }
});

suite('and fails by name where it stays so, never at exit 0', { concurrency: 2 }, () => {
  for (const [what, body, reason] of refusals) {
    for (const [how, options] of [
      ['found', {}],
      ['with --select and --strict', { select: 'data', strict: true }],
    ] as const satisfies readonly (readonly [string, RunOptions])[]) {
      test(`${what}, ${how}`, async (t) => {
        const answer = list(
          (page) => (page === 3 ? { body } : null),
          () => ({ total_pages: 6 }),
        );
        const { summary, text, folder } = await fetchJson(
          t,
          answer,
          { retries: 1, ...options },
          START,
        );
        assert.deepEqual([summary.verdict.name, text], ['incomplete', null]);
        const [failure, ...others] = summary.failures;
        assert.deepEqual(others, []);
        assert.ok(failure?.code === 'UNLIKE' || failure?.code === 'SELECTION');
        assert.match(failure.reason, reason);
        assert.match(failure.reason, /; it begins '\{/);
        assert.equal(failure.attempts, 2);
        const again = await verifyArchive(join(folder, `${OUTPUT}.everypage.part`));
        assert.equal(again.verdict.name, 'incomplete');
      });
    }
  }

  test('in the library too', async (t) => {
    const body = { error: 'shard down', total_pages: 6, page: 3 };
    const answer = list(
      (page) => (page === 3 ? { body } : null),
      () => ({ total_pages: 6 }),
    );
    const { origin } = await startJsonServer(t, answer);
    const seen: number[] = [];
    await assert.rejects(async () => {
      for await (const record of records(`${origin}${START}`, { retries: 0 })) {
        seen.push(record.json<{ id: number }>().id);
      }
    }, UnfinishedError);
    assert.ok(!seen.includes(7));
  });
});

test('a run that goes on knows what the first page looked like', async (t) => {
  let isDown = true;
  const body = { status: '0', message: 'NOTOK', data: [] };
  const answer = list((page) => (page > 2 && isDown ? { body } : null));
  const { summary, folder } = await fetchJson(t, answer, { retries: 0 }, START);
  assert.equal(summary.verdict.name, 'incomplete');
  assert.ok(summary.failures.length > 0);

  const { origin } = await startJsonServer(t, answer);
  const source = { kind: 'template', text: `${origin}${START}` } as const;
  const output = join(folder, 'other.ndjson');
  const first = await run([source], { output, maxPages: 2, retries: 0 });
  assert.equal(first.stop?.kind, 'max-pages');
  const second = await run([source], { output, retries: 0 });
  assert.equal(second.verdict.name, 'incomplete');
  assert.ok(second.failures.every(({ code }) => code === 'UNLIKE'));
  isDown = false;
  const third = await run([source], { output, retries: 0 });
  assert.equal(third.verdict.name, 'unverified', third.verdict.reasons.join());
  assert.equal(third.output?.records, 18);
});

suite('an empty page is no refusal', { concurrency: 2 }, () => {
  const ends: readonly (readonly [what: string, body: object])[] = [
    ['with the same envelope', { status: '1', message: 'Page 7', data: [] }],
    ['null for the list', { status: '1', message: 'Page 7', data: null }],
    [
      'with another status, and words of nothing found',
      { status: '0', message: 'No things found', data: [] },
    ],
  ];
  for (const [what, body] of ends) {
    test(`past the end, ${what}`, async (t) => {
      const answer = list((page) => (page > 6 ? { body } : null));
      const { summary, text } = await fetchJson(t, answer, {}, START);
      assert.equal(summary.verdict.name, 'unverified', summary.verdict.reasons.join());
      assert.equal(text, WHOLE);
    });
  }

  test('an empty object for an empty list is no record', async (t) => {
    const body = { status: '1', message: 'Page 7', data: {} };
    const answer = list((page) => (page > 6 ? { body } : null));
    const { text } = await fetchJson(t, answer, {}, START);
    assert.equal(text, WHOLE);
    const { origin } = await startJsonServer(t, answer);
    const ids: number[] = [];
    for await (const record of records(`${origin}${START}`))
      ids.push(record.json<{ id: number }>().id);
    assert.equal(ids.length, 18);
  });

  test('a last page of one record without its list', async (t) => {
    const answer = list((page) => {
      if (page > 7) return { body: { status: '1', message: `Page ${page}`, data: [] } };
      return page === 7 ? { body: { status: '1', message: 'Page 7', data: row(19) } } : null;
    });
    const { text } = await fetchJson(t, answer, {}, START);
    assert.equal(text, `${WHOLE}${JSON.stringify(row(19))}\n`);
  });
});

suite('an empty page where the server stated more is asked for once more', {
  concurrency: 2,
}, () => {
  const total = () => ({ total: 18 });
  const pages = () => ({ total_pages: 6 });
  const none = { status: '1', message: 'Page 3', data: [] };
  for (const [what, envelope] of [
    ['a total', total],
    ['a number of pages', pages],
  ] as const) {
    test(`by ${what}`, async (t) => {
      const answer = list(
        (page, time) => (page === 3 && time === 1 ? { body: { ...none, ...envelope() } } : null),
        envelope,
      );
      const { summary, text } = await fetchJson(t, answer, { retries: 0 }, START);
      assert.equal(summary.verdict.name, 'complete', summary.verdict.reasons.join());
      assert.deepEqual([text, summary.retries], [WHOLE, 1]);
    });
  }

  test('and then the total counts', async (t) => {
    const answer = list((page) => (page === 3 ? { body: { ...none, ...total() } } : null), total);
    const { summary, text, targets } = await fetchJson(t, answer, {}, START);
    assert.deepEqual([summary.verdict.name, text], ['incomplete', null]);
    assert.match(summary.verdict.reasons.join(), /3 records are missing/);
    // And once more at the end, when pages are read again.
    assert.equal(targets.filter((target) => target.endsWith('=3')).length, 3);
  });

  test('in a chain, the page that a link led to and that has no next one itself', async (t) => {
    const asked = new Map<number, number>();
    const answer = (url: URL): JsonReply => {
      const page = Number(url.searchParams.get('page') ?? 1);
      const time = (asked.get(page) ?? 0) + 1;
      asked.set(page, time);
      if (page === 3 && time === 1) return { body: { data: null, next: null } };
      // Page 2 is empty and leads on: nothing to ask again.
      const data = page === 2 ? [] : [row(page)];
      return { body: { data, next: page < 5 ? `/things?page=${page + 1}&x=${page}` : null } };
    };
    const { summary, text } = await fetchJson(t, answer, { retries: 0 });
    assert.ok(['complete', 'unverified'].includes(summary.verdict.name));
    assert.equal(text, [1, 3, 4, 5].map((id) => `${JSON.stringify(row(id))}\n`).join(''));
    // All are also read once more at the end.
    assert.deepEqual([asked.get(2), asked.get(3)], [2, 3]);
  });
});

suite('what is too long to be read is not absent', { concurrency: 2 }, () => {
  /** Three pages by cursor, the second of which states something in 70,000 bytes. */
  const chain =
    (odd: object) =>
    (url: URL): JsonReply => {
      const page = Number(url.searchParams.get('cursor') ?? 1);
      const next = page < 3 ? `${page + 1}` : null;
      const body = { data: [row(page)], next_cursor: next, has_more: page < 3, total: 3 };
      return { body: page === 2 ? { ...body, ...odd } : body };
    };
  const LONG = 'x'.repeat(70_000);
  const PINNED: RunOptions = {
    paginate: {
      style: 'cursor',
      param: 'cursor',
      nextPath: 'next_cursor',
      morePath: 'has_more',
      totalPath: 'total',
    },
    select: 'data',
  };
  for (const [what, odd, name] of [
    ['a cursor', { next_cursor: LONG }, 'incomplete'],
    ['a flag beside no cursor', { next_cursor: null, has_more: LONG }, 'incomplete'],
    ['a flag beside a cursor', { has_more: LONG }, 'complete'],
    ['a total', { total: LONG }, 'unverified'],
    ['a total of many digits', { total: '3'.repeat(30) }, 'unverified'],
  ] as const) {
    test(what, async (t) => {
      const { summary } = await fetchJson(t, chain(odd), PINNED);
      assert.equal(summary.verdict.name, name, summary.verdict.reasons.join());
    });
  }
});

test('a page that speaks of a limit pauses its origin, and is not given up while it does', async (t) => {
  const body = { status: '0', message: 'NOTOK', data: 'rate limit reached, wait 20 ms' };
  const pauses: string[] = [];
  const answer = list((page, time) => (page === 3 && time <= 3 ? { body } : null));
  const { summary, text } = await fetchJson(
    t,
    answer,
    {
      retries: 5,
      onEvent: (event) => {
        if (event.type === 'pause') pauses.push(event.reason);
      },
    },
    START,
  );
  assert.equal(text, WHOLE, summary.verdict.reasons.join());
  assert.match(pauses[0] ?? '', /^200 with rate limit in its body, /);
});
