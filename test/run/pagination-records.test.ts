import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { exportArchive, pages, records, verifyArchive } from '../../src/index.ts';
import { fetchJson, type JsonReply, OUTPUT, startJsonServer } from './pagination-setup.ts';
import { temporaryFolder } from './run-cli.ts';
import { runCliHere } from './run-in-process.ts';

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);

const idsOf = (text: string | null): number[] =>
  (text ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).pageid);

/** MediaWiki's pages, by their ids; 137 of them, 50 a page. */
function wiki(url: URL, pagesOf: (ids: readonly number[]) => unknown): JsonReply {
  const at = Number(url.searchParams.get('gapcontinue') ?? 0);
  const goesOn = at + 50 < 137;
  const body = {
    batchcomplete: '',
    ...(goesOn ? { continue: { gapcontinue: String(at + 50), continue: '||' } } : {}),
    query: { pages: pagesOf(range(at, Math.min(137, at + 50))) },
  };
  return { body };
}

// As text, the order of ids that fall would be lost.
const byId = (ids: readonly number[]): object =>
  Object.fromEntries(ids.map((pageid) => [`${pageid}`, { pageid, ns: 0, title: `T${pageid}` }]));

suite('a list that stands in an object, each record under its id', () => {
  test('is written record by record', async (t) => {
    const { summary, text } = await fetchJson(t, (url) => wiki(url, byId));
    assert.equal(summary.verdict.name, 'complete');
    assert.equal(summary.verdict.records?.fetched, 137);
    assert.deepEqual(idsOf(text), range(0, 137));
    assert.equal(summary.pagination?.recordsPath, 'query.pages.*');
  });

  test('is empty where its page leaves it out and says how to go on', async (t) => {
    const { summary, text } = await fetchJson(t, (url) => {
      const reply = wiki(url, byId);
      if (url.searchParams.get('gapcontinue') !== '50') return reply;
      const { query: _, ...rest } = reply.body as { query: unknown };
      return { body: rest };
    });
    assert.equal(summary.verdict.name, 'complete');
    assert.deepEqual(idsOf(text), [...range(0, 50), ...range(100, 137)]);
  });

  for (const [name, odd] of [
    ['says nothing but an error', { error: { code: 'maxlag', info: 'Waiting for a server' } }],
    ['has a list in its place', { query: { pages: [{ pageid: 50, ns: 0, title: 'T50' }] } }],
  ] as const) {
    test(`is incomplete where a page ${name}`, async (t) => {
      const { summary, text } = await fetchJson(t, (url) =>
        url.searchParams.get('gapcontinue') === '50' ? { body: odd } : wiki(url, byId),
      );
      assert.equal(summary.verdict.name, 'incomplete');
      assert.equal(text, null);
      assert.match(summary.failures[0]?.reason ?? '', /query\.pages/);
    });
  }
});

test('an empty list beside another one is not advised to be written as that one', async (t) => {
  const users = [1, 2].map((id) => ({ id, name: `u${id}` }));
  const { origin } = await startJsonServer(t, () => ({ body: { topics: [], users } }));
  const folder = temporaryFolder(t);
  const { code, stderr } = await runCliHere(folder, [`${origin}/topics`, '-o', OUTPUT]);
  assert.equal(code, 3);
  assert.match(stderr, /The list at topics is empty, and users holds records/);
  assert.doesNotMatch(stderr, /--paginate none --records/);
  const [, command] = /If this page is all of topics:\n {2}everypage (.*)$/m.exec(stderr)!;
  const again = await runCliHere(folder, command!.replaceAll("'", '').split(' '));
  assert.equal(again.code, 0, again.stderr);
  assert.equal(readFileSync(join(folder, OUTPUT), 'utf8'), '');
});

