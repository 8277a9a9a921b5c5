/** Lists by page number and offset that are refused, cut or counted oddly: none may end green and short. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { run } from '../../src/index.ts';
import { fetchJson, type JsonReply, OUTPUT } from './pagination-setup.ts';
import { temporaryFolder } from './run-cli.ts';

const rows = Array.from({ length: 137 }, (_, at) => ({ id: at * 3 + 7 }));

function linesOf(from: number, to = rows.length): string {
  return rows
    .slice(from, to)
    .map((row) => `${JSON.stringify(row)}\n`)
    .join('');
}

const numberIn = ({ searchParams }: URL, name: string, otherwise: number): number =>
  Number(searchParams.get(name) ?? otherwise);
const pageOf = (url: URL) => numberIn(url, 'page', 1);
const offsetOf = (url: URL) => numberIn(url, 'offset', 0);
const ofPage = (page: number, size = 25) => rows.slice((page - 1) * size, page * size);

const BY_PAGE = '/things?per_page=25&page=1';
const BY_OFFSET = '/things?limit=25&offset=0';

test('a page that is refused each time is asked for twice, and is missing', async (t) => {
  for (const extra of [{}, { has_more: true }]) {
    for (const status of [404, 410, 416]) {
      const answer = (url: URL): JsonReply => {
        const page = pageOf(url);
        if (page === 3) return { status };
        const hasMore = page < 6;
        return { body: { items: ofPage(page), ...('has_more' in extra && { has_more: hasMore }) } };
      };
      const { summary, text, targets } = await fetchJson(t, answer, {}, BY_PAGE);
      assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
      assert.match(summary.verdict.reasons.join(), /1 of \d pages failed/);
      assert.equal(text, null);
      assert.equal(targets.filter((target) => /\bpage=3$/.test(target)).length, 2);
    }
  }
});

test('a page that is refused once is asked for again, and the list is whole', async (t) => {
  let refusals = 0;
  const answer = (url: URL): JsonReply => {
    const page = pageOf(url);
    if (page === 3 && refusals++ === 0) return { status: 404 };
    return { body: { items: ofPage(page) } };
  };
  const { summary, text } = await fetchJson(t, answer, {}, BY_PAGE);
  assert.equal(summary.verdict.name, 'unverified', JSON.stringify(summary.verdict));
  assert.equal(text, linesOf(0));
});

test('an offset that is refused each time is missing, and the run ends', async (t) => {
  const answer = (url: URL): JsonReply => {
    const at = offsetOf(url);
    if (at >= 40 && at < 60) return { status: 416 };
    return { body: { items: rows.slice(at, at + 25) } };
  };
  const { summary, text, targets } = await fetchJson(t, answer, {}, BY_OFFSET);
  assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
  assert.equal(text, null);
  assert.ok(targets.length < 30, `${targets.length} requests`);
});

test('pages that are refused in the middle are not the end of the list, where nothing states one', async (t) => {
  for (const refused of [[2], [4], [3, 4]]) {
    const answer = (url: URL): JsonReply => {
      const page = pageOf(url);
      return refused.includes(page) ? { status: 404 } : { body: { items: ofPage(page) } };
    };
    const { summary, text } = await fetchJson(t, answer, {}, BY_PAGE);
    assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
    assert.match(
      summary.verdict.reasons.join(),
      new RegExp(`${refused.length} of \\d pages failed`),
    );
    assert.equal(text, null);
  }
});

test('a page of an offset list whose rows are all hidden is not its end', async (t) => {
  const all = Array.from({ length: 137 }, (_, id) => ({ id }));
  for (const [options, size, hidden] of [
    [{}, 25, [73, 99]],
    [{ paginate: { overlap: 0 } }, 25, [50, 75]],
    [{}, 5, [45, 50]],
  ] as const) {
    const [from, to] = hidden;
    const answer = (url: URL): JsonReply => {
      const at = offsetOf(url);
      const page = all.slice(at, at + numberIn(url, 'limit', size));
      return { body: page.filter(({ id }) => id < from || id >= to) };
    };
    const path = `/things?limit=${size}&offset=0`;
    const { summary, text } = await fetchJson(t, answer, options, path);
    const came = text === null ? null : text.split('\n').length - 1;
    const what = `${size} ${came} ${JSON.stringify(summary.verdict)}`;
    assert.doesNotMatch(summary.verdict.name, /^(?:proven|complete)$/, what);
    if (came !== null) assert.equal(came, 137 - (to - from), what);
  }
});

test('a server that has one further record on every page past the end is not asked without an end', async (t) => {
  const answer = (url: URL): JsonReply => {
    const page = pageOf(url);
    return { body: { items: page > 6 ? [{ id: 10_000 + page }] : ofPage(page) } };
  };
  const { summary, text, targets } = await fetchJson(t, answer, {}, BY_PAGE);
  assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
  assert.match(summary.verdict.reasons.join(), /the last 100 pages brought one each/);
  assert.equal(text, null);
  assert.ok(targets.length < 250, String(targets.length));
});

test('few pages are asked for behind those that fail past the end', async (t) => {
  const answer = (url: URL): JsonReply => {
    const items = ofPage(pageOf(url));
    return items.length === 0 ? { status: 500 } : { body: { items } };
  };
  const { summary, targets } = await fetchJson(t, answer, {}, BY_PAGE);
  assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
  const pastEnd = targets.filter((target) => Number(/page=(\d+)$/.exec(target)?.[1]) > 6);
  assert.ok(pastEnd.length <= 3, targets.join(' '));
});

test('a total that is the number of records in a full first page is asked about once', async (t) => {
  const from = (url: URL) =>
    url.search.includes('page=') ? (pageOf(url) - 1) * 25 : offsetOf(url);
  const answers: readonly ((items: readonly unknown[], at: number) => JsonReply)[] = [
    (items) => ({ body: { items, total: items.length } }),
    (items) => ({ body: { items, page: { total: items.length } } }),
    (items) => ({ body: items, headers: { 'x-total-count': String(items.length) } }),
    (items) => ({ body: { items, total: items.length, pages: 1 } }),
    (items, at) => ({ body: { items, total: at + items.length } }),
  ];
  for (const path of [BY_PAGE, BY_OFFSET, '/things?page=1', '/things?offset=0']) {
    for (const [index, reply] of answers.entries()) {
      for (const count of [12, 25, 137]) {
        const answer = (url: URL): JsonReply => {
          const at = from(url);
          return reply(rows.slice(at, Math.min(at + 25, count)), at);
        };
        const what = `${path} ${index} ${count}`;
        const { summary, text, targets } = await fetchJson(t, answer, {}, path);
        assert.equal(text, linesOf(0, count), `${what} ${JSON.stringify(summary.verdict)}`);
        if (count === 25) assert.equal(summary.verdict.name, 'proven', what);
        if (count === 25) assert.equal(targets.length, 2, `${what} ${targets}`);
        if (count === 12 && path.includes('25')) assert.equal(targets.length, 1, what);
      }
    }
  }
});

test('a total that fits the records so far at a full page is asked about once', async (t) => {
  for (const [total, requests, verdict] of [
    [125, 5 + 1 + 5, 'complete'],
    [137, 6 + 6, 'complete'],
    [150, null, 'unverified'],
  ] as const) {
    const all = Array.from({ length: total }, (_, id) => ({ id }));
    const answer = (url: URL): JsonReply => {
      const page = pageOf(url);
      const items = all.slice((page - 1) * 25, page * 25);
      return { body: { items, total: Math.min(total, total === 150 ? 125 : total) } };
    };
    const { summary, text, targets } = await fetchJson(t, answer, {}, BY_PAGE);
    const whole = all.map((row) => `${JSON.stringify(row)}\n`).join('');
    assert.equal(text, whole, JSON.stringify(summary.verdict));
    assert.equal(summary.verdict.name, verdict, JSON.stringify(summary.verdict));
    if (requests !== null) assert.equal(targets.length, requests);
  }
});

test('one page without the flag, or with null, does not end a list by page or offset', async (t) => {
  for (const odd of [{}, { has_more: null }]) {
    for (const path of [BY_PAGE, BY_OFFSET]) {
      const answer = (url: URL): JsonReply => {
        const at = path === BY_PAGE ? (pageOf(url) - 1) * 25 : offsetOf(url);
        const items = rows.slice(at, at + 25);
        const isOdd = at >= 70 && at < 80;
        return { body: { items, ...(isOdd ? odd : { has_more: at + 25 < rows.length }) } };
      };
      const { summary, text } = await fetchJson(t, answer, {}, path);
      assert.equal(text, linesOf(0), `${path} ${JSON.stringify(summary.verdict)}`);
    }
  }
});

test('a flag that is left out where it is false ends a list, once the page behind it is empty', async (t) => {
  const answer = (url: URL): JsonReply => {
    const page = pageOf(url);
    return { body: { items: ofPage(page), ...(page < 6 && { has_more: true }) } };
  };
  const { summary, text } = await fetchJson(t, answer, {}, BY_PAGE);
  assert.equal(text, linesOf(0));
  assert.equal(summary.verdict.name, 'complete', JSON.stringify(summary.verdict));
});

test('a full page that names no next one does not end a list by page or offset', async (t) => {
  for (const [path, name, param] of [
    [BY_PAGE, 'next_page', 'page'],
    [BY_OFFSET, 'next_offset', 'offset'],
  ] as const) {
    const answer = (url: URL): JsonReply => {
      const at = path === BY_PAGE ? (pageOf(url) - 1) * 25 : offsetOf(url);
      const isNone = (at >= 70 && at < 80) || at + 25 >= rows.length;
      const next = path === BY_PAGE ? pageOf(url) + 1 : at + 25;
      return { body: { items: rows.slice(at, at + 25), [name]: isNone ? null : next } };
    };
    const paginate = { style: param, param, nextPath: name } as const;
    const { summary, text } = await fetchJson(t, answer, { paginate }, path);
    assert.equal(text, linesOf(0), `${path} ${JSON.stringify(summary.verdict)}`);
  }
});

test('a list that begins at its short last page has the size that was asked for before it', async (t) => {
  for (const [count, query, from] of [
    [137, 'per_page=25&page=6', 125],
    [30, 'page=2&limit=25', 25],
    [137, 'page=6', 125],
  ] as const) {
    const answer = (url: URL): JsonReply => {
      const items = rows.slice(0, count).slice((pageOf(url) - 1) * 25, pageOf(url) * 25);
      const pages = query === 'page=6' ? { total_pages: 6 } : {};
      return { body: { items, total: count, ...pages } };
    };
    const { summary, text, targets } = await fetchJson(t, answer, {}, `/things?${query}`);
    assert.equal(text, linesOf(from, count), JSON.stringify(summary.verdict));
    // Where no size is known, 12 records may be a full page.
    assert.equal(targets.length, query === 'page=6' ? 2 : 1);
  }
});

test('pages by number that are shorter than asked for are in doubt, unless a total or their size clears them', async (t) => {
  for (const [says, isCut, verdict] of [
    ['flag', true, 'unverified'],
    ['pages', true, 'unverified'],
    ['flag', false, 'unverified'],
    ['size', false, 'complete'],
    ['total', false, 'complete'],
  ] as const) {
    const step = isCut ? 50 : 25;
    const answer = (url: URL): JsonReply => {
      const at = (pageOf(url) - 1) * step;
      const isMore = at + step < rows.length;
      const words = {
        flag: { has_more: isMore },
        pages: { total_pages: Math.ceil(rows.length / step) },
        size: { has_more: isMore, per_page: 25 },
        total: { total: rows.length },
      }[says];
      return { body: { items: rows.slice(at, at + 25), ...words } };
    };
    const { summary } = await fetchJson(t, answer, {}, '/things?per_page=50&page=1');
    assert.equal(summary.verdict.name, verdict, `${says} ${JSON.stringify(summary.verdict)}`);
    const told = /25 records came on each full page where 50 were asked for/;
    if (verdict === 'unverified') assert.match(summary.verdict.reasons.join(), told);
  }
});

test('an empty list is one, though its URL has a page number or an offset', async (t) => {
  for (const path of [BY_PAGE, BY_OFFSET, '/things?page=1']) {
    for (const body of [[], { items: [] }]) {
      const { summary, text, targets } = await fetchJson(t, () => ({ body }), {}, path);
      assert.equal(summary.verdict.name, 'unverified', JSON.stringify(summary.verdict));
      assert.equal(text, '');
      assert.equal(targets.length, 1);
    }
  }
});

test('the last page again, wherever more is asked for, is an end that nothing states', async (t) => {
  for (const count of [137, 100]) {
    const last = Math.ceil(count / 25);
    const answer = (url: URL): JsonReply => {
      const page = Math.min(pageOf(url), last);
      return { body: { items: rows.slice(0, count).slice((page - 1) * 25, page * 25) } };
    };
    const { summary, text } = await fetchJson(t, answer, {}, BY_PAGE);
    assert.equal(summary.verdict.name, 'unverified', JSON.stringify(summary.verdict));
    assert.equal(text, linesOf(0, count));
  }
});

test('the last page again is no end where it says that there is more, or records have no key', async (t) => {
  for (const [flag, name] of [
    [{ has_more: true }, 'id'],
    [{}, 'value'],
  ] as const) {
    const answer = (url: URL): JsonReply => {
      const items = ofPage(Math.min(pageOf(url), 4)).map(({ id }) => ({ [name]: id }));
      return { body: { items, ...flag } };
    };
    const { summary, text } = await fetchJson(t, answer, {}, BY_PAGE);
    assert.equal(summary.verdict.name, 'incomplete', JSON.stringify(summary.verdict));
    assert.equal(text, null);
  }
});

test('offsets that the server moves back do not say how many records came', async (t) => {
  const answer = (url: URL): JsonReply => {
    const at = Math.min(offsetOf(url), 112);
    return { body: { items: rows.slice(at, at + 25) } };
  };
  const { summary } = await fetchJson(t, answer, {}, BY_OFFSET);
  assert.notEqual(summary.verdict.name, 'complete');
  assert.doesNotMatch(summary.verdict.reasons.join(), /after \d+ records/);
});

test('--first is in the first request, whatever the URL says', async (t) => {
  const byPage = (url: URL): JsonReply => ({ body: { items: ofPage(pageOf(url)), total: 137 } });
  const byOffset = (url: URL): JsonReply => {
    const at = offsetOf(url);
    return { body: { items: rows.slice(at, at + 25), total: 137 } };
  };
  const page = { style: 'page', param: 'page', first: 3 } as const;
  const offset = { style: 'offset', param: 'offset', first: 10 } as const;
  for (const [answer, paginate, path, expected, from] of [
    [byPage, page, '/things?per_page=25', '/things?per_page=25&page=3', 50],
    [byPage, page, '/things?per_page=25&page=1', '/things?per_page=25&page=3', 50],
    [byPage, { style: 'page', first: 3 }, '/things', '/things?page=3', 50],
    [byPage, { first: 3 }, '/things?page=1', '/things?page=3', 50],
    [byOffset, offset, '/things?limit=25', '/things?limit=25&offset=10', 10],
    [byOffset, offset, '/things?limit=25&offset=0', '/things?limit=25&offset=10', 10],
  ] as const) {
    const { summary, text, targets } = await fetchJson(t, answer, { paginate }, path);
    assert.equal(targets[0], expected);
    assert.equal(text, linesOf(from), JSON.stringify(summary.verdict));
    assert.notEqual(summary.verdict.name, 'unverified', JSON.stringify(summary.verdict));
  }
});

test('--first alone begins where it says, though the parameter is found by trying', async (t) => {
  const answer = (url: URL): JsonReply => ({ body: { items: ofPage(pageOf(url)), total: 137 } });
  const { summary, text } = await fetchJson(t, answer, { paginate: { first: 3 } });
  assert.equal(text, linesOf(50), JSON.stringify(summary.verdict));
});

test('a preset begins where the URL does', async (t) => {
  const answer = (url: URL): JsonReply => {
    const at = numberIn(url, '$offset', 0);
    return { body: rows.slice(at, at + numberIn(url, '$limit', 25)) };
  };
  const options = { paginate: { preset: 'socrata' } };
  const { summary, text } = await fetchJson(t, answer, options, '/things?$limit=25&$offset=50');
  assert.equal(text, linesOf(50), JSON.stringify(summary.verdict));
});

test('--first of a range is in the first request', async (t) => {
  const { origin } = await startRangeServer(t);
  const paginate = { style: 'range', first: 10 } as const;
  const output = join(temporaryFolder(t), OUTPUT);
  const source = { kind: 'template', text: `${origin}/things` } as const;
  const summary = await run([source], { output, paginate });
  assert.equal(readFileSync(output, 'utf8'), linesOf(10), JSON.stringify(summary.verdict));
});

async function startRangeServer(t: TestContext): Promise<{ readonly origin: string }> {
  const server = createServer((request, response) => {
    const [, from = '0', to] = /=(\d+)-(\d*)/.exec(request.headers.range ?? '') ?? [];
    const items = rows.slice(Number(from), Math.min(Number(from) + 25, Number(to || 1e9) + 1));
    const range = `items ${from}-${Number(from) + items.length - 1}/137`;
    response.writeHead(206, { 'content-type': 'application/json', 'content-range': range });
    response.end(JSON.stringify(items));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
