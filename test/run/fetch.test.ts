import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:http2';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Archive } from '../../src/archive/archive.ts';
import type { AttemptRecord } from '../../src/archive/archive-types.ts';
import { pageLine, pageRecords } from '../servers/page-body.ts';
import {
  type PageServer,
  type PageServerOptions,
  startPageServer,
} from '../servers/page-server.ts';
import { runCli, temporaryFolder } from './run-cli.ts';
import { runCliHere, STATES } from './run-in-process.ts';

/** A server, a folder with its authority in ca.pem, and the arguments every test shares. */
async function setUp(t: TestContext, options: PageServerOptions = {}) {
  const server = await startPageServer(options);
  t.after(() => server.close());
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'ca.pem'), server.ca);
  const trust = server.ca === '' ? [] : ['--cacert', 'ca.pem'];
  const run = (...args: string[]) => runCliHere(folder, [...args, ...trust]);
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  return { server, folder, run, read };
}

function lines(from: number, to: number, bytes = 5000): string {
  let text = '';
  for (let n = from; n <= to; n += 1) text += `${pageLine(n, bytes)}\n`;
  return text;
}

const totalRequests = (server: PageServer) => server.counts().total;

test('every page of a range is written in order, whatever order they come back in', async (t) => {
  const delays = (n: number) => (n % 7 === 0 ? 60 : 0);
  const { server, folder, run, read } = await setUp(t, {
    respond: ({ n }) => (delays(n) > 0 ? { delayMs: delays(n) } : null),
  });
  const result = await run(server.template(200), '-o', 'items.ndjson', '-c', '20');
  assert.equal(result.code, 0, result.stderr);
  assert.match(result.stderr, /All 200 pages are OK\./);
  assert.match(result.stderr, /HTTP\/2, 1 connection/);
  assert.equal(result.stdout, '');
  assert.equal(read('items.ndjson'), lines(1, 200));
  assert.deepEqual(readdirSync(folder).sort(), [
    'ca.pem',
    'items.ndjson',
    'items.ndjson.everypage',
  ]);
  assert.equal(statSync(join(folder, 'items.ndjson.everypage')).mode & 0o777, 0o600);
});

test('records keep their bytes, and only white space goes', async (t) => {
  const { server, run, read } = await setUp(t, { spaced: true });
  const result = await run(server.template(30), '-o', 'out.ndjson', '--select', 'data.items');
  assert.equal(result.code, 0, result.stderr);
  const expected = Array.from({ length: 30 }, (_, index) => pageRecords(index + 1)).flat();
  assert.equal(read('out.ndjson'), `${expected.join('\n')}\n`);
});

test('without -o the lines stream to standard output, and no archive stays behind', async (t) => {
  const { server, run } = await setUp(t);
  const result = await run(server.template(50), '-q');
  assert.equal(result.code, 0, result.stderr);
  assert.equal(result.stdout, lines(1, 50));
  assert.equal(result.stderr, '');
  assert.deepEqual(readdirSync(join(STATES, 'everypage')), []);
});

test('a JSON array, an archive alone, and --no-keep', async (t) => {
  const { server, folder, run, read } = await setUp(t);
  assert.equal((await run(server.template(10), '-o', 'all.json', '--no-keep')).code, 0);
  assert.equal(JSON.parse(read('all.json')).length, 10);
  assert.ok(!existsSync(join(folder, 'all.json.everypage')));
  assert.equal((await run(server.template(10), '-o', 'alone.everypage')).code, 0);
  const exported = await runCliHere(folder, ['export', 'alone.everypage', '-o', 'again.ndjson']);
  assert.equal(exported.code, 0, exported.stderr);
  assert.equal(read('again.ndjson'), lines(1, 10));
});

test('one page of 10,000 that is missing is named, and an older output stands untouched', async (t) => {
  const { server, run, read, folder } = await setUp(t, {
    bodyBytes: 500,
    faults: { 5077: [{ status: 404 }, { status: 404 }, { status: 404 }] },
  });
  const fetchAll = (...args: string[]) =>
    run(server.template(10_000), '-o', 'items.ndjson', '-c', '50', ...args);
  writeFileSync(join(folder, 'items.ndjson'), 'older\n');
  const failed = await fetchAll();
  assert.equal(failed.code, 3, failed.stderr);
  assert.match(failed.stderr, /404 .*\/pages\/5077 .*Not Found/);
  assert.match(failed.stderr, /--allow-incomplete/);
  assert.equal(read('items.ndjson'), 'older\n');
  const asked = totalRequests(server);

  const allowed = await fetchAll('--allow-incomplete');
  assert.equal(allowed.code, 0, allowed.stderr);
  assert.equal(totalRequests(server) - asked, 1, 'only the missing page is asked for again');
  assert.ok(read('items.ndjson') === lines(1, 5076, 500) + lines(5078, 10_000, 500));

  // The third attempt of the plan heals the page: the same command then completes.
  assert.equal((await fetchAll()).code, 3);
  const healed = await fetchAll();
  assert.equal(healed.code, 0, healed.stderr);
  assert.equal(totalRequests(server) - asked, 3);
  assert.ok(read('items.ndjson') === lines(1, 10_000, 500));
});

