import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Archive } from '../../src/archive/archive.ts';
import type { RunEvent } from '../../src/core/events.ts';
import type { RunOptions } from '../../src/core/options.ts';
import { TokenBucket } from '../../src/demo/token-bucket.ts';
import { run } from '../../src/index.ts';
import type { LearnedPace } from '../../src/pace/pace.ts';
import { type PageServerOptions, startPageServer } from '../servers/page-server.ts';
import { temporaryFolder } from './run-cli.ts';

async function setUp(t: TestContext, options: PageServerOptions = {}) {
  const server = await startPageServer({ protocol: 'http', bodyBytes: 300, ...options });
  t.after(() => server.close());
  const folder = temporaryFolder(t);
  const events: RunEvent[] = [];
  const output = join(folder, 'out.ndjson');
  const fetch = (count: number, own: RunOptions = {}) =>
    run([{ kind: 'template', text: server.template(count) }], {
      output,
      onEvent: (event) => events.push(event),
      ...own,
    });
  return { server, folder, output, events, fetch };
}

test('--rate holds however many requests are in flight', async (t) => {
  const sentAt: number[] = [];
  const { fetch } = await setUp(t, {
    respond: () => {
      sentAt.push(performance.now());
      return null;
    },
  });
  const beganAt = performance.now();
  const { pace, verdict } = await fetch(60, { rate: '50/s', concurrency: 20 });
  assert.equal(verdict.name, 'proven');
  assert.equal(pace[0]?.by, 'user');
  // Counted from before the first one. A busy machine makes each only later, so that it cannot break this;
  // what holds from one request to the next is tested on a fake clock (test/pace/spacing.test.ts).
  for (const [index, at] of sentAt.entries()) {
    const allowed = ((at - beganAt) / 1000) * 50 + 3;
    assert.ok(index + 1 <= allowed, `${index + 1} requests after ${at - beganAt} ms`);
  }
});

