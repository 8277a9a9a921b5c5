/** Chains by links and cursors whose pages are cut, nested, nameless or alike: none may end green and wrong. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { run } from '../../src/index.ts';
import { fetchJson, type JsonReply, OUTPUT, startJsonServer } from './pagination-setup.ts';
import { temporaryFolder } from './run-cli.ts';

const rows = Array.from({ length: 137 }, (_, at) => ({ id: at * 3 + 7 }));
const linesOf = (list: readonly unknown[]) =>
  list.map((row) => `${JSON.stringify(row)}\n`).join('');
const whole = linesOf(rows);

suite('next links that differ in a credential alone lead on', () => {
  const secret = (from: number) => `c2Vzc2lvbi1${String(from).padStart(6, '0')}`;
  for (const name of ['session', 'signature', 'auth']) {
    const answer = (url: URL): JsonReply => {
      const from = Number(url.searchParams.get(name)?.slice(-6) ?? 0);
      assert.ok(!Number.isNaN(from), url.href);
      const next = from + 20 < rows.length ? `/things?${name}=${secret(from + 20)}` : null;
      return { body: { items: rows.slice(from, from + 20), next } };
    };

    test(`${name}, also in a run that goes on, and it is shown nowhere`, async (t) => {
      const { origin } = await startJsonServer(t, answer);
      const folder = temporaryFolder(t);
      const output = join(folder, OUTPUT);
      const source = { kind: 'template', text: `${origin}/things` } as const;
      const seen: string[] = [];
      const onEvent = (event: object) => void seen.push(JSON.stringify(event));
      await run([source], { output, maxPages: 3, onEvent });
      const { verdict } = await run([source], { output, onEvent });
      assert.equal(verdict.name, 'complete', JSON.stringify(verdict));
      assert.equal(readFileSync(output, 'utf8'), whole);
      assert.doesNotMatch(seen.join(), /c2Vzc2lvbi1/);
    });
  }

  test('and a link that leads back is a loop all the same', async (t) => {
    const answer = (url: URL): JsonReply => {
      const from = Number(url.searchParams.get('session')?.slice(-6) ?? 0);
      const next = `/things?session=${secret(from === 40 ? 20 : from + 20)}`;
      return { body: { items: rows.slice(from, from + 20), next } };
    };
    const { summary } = await fetchJson(t, answer);
    assert.equal(summary.verdict.end, 'loop', JSON.stringify(summary.verdict));
  });
});

suite('a next page that begins further on than a page ends', () => {
  const cut = 10;
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const decode = (text: string | null) =>
    text === null ? null : JSON.parse(Buffer.from(text, 'base64url').toString());
  const offsetIn = ({ searchParams }: URL): number => {
    const token = searchParams.get('cursor');
    if (token !== null) return /^\d+$/.test(token) ? Number(token) : Number(decode(token).offset);
    const page = Number(searchParams.get('page') ?? 1);
    return Number(searchParams.get('offset') ?? 20 * (page - 1));
  };
  const by: Readonly<Record<string, (next: number) => object>> = {
    'an offset in a next link': (at) => ({ next: `/things?limit=20&offset=${at}` }),
    'a page number in a next link': (at) => ({ next: `/things?limit=20&page=${at / 20 + 1}` }),
    'a plain cursor': (at) => ({ next_cursor: String(at) }),
    'a token': (at) => ({ next_cursor: encode({ offset: at, sort: 'id' }) }),
  };
  for (const [name, nextOf] of Object.entries(by)) {
    const options = name.includes('link')
      ? { paginate: { style: 'next', nextPath: 'next' } as const }
      : { paginate: { style: 'cursor', param: 'cursor', nextPath: 'next_cursor' } as const };
    const answerOf =
      (size: number, step: number, said: object = {}) =>
      (url: URL): JsonReply => {
        const from = offsetIn(url);
        const next = from + step < rows.length ? nextOf(from + step) : {};
        return { body: { items: rows.slice(from, from + size), ...said, ...next } };
      };

    test(`is not complete: by ${name}`, async (t) => {
      const { summary } = await fetchJson(t, answerOf(cut, 20), options, '/things?limit=20');
      assert.equal(summary.verdict.name, 'unverified', JSON.stringify(summary.verdict));
      assert.match(summary.verdict.reasons.join(), /no total says that none is missing/);
    });

    test(`and one that does not leaves the list complete: by ${name}`, async (t) => {
      const { summary, text } = await fetchJson(t, answerOf(20, 20), options, '/things?limit=20');
      assert.equal(summary.verdict.name, 'complete', JSON.stringify(summary.verdict));
      assert.equal(text, whole);
    });
  }

  test('is no fault where a total says that all came', async (t) => {
    // A server that filters what it has cut into pages.
    const odd = rows.filter((_, at) => at % 20 < 15);
    const answer = (url: URL): JsonReply => {
      const from = offsetIn(url);
      const next = from + 20 < rows.length ? `/things?limit=20&offset=${from + 20}` : null;
      const items = rows.slice(from, from + 20).filter((row) => odd.includes(row));
      return { body: { items, matched: odd.length, next } };
    };
    const paginate = { style: 'next', nextPath: 'next', totalPath: 'matched' } as const;
    const { summary } = await fetchJson(t, answer, { paginate }, '/things?limit=20');
    assert.equal(summary.verdict.name, 'complete', JSON.stringify(summary.verdict));
  });
});

suite('a time that the next request holds', () => {
  const second = (at: number) => new Date(Date.UTC(2024, 0, 1, 0, 0, at)).toISOString();
  const timed = rows.map(({ id }, at) => ({ id, at: second(Math.floor(at / 3)) }));
  const chain =
    (isIn: (time: string, since: string) => boolean, nextOf: (time: string) => object) =>
    (url: URL): JsonReply => {
      const token = url.searchParams.get('since') ?? url.searchParams.get('cursor') ?? '';
      const since = token.startsWith('2024') ? token : Buffer.from(token, 'base64').toString();
      const left = timed.filter(({ at }) => since === '' || isIn(at, since));
      const items = left.slice(0, 20);
      return { body: { items, ...(left.length > 20 ? nextOf(items.at(-1)!.at) : {}) } };
    };
  const byLink = (time: string) => ({ next: `/things?since=${encodeURIComponent(time)}` });
  const byToken = (time: string) => ({ next_cursor: Buffer.from(time).toString('base64url') });
  const options = {
    link: { paginate: { style: 'next', nextPath: 'next' } },
    token: { paginate: { style: 'cursor', param: 'cursor', nextPath: 'next_cursor' } },
  } as const;

  test('lets records with the same one be skipped, so the list is not complete', async (t) => {
    for (const [nextOf, own] of [
      [byLink, options.link],
      [byToken, options.token],
    ] as const) {
      const { summary } = await fetchJson(
        t,
        chain((at, since) => at > since, nextOf),
        own,
      );
      assert.equal(summary.verdict.name, 'unverified', JSON.stringify(summary.verdict));
      assert.match(
        summary.verdict.reasons.join(),
        /two records may have the same at: .* is skipped/,
      );
    }
  });

  test('skips none where each page begins with the records of that time again', async (t) => {
    const answer = chain((at, since) => at >= since, byLink);
    const { summary, text } = await fetchJson(t, answer, options.link);
    assert.equal(summary.verdict.name, 'complete', JSON.stringify(summary.verdict));
    assert.equal(text, linesOf(timed));
  });

  test('skips none beside the id of the record', async (t) => {
    const answer = (url: URL): JsonReply => {
      const [, id = '-1'] = Buffer.from(url.searchParams.get('cursor') ?? '', 'base64')
        .toString()
        .split('|');
      const left = timed.filter((row) => row.id > Number(id));
      const items = left.slice(0, 20);
      const { at, id: last } = items.at(-1)!;
      const next_cursor = Buffer.from(`${at}|${last}`).toString('base64url');
      return { body: { items, ...(left.length > 20 ? { next_cursor } : {}) } };
    };
    const { summary, text } = await fetchJson(t, answer, options.token);
    assert.equal(summary.verdict.name, 'complete', JSON.stringify(summary.verdict));
    assert.equal(text, linesOf(timed));
  });
});

suite('a full page in the middle that names no next one', () => {
  const links: Readonly<Record<string, (from: number) => string>> = {
    'an offset': (from) => `/things?limit=20&offset=${from}`,
    'a page number': (from) => `/things?limit=20&page=${from / 20 + 1}`,
    'the last key': (from) => `/things?limit=20&after=${rows[from - 1]!.id}`,
  };
  const fromIn = ({ searchParams }: URL): number => {
    const after = searchParams.get('after');
    if (after !== null) return rows.findIndex(({ id }) => id === Number(after)) + 1;
    return Number(searchParams.get('offset') ?? 20 * (Number(searchParams.get('page') ?? 1) - 1));
  };
  const options = { paginate: { style: 'next', nextPath: 'next' } } as const;
  for (const [name, linkOf] of Object.entries(links)) {
    const answerOf =
      (silent: number, count: number) =>
      (url: URL): JsonReply => {
        const from = fromIn(url);
        if (from > count) return { status: 400 };
        const items = rows.slice(from, Math.min(from + 20, count));
        const next = from !== silent && from + 20 < count ? { next: linkOf(from + 20) } : {};
        return { body: { items, ...next } };
      };

    test(`does not end the list, by ${name}`, async (t) => {
      for (const silent of [20, 60]) {
        const path = '/things?limit=20';
        const { summary, text } = await fetchJson(t, answerOf(silent, 137), options, path);
        assert.equal(text, whole, JSON.stringify(summary.verdict));
        assert.match(summary.verdict.evidence.join(), /names no next page, and the one behind it/);
        assert.notEqual(summary.verdict.name, 'proven');
      }
    });

    test(`ends it where nothing is behind it, after one request more, by ${name}`, async (t) => {
      const path = '/things?limit=20';
      const { summary, text, targets } = await fetchJson(t, answerOf(-1, 80), options, path);
      assert.match(summary.verdict.name, /^(?:complete|proven)$/, JSON.stringify(summary.verdict));
      assert.equal(summary.verdict.end, 'stated');
      assert.equal(text, linesOf(rows.slice(0, 80)));
      assert.equal(new Set(targets).size, 5);
    });
  }

  test('is not followed without an end', async (t) => {
    const answer = (url: URL): JsonReply => {
      const page = Number(url.searchParams.get('page') ?? 1);
      const items = Array.from({ length: 20 }, (_, index) => ({ id: 20 * page + index }));
      return { body: { items, ...(page === 1 ? { next: '/things?limit=20&page=2' } : {}) } };
    };
    const { summary, targets } = await fetchJson(t, answer, options, '/things?limit=20');
    assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
    assert.match(summary.verdict.reasons.join(), /100 pages in a row name no next page/);
    assert.ok(targets.length < 200, String(targets.length));
  });
});

suite('of two next links the own one of the list counts', () => {
  const pageOf = (url: URL) => Number(url.searchParams.get('p') ?? 0);
  const other = (url: URL) => `${url.origin}/tags?after=20`;
  const nested = (url: URL) => ({ owner: { repos: { data: [{ id: 1 }], next: other(url) } } });
  for (const [name, list, own, odd] of [
    [
      'beside one of a nested collection (OData)',
      'value',
      '@odata.nextLink',
      (url: URL) => ({ 'tags@odata.nextLink': other(url) }),
    ],
    ['beside one of another object', 'items', 'next', nested],
  ] as const) {
    const answerOf =
      (size: number, end: object) =>
      (url: URL): JsonReply => {
        if (url.pathname === '/tags') return { body: { [list]: [{ id: 999 }] } };
        const page = pageOf(url);
        const to = size * (page + 1);
        const next = to < rows.length ? { [own]: `${url.origin}/things?p=${page + 1}` } : end;
        const items = rows.slice(size * page, to);
        return { body: { ...odd(url), [list]: items, total: rows.length, ...next } };
      };

    test(`${name}, from page to page`, async (t) => {
      const { summary, text, targets } = await fetchJson(t, answerOf(20, { [own]: null }));
      assert.equal(summary.verdict.name, 'complete', JSON.stringify(summary.verdict));
      assert.equal(text, whole);
      assert.doesNotMatch(targets.join(), /tags/);
    });

    test(`${name}, which is null or absent`, async (t) => {
      for (const end of [{ [own]: null }, {}]) {
        const { summary, text, targets } = await fetchJson(t, answerOf(200, end));
        assert.match(summary.verdict.name, /^(?:complete|proven)$/, JSON.stringify(summary));
        assert.equal(text, whole);
        assert.doesNotMatch(targets.join(), /tags/);
      }
    });
  }
});

suite('null in the place of a record', () => {
  const withNulls = rows.map((row, at) => (at % 20 < 2 ? null : row));
  const own = linesOf(withNulls.filter((row) => row !== null));
  const fromOf = ({ searchParams }: URL) =>
    Number(Buffer.from(searchParams.get('cursor') ?? '', 'base64url').toString() || 0);
  const tokenOf = (from: number) =>
    from < rows.length ? Buffer.from(String(from)).toString('base64url') : null;

  test('on both first pages does not hide how a chain goes on', async (t) => {
    for (const name of ['next_cursor', 'next_page_token']) {
      const answer = (url: URL): JsonReply => {
        const sent = url.searchParams.get('cursor') ?? url.searchParams.get('page_token') ?? '';
        const from = Number(Buffer.from(sent, 'base64url').toString() || 0);
        const items = withNulls.slice(from, from + 20);
        return { body: { items, [name]: tokenOf(from + 20) } };
      };
      const { summary, text } = await fetchJson(t, answer);
      assert.equal(summary.verdict.name, 'complete', JSON.stringify(summary.verdict));
      assert.equal(text, own);
    }
  });

  test('in what two pages share is no record without an id', async (t) => {
    const list = rows.map((row, at) => (at % 18 === 0 && at > 0 ? null : row));
    const answer = (url: URL): JsonReply => {
      const from = Number(url.searchParams.get('offset') ?? 0);
      return { body: { items: list.slice(from, from + 20), total: list.length } };
    };
    const paginate = { overlap: 2 };
    const path = '/things?limit=20&offset=0';
    const { summary, text } = await fetchJson(t, answer, { paginate }, path);
    assert.doesNotMatch(summary.verdict.reasons.join(), /have no id/);
    assert.equal(text, linesOf(list.filter((row) => row !== null)));
  });

  test('or of the whole list of a page that leads on is asked for once more', async (t) => {
    for (const odd of [{ items: null }, {}]) {
      let asked = 0;
      const answer = (url: URL): JsonReply => {
        const from = fromOf(url);
        const isOdd = from === 60 && ++asked === 1;
        const items = isOdd ? odd : { items: rows.slice(from, from + 20) };
        return { body: { ...items, next: tokenOf(from + 20) } };
      };
      const paginate = { style: 'cursor', param: 'cursor', nextPath: 'next' } as const;
      const { summary, text } = await fetchJson(t, answer, { paginate });
      assert.equal(summary.verdict.name, 'complete', JSON.stringify(summary.verdict));
      assert.equal(text, whole);
    }
  });
});

suite('next links that leave out a filter', () => {
  const mixed = Array.from({ length: 120 }, (_, id) => ({ id, open: id < 30 }));
  const answer =
    (isKept: boolean) =>
    (url: URL): JsonReply => {
      const status = url.searchParams.get('status');
      const all = mixed.filter(({ open }) => status === null || open);
      const page = Number(url.searchParams.get('page') ?? 1);
      const filter = isKept && status !== null ? `status=${status}&` : '';
      const next = 20 * page < all.length ? `/things?${filter}page=${page + 1}` : null;
      return { body: { items: all.slice(20 * (page - 1), 20 * page), next } };
    };
  const options = { paginate: { style: 'next', nextPath: 'next' } } as const;

  test('lead to another list, so that the run is not complete', async (t) => {
    const { summary } = await fetchJson(t, answer(false), options, '/things?status=open');
    assert.equal(summary.verdict.name, 'unverified', JSON.stringify(summary.verdict));
    assert.match(summary.verdict.reasons.join(), /the next link lacks the parameter status/);
  });

  test('and those that keep it do not', async (t) => {
    const { summary } = await fetchJson(t, answer(true), options, '/things?status=open');
    assert.equal(summary.verdict.name, 'complete', JSON.stringify(summary.verdict));
  });
});