test('503, resets, cut and empty bodies, HTML and bad JSON heal on the next attempt', async (t) => {
  const { server, run, read } = await setUp(t, {
    faults: {
      3: [{ status: 503 }],
      5: [{ reset: constants.NGHTTP2_INTERNAL_ERROR }],
      8: [{ truncateAt: 1000 }],
      11: [{ body: Buffer.alloc(0) }],
      14: [{ body: Buffer.from('<!doctype html><title>Busy</title>') }],
      17: [{ body: Buffer.from('{"page":17,') }],
      20: [{ status: 204 }],
      23: [{ status: 500 }, { status: 502 }],
    },
  });
  const result = await run(server.template(25), '-o', 'out.ndjson');
  assert.equal(result.code, 0, result.stderr);
  assert.match(result.stderr, /9 retries/);
  assert.equal(read('out.ndjson'), lines(1, 25));
});

test('a page that never heals fails with its last reason after the retries', async (t) => {
  const { server, run } = await setUp(t, {
    respond: ({ n }) => (n === 4 ? { body: Buffer.from('<html>no</html>') } : null),
  });
  const result = await run(server.template(9), '-o', 'out.ndjson', '--retry', '1');
  assert.equal(result.code, 3, result.stderr);
  assert.match(result.stderr, /HTML/);
  assert.equal(server.counts().requests.get(4), 2);
});

/** Every try of the pages 1 to `count`, as the client kept them. */
function readAttempts(path: string, count: number): AttemptRecord[] {
  const archive = Archive.openReadOnly(path);
  try {
    return Array.from({ length: count }, (_, position) =>
      archive.attemptsOf({ branch: 0, position }),
    ).flat();
  } finally {
    archive.close();
  }
}

/** Starts are kept by the machine's clock in whole milliseconds, durations by the steady clock. */
const CLOCKS_MS = 2;

/** Attempts that began after a refusal was read and before the wait in it was over. */
function startedInsideWaits(attempts: readonly AttemptRecord[]): AttemptRecord[] {
  const waits = attempts.flatMap(({ startedAt, durationMs, toldToWaitMs }) => {
    if (toldToWaitMs === null) return [];
    const readAt = startedAt + durationMs;
    return [{ from: readAt + CLOCKS_MS, to: readAt + toldToWaitMs - CLOCKS_MS }];
  });
  return attempts.filter(({ startedAt }) =>
    waits.some(({ from, to }) => from < startedAt && startedAt < to),
  );
}

for (const protocol of ['h2', 'h1'] as const) {
  test(`nothing is sent inside a stated Retry-After, and no page fails for it (${protocol})`, async (t) => {
    const { server, folder, run, read } = await setUp(t, {
      protocol,
      limit: { perSecond: 30, burst: 40, retryAfterSeconds: 1 },
    });
    const result = await run(server.template(150), '-o', 'out.ndjson', '-c', '20', '-vv');
    assert.equal(result.code, 0, result.stderr);
    const { limited, requestsInsideRetryAfter, total } = server.counts();
    assert.ok(limited > 0, 'the limit was met');
    assert.equal(requestsInsideRetryAfter, 0);
    const attempts = readAttempts(join(folder, 'out.ndjson.everypage'), 150);
    assert.equal(attempts.length, total, 'the client kept each try that the server saw');
    assert.equal(attempts.filter(({ toldToWaitMs }) => toldToWaitMs === 1000).length, limited);
    assert.deepEqual(startedInsideWaits(attempts), []);
    assert.match(result.stderr, /Retry-After/);
    assert.equal(read('out.ndjson'), lines(1, 150));
  });
}

