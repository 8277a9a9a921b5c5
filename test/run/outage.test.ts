/** The server goes down during a run, or seems to: nothing is lost by it, and nothing waits in vain. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import type { RunEvent } from '../../src/core/events.ts';
import { TokenBucket } from '../../src/demo/token-bucket.ts';
import { type RunOptions, run } from '../../src/index.ts';
import {
  type OutageReply,
  type OutageServer,
  startOutageServer,
} from '../servers/outage-server.ts';
import { temporaryFolder } from './run-cli.ts';
import { runCliHere } from './run-in-process.ts';

const PAGE_SIZE = 10;

function records(from: number, to: number): { readonly id: number }[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => ({ id: from + index }));
}

/** Pages that a cursor leads through. */
function cursorPage(url: URL, pages: number): OutageReply {
  const page = Number(url.searchParams.get('cursor') ?? 'c0'.slice(1)) || 0;
  const next = page + 1 < pages ? String(page + 1) : null;
  const items = records(page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
  return { body: { items, next_cursor: next, has_more: next !== null } };
}

/** Pages by number, with a total. */
function numberedPage(url: URL, pages: number): OutageReply {
  const page = Number(url.searchParams.get('page') ?? 1);
  const total = pages * PAGE_SIZE;
  const items = records((page - 1) * PAGE_SIZE, Math.min(total, page * PAGE_SIZE));
  return { body: { page, total, total_pages: pages, items } };
}

function offsetOf(url: URL): number {
  return Number(url.searchParams.get('offset') ?? 0);
}

function offsetPage(url: URL, total: number): OutageReply {
  const offset = offsetOf(url);
  return {
    body: { total, offset, limit: 100, items: records(offset, Math.min(total, offset + 100)) },
  };
}

interface Setup {
  readonly server: OutageServer;
  readonly folder: string;
  readonly events: RunEvent[];
  fetch(path: string, options?: RunOptions): ReturnType<typeof run>;
  /** The ids in the output, in its order. */
  ids(): readonly number[];
}

async function setUp(
  t: TestContext,
  answer: (url: URL, n: number, setup: Setup) => OutageReply | null,
  protocol: 'http' | 'h2c' = 'http',
): Promise<Setup> {
  const server = await startOutageServer((url, n) => answer(url, n, setup), protocol);
  t.after(() => server.close());
  const folder = temporaryFolder(t);
  const events: RunEvent[] = [];
  const output = join(folder, 'out.ndjson');
  const setup: Setup = {
    server,
    folder,
    events,
    fetch: (path, options = {}) =>
      run([{ kind: 'template', text: `${server.origin}${path}` }], {
        output,
        ...(protocol === 'h2c' ? { protocol: 'http2' as const } : {}),
        ...options,
        onEvent(event) {
          events.push(event);
          options.onEvent?.(event);
        },
      }),
    ids: () =>
      readFileSync(output, 'utf8')
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { id: number }).id),
  };
  return setup;
}

const outages = (events: readonly RunEvent[]) =>
  events.filter(
    (event) =>
      (event.type === 'pause' || event.type === 'pause-extended') && event.cause === 'outage',
  );

/** Goes down with the request of this number, and comes up when the run has waited twice. */
function downAt(at: number, page: (url: URL) => OutageReply) {
  return (url: URL, n: number, { server }: Setup): OutageReply | null => {
    if (n !== at) return page(url);
    server.goDown();
    return null;
  };
}

function upAgain({ server, events }: Setup): (event: RunEvent) => void {
  let isUp = false;
  return () => {
    if (isUp || outages(events).length < 2) return;
    isUp = true;
    void server.comeUp();
  };
}