suite('records that come again with further properties', () => {
  /** As MediaWiki gives them, in batches of 30 pages, whose revisions come ten at a time. */
  const inParts =
    (more: (pageid: number, at: number) => object = () => ({})) =>
    (url: URL): JsonReply => {
      const batch = Number(url.searchParams.get('gapcontinue') ?? 0);
      const at = Number(url.searchParams.get('rvcontinue') ?? batch);
      const isWhole = at + 10 >= batch + 30;
      const next = isWhole
        ? { gapcontinue: String(batch + 30), continue: 'gapcontinue||' }
        : { gapcontinue: String(batch), rvcontinue: String(at + 10), continue: '||info' };
      const pages = range(batch, batch + 30).map((pageid) => ({
        pageid,
        title: `Ü ${pageid}`,
        ...(at === batch ? { touched: 9007199254740993n } : {}),
        ...(pageid >= at && pageid < at + 10 ? { revisions: [{ revid: pageid }] } : {}),
        categories: [{ title: `at ${at}` }],
        ...more(pageid, at),
      }));
      const rest = at + 10 < 90 ? { continue: next } : {};
      const body = { ...rest, ...(isWhole ? { batchcomplete: true } : {}), query: { pages } };
      // JSON.stringify takes no number as large.
      const text = JSON.stringify(body, (_, value) =>
        typeof value === 'bigint' ? `big ${value}` : value,
      );
      return { body: Buffer.from(text.replaceAll(/"big (\d+)"/g, '$1')) };
    };
  const record = (pageid: number) => {
    const batch = pageid - (pageid % 30);
    const categories = [0, 10, 20].map((at) => `{"title":"at ${batch + at}"}`).join(',');
    const members = `"pageid":${pageid},"title":"Ü ${pageid}","touched":9007199254740993`;
    return { members, revisions: `[{"revid":${pageid}}]`, categories: `[${categories}]` };
  };

  test('are written once, with all of them, and counted once', async (t) => {
    const { summary, text, folder } = await fetchJson(t, inParts());
    const { name, records: counts, reasons, evidence } = summary.verdict;
    assert.equal(name, 'complete', reasons.join());
    assert.deepEqual([counts?.fetched, counts?.written], [90, 90]);
    assert.match(evidence.join(), /6 pages hold further properties of the records before/);
    const lines = text!.trimEnd().split('\n');
    assert.equal(lines.length, 90);
    for (const [pageid, line] of lines.entries()) {
      const { members, revisions, categories } = record(pageid);
      assert.ok(line.startsWith(`{${members},`), line);
      assert.ok(line.includes(`"revisions":${revisions}`), line);
      assert.ok(line.includes(`"categories":${categories}`), line);
    }
    const archive = join(folder, 'out.ndjson.everypage');
    const { verdict } = await verifyArchive(archive);
    assert.deepEqual([verdict.name, verdict.records?.written], ['complete', 90]);
    const again = join(folder, 'again.ndjson');
    await exportArchive(archive, { output: again });
    assert.equal(readFileSync(again, 'utf8'), text);
  });

  test('are written once also where they stand under their ids', async (t) => {
    const { summary, text } = await fetchJson(t, (url) => {
      const { body } = inParts()(url);
      const { query, ...rest } = JSON.parse(String(body));
      const pages = query.pages.map((page: { pageid: number }) => [`${page.pageid}`, page]);
      return { body: { ...rest, query: { pages: Object.fromEntries(pages) } } };
    });
    assert.equal(summary.verdict.name, 'complete', summary.verdict.reasons.join());
    assert.deepEqual(idsOf(text), range(0, 90));
    assert.equal(text!.match(/"title":"at \d+"/g)?.length, 270);
  });

  test('are found by a selection that needs all of them', async (t) => {
    const select = 'query.pages[?length(categories) == `3`].pageid';
    const { summary, text } = await fetchJson(t, inParts(), { select });
    assert.equal(summary.verdict.name, 'complete', summary.verdict.reasons.join());
    assert.equal(text!.trimEnd().split('\n').length, 90);
  });

  test('are given once to a program that reads them', async (t) => {
    const { origin } = await startJsonServer(t, inParts());
    const came: string[] = [];
    for await (const record of records(`${origin}/things`)) came.push(record.text());
    assert.deepEqual(idsOf(came.join('\n')), range(0, 90));
  });

  test('are no parts where each page has others, though none says that its batch is complete', async (t) => {
    const { summary, text } = await fetchJson(t, (url) => {
      const at = Number(url.searchParams.get('gapcontinue') ?? 0);
      const rest = at < 60 ? { continue: { gapcontinue: String(at + 20), continue: '||' } } : {};
      const title = 'long '.repeat(Math.max(0, 100 - at));
      const pages = range(at, Math.min(80, at + 20)).map((pageid) => ({ pageid, title }));
      return { body: { ...rest, query: { pages } } };
    });
    assert.equal(summary.verdict.name, 'complete', summary.verdict.reasons.join());
    assert.deepEqual(idsOf(text), range(0, 80));
  });

  test('stay as they came with --pages', async (t) => {
    const { summary, text } = await fetchJson(t, inParts(), { wholePages: true });
    assert.equal(summary.verdict.name, 'complete', summary.verdict.reasons.join());
    assert.equal(text!.trimEnd().split('\n').length, 9);
  });

  for (const [what, more] of [
    ['another value', (_: number, at: number) => ({ views: at })],
    ['a part of a list again', (_: number, at: number) => ({ links: [1, at + 2] })],
  ] as const) {
    test(`are not put together where they hold ${what}`, async (t) => {
      const { summary, text } = await fetchJson(t, inParts(more));
      assert.equal(summary.verdict.name, 'incomplete');
      assert.match(
        summary.verdict.reasons.join(),
        /the same 30 records by their keys, with different content.*a larger limit for the properties/s,
      );
      assert.equal(text, null);
    });
  }
});