test('a wait beyond --max-wait ends the run with 5, and the same command goes on', async (t) => {
  let limited = true;
  const { server, run, read } = await setUp(t, {
    respond: ({ n }) =>
      limited && n > 20 ? { status: 429, headers: { 'retry-after': '7200' } } : null,
  });
  const stopped = await run(server.template(40), '-o', 'out.ndjson', '--max-wait', '1h');
  assert.equal(stopped.code, 5, stopped.stderr);
  assert.match(stopped.stderr, /2 h/);
  limited = false;
  const before = totalRequests(server);
  assert.equal((await run(server.template(40), '-o', 'out.ndjson')).code, 0);
  assert.ok(totalRequests(server) - before <= 22, 'what was stored is not asked for again');
  assert.equal(read('out.ndjson'), lines(1, 40));
});

test('401 stops the run with 4; new credentials go on', async (t) => {
  const { server, run, read } = await setUp(t, {
    respond: ({ n, headers }) =>
      n > 10 && headers['authorization'] !== 'Bearer new' ? { status: 401 } : null,
  });
  const refused = await run(
    server.template(30),
    '-o',
    'out.ndjson',
    '-H',
    'Authorization: Bearer old',
  );
  assert.equal(refused.code, 4, refused.stderr);
  assert.doesNotMatch(refused.stderr, /Bearer old/);
  const accepted = await run(
    server.template(30),
    '-o',
    'out.ndjson',
    '-H',
    'Authorization: Bearer new',
  );
  assert.equal(accepted.code, 0, accepted.stderr);
  assert.equal(read('out.ndjson'), lines(1, 30));
});

test('403 before anything has succeeded is about the credentials, later about the page', async (t) => {
  const forbidden = await setUp(t, { respond: () => ({ status: 403 }) });
  assert.equal((await forbidden.run(forbidden.server.template(30), '-o', 'a.ndjson')).code, 4);
  const one = await setUp(t, { respond: ({ n }) => (n === 20 ? { status: 403 } : null) });
  assert.equal((await one.run(one.server.template(30), '-o', 'a.ndjson', '-c', '1')).code, 3);
});

test('redirects within the origin are followed; to another one the run stops, and names the flag', async (t) => {
  const other = await setUp(t, { protocol: 'http' });
  let target = '';
  const { server, run, read } = await setUp(t, {
    protocol: 'http',
    respond: ({ n, path }) => {
      if (n === 3 && !path.includes('again'))
        return { status: 302, headers: { location: '/pages/3?again' } };
      return n === 5 && target !== '' ? { status: 307, headers: { location: target } } : null;
    },
  });
  assert.equal((await run(server.template(5), '-o', 'a.ndjson')).code, 0);
  assert.equal(read('a.ndjson'), lines(1, 5));

  target = `${other.server.origin}/pages/5`;
  const secret = ['-H', 'Authorization: Bearer canary', '-H', 'X-Mine: 1'];
  const stopped = await run(server.template(5), '-o', 'b.ndjson', ...secret);
  assert.equal(stopped.code, 1, stopped.stderr);
  const { origin } = other.server;
  // The command that is printed holds the flag.
  assert.match(
    stopped.stderr,
    new RegExp(
      `To resume with that flag:\\n  everypage .* -o b\\.ndjson .*--allow-origin ${origin}\\n?`,
    ),
  );
  assert.equal(other.server.counts().total, 0);
  const allowed = await run(
    server.template(5),
    '-o',
    'b.ndjson',
    ...secret,
    '--allow-origin',
    other.server.origin,
  );
  assert.equal(allowed.code, 0, allowed.stderr);
  assert.equal(read('b.ndjson'), lines(1, 5));
});

test('a redirect that never ends fails its page', async (t) => {
  const { server, run } = await setUp(t, {
    respond: ({ n, path }) => (n === 2 ? { status: 302, headers: { location: path } } : null),
  });
  const result = await run(server.template(3), '-o', 'a.ndjson');
  assert.equal(result.code, 3);
  assert.match(result.stderr, /more than 10 redirects, the last to itself; does it want a cookie/);
});

test('a redirect from page to page that never ends is not said to lead to itself', async (t) => {
  const { server, run } = await setUp(t, {
    respond: ({ n, path }) => ({
      status: 302,
      headers: { location: path.replace(`${n}`, `${3 - n}`) },
    }),
  });
  const result = await run(server.template(2), '-o', 'a.ndjson');
  assert.equal(result.code, 3);
  assert.match(result.stderr, /more than 10 redirects$/m);
});

test('a Location that is none is shown, without its query', async (t) => {
  const { server, run } = await setUp(t, {
    respond: () => ({ status: 302, headers: { location: 'http://[::bad/a?x=hush' } }),
  });
  const result = await run(server.template(1), '-o', 'a.ndjson');
  assert.equal(result.code, 3);
  assert.match(result.stderr, /with an invalid Location, "http:\/\/\[::bad\/a\?…"/);
});