test('a server that fails for a while is probed, not stormed, and no page fails', async (t) => {
  let during = 0;
  let before = 0;
  const outages = () =>
    events.filter(
      (event) =>
        (event.type === 'pause' || event.type === 'pause-extended') &&
        /keeps failing \(503/.test(event.reason),
    );
  const { fetch, events } = await setUp(t, {
    respond: () => {
      before += 1;
      // It lasts until two pauses were in vain after those for a limit that it may be.
      if (before <= 20 || outages().length >= 3) return null;
      during += 1;
      return { status: 503 };
    },
  });
  const { verdict } = await fetch(500, { concurrency: 20 });
  assert.equal(verdict.name, 'proven');
  // The budget of 100 failures, those in flight with the last of them, and a probe a second at most.
  assert.ok(during <= 130, `${during} requests while it failed`);
});

test('a server that fails beyond --max-wait ends the run, resumable', async (t) => {
  let requests = 0;
  const { fetch } = await setUp(t, {
    respond: () => {
      requests += 1;
      return requests > 5 ? { status: 502 } : null;
    },
  });
  const { stop, verdict } = await fetch(300, { concurrency: 20, maxWaitMs: 1 });
  assert.equal(stop?.kind, 'max-wait');
  assert.equal(verdict.failed, 0);
});

test('an origin that nothing ever comes from ends the run before every page has failed', async (t) => {
  const unused = createServer().listen(0, '127.0.0.1');
  await once(unused, 'listening');
  const { port } = unused.address() as { port: number };
  unused.close();
  const folder = temporaryFolder(t);
  const summary = await run([{ kind: 'template', text: `http://127.0.0.1:${port}/[1-500]` }], {
    output: join(folder, 'out.ndjson'),
    concurrency: 20,
  });
  assert.equal(summary.stop?.kind, 'unreachable');
  assert.match(JSON.stringify(summary.stop), /ECONNREFUSED/);
});

test('headers that say how much is left are obeyed before the server has to refuse', async (t) => {
  const windowMs = 2500;
  const quota = 20;
  let windowFrom = Number.NEGATIVE_INFINITY;
  let used = 0;
  let refused = 0;
  const { fetch, events } = await setUp(t, {
    respond: () => {
      const now = performance.now();
      if (now - windowFrom >= windowMs) {
        windowFrom = now;
        used = 0;
      }
      used += 1;
      const left = Math.max(0, quota - used);
      const reset = String((windowFrom + windowMs - now) / 1000);
      const headers = {
        'x-ratelimit-limit': String(quota),
        'x-ratelimit-remaining': String(left),
        'x-ratelimit-reset-after': reset,
      };
      if (used <= quota) return { headers };
      refused += 1;
      return { status: 429, headers };
    },
  });
  const { verdict, pace } = await fetch(40);
  assert.equal(verdict.name, 'proven');
  assert.equal(refused, 0);
  assert.equal(pace[0]?.by, 'headers');
  const said = events.find((event) => event.type === 'limit');
  assert.match(said?.said ?? '', /of 20 left, window ends in/);
});

test('a paused origin holds up no other', async (t) => {
  const seen: string[] = [];
  const refusal = Promise.withResolvers<void>();
  const { server: slow } = await setUp(t, {
    respond: ({ attempt }) => {
      refusal.resolve();
      seen.push(attempt === 1 ? 'refused' : 'asked again');
      return { status: 429, headers: { 'retry-after': '120' } };
    },
  });
  // Answers nothing before the other has refused, and so never has more than are in flight at once.
  const { server: fast } = await setUp(t, {
    respond: () => {
      seen.push('other');
      return { until: refusal.promise };
    },
  });
  const sources = [slow, fast].map((server) => ({
    kind: 'template' as const,
    text: server.template(30),
  }));
  const output = join(temporaryFolder(t), 'out.ndjson');
  const abort = new AbortController();
  let others = 0;
  const onEvent = (event: RunEvent): void => {
    if (event.type === 'page') others += 1;
    if (others === 30) abort.abort();
  };
  const { stop } = await run(sources, { output, concurrency: 5, onEvent, signal: abort.signal });
  assert.equal(stop?.kind, 'aborted');
  // One gate for both would let those in flight come through and no more until the pause was over.
  assert.equal(seen.filter((what) => what === 'other').length, 30);
  assert.ok(!seen.includes('asked again'));
});

test('routes that count in policies of their own are paced by themselves', async (t) => {
  const seen: string[] = [];
  const { server } = await setUp(t, {
    respond: ({ path, attempt }) => {
      seen.push(path);
      const isSearch = path.includes('search');
      const headers = { 'x-ratelimit-resource': isSearch ? 'search' : 'core' };
      const isRefused = isSearch && path.endsWith('2') && attempt === 1;
      const body = Buffer.from('{}');
      return isRefused
        ? { status: 429, headers: { ...headers, 'retry-after': '2' } }
        : { status: 200, headers, body };
    },
  });
  const folder = temporaryFolder(t);
  const { pace } = await run(
    [
      { kind: 'template', text: `${server.origin}/core?n=[1-3]` },
      { kind: 'template', text: `${server.origin}/search?n=[1-3]` },
      { kind: 'template', text: `${server.origin}/core?n=[4-30]` },
    ],
    {
      output: join(folder, 'out.ndjson'),
      concurrency: 1,
    },
  );
  assert.deepEqual(
    pace.map(({ limiter }) => limiter),
    [server.origin, `${server.origin} search`],
  );
  const refusedAt = seen.indexOf('/search?n=2');
  const againAt = seen.lastIndexOf('/search?n=2');
  const between = seen.slice(refusedAt + 1, againAt);
  assert.ok(between.length > 0);
  assert.ok(
    between.every((path) => path.startsWith('/core')),
    between.join(' '),
  );
});

test('what was learned of a limit is kept, and used when the run goes on', async (t) => {
  const bucket = new TokenBucket(50, 10);
  let isLimited = true;
  const { server, output, fetch } = await setUp(t, {
    respond: () => {
      if (!isLimited || bucket.take()) return null;
      return { status: 429, headers: { 'retry-after': '1' } };
    },
  });
  const keptPace = (): LearnedPace => {
    const archive = Archive.openReadOnly(`${output}.everypage.part`);
    try {
      return archive.pace()[server.origin] as LearnedPace;
    } finally {
      archive.close();
    }
  };
  // As many pages as it takes: a slow machine comes to the limit more rarely.
  for (let tries = 0; tries === 0 || keptPace().lowPerSecond === null; tries += 1) {
    assert.ok(tries < 60, 'the limit was never found');
    await fetch(3000, { maxPages: 120, concurrency: 20 });
  }
  const { lowPerSecond } = keptPace();
  assert.ok(lowPerSecond! > 0 && lowPerSecond! < 100, JSON.stringify(keptPace()));
  // Nothing is refused now, so that what it knows of the limit is what was kept.
  isLimited = false;
  const { pace } = await fetch(3000, { maxPages: 80, concurrency: 20 });
  assert.equal(pace[0]?.by, 'refusals');
  assert.ok(readFileSync(`${output}.everypage.part`).length > 0);
});
