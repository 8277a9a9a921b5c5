import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import {
  allPages,
  EverypageError,
  explain,
  type NextPage,
  type Page,
  type Paginate,
  pages,
  records,
  UnfinishedError,
} from '../../src/index.ts';
import { startRawServer } from '../servers/raw-server.ts';
import { fetchJson, startFixture, wholeOutput } from './pagination-setup.ts';
import { temporaryFolder } from './run-cli.ts';
import { runCliHere, STATES } from './run-in-process.ts';

const AT_ONCE = { concurrency: 4 };

const archives = () => {
  const folder = join(STATES, 'everypage');
  return existsSync(folder) ? readdirSync(folder) : [];
};

suite('iterators over a list that pages by itself', () => {
  test('records yields the records that were found, as they stand in their pages', async (t) => {
    const { server } = await startFixture(t, { api: 'github' });
    const found: string[] = [];
    let last: Page | null = null;
    for await (const record of records(server.url)) {
      found.push(record.text());
      assert.equal(record.json<{ id: unknown }>().id, JSON.parse(record.text()).id);
      last = record.page;
    }
    assert.deepEqual(found, server.lines);
    assert.equal(last?.place.position, 4);
    assert.deepEqual(archives(), []);
  });

  test('records takes what select says instead', async (t) => {
    const { server } = await startFixture(t, { api: 'graph' });
    const names: unknown[] = [];
    for await (const record of records(server.url, { select: 'value[].displayName' })) {
      names.push(record.json());
    }
    assert.deepEqual(
      names,
      server.lines.map((line) => JSON.parse(line).displayName),
    );
    assert.ok(names.every((name) => typeof name === 'string'));
  });

  test('pages yields whole pages with what the server said of each', async (t) => {
    const { server } = await startFixture(t, { api: 'gitlab-keyset' });
    const all = await allPages(server.url);
    assert.deepEqual(all.flatMap((page) => page.json<{ id: number }[]>()).length, server.length);
    assert.match(String(all[0]?.headers['link']), /rel="next"/);
    assert.ok(all.every(({ status }) => status === 200));
    assert.equal(new Set(all.map(({ url }) => url)).size, all.length);
  });

  test('leaving early stops the run', async (t) => {
    const { server } = await startFixture(t, { api: 'slack', pageSize: 4, latencyMs: 5 });
    for await (const page of pages(server.url)) {
      if (page.place.position === 3) break;
    }
    const { requests } = server.counts();
    assert.ok(requests < 12, `${requests} requests`);
  });

  test('what is unverified ends well, and with strict it is an error', async (t) => {
    const { server } = await startFixture(t, { api: 'plain' });
    assert.ok((await allPages(server.url)).length > 5);
    await assert.rejects(allPages(server.url, { strict: true }), (error) => {
      assert.ok(error instanceof UnfinishedError);
      assert.equal(error.code, 'INCOMPLETE');
      assert.equal(error.summary.verdict.name, 'unverified');
      return true;
    });
  });

  test('one page only is an error that says so', async (t) => {
    const { server } = await startFixture(t, { api: 'single' });
    await assert.rejects(allPages(server.url), /one page only/);
  });
});

/** Salesforce's next URL, as a user would follow it. */
const followRecordsUrl: NextPage = async (page) => {
  const { done, nextRecordsUrl } = page.json<{ done: boolean; nextRecordsUrl?: string }>();
  return done ? undefined : nextRecordsUrl;
};

suite('paginate', AT_ONCE, () => {
  const ways: readonly (readonly [what: string, api: string, paginate: Paginate])[] = [
    ['a style', 'django', 'next'],
    ['another style than is found', 'wordpress', 'link'],
    ['a style with its parts', 'plain', { style: 'page', param: 'page', first: 1 }],
    ['parts alone', 'offset-only', { param: 'skip', style: 'offset', totalPath: 'count' }],
    [
      'a cursor in a body',
      'aws',
      { style: 'cursor', param: 'NextToken', carrier: 'body', nextPath: 'NextToken' },
    ],
    ['a preset, of which a part is replaced', 'github', { preset: 'gitlab', totalHeader: null }],
    ['a function', 'salesforce', followRecordsUrl],
  ];
  for (const [what, api, paginate] of ways) {
    test(`as ${what} (${api})`, async (t) => {
      const { server, fetch, read } = await startFixture(t, { api });
      const { verdict, pagination } = await fetch({ paginate });
      assert.equal(read(), wholeOutput(server), JSON.stringify([verdict, pagination]));
      assert.equal(verdict.failed, 0);
    });
  }

  test('none takes the URL for all there is', async (t) => {
    const { server, fetch, read } = await startFixture(t, { api: 'django' });
    const { verdict, pagination } = await fetch({ paginate: 'none' });
    assert.deepEqual([verdict.name, pagination, server.counts().requests], ['proven', null, 1]);
    assert.equal(JSON.parse(read() ?? '').count, server.length);
  });

  test('what a function names that is no page is told without what the user calls a secret', async (t) => {
    const { fetch } = await startFixture(t, { api: 'django' });
    const next = () => 'ftp://a.example/?team_code=s3cret';
    const failed = fetch({ paginate: next, secretParams: ['team_code'] });
    await assert.rejects(failed, (error) => {
      assert.ok(error instanceof EverypageError && error.code === 'URL_INVALID', String(error));
      assert.doesNotMatch(error.message, /s3cret/);
      return true;
    });
  });

  test('what cannot be meant is refused before any request', async (t) => {
    const { server, fetch } = await startFixture(t, { api: 'django' });
    const wrong = [
      'pages',
      { style: 'pages' },
      { preset: 'gihtub' },
      { pageParam: 'page' },
      { size: -1 },
      { size: 0 },
      { split: 'created' },
    ];
    for (const paginate of wrong) {
      const refused = fetch({ paginate: JSON.parse(JSON.stringify(paginate)) });
      await assert.rejects(refused, (error) => {
        assert.ok(error instanceof EverypageError && error.code === 'USAGE', String(error));
        return true;
      });
    }
    assert.equal(server.counts().requests, 0);
  });
});