const HARD_SERVERS: readonly (readonly [string, PageServerOptions])[] = [
  ['that closes each connection after 100 requests (GOAWAY)', { closeAfter: 100 }],
  [
    'that closes each connection after 100 requests (HTTP/1.1)',
    { closeAfter: 100, protocol: 'h1' },
  ],
  ['that closes each connection after 3 requests (GOAWAY)', { closeAfter: 3 }],
  ['that allows a single stream', { maxConcurrentStreams: 1 }],
  ['that speaks only HTTP/1.1 over TLS', { protocol: 'h1' }],
  ['that speaks plain HTTP', { protocol: 'http' }],
];

for (const [what, options] of HARD_SERVERS) {
  test(`no page is lost and none fails on a server ${what}`, async (t) => {
    const { server, run, read } = await setUp(t, options);
    const result = await run(server.template(600), '-o', 'out.ndjson', '-c', '20');
    assert.equal(result.code, 0, result.stderr);
    assert.equal(read('out.ndjson'), lines(1, 600));
    assert.doesNotMatch(result.stderr, /[1-9]\d* retries/);
  });
}

test('lists come from a file or standard input; duplicates are two pages', async (t) => {
  const { server, folder, run, read } = await setUp(t);
  const urls = [3, 1, 3, 2].map((n) => `${server.origin}/pages/${n}`);
  writeFileSync(join(folder, 'urls.txt'), `# mine\n${urls.join('\r\n')}\n\n`);
  const expected = [3, 1, 3, 2].map((n) => `${pageLine(n)}\n`).join('');
  assert.equal((await run('@urls.txt', '-o', 'a.ndjson')).code, 0);
  assert.equal(read('a.ndjson'), expected);
  const piped = await runCli(folder, ['-', '-q', '--cacert', 'ca.pem'], {
    input: urls.join('\n'),
  });
  assert.equal(piped.code, 0, piped.stderr);
  assert.equal(piped.stdout, expected);
});

test('own headers are sent, from the line and from a file, and replace the defaults', async (t) => {
  const seen: Record<string, string>[] = [];
  const { server, folder, run } = await setUp(t, {
    respond: ({ headers }) => {
      seen.push(headers as Record<string, string>);
      return null;
    },
  });
  writeFileSync(join(folder, 'headers.txt'), 'X-Api-Key: from-file\n');
  const result = await run(
    server.template(1),
    '-q',
    '-H',
    'Accept: application/vnd.x+json',
    '-H',
    '@headers.txt',
  );
  assert.equal(result.code, 0, result.stderr);
  assert.equal(seen[0]?.['accept'], 'application/vnd.x+json');
  assert.equal(seen[0]?.['x-api-key'], 'from-file');
  assert.equal((await run(server.template(1), '-q')).code, 0);
  assert.equal(seen[1]?.['accept'], 'application/json');
});

test('a wrong --select is told at the first page, and costs no second fetch', async (t) => {
  const { server, run, read } = await setUp(t);
  const wrong = await run(server.template(20), '-o', 'out.ndjson', '--select', 'data.rows');
  assert.equal(wrong.code, 2, wrong.stderr);
  assert.match(wrong.stderr, /data\.rows is not in/);
  assert.match(wrong.stderr, /items/);
  const right = await run(server.template(20), '-o', 'out.ndjson', '--select', 'data.items');
  assert.equal(right.code, 0, right.stderr);
  assert.equal(read('out.ndjson').trim().split('\n').length, 200);
});

test('credentials stay with the first origin of a list, and that is said', async (t) => {
  const seen: (string | undefined)[] = [];
  const respond: PageServerOptions['respond'] = ({ headers }) => {
    seen.push(headers['authorization'] as string | undefined);
    return null;
  };
  const one = await setUp(t, { protocol: 'http', respond });
  const two = await setUp(t, { protocol: 'http', respond });
  writeFileSync(
    join(one.folder, 'urls.txt'),
    `${one.server.origin}/pages/1\n${two.server.origin}/pages/2\n`,
  );
  const result = await one.run('@urls.txt', '-o', 'a.ndjson', '-c', '1', '-u', 'me:canary');
  assert.equal(result.code, 0, result.stderr);
  assert.deepEqual(seen, [`Basic ${btoa('me:canary')}`, undefined]);
  assert.match(result.stderr, /without your credentials/);
});
