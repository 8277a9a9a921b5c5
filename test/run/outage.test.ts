/** The server goes down during a run, or seems to: nothing is lost by it, and nothing waits in vain. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { RunEvent } from '../../src/core/events.ts';
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
): Promise<Setup> {
  const server = await startOutageServer((url, n) => answer(url, n, setup));
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
  events.filter((event) => event.type === 'pause' && event.cause === 'outage');

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

for (const retries of [0, 5]) {
  test(`a chain waits for a server that goes down, with ${retries} retries`, async (t) => {
    const setup = await setUp(
      t,
      downAt(4, (url) => cursorPage(url, 12)),
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

  test(`pages in parallel wait at a rate, with ${retries} retries`, async (t) => {
    const setup = await setUp(
      t,
      downAt(15, (url) => numberedPage(url, 40)),
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

  test(`a list of URLs waits, with ${retries} retries`, async (t) => {
    const setup = await setUp(
      t,
      downAt(15, (url) => numberedPage(url, 40)),
    );
    const options = { retries, select: 'items', concurrency: 8, onEvent: upAgain(setup) };
    const summary = await setup.fetch('/items?page=[1-40]', options);
    assert.equal(summary.verdict.name, 'complete');
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
      const setup = await setUp(t, (url) => (url.search.endsWith(failing) ? reply : page(url, 12)));
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
  assert.match(summary.failures[0]!.url, /offset=3000/);
  assert.deepEqual(outages(setup.events), []);
  // A second run begins behind that offset: it knows the first page all the same.
  const again = await setup.fetch('/items?offset=0&limit=100', { retries: 2 });
  assert.equal(again.stop, null);
  assert.equal(again.verdict.failed, 60);
  assert.deepEqual(outages(setup.events), []);
});