suite('a function', AT_ONCE, () => {
  /** All pages at once, as soon as the first says how many there are. */
  const fanOut: NextPage = async (page) => {
    const url = new URL(page.url);
    if (url.searchParams.has('page')) return null;
    const count = Number(page.headers['x-wp-totalpages']);
    return Array.from({ length: count - 1 }, (_, index) => {
      url.searchParams.set('page', String(index + 2));
      return new URL(url);
    });
  };

  test('may ask for several pages at once; they come in the order it gave', async (t) => {
    const { server, fetch, read } = await startFixture(t, { api: 'wordpress', latencyMs: 5 });
    const { verdict } = await fetch({ paginate: fanOut, select: '@' });
    assert.equal(read(), wholeOutput(server));
    assert.deepEqual([verdict.name, verdict.end], ['unverified', 'short']);
    assert.ok(server.counts().mostAtOnce > 2, `${server.counts().mostAtOnce} at once`);
  });

  test('takes the records that are found in the first page, and whole pages if they are wanted', async (t) => {
    const { server, folder, fetch, read } = await startFixture(t, { api: 'hubspot' });
    const warnings: string[] = [];
    const paginate: NextPage = (page) => {
      const { paging } = page.json<{ paging?: { next: { after: string } } }>();
      if (paging === undefined) return null;
      const url = new URL(page.url);
      url.searchParams.set('after', paging.next.after);
      return url;
    };
    const { pagination, verdict } = await fetch({
      paginate,
      records: true,
      onEvent: (event) => event.type === 'warning' && warnings.push(event.message),
    });
    assert.equal(read(), wholeOutput(server));
    assert.deepEqual([pagination?.recordsPath, warnings], ['results', []]);
    assert.equal(server.counts().requests, verdict.stored);
    const output = join(folder, 'pages.ndjson');
    const whole = await fetch({ paginate, wholePages: true, output });
    assert.equal(whole.output?.records, verdict.stored);
    const found: string[] = [];
    for await (const record of records(server.url, { paginate })) found.push(record.text());
    assert.deepEqual(found, server.lines);
  });

  test('that leads to a page without the records says so, and takes it whole if told to', async (t) => {
    const paginate: NextPage = (page) => (page.url.endsWith('/2') ? null : '/things/2');
    const answer = (url: URL) => ({
      body: url.pathname === '/things' ? { rows: [{ id: 1 }, { id: 2 }] } : { id: 2, name: 'two' },
    });
    const strict = await fetchJson(t, answer, { paginate });
    assert.equal(strict.summary.verdict.name, 'incomplete');
    assert.match(strict.summary.failures[0]?.reason ?? '', /rows/);
    const whole = await fetchJson(t, answer, { paginate, wholePages: true });
    assert.equal(whole.text?.split('\n').length, 3);
  });

  test('gets every element of a large page', async (t) => {
    const lasts: unknown[] = [];
    const rows = Array.from({ length: 1200 }, (_, id) => ({ id, text: 'x'.repeat(4000) }));
    const paginate: NextPage = (page) => {
      const own = page.json<{ rows: { id: number }[] }>().rows;
      lasts.push(own.length, own.at(-1)?.id);
      return null;
    };
    await fetchJson(t, () => ({ body: { rows } }), { paginate });
    assert.deepEqual(lasts, [1200, 1199]);
  });

  test('may give a body', async (t) => {
    const { server, options, fetch, read } = await startFixture(t, { api: 'notion' });
    const body = JSON.parse(String(options.body));
    const paginate: NextPage = (page) => {
      const { next_cursor: cursor } = page.json<{ next_cursor: string | null }>();
      if (cursor === null) return null;
      return { url: page.url, body: JSON.stringify({ ...body, start_cursor: cursor }) };
    };
    await fetch({ paginate });
    assert.equal(read(), wholeOutput(server));
  });

  test('is asked again for the pages that are stored, and they are not requested again', async (t) => {
    const { server, fetch, read } = await startFixture(t, { api: 'salesforce', pageSize: 10 });
    const own = { paginate: followRecordsUrl, select: 'records' };
    assert.equal((await fetch({ ...own, maxPages: 3 })).stop?.kind, 'max-pages');
    assert.equal((await fetch({ ...own, maxPages: 3 })).stop?.kind, 'max-pages');
    assert.equal(server.counts().requests, 6);
    const { verdict } = await fetch(own);
    assert.equal(read(), wholeOutput(server));
    assert.equal(server.counts().requests, verdict.stored);
  });

  test('that throws ends the run with its error, and what came is kept', async (t) => {
    const { server, fetch, read } = await startFixture(t, { api: 'salesforce' });
    let called = 0;
    const failing: NextPage = (page) => {
      called += 1;
      if (called === 3) throw new RangeError('no such thing');
      return followRecordsUrl(page);
    };
    await assert.rejects(fetch({ paginate: failing, select: 'records' }), /no such thing/);
    const before = server.counts().requests;
    const { verdict } = await fetch({ paginate: followRecordsUrl, select: 'records' });
    assert.equal(read(), wholeOutput(server));
    assert.equal(server.counts().requests, verdict.stored);
    assert.ok(before >= 3);
  });
});

