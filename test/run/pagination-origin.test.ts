import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { type RunEvent, type RunOptions, run, type Summary } from '../../src/index.ts';
import {
  type JsonReply,
  type JsonServer,
  OUTPUT,
  startFixture,
  startJsonServer,
  wholeOutput,
} from './pagination-setup.ts';
import { startCli, temporaryFolder } from './run-cli.ts';
import { runCliHere } from './run-in-process.ts';

const AT_ONCE = { concurrency: 4 };
const CANARY = 'canary-5c2e81d07f';
const PAGES = 4;
/** What the user gives of their own. */
const OWN = { authorization: `Bearer ${CANARY}`, 'x-team': 'rocket' };

const record = (n: number) => `{"id":${n},"name":"record ${n}"}`;
const records = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => JSON.parse(record(from + index)));

/** Page `n` of four with three records each; `next` says where the page after it stands. */
function page(n: number, next: string | null): JsonReply {
  return { body: { data: records(n * 3, n * 3 + 3), next } };
}

const WHOLE = `${records(0, 3 * PAGES)
  .map((it) => JSON.stringify(it))
  .join('\n')}\n`;

const numberOf = (url: URL) => Number(url.searchParams.get('page') ?? 0);

interface Pair {
  readonly first: JsonServer;
  readonly second: JsonServer;
  readonly folder: string;
  read(): string | null;
  fetch(options?: RunOptions, query?: string): Promise<Summary>;
}

/** Two servers: the first hands on to the second from its second page on. */
async function startPair(
  t: TestContext,
  handOn: (url: URL, second: string) => JsonReply,
): Promise<Pair> {
  const second = await startJsonServer(t, (url) => {
    const n = numberOf(url);
    return page(n, n + 1 < PAGES ? `${url.origin}/items?page=${n + 1}` : null);
  });
  const first = await startJsonServer(t, (url) => handOn(url, second.origin));
  const folder = temporaryFolder(t);
  const output = join(folder, OUTPUT);
  return {
    first,
    second,
    folder,
    read: () => (readdirSync(folder).includes(OUTPUT) ? readFileSync(output, 'utf8') : null),
    fetch: (options = {}, query = '') =>
      run([{ kind: 'literal', text: `${first.origin}/items${query}` }], { output, ...options }),
  };
}

const handOnByLink = (url: URL, second: string): JsonReply => {
  const n = numberOf(url);
  return page(n, n === 0 ? `${url.origin}/items?page=1` : `${second}/items?page=2`);
};

const handOnByRedirect = (url: URL, second: string): JsonReply => {
  const n = numberOf(url);
  if (n < 2) return page(n, `${url.origin}/items?page=${n + 1}`);
  return { status: 307, headers: { location: `${second}/items?page=${n}` } };
};

suite('what leads to another origin', AT_ONCE, () => {
  for (const [what, handOn] of [
    ['a next link', handOnByLink],
    ['a redirect of a next link', handOnByRedirect],
  ] as const) {
    test(`${what} stops the run, and the flag that goes on is named`, async (t) => {
      const { first, second, folder, read, fetch } = await startPair(t, handOn);
      const args = [`${first.origin}/items`, '-o', OUTPUT, '-H', `Authorization: Bearer ${CANARY}`];
      const stopped = await runCliHere(folder, args);
      assert.equal(stopped.code, 1, stopped.stderr);
      assert.match(stopped.stderr, new RegExp(`--allow-origin ${second.origin}`));
      assert.doesNotMatch(stopped.stderr, new RegExp(CANARY));
      assert.equal(second.seen.length, 0);
      assert.equal(read(), null);
      const pages = first.seen.length;
      const { verdict } = await fetch({ headers: OWN, allowOrigins: [second.origin], fresh: true });
      assert.equal(verdict.failed, 0, JSON.stringify(verdict));
      assert.equal(read(), WHOLE);
      assert.ok(first.seen.length > pages);
    });

    test(`${what} gets nothing of the user's own there`, async (t) => {
      const { first, second, read, fetch } = await startPair(t, handOn);
      await fetch(
        {
          headers: OWN,
          user: 'me:pw',
          secretParams: ['team_code'],
          allowOrigins: [second.origin],
        },
        `?api_key=${CANARY}&team_code=${CANARY}`,
      );
      assert.equal(read(), WHOLE);
      assert.equal(first.seen[0]?.headers['authorization'], OWN.authorization);
      assert.equal(first.seen[0]?.headers['x-team'], 'rocket');
      assert.ok(first.seen[0]?.target.includes(CANARY));
      assert.ok(second.seen.length >= PAGES - 2);
      assert.doesNotMatch(JSON.stringify(second.seen), new RegExp(`${CANARY}|rocket`));
    });
  }

  test('a key of yours that a server copies into its links goes no further', async (t) => {
    const copied = `api_key=${encodeURIComponent(CANARY)}&team_code=${CANARY}`;
    const own = { secretParams: ['team_code'] };
    const byLink = await startPair(t, (url, origin) => {
      const { body } = handOnByLink(url, origin) as { body: { next: string } };
      return { body: { ...body, next: `${body.next}&${copied}&signature=of-the-server` } };
    });
    const byRedirect = await startPair(t, (url, origin) => {
      const n = numberOf(url);
      if (n < 2) return page(n, `${url.origin}/items?page=${n + 1}&${copied}`);
      return { status: 302, headers: { location: `${origin}${url.pathname}${url.search}` } };
    });
    for (const { first, second, read, fetch } of [byLink, byRedirect]) {
      const summary = await fetch({ ...own, allowOrigins: [second.origin] }, `?${copied}`);
      assert.equal(read(), WHOLE, JSON.stringify(summary));
      assert.ok(first.seen.every(({ target }) => target.includes(copied)));
      assert.ok(second.seen.length > 0);
      assert.doesNotMatch(JSON.stringify(second.seen), new RegExp(CANARY));
    }
    assert.ok(byLink.second.seen[0]?.target.includes('signature=of-the-server'));
  });
});

