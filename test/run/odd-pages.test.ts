/** Pages that contradict each other, or came short once: what they say must not end a list green. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { exportArchive, run, verifyArchive } from '../../src/index.ts';
import { fetchJson, type JsonReply, OUTPUT, startJsonServer } from './pagination-setup.ts';
import { temporaryFolder } from './run-cli.ts';

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

test('null or nothing in the place of a list in mid-list leaves it unverified where that page leads on', async (t) => {
  for (const odd of [{ items: null }, {}]) {
    for (const total of [null, rows.length - 20]) {
      const answer = (url: URL): JsonReply => {
        const from = cursorOf(url);
        const items = from === 60 ? odd : { items: rows.slice(from, from + 20) };
        const said = total === null ? {} : { total };
        return { body: { ...items, ...said, next: nextOf(from + 20) } };
      };
      const { summary } = await fetchJson(t, answer, byCursor);
      const level = total === null ? 'unverified' : 'complete';
      assert.equal(summary.verdict.name, level, JSON.stringify(summary.verdict));
    }
  }
});

test('null or nothing in the place of a list in mid-list makes it incomplete where that page says nothing more', async (t) => {
  for (const odd of [{ items: null }, { page: 3 }]) {
    const answer = (url: URL): JsonReply => {
      const page = pageOf(url);
      return { body: page === 3 ? odd : { page, items: ofPage(page) } };
    };
    const { summary } = await fetchJson(t, answer, {}, '/items?page=1');
    assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
  }
});

test('null in the place of the list of the last page is an empty page', async (t) => {
  const answer = (url: URL): JsonReply => {
    const from = cursorOf(url);
    const items = rows.slice(from, from + 20);
    // Only the page after the last records names none.
    const next = Buffer.from(String(from + 20)).toString('base64url');
    return { body: items.length > 0 ? { items, next } : { items: null, next: null } };
  };
  const { summary, text } = await fetchJson(t, answer, byCursor);
  assert.equal(summary.verdict.name, 'complete', JSON.stringify(summary.verdict));
  assert.equal(text, whole);
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
  assert.match(summary.verdict.reasons.join(), /the last page now names a next one/);
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
  const answer = (): JsonReply => ({ body: { message: 'no such key', data: [] } });
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

suite('pages that begin with the last records of the page before, though nobody asked for that', () => {
  const labels = rows.map(({ id }) => ({ label: `row ${id}` }));
  const lines = labels.map((row) => `${JSON.stringify(row)}\n`).join('');
  for (const shared of [1, 5]) {
    const answerOf =
      (list: readonly object[]) =>
      (url: URL): JsonReply => {
        const from = cursorOf(url);
        const items = list.slice(Math.max(0, from - shared), from + 20);
        return { body: { items, next: nextOf(from + 20) } };
      };

    test(`${shared} of them, with a key: they are left out, and the list is complete`, async (t) => {
      const { summary, text } = await fetchJson(t, answerOf(rows), byCursor);
      assert.equal(summary.verdict.name, 'complete', JSON.stringify(summary.verdict));
      assert.equal(summary.verdict.records?.fetched, rows.length);
      assert.equal(text, whole);
    });

    test(`${shared} of them, without a key: the list is incomplete, and --key @ leaves them out`, async (t) => {
      const bare = await fetchJson(t, answerOf(labels), byCursor);
      assert.equal(bare.summary.verdict.name, 'incomplete', JSON.stringify(bare.summary.verdict));
      assert.match(bare.summary.verdict.reasons.join(), /these records come twice\. .*--key @/);
      const paginate = { ...byCursor.paginate, key: '@' };
      const { summary, text } = await fetchJson(t, answerOf(labels), { paginate });
      assert.equal(summary.verdict.name, 'complete', JSON.stringify(summary.verdict));
      assert.equal(text, lines);
    });
  }

  test('where only some pages do so, the list is not whole', async (t) => {
    const answer = (url: URL): JsonReply => {
      const from = cursorOf(url);
      const items = rows.slice(from === 60 ? from - 1 : from, from + 20);
      return { body: { items, next: nextOf(from + 20) } };
    };
    const { summary, text } = await fetchJson(t, answer, byCursor);
    assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
    assert.equal(text, null);
  });

  test('the export and verify leave the same records out, also of a run that goes on', async (t) => {
    const { origin } = await startJsonServer(t, (url) => {
      const from = cursorOf(url);
      return {
        body: { items: rows.slice(Math.max(0, from - 2), from + 20), next: nextOf(from + 20) },
      };
    });
    const folder = temporaryFolder(t);
    const output = join(folder, OUTPUT);
    const source = { kind: 'template', text: `${origin}/things` } as const;
    await run([source], { output, ...byCursor, maxPages: 3 });
    const { verdict, archivePath } = await run([source], { output, ...byCursor });
    assert.equal(verdict.name, 'complete', JSON.stringify(verdict));
    assert.equal(readFileSync(output, 'utf8'), whole);
    const again = join(folder, 'again.ndjson');
    await exportArchive(archivePath!, { output: again });
    assert.equal(readFileSync(again, 'utf8'), whole);
    const { verdict: verified } = await verifyArchive(archivePath!);
    assert.equal(verified.records?.written, rows.length);
  });
});

test('a page that holds a token of an unknown name is not said to be all', async (t) => {
  const answer = (): JsonReply => ({
    body: { Items: rows.slice(0, 25), LastEvaluatedKey: { pk: 'a', sk: 'b' } },
  });
  const { summary } = await fetchJson(t, answer);
  assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
  assert.doesNotMatch(summary.verdict.reasons.join(), /--paginate none/);
});

test('a page of a range that is an error with an empty list fails', async (t) => {
  for (const options of [{ records: true }, { select: 'data' }]) {
    const answer = (url: URL): JsonReply => {
      const page = pageOf(url);
      return { body: page === 3 ? { data: [], error: 'shard down' } : { data: ofPage(page) } };
    };
    const { summary } = await fetchJson(t, answer, options, '/things?page=[1-6]');
    assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
    assert.equal(summary.verdict.failed, 1);
  }
});

test('a first page that is an error with an empty list fails', async (t) => {
  for (const body of [
    { data: [], error: 'no such key' },
    { status: 'error', message: 'no such key', data: [] },
  ]) {
    const { summary, text } = await fetchJson(t, () => ({ body }), {}, '/things?page=1');
    assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
    assert.equal(text, null);
  }
});

test('next links that differ in a parameter named token lead on, also in a run that goes on', async (t) => {
  const folder = temporaryFolder(t);
  const output = join(folder, OUTPUT);
  const { origin } = await startJsonServer(t, (url) => {
    const from = Number(url.searchParams.get('token')?.slice(5) ?? 0);
    const href = `${url.pathname}?limit=20&token=next:${from + 20}`;
    const links = from + 20 < rows.length ? [{ rel: 'next', href }] : [];
    return { body: { items: rows.slice(from, from + 20), links } };
  });
  const source = { kind: 'template', text: `${origin}/search?limit=20` } as const;
  const first = await run([source], { output, maxPages: 3 });
  assert.equal(first.verdict.stored, 3);
  const { verdict } = await run([source], { output });
  assert.equal(verdict.name, 'complete', JSON.stringify(verdict));
  assert.equal(readFileSync(output, 'utf8'), whole);
});

suite('null among the records is no record', () => {
  const withNulls = rows.map((row, at) => (at % 30 === 25 ? null : row));
  const nulls = withNulls.filter((row) => row === null).length;
  const lines = withNulls
    .flatMap((row) => (row === null ? [] : `${JSON.stringify(row)}\n`))
    .join('');
  for (const [by, path] of [
    ['page number', '/items?page=1'],
    ['offset', '/items?limit=20&offset=0'],
  ] as const) {
    for (const total of [null, rows.length, rows.length - nulls]) {
      test(`by ${by}, total ${total}`, async (t) => {
        const answer = (url: URL): JsonReply => {
          const from = url.searchParams.has('page') ? 20 * (pageOf(url) - 1) : offsetOf(url);
          const items = withNulls.slice(from, from + 20);
          return { body: { items, ...(total === null ? {} : { total }) } };
        };
        const { summary, text, folder } = await fetchJson(t, answer, {}, path);
        const level = by === 'offset' || total !== null ? /complete|unverified/ : /unverified/;
        assert.match(summary.verdict.name, level, JSON.stringify(summary.verdict));
        assert.match(summary.verdict.evidence.join(), /4 places of the list hold null/);
        assert.equal(summary.verdict.records?.written, rows.length - nulls);
        assert.equal(text, lines);
        const { verdict } = await verifyArchive(join(folder, `${OUTPUT}.everypage`));
        assert.deepEqual(verdict.records, summary.verdict.records);
      });
    }
  }
});

test('a page of a GraphQL query with errors beside its records makes the list incomplete', async (t) => {
  const { origin } = await startJsonServer(t, (url) => {
    const from = Number(JSON.parse(url.searchParams.get('variables') ?? '{}').after ?? 0);
    const endCursor = String(from + 20);
    const pageInfo = { hasNextPage: from + 20 < rows.length, endCursor };
    const nodes = rows.slice(from, from + (from === 40 ? 19 : 20));
    const errors = from === 40 ? { errors: [{ message: 'a resolver failed' }] } : {};
    return { body: { data: { rows: { nodes, pageInfo } }, ...errors } };
  });
  const query = 'query($after: String) { rows(after: $after) { nodes { id } } }';
  const text = `${origin}/graphql?query=${encodeURIComponent(query)}&variables={}`;
  const output = join(temporaryFolder(t), OUTPUT);
  const paginate = { style: 'graphql', param: 'after' } as const;
  const { verdict } = await run([{ kind: 'literal', text }], { output, paginate });
  assert.equal(verdict.name, 'incomplete', JSON.stringify(verdict));
  assert.match(verdict.reasons.join(), /1 page says that not all of it is there \(errors\)/);
  assert.equal(verdict.stored, 7);
});

suite('in a list that stands still, records of one key', () => {
  const cycle = rows.map((_, at) => ({ id: at % 50, round: Math.floor(at / 50) }));

  test('with other content have no unique key, and the list is unverified', async (t) => {
    for (const [path, options] of [
      ['/items?page=1', {}],
      ['/items?limit=20&offset=0', { recheck: 'all' }],
    ] as const) {
      const answer = (url: URL): JsonReply => {
        const from = url.searchParams.has('page') ? 20 * (pageOf(url) - 1) : offsetOf(url);
        return { body: { items: cycle.slice(from, from + 20), total: cycle.length } };
      };
      const { summary, text } = await fetchJson(t, answer, options, path);
      assert.equal(summary.verdict.name, 'unverified', JSON.stringify(summary.verdict));
      assert.match(
        summary.verdict.reasons.join(),
        /87 records have the id of another record: .*--key/,
      );
      assert.equal(text, cycle.map((row) => `${JSON.stringify(row)}\n`).join(''));
    }
  });

  test('with the same content stand twice, and the list is incomplete', async (t) => {
    const answer = (url: URL): JsonReply => {
      const page = pageOf(url);
      const items = page === 3 ? [...ofPage(page).slice(1), rows[0]] : ofPage(page);
      return { body: { items, total: rows.length } };
    };
    const { summary } = await fetchJson(t, answer, {}, '/items?page=1');
    assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
    assert.match(
      summary.verdict.reasons.join(),
      /1 record came twice, though the list did not change/,
    );
  });
});

suite('a page with records that tells of a fault makes the list incomplete', () => {
  for (const [what, fault, none] of [
    ['an error that the others have empty', { error: 'timeout' }, { error: null }],
    ['a list of errors that the others do not have', { errors: [{ message: 'x' }] }, {}],
    [
      'errors behind much else',
      { included: ['x'.repeat(100_000)], errors: [{ message: 'x' }] },
      { included: ['x'.repeat(100_000)] },
    ],
    ['a flag that says that it failed', { ok: false }, { ok: true }],
    ['a state that says so', { status: 'error' }, { status: 'ok' }],
    [
      'shards that failed',
      { _shards: { total: 5, failed: 3 } },
      { _shards: { total: 5, failed: 0 } },
    ],
  ] as const) {
    test(`${what}, in the middle and at first`, async (t) => {
      for (const odd of [0, 60]) {
        const answer = (url: URL): JsonReply => {
          const from = cursorOf(url);
          const said = from === odd ? fault : none;
          return { body: { items: rows.slice(from, from + 20), ...said, next: nextOf(from + 20) } };
        };
        const { summary } = await fetchJson(t, answer, byCursor);
        assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
        assert.match(summary.verdict.reasons.join(), /1 page says that not all of it is there/);
      }
    });
  }

  test('errors that all pages tell of are none where as many records came as the total says', async (t) => {
    for (const [fault, level] of [
      [{ errors: ['this version is deprecated'] }, 'complete'],
      [{ meta: { error: { message: 'see the docs' } } }, 'complete'],
      [{ _shards: { total: 5, failed: 3 } }, 'incomplete'],
      [{ timed_out: true }, 'incomplete'],
    ] as const) {
      for (const total of [rows.length, null]) {
        const answer = (url: URL): JsonReply => {
          const said = total === null ? {} : { total };
          return { body: { ...fault, items: ofPage(pageOf(url)), ...said } };
        };
        const { summary } = await fetchJson(t, answer, {}, '/items?page=1');
        const expected = total === null ? 'incomplete' : level;
        assert.equal(summary.verdict.name, expected, JSON.stringify(summary.verdict));
      }
    }
  });

  test('a field for faults that is empty on all pages, or says that there is none, is no fault', async (t) => {
    for (const said of [
      { errors: [] },
      { error: 'none', errorCode: 0 },
      { hasError: false },
      { error: { code: 'ok', message: '' } },
      { errors: [null], stats: { passed: 135, failed: 2 } },
    ]) {
      const answer = (url: URL): JsonReply => {
        const from = cursorOf(url);
        return { body: { items: rows.slice(from, from + 20), ...said, next: nextOf(from + 20) } };
      };
      const { summary } = await fetchJson(t, answer, byCursor);
      assert.equal(summary.verdict.name, 'complete', JSON.stringify(summary.verdict));
    }
  });
});

test('what is no object, or has no key, among records that are and have leaves the list unverified', async (t) => {
  for (const [odd, reason] of [
    ['error', /1 record is no object/],
    [{ error: 'shard down' }, /1 record has no id/],
    [{}, /1 record has no id/],
  ] as const) {
    const answer = (url: URL): JsonReply => {
      const page = pageOf(url);
      const items = page === 3 ? [odd, ...ofPage(page).slice(1)] : ofPage(page);
      return { body: { items, total: rows.length } };
    };
    const { summary } = await fetchJson(t, answer, {}, '/items?page=1');
    assert.equal(summary.verdict.name, 'unverified', JSON.stringify(summary.verdict));
    assert.match(summary.verdict.reasons.join(), reason);
  }
});

suite('a page of a range that is no page of its list fails', () => {
  for (const [what, odd] of [
    ['null', { items: null }],
    ['text', { items: 'unavailable' }],
    ['an error object', { items: { error: 'down' } }],
    ['records beside an error', { items: rows.slice(40, 43), error: 'timeout' }],
  ] as const) {
    test(what, async (t) => {
      for (const options of [{ records: true }, { select: 'items' }]) {
        const answer = (url: URL): JsonReply => {
          const page = pageOf(url);
          return { body: page === 3 ? odd : { items: ofPage(page) } };
        };
        const { summary } = await fetchJson(t, answer, options, '/things?page=[1-6]');
        assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
        assert.equal(summary.verdict.failed, 1);
      }
    });
  }

  test('and where the first page holds no records, the run says so', async (t) => {
    const answer = (): JsonReply => ({ body: { state: 'open' } });
    await assert.rejects(
      fetchJson(t, answer, { records: true }, '/things?page=[1-6]'),
      /no list of records was found in the first page: say where it is with --select/,
    );
  });
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
  assert.equal(summary.verdict.name, 'proven');
});

test('an empty page that says that there is more is no end, also where pages overlap', async (t) => {
  // Records 40 to 79 of the server's own count are hidden.
  const shown = (at: number): number => (at < 40 ? at : Math.max(40, at - 40));
  const answer = flagged((at) => [shown(at), shown(at + 20)]);
  const { summary, text } = await fetchJson(t, answer);
  assert.ok(text === null || text === whole, JSON.stringify(summary.verdict));
});

test('a run that stops while pages are read again says so, and the same call goes on', async (t) => {
  const stop = new AbortController();
  const asked = new Map<string, number>();
  const { origin } = await startJsonServer(t, (url) => {
    const times = (asked.get(url.search) ?? 0) + 1;
    asked.set(url.search, times);
    // The second page that is read again.
    if (times === 2 && cursorOf(url) === 20) setImmediate(() => stop.abort());
    const from = cursorOf(url);
    return { body: { items: rows.slice(from, from + 20), next: nextOf(from + 20) } };
  });
  const output = join(temporaryFolder(t), OUTPUT);
  const source = { kind: 'template', text: `${origin}/things` } as const;
  const options = { output, ...byCursor, concurrency: 1 };
  const stopped = await run([source], { ...options, signal: stop.signal });
  assert.equal(stopped.verdict.name, 'incomplete', JSON.stringify(stopped.verdict));
  assert.match(stopped.verdict.reasons.join(), /the list came to its end, and the run stopped/);
  const { verdict } = await run([source], options);
  assert.equal(verdict.name, 'complete', JSON.stringify(verdict));
  assert.equal(readFileSync(output, 'utf8'), whole);
});

test('pages that are shorter than was asked for are missing what the total says', async (t) => {
  const answer = (url: URL): JsonReply => {
    const from = 25 * (pageOf(url) - 1);
    return { body: { items: rows.slice(from, from + 20), total: rows.length } };
  };
  const { summary } = await fetchJson(t, answer, {}, '/items?page=1&per_page=25');
  assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
  assert.match(summary.verdict.reasons.join(), /25 records are missing/);
});

suite('a list by number that begins at the wrong one says at which to begin', () => {
  const from0 = (url: URL) => rows.slice(pageOf(url) * 20, (pageOf(url) + 1) * 20);
  const from1 = (url: URL) => ofPage(Math.max(1, pageOf(url)));
  for (const [what, page, answer, cure] of [
    ['page 0 is page 1 again', 0, (url: URL) => ({ items: from1(url) }), /count from 1, .*page=1$/],
    [
      'pages count from 0, by a total',
      1,
      (url: URL) => ({ items: from0(url), total: rows.length }),
      /20 records are missing: .*if pages count from 0, begin with page=0$/,
    ],
    [
      'pages count from 0, by a number of pages',
      1,
      (url: URL) => ({ items: from0(url), total_pages: 7 }),
      /count from 0, begin with page=0$/,
    ],
  ] as const) {
    test(what, async (t) => {
      const path = `/items?page=${page}&per_page=20`;
      const { summary } = await fetchJson(t, (url) => ({ body: answer(url) }), {}, path);
      assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
      assert.match(summary.verdict.reasons[0]!, cure);
    });
  }
});

test('a total that an empty page falls short of says nothing of where pages count from', async (t) => {
  const answer = (url: URL): JsonReply => {
    const items = pageOf(url) === 4 ? [] : ofPage(pageOf(url));
    return { body: { items, total: rows.length } };
  };
  const { summary } = await fetchJson(t, answer, {}, '/items?page=1');
  const told = summary.verdict.reasons.join('; ');
  assert.match(
    told,
    /20 records are missing: 117 came, the server says 137; 1 page was empty, though records came after$/,
  );
});

test('an empty page among full ones is a doubt, and among short ones what a filter leaves', async (t) => {
  const read = (list: (page: number) => readonly Row[]) =>
    fetchJson(
      t,
      (url) => ({ body: { items: list(pageOf(url)), has_more: pageOf(url) < 7 } }),
      {},
      '/items?page=1',
    );
  const full = await read((page) => (page === 4 ? [] : ofPage(page)));
  assert.equal(full.summary.verdict.name, 'unverified', JSON.stringify(full.summary.verdict));
  assert.match(full.summary.verdict.reasons.join(), /1 page was empty, though records came after/);
  const kept = (row: Row) => row.id < 150 || row.id > 260;
  const filtered = await read((page) => ofPage(page).filter(({ id }) => kept({ id }) && id % 4));
  assert.equal(filtered.summary.verdict.name, 'complete', JSON.stringify(filtered.summary.verdict));
});

suite('a run that found one page only begins again', () => {
  const asMap = (page: number) =>
    Object.fromEntries(ofPage(page).map((row) => [`k${row.id}`, row]));
  const wrong = { error: { message: 'the quota is used up' } };
  for (const [what, path, before, then, options] of [
    ['where its page was an error', '/items?page=1', () => wrong, ofPage, {}],
    ['where its page was an error in the place of all', '/items', () => wrong, ofPage, {}],
    ['where nobody knew its records', '/items?page=1', asMap, asMap, { select: 'items.*' }],
  ] as const) {
    test(what, async (t) => {
      let isFirst = true;
      const { origin } = await startJsonServer(t, (url) => {
        const items = (isFirst ? before : then)(pageOf(url));
        return { body: items === wrong ? items : { items, page: pageOf(url), total: 137 } };
      });
      const output = join(temporaryFolder(t), OUTPUT);
      const source = { kind: 'template', text: `${origin}${path}` } as const;
      const first = await run([source], { output });
      assert.equal(first.verdict.name, 'incomplete');
      isFirst = false;
      const { verdict } = await run([source], { output, ...options });
      assert.equal(verdict.name, 'complete', JSON.stringify(verdict));
      assert.equal(readFileSync(output, 'utf8'), whole);
    });
  }

  test('and says what an error says', async (t) => {
    const { summary } = await fetchJson(t, () => ({ body: wrong }));
    assert.match(
      summary.verdict.reasons[0]!,
      /reports an error: the server says "the quota is used up"$/,
    );
  });
});

test('null in the place of records does not make up for records that are missing', async (t) => {
  const withNulls = rows.flatMap((row, at) => (at % 10 === 5 ? [null, row] : [row]));
  const answer = (url: URL): JsonReply => {
    const from = 20 * (pageOf(url) - 1);
    const items = from < 120 ? withNulls.slice(from, from + 20) : [];
    return { body: { items, total: rows.length } };
  };
  const { summary } = await fetchJson(t, answer, {}, '/items?page=1');
  assert.notEqual(summary.verdict.name, 'complete', JSON.stringify(summary.verdict));
  assert.equal(summary.verdict.name, 'incomplete');
});

test('pages that end with null are not taken for the same page', async (t) => {
  const withNulls = rows.map((row, at) => (at % 20 === 19 ? null : row));
  const lines = withNulls
    .flatMap((row) => (row === null ? [] : `${JSON.stringify(row)}\n`))
    .join('');
  for (const path of ['/items?page=1', '/items?limit=20&offset=0']) {
    const answer = (url: URL): JsonReply => {
      const from = url.searchParams.has('page') ? 20 * (pageOf(url) - 1) : offsetOf(url);
      return { body: { items: withNulls.slice(from, from + 20) } };
    };
    const { summary, text } = await fetchJson(t, answer, {}, path);
    assert.equal(text, lines, JSON.stringify(summary.verdict));
  }
});