// They wait for most of their time.
suite('a server that goes down', { concurrency: 8 }, () => {
  for (const [protocol, retries] of [
    ['http', 0],
    ['http', 5],
    ['h2c', 0],
    ['h2c', 5],
  ] as const) {
    test(`a chain waits for a server that goes down, with ${retries} retries (${protocol})`, async (t) => {
      const setup = await setUp(
        t,
        downAt(4, (url) => cursorPage(url, 12)),
        protocol,
      );
      const summary = await setup.fetch('/items?cursor=', { retries, onEvent: upAgain(setup) });
      assert.equal(summary.stop, null);
      assert.equal(summary.verdict.failed, 0);
      assert.deepEqual(
        setup.ids(),
        records(0, 120).map(({ id }) => id),
      );
      assert.ok(summary.outageMs > 0);
      const [outage] = outages(setup.events);
      assert.ok(outage?.type === 'pause');
      assert.match(outage.reason, /^the server does not answer \(/);
      assert.equal(setup.events.filter(({ type }) => type === 'resume').length, 1);
    });

    test(`pages in parallel wait at a rate, with ${retries} retries (${protocol})`, async (t) => {
      const setup = await setUp(
        t,
        downAt(15, (url) => numberedPage(url, 40)),
        protocol,
      );
      const options = { retries, rate: '40/s', onEvent: upAgain(setup) };
      const summary = await setup.fetch('/items?page=1', options);
      assert.equal(summary.stop, null);
      assert.equal(summary.verdict.name, 'complete');
      assert.deepEqual(
        setup.ids(),
        records(0, 400).map(({ id }) => id),
      );
    });

    test(`a list of URLs waits, with ${retries} retries (${protocol})`, async (t) => {
      const setup = await setUp(
        t,
        downAt(15, (url) => numberedPage(url, 40)),
        protocol,
      );
      const options = { retries, select: 'items', concurrency: 8, onEvent: upAgain(setup) };
      const summary = await setup.fetch('/items?page=[1-40]', options);
      assert.equal(summary.verdict.name, 'proven');
      assert.equal(setup.ids().length, 400);
    });
  }

  test('errors alone are an outage too, for a chain as for many pages', async (t) => {
    for (const [path, page] of [
      ['/items?cursor=', cursorPage],
      ['/items?page=1', numberedPage],
    ] as const) {
      let isDown = false;
      const setup = await setUp(t, (url, n) => {
        if (n === 5) isDown = true;
        return isDown ? { status: 503, body: {} } : page(url, 30);
      });
      const onEvent = (): void => {
        if (outages(setup.events).length >= 2) isDown = false;
      };
      const summary = await setup.fetch(path, { retries: 2, onEvent });
      assert.equal(summary.verdict.failed, 0, path);
      assert.equal(setup.ids().length, 300);
      const [outage] = outages(setup.events);
      assert.ok(outage?.type === 'pause');
      assert.match(outage.reason, /^the server keeps failing \(503/);
    }
  });

  test('an outage beyond --max-wait ends the run with exit 5, and the same command goes on', async (t) => {
    const setup = await setUp(
      t,
      downAt(4, (url) => cursorPage(url, 12)),
    );
    const { server, folder } = setup;
    const args = [`${server.origin}/items?cursor=`, '-o', 'out.ndjson', '--max-wait', '2s'];
    const stopped = await runCliHere(folder, args);
    assert.equal(stopped.code, 5, stopped.stderr);
    assert.match(
      stopped.stderr,
      /Stopped: waited 2\.\d s for the server, as long as --max-wait allows: the server does not answer \(.*\)\. Run again when it works\.\nout\.ndjson was not written/,
    );
    assert.match(stopped.stderr, / · waited 2\.\d s for the server, which was down · /);
    assert.match(stopped.stderr, /To resume:\n {2}everypage /);
    assert.doesNotMatch(stopped.stderr, /for the server's limit/);
    await server.comeUp();
    const resumed = await runCliHere(folder, args);
    assert.equal(resumed.code, 0, resumed.stderr);
    assert.equal(setup.ids().length, 120);
  });

  test('the log says what is waited for', async (t) => {
    const setup = await setUp(
      t,
      downAt(4, (url) => cursorPage(url, 8)),
    );
    const { server, folder } = setup;
    const args = [`${server.origin}/items?cursor=`, '-o', 'out.ndjson', '--log-format', 'json'];
    const { code, stderr } = await runCliHere(folder, [...args, '--max-wait', '500ms']);
    assert.equal(code, 5);
    const lines = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const pause = lines.find(({ type }) => type === 'pause');
    assert.equal(pause?.['cause'], 'outage');
  });

  test('a page that always fails while the server works fails by itself', async (t) => {
    for (const [path, page, failing] of [
      ['/items?cursor=', cursorPage, 'cursor=5'],
      ['/items?page=1', numberedPage, 'page=5'],
    ] as const) {
      for (const reply of [{ status: 500, body: {} }, null]) {
        const setup = await setUp(t, (url) =>
          url.search.endsWith(failing) ? reply : page(url, 12),
        );
        const summary = await setup.fetch(path, { retries: 1, allowIncomplete: true });
        assert.equal(summary.stop, null);
        assert.equal(summary.verdict.name, 'incomplete');
        assert.equal(summary.verdict.failed, 1);
        assert.equal(summary.failures[0]?.attempts, 2);
        assert.deepEqual(outages(setup.events), []);
      }
    }
  });

  test('a page that brings the server down each time fails in the end', async (t) => {
    const setup = await setUp(t, (url, _, { server }) => {
      if (url.searchParams.get('cursor') !== '5') return cursorPage(url, 12);
      server.goDown();
      setTimeout(() => void server.comeUp(), 300);
      return null;
    });
    const summary = await setup.fetch('/items?cursor=', { retries: 2, allowIncomplete: true });
    assert.equal(summary.stop, null);
    assert.equal(summary.verdict.failed, 1);
    // Its three attempts would be excused for ever: so many outages are enough.
    assert.equal(setup.server.log.filter((path) => path.endsWith('=5')).length, 6);
  });

  test('pages behind an offset that the server cannot reach fail, without waiting for it', async (t) => {
    const setup = await setUp(t, (url) =>
      offsetOf(url) >= 3000 ? { status: 500, body: {} } : offsetPage(url, 9000),
    );
    const summary = await setup.fetch('/items?offset=0&limit=100', { retries: 2 });
    assert.equal(summary.stop, null);
    assert.equal(summary.verdict.name, 'incomplete');
    assert.equal(summary.verdict.failed, 60);
    assert.match(summary.failures[0]!.url, /offset=3\d{3}/);
    assert.deepEqual(outages(setup.events), []);
    // A second run begins behind that offset: it knows the first page all the same.
    const again = await setup.fetch('/items?offset=0&limit=100', { retries: 2 });
    assert.equal(again.stop, null);
    assert.equal(again.verdict.failed, 60);
    assert.deepEqual(outages(setup.events), []);
  });

  /** Answers 202 to the first requests for a page, whatever it is asked for. */
  function inTheMaking(times: number, body: unknown, ready: (url: URL) => OutageReply) {
    const asked = new Map<string, number>();
    return (url: URL): OutageReply => {
      const count = (asked.get(url.href) ?? 0) + 1;
      asked.set(url.href, count);
      return count <= times ? { status: 202, body } : ready(url);
    };
  }

  for (const body of [{}, []]) {
    const shown = JSON.stringify(body);
    test(`202 with ${shown} is waited for, for every kind of page`, async (t) => {
      const whole = (): OutageReply => ({ body: records(0, 7) });
      const alone = await setUp(t, inTheMaking(2, body, whole));
      const one = await alone.fetch('/stats', { retries: 0, paginate: 'none', records: true });
      assert.equal(one.verdict.name, 'proven');
      assert.deepEqual(alone.ids(), [0, 1, 2, 3, 4, 5, 6]);
      const waits = alone.events.filter((event) => event.type === 'not-ready');
      assert.deepEqual(
        waits.map(({ status, reason }) => [status, reason]),
        Array(2).fill([202, 'the server answers 202: not ready yet']),
      );
      for (const [path, page] of [
        ['/items?cursor=', cursorPage],
        ['/items?page=1', numberedPage],
        ['/items?page=[1-6]', numberedPage],
      ] as const) {
        const list = await setUp(
          t,
          inTheMaking(1, body, (url) => page(url, 6)),
        );
        const select = path.includes('[') ? { select: 'items' } : {};
        const summary = await list.fetch(path, { retries: 0, ...select });
        assert.equal(summary.verdict.name, path.includes('[') ? 'proven' : 'complete', path);
        assert.equal(list.ids().length, 60, path);
      }
    });
  }

  test('a page that is never ready fails by name, after --retry-max-time', async (t) => {
    const setup = await setUp(t, () => ({ status: 202, body: {} }));
    const { server, folder } = setup;
    const args = ['-o', 'out.ndjson', '--retry-max-time', '1s'];
    for (const own of [[], ['--paginate', 'none', '--records']]) {
      const { code, stderr } = await runCliHere(folder, [
        `${server.origin}/stats`,
        ...args,
        ...own,
      ]);
      assert.equal(code, 3);
      assert.match(stderr, /202 {2}http:.* the server answers 202: not ready yet/);
    }
  });

  for (const [what, reply] of [
    ['401', { status: 401, body: {} }],
    ['403', { status: 403, body: {} }],
    ['a wait of hours', { status: 429, headers: { 'retry-after': '36000' }, body: {} }],
    ['no answer', null],
    ['an outage', 'down'],
  ] as const) {
    test(`pages that are read again for a check alone stop no run: ${what}`, async (t) => {
      const asked = new Set<string>();
      const setup = await setUp(t, (url, _, { server }) => {
        // The first page shows how the list pages and is then taken from there.
        if (!asked.has(url.search)) {
          asked.add(url.search);
          return numberedPage(url, 6);
        }
        if (reply === 'down') server.goDown();
        return reply === 'down' ? null : reply;
      });
      const summary = await setup.fetch('/items?page=1');
      assert.equal(asked.size, 6);
      assert.ok(setup.server.log.length > 6, 'some were asked for again');
      assert.equal(summary.stop, null);
      assert.equal(summary.verdict.failed, 0);
      assert.equal(summary.verdict.pending, 0);
      const again = setup.events.filter((e) => e.type === 'page' && e.place.branch > 0);
      assert.ok(again.length > 0);
      assert.ok(again.every((e) => e.type === 'page' && e.state === 'failed' && e.attempts <= 2));
    });
  }

  test('a wait that is announced with the last page holds up only what is to be read again', async (t) => {
    const announcedWith = (last: number) =>
      setUp(t, (url, n) => ({
        ...numberedPage(url, 6),
        headers:
          n < last ? {} : { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset-after': '36000' },
      }));
    const whole = await announcedWith(6);
    const summary = await whole.fetch('/items?page=1', { concurrency: 1 });
    assert.equal(summary.stop, null);
    assert.equal(summary.verdict.failed, 0);
    assert.equal(whole.ids().length, 60);
    // Where a page is still missing, the run stops.
    const short = await announcedWith(4);
    const { stop } = await short.fetch('/items?page=1', { concurrency: 1 });
    assert.equal(stop?.kind, 'max-wait');
  });

  test('a limit that is said with a plain 503 is found, and loses no page', async (t) => {
    const bucket = new TokenBucket(40, 5);
    const setup = await setUp(t, (url) =>
      bucket.take() ? numberedPage(url, 100) : { status: 503, body: {} },
    );
    const summary = await setup.fetch('/items?page=1', { retries: 8 });
    // A page that is read again for a check is asked for twice at most, and both may be refused.
    assert.match(summary.verdict.name, /^(?:complete|unverified)$/);
    assert.equal(setup.ids().length, 1000);
    assert.equal(summary.pace[0]?.by, 'refusals');
  });
});