test('a page that holds the time of asking is not followed as a list without end', async (t) => {
  let time = 0;
  const { summary, text, targets } = await fetchJson(t, () => {
    time += 1;
    return { body: range(0, 30).map((host) => ({ host: `h${host}`, time })) };
  });
  assert.equal(summary.verdict.name, 'incomplete');
  assert.match(summary.verdict.reasons.join(), /the first page differs each time.*--paginate/);
  assert.equal(text, null);
  assert.ok(targets.length <= 9, targets.join(' '));
});

suite('what a user says names the next page', () => {
  const list = (url: URL): JsonReply => {
    const at = Number(url.searchParams.get('after') ?? 0);
    const more = at + 7 < 21 ? { paging: { follow: `/things?after=${at + 7}` } } : {};
    const to = Math.min(21, at + 7);
    return { body: { ...more, things: range(at, to).map((pageid) => ({ pageid })) } };
  };
  const next = (nextPath: string) => ({ paginate: { style: 'next', nextPath } }) as const;

  test('ends the list where a page had it and the last one has not', async (t) => {
    const { summary, text } = await fetchJson(t, list, next('paging.follow'));
    assert.equal(summary.verdict.name, 'complete');
    assert.deepEqual(idsOf(text), range(0, 21));
  });

  test('states no end where no page has it', async (t) => {
    const warnings: string[] = [];
    const { summary } = await fetchJson(t, list, {
      ...next('paging.folow'),
      onEvent: (event) => event.type === 'warning' && warnings.push(event.message),
    });
    assert.deepEqual([summary.verdict.name, summary.verdict.end], ['unverified', 'short']);
    assert.match(
      warnings.join(),
      /the first page has no paging\.folow, so it is taken for the last/,
    );
  });

  test('is not there, though the page says that there is more', async (t) => {
    const linked = (url: URL): JsonReply => {
      const { body } = list(url);
      return { body: { ...(body as object), next: '/things?after=7' } };
    };
    const { summary, text } = await fetchJson(t, linked, next('paging.folow'));
    assert.equal(summary.verdict.name, 'incomplete');
    assert.match(summary.verdict.reasons.join(), /paging\.folow is not in it, and it says.*more/);
    assert.equal(text, null);
  });

  test('is no expression, which would find nothing in any page', async (t) => {
    for (const [name, path] of [
      ['nextPath', "links[?rel=='next'].href | [0]"],
      ['morePath', '!paging.[more]'],
      ['totalPath', 'length(things)'],
      ['totalPagesPath', 'meta.pages || `1`'],
    ] as const) {
      const refused = fetchJson(t, list, { paginate: { [name]: path } });
      await assert.rejects(refused, {
        code: 'USAGE',
        message: /is an expression, which only --select/,
      });
    }
    const { summary } = await fetchJson(t, list, { paginate: { morePath: '!paging.done' } });
    assert.equal(summary.stop, null);
  });
});