suite('an AbortSignal', AT_ONCE, () => {
  for (const [when, api, request] of [
    ['while it is found out how the list goes on', 'nested-parent', 2],
    ['in a chain', 'slack', 4],
    ['in pages side by side', 'ckan', 5],
  ] as const) {
    test(`${when} stops the run, and the same call goes on (${api})`, async (t) => {
      const abort = new AbortController();
      const { server, fetch, read } = await startFixture(t, {
        api,
        latencyMs: 5,
        onRequest: (number) => number === request && abort.abort(),
      });
      const stopped = await fetch({ signal: abort.signal });
      assert.deepEqual(stopped.stop, { kind: 'aborted' });
      assert.equal(read(), null);
      const before = server.counts().requests;
      assert.ok(before < 14, `${before} requests`);
      const { verdict } = await fetch();
      assert.equal(verdict.name, api === 'ckan' ? 'proven' : 'complete', verdict.reasons.join());
      assert.equal(read(), wholeOutput(server));
    });
  }

  test('ends the iterator with its error', async (t) => {
    const abort = new AbortController();
    const { server } = await startFixture(t, { api: 'slack', latencyMs: 2 });
    const taken: number[] = [];
    const loop = async () => {
      for await (const { place } of pages(server.url, { resume: true, signal: abort.signal })) {
        taken.push(place.position);
        if (place.position === 2) abort.abort();
      }
    };
    await assert.rejects(loop(), { name: 'AbortError' });
    assert.deepEqual(taken, [0, 1, 2]);
    // The same call goes on, and reads each page again at the end.
    assert.equal(
      (await allPages(server.url, { resume: true })).length * 2,
      server.counts().requests,
    );
  });
});

suite('explain', AT_ONCE, () => {
  for (const api of ['github', 'nested-parent', 'ambiguous', 'plain', 'single', 'couchdb']) {
    test(`${api}: at most eight requests`, async (t) => {
      const { server } = await startFixture(t, { api });
      const { requests, pagination, evidence } = await explain(server.url);
      assert.equal(requests, server.counts().requests);
      assert.ok(requests <= 8, `${requests} requests`);
      assert.ok(evidence.length > 0);
      const isOpen = ['ambiguous', 'single'].includes(api);
      assert.equal(pagination.style === 'single', isOpen);
    });
  }

  test('says what is known of the list, and its flags read the whole of it', async (t) => {
    const { server, folder, args, read } = await startFixture(t, { api: 'ckan' });
    const explanation = await explain(server.url);
    assert.equal(explanation.total, 137);
    assert.equal(explanation.pages, Math.ceil(137 / 25));
    assert.equal(explanation.isParallel, true);
    assert.equal(explanation.protocol, 'HTTP/1.1');
    const pinned = await runCliHere(folder, [...args, ...explanation.flags]);
    assert.equal(pinned.code, 0, pinned.stderr);
    assert.equal(read(), wholeOutput(server));
  });

  test('names the page that does not come and how often it was tried', async (t) => {
    const server = await startRawServer((socket) => socket.destroy());
    await server.close();
    const { code, stderr } = await runCliHere(temporaryFolder(t), [
      ...['explain', `${server.origin}/items?api_key=hush`, '--retry', '1'],
    ]);
    assert.equal(code, 3, stderr);
    assert.match(
      stderr,
      /the first page, http:\/\/\S+\/items\?api_key=REDACTED, could not be fetched: .* \(2 attempts\)/,
    );
  });

  test('writes nothing', async (t) => {
    const { server, folder } = await startFixture(t, { api: 'hubspot' });
    const { code, stdout, stderr } = await runCliHere(folder, ['explain', server.url]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /--paginate/);
    assert.match(stdout, /x-hubspot-ratelimit/);
    assert.deepEqual(readdirSync(folder), []);
  });
});
