/** The pages that show how a list pages are fetched under the same rules as all others (issue 11, bug 1). */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite, type TestContext, test } from 'node:test';
import { explain, type RunEvent, type RunOptions, run, type Summary } from '../../src/index.ts';
import type { PageServerRequest } from '../servers/page-reply.ts';
import {
  type PageServer,
  type PageServerOptions,
  startPageServer,
} from '../servers/page-server.ts';
import { runCli, temporaryFolder } from './run-cli.ts';

// Names are resolved here, whatever proxy the environment of the tests has.
process.env['NO_PROXY'] = '*';

type Reply = NonNullable<ReturnType<NonNullable<PageServerOptions['respond']>>>;

const PAGES = 4;
const REFUSED_STREAM = 7;
const UNAVAILABLE = { status: 503, body: '{}' };

/** A list of four pages, each with the URL of the next; `fault` answers instead where it is not null. */
async function startList(
  t: TestContext,
  fault: (n: number, attempt: number) => Reply | null,
): Promise<PageServer> {
  const server = await startPageServer({
    protocol: 'h2c',
    respond: ({ path, attempt }: PageServerRequest) => {
      const n = Number(new URL(path, 'http://localhost').searchParams.get('cursor') ?? 1);
      const next = n < PAGES ? `${server.origin}/items?cursor=${n + 1}` : null;
      const items = [{ id: `${n}-a` }, { id: `${n}-b` }];
      return fault(n, attempt) ?? { status: 200, body: JSON.stringify({ items, next }) };
    },
  });
  t.after(() => server.close());
  return server;
}

interface ListRun {
  readonly summary: Summary;
  readonly events: readonly RunEvent[];
  readonly archive: string;
}

async function fetchList(
  t: TestContext,
  { origin }: PageServer,
  options: RunOptions = {},
): Promise<ListRun> {
  const output = join(temporaryFolder(t), 'out.ndjson');
  const events: RunEvent[] = [];
  const summary = await run([{ kind: 'template', text: `${origin}/items` }], {
    output,
    paginate: 'auto',
    protocol: 'http2',
    ...options,
    onEvent: (event) => {
      events.push(event);
      options.onEvent?.(event);
    },
  });
  return { summary, events, archive: `${output}.everypage` };
}

function attemptsOf(archive: string, position: number): readonly string[] {
  const database = new DatabaseSync(archive, { readOnly: true });
  try {
    return database
      .prepare('SELECT outcome FROM attempt WHERE place = ? ORDER BY number')
      .all(position)
      .map(({ outcome }) => String(outcome));
  } finally {
    database.close();
  }
}

suite('pages that show how a list pages', { concurrency: 3 }, () => {
  test('a request that the server did not process is no attempt', async (t) => {
    const server = await startList(t, (n, attempt) =>
      n === 1 && attempt === 1 ? { reset: REFUSED_STREAM } : null,
    );
    const { summary } = await fetchList(t, server, { retries: 0 });
    assert.equal(summary.verdict.name, 'complete', summary.verdict.reasons.join());
    assert.equal(summary.verdict.stored, PAGES);
    assert.equal(summary.retries, 0);
  });

  test('attempts stand in the archive like all others, and no page is asked for twice', async (t) => {
    const server = await startList(t, (n, attempt) =>
      n === 1 && attempt === 1 ? UNAVAILABLE : null,
    );
    const { summary, archive, events } = await fetchList(t, server);
    assert.equal(summary.verdict.stored, PAGES);
    assert.deepEqual(attemptsOf(archive, 0), ['503 Service Unavailable', 'ok']);
    assert.deepEqual(attemptsOf(archive, 1), ['ok']);
    const first = events.find((event) => event.type === 'page' && event.place.position === 0);
    assert.ok(first?.type === 'page');
    assert.equal(first.attempts, 2);
    // The refused attempt, and each page once more at the end.
    assert.equal(server.counts().total, PAGES + 1 + PAGES);
  });

  test('a first page that asks for a longer wait than is allowed stops the run at once', async (t) => {
    const wait = { status: 429, headers: { 'retry-after': '7200' }, body: '{}' };
    const server = await startList(t, () => wait);
    const folder = temporaryFolder(t);
    const args = [`${server.origin}/items`, '--paginate', 'auto', '--http2', '-o', 'out.ndjson'];
    const { code, stderr } = await runCli(folder, args);
    assert.equal(code, 5, stderr);
    assert.match(
      stderr,
      /the server asks to wait until \S+Z.*longer than --max-wait; run again then/,
    );
    assert.equal(server.counts().total, 1);
  });

  test('while the first page waits, the progress says for what and until when', async (t) => {
    const wait = { status: 429, headers: { 'retry-after': '1' }, body: '{}' };
    const server = await startList(t, (n, attempt) => (n === 1 && attempt === 1 ? wait : null));
    const { summary, events } = await fetchList(t, server);
    assert.equal(summary.verdict.stored, PAGES);
    const at = (type: RunEvent['type']) => events.findIndex((event) => event.type === type);
    const pause = events[at('pause')];
    assert.ok(pause?.type === 'pause');
    assert.match(pause.reason, /429 Too Many Requests/);
    assert.ok(pause.untilWallTime! > Date.now() - 60_000);
    assert.ok(at('pause') < at('pagination') && at('resume') < at('pagination'));
    assert.ok(summary.pausedMs > 500);
  });

  test('a deadline holds while the first page waits', async (t) => {
    const wait = { status: 429, headers: { 'retry-after': '600' }, body: '{}' };
    const server = await startList(t, () => wait);
    const { summary } = await fetchList(t, server, { deadlineMs: 300 });
    assert.deepEqual(summary.stop, { kind: 'deadline', deadlineMs: 300 });
    assert.equal(server.counts().total, 1);
  });

  test('a signal ends the run while the first page waits', async (t) => {
    const wait = { status: 429, headers: { 'retry-after': '600' }, body: '{}' };
    const server = await startList(t, () => wait);
    const abort = new AbortController();
    const { summary } = await fetchList(t, server, {
      signal: abort.signal,
      onEvent: ({ type }) => type === 'pause' && abort.abort(),
    });
    assert.deepEqual(summary.stop, { kind: 'aborted' });
    assert.equal(server.counts().total, 1);
  });

  test('a first page that does not come is asked for once, as a preset begins it', async (t) => {
    const server = await startList(t, () => ({ status: 404 }));
    const { summary } = await fetchList(t, server, { paginate: { preset: 'crossref' } });
    assert.equal(summary.verdict.failed, 1);
    assert.match(summary.failures[0]?.url ?? '', /cursor=\*/);
    assert.equal(server.counts().total, 1);
  });

  test('explain asks by the same rules', async (t) => {
    const refused = await startList(t, (n, attempt) =>
      n === 1 && attempt === 1 ? { reset: REFUSED_STREAM } : null,
    );
    const options = { protocol: 'http2', retries: 0 } as const;
    const found = await explain(`${refused.origin}/items`, options);
    assert.equal(found.pagination.style, 'next');
    const wait = { status: 429, headers: { 'retry-after': '7200' }, body: '{}' };
    const limited = await startList(t, () => wait);
    await assert.rejects(explain(`${limited.origin}/items`, options), {
      code: 'STOPPED',
      message:
        /not detected\. Stopped: the server asks to wait until \S+Z, .* longer than maxWaitMs$/,
    });
    const signal = AbortSignal.abort();
    const untouched = await startList(t, () => null);
    await assert.rejects(explain(`${untouched.origin}/items`, { ...options, signal }), {
      name: 'AbortError',
    });
    assert.equal(untouched.counts().total, 0);
  });
});