test('--paginate none --records writes the list that the page says how many it holds of', async (t) => {
  const body = {
    count: 3,
    users: range(0, 9).map((id) => ({ id })),
    found: range(0, 3).map((pageid) => ({ pageid })),
  };
  const options = { paginate: 'none', records: true } as const;
  const { text } = await fetchJson(t, () => ({ body }), options);
  assert.deepEqual(idsOf(text), [0, 1, 2]);
});

suite('a list that pages, and whose records are not found', () => {
  const columns = (url: URL): JsonReply => {
    const page = Number(url.searchParams.get('page') ?? 1);
    const id = range(2 * (page - 1), 2 * page);
    return { body: { page, pages: 4, id, name: id.map(String) } };
  };
  const opaque = (url: URL): JsonReply => {
    const page = Number(url.searchParams.get('page') ?? 1);
    return { body: { page, pages: 4, total: 100, data: { text: `rows ${page}` } } };
  };

  test('by what may be short columns is incomplete, and says so', async (t) => {
    const { summary, text, targets } = await fetchJson(t, columns, {}, '/things?page=1');
    const { name, reasons } = summary.verdict;
    assert.equal(name, 'incomplete');
    assert.match(
      reasons.join('; '),
      /columns of 2 values \(id, name\).*--select 'rows\(\{id: id, name: name\}\)' makes rows of them/,
    );
    assert.match(reasons.join('; '), /--pages/);
    assert.equal(text, null);
    assert.equal(targets.length, 1);
  });

  test('is incomplete, and says what to say', async (t) => {
    const { summary, text } = await fetchJson(t, opaque, {}, '/things?page=1');
    assert.equal(summary.verdict.name, 'incomplete');
    assert.match(
      summary.verdict.reasons.join('; '),
      /--select, or take each page whole with --pages/,
    );
    assert.equal(text, null);
  });

  test('is no record either where the page says that it is all', async (t) => {
    const { summary, text } = await fetchJson(t, () => ({
      body: { total: 1, has_more: false, data: { text: 'rows' } },
    }));
    assert.equal(summary.verdict.name, 'incomplete');
    assert.equal(text, null);
  });

  test('is not written page by page with --allow-incomplete', async (t) => {
    const { folder, text } = await fetchJson(
      t,
      opaque,
      { allowIncomplete: true },
      '/things?page=1',
    );
    assert.equal(text, '');
    const again = join(folder, 'again.ndjson');
    const archive = join(folder, `${OUTPUT}.everypage.part`);
    const { records } = await exportArchive(archive, { output: again, allowIncomplete: true });
    assert.equal(records, 0);
  });

  test('is read whole with --pages, and page by page by the library', async (t) => {
    const whole = await fetchJson(t, opaque, { wholePages: true }, '/things?page=1');
    assert.equal(whole.text?.trimEnd().split('\n').length, 4);
    const { origin } = await startJsonServer(t, opaque);
    let count = 0;
    for await (const page of pages(`${origin}/things?page=1`)) count += page.status === 200 ? 1 : 0;
    assert.equal(count, 4);
  });
});