suite('the scheme', AT_ONCE, () => {
  async function fetchSecure(t: TestContext, next: (url: URL, n: number) => string) {
    const server = await startJsonServer(
      t,
      (url) => {
        const n = numberOf(url);
        return page(n, n + 1 < PAGES ? next(url, n + 1) : null);
      },
      'https',
    );
    const folder = temporaryFolder(t);
    const caFile = join(folder, 'ca.pem');
    writeFileSync(caFile, server.ca ?? '');
    const output = join(folder, OUTPUT);
    const summary = await run([{ kind: 'literal', text: `${server.origin}/items` }], {
      output,
      caFile,
      headers: OWN,
      allowOrigins: [server.origin.replace('https', 'http')],
    });
    return { server, summary, output };
  }

  test('a next link that says http of the same host and port is raised to https', async (t) => {
    const { server, summary, output } = await fetchSecure(
      t,
      (url, n) => `http://${url.host}/items?page=${n}`,
    );
    assert.equal(summary.stop, null);
    assert.equal(readFileSync(output, 'utf8'), WHOLE);
    assert.ok(server.seen.every(({ headers }) => headers.authorization === OWN.authorization));
  });

  test('one to another port over http is never followed, whatever is allowed', async (t) => {
    const plain = await startJsonServer(t, (url) => page(numberOf(url), null));
    const { summary } = await fetchSecure(t, (_url, n) => {
      return `${plain.origin.replace('127.0.0.1', 'localhost')}/items?page=${n}`;
    });
    assert.equal(summary.stop?.kind, 'safety');
    assert.equal(plain.seen.length, 0);
  });
});

suite('a key in the query, which the server repeats in its next links', AT_ONCE, () => {
  // A body is kept as it came, and two of these write their links there.
  const linksInBodies = /"(?:@odata\.nextLink|next|previous)":"[^"]*"/g;
  const pages = 14;
  for (const api of ['gitlab-keyset', 'graph', 'pokeapi']) {
    test(`${api}, killed in mid-run: it is stored nowhere, and sent with every page`, async (t) => {
      let isDue = () => {};
      const { server, folder, read } = await startFixture(t, {
        api,
        pageSize: 10,
        latencyMs: 30,
        onRequest: (number) => number === 7 && isDue(),
      });
      const url = `${server.url}${server.url.includes('?') ? '&' : '?'}api_key=${CANARY}`;
      const { child, ended } = startCli(folder, [url, '-o', OUTPUT, '-v']);
      isDue = () => child.kill('SIGKILL');
      const killed = await ended;
      assert.equal(killed.signal, 'SIGKILL', killed.stderr);
      const before = server.counts().requests;
      const events: RunEvent[] = [];
      const summary = await run([{ kind: 'template', text: url }], {
        output: join(folder, OUTPUT),
        onEvent: (event) => events.push(event),
      });
      assert.equal(read(), wholeOutput(server));
      // Where requests hold no key, each page is read again at the end.
      assert.ok(server.counts().requests - before < 2 * pages, 'it went on');
      for (const line of server.log) assert.ok(line.includes(`api_key=${CANARY}`), line);
      const told = killed.stderr + JSON.stringify([events, summary]);
      assert.ok(!told.includes(CANARY), told);
      const archive = readFileSync(join(folder, `${OUTPUT}.everypage`), 'latin1');
      assert.ok(!archive.replaceAll(linksInBodies, '').includes(CANARY));
    });
  }
});
