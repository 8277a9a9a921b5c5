import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, type OutgoingHttpHeaders, sensitiveHeaders } from 'node:http2';
import { test } from 'node:test';
import { pageBody } from '../servers/page-body.ts';
import type { PageServerOptions } from '../servers/page-server.ts';
import { openStreams } from '../servers/stream-server.ts';
import { stopTime } from './stopped-time.ts';
import {
  bodyOf,
  expectFault,
  forEachPage,
  get,
  getUntilProcessed,
  openPages,
  openTransport,
} from './transport-client.ts';

const WIRES: readonly (NonNullable<PageServerOptions['protocol']> & ('h1' | 'h2'))[] = ['h1', 'h2'];

test('HTTP/2 is spoken where the server offers it, on one connection', async (t) => {
  const server = await openPages(t, { protocol: 'both' });
  const transport = openTransport(t, { ca: server.ca });
  await forEachPage(60, 20, async (n) => {
    const response = await get(transport, server.origin, `/pages/${n}`);
    assert.equal(response.status, 200);
    assert.equal(response.protocol, 'HTTP/2');
    assert.deepEqual(bodyOf(response), Buffer.from(pageBody(n, 5000)));
  });
  assert.deepEqual(transport.connectionCounts(), { 'HTTP/1.1': 0, 'HTTP/2': 1 });
  assert.equal(server.counts().connections, 1);
});

test('HTTP/1.1 is spoken where the server knows nothing else, and the first connection is used', async (t) => {
  const server = await openPages(t, { protocol: 'h1' });
  const transport = openTransport(t, { ca: server.ca, concurrency: 4 });
  await forEachPage(40, 8, async (n) => {
    const response = await get(transport, server.origin, `/pages/${n}`);
    assert.equal(response.protocol, 'HTTP/1.1');
    assert.deepEqual(bodyOf(response), Buffer.from(pageBody(n, 5000)));
  });
  assert.equal(server.counts().connections, 4);
  assert.ok(server.counts().maxInFlight <= 4);
  assert.deepEqual(transport.connectionCounts(), { 'HTTP/1.1': 4, 'HTTP/2': 0 });
});

test('protocol http1 offers nothing else', async (t) => {
  const server = await openPages(t, { protocol: 'both' });
  const transport = openTransport(t, { ca: server.ca, protocol: 'http1' });
  assert.equal((await get(transport, server.origin, '/pages/1')).protocol, 'HTTP/1.1');
});

test('protocol http2 fails with a cure where the server knows only HTTP/1.1', async (t) => {
  const server = await openPages(t, { protocol: 'h1' });
  const transport = openTransport(t, { ca: server.ca, protocol: 'http2' });
  const error = await expectFault(get(transport, server.origin, '/pages/1'), 'protocol');
  assert.match(error.message, /leave out --http2/);
});

test('plain http speaks HTTP/1.1, and HTTP/2 when that was asked for', async (t) => {
  const plain = await openPages(t, { protocol: 'http' });
  const knowing = await openPages(t, { protocol: 'h2c' });
  const auto = openTransport(t);
  assert.equal((await get(auto, plain.origin, '/pages/1')).protocol, 'HTTP/1.1');
  const http2 = openTransport(t, { protocol: 'http2' });
  assert.equal((await get(http2, knowing.origin, '/pages/1')).protocol, 'HTTP/2');
});

for (const protocol of WIRES) {
  test(`a server that closes each ${protocol} connection after 100 requests loses no page`, async (t) => {
    const server = await openPages(t, { protocol, closeAfter: 100, bodyBytes: 500 });
    const transport = openTransport(t, { ca: server.ca });
    let whole = 0;
    await forEachPage(1200, 20, async (n) => {
      const response = await getUntilProcessed(transport, server.origin, `/pages/${n}`);
      assert.deepEqual(bodyOf(response), Buffer.from(pageBody(n, 500)));
      whole += 1;
    });
    assert.equal(whole, 1200);
    assert.ok(server.counts().connections >= 12);
  });

  test(`headers and a POST body arrive over ${protocol}`, async (t) => {
    let seen: { method: string; body: string; accept: unknown; type: unknown } | null = null;
    const server = await openPages(t, {
      protocol,
      respond: ({ method, body, headers }) => {
        const { accept, 'content-type': type } = headers;
        seen = { method, body: body.toString(), accept, type };
        return { body: '{}', headers: { 'set-cookie': ['a=1', 'b=2'], 'x-total': '7' } };
      },
    });
    const transport = openTransport(t, { ca: server.ca });
    const response = await transport.request({
      method: 'POST',
      origin: server.origin,
      path: '/graphql',
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      body: Buffer.from('{"q":1}'),
    });
    const type = 'application/json';
    assert.deepEqual(seen, { method: 'POST', body: '{"q":1}', accept: type, type });
    assert.deepEqual(response.headers['set-cookie'], ['a=1', 'b=2']);
    assert.equal(response.headers['x-total'], '7');
  });

  test(`204 and 304 with a content-length and no body are whole over ${protocol}`, async (t) => {
    const server = await openPages(t, {
      protocol,
      respond: ({ n }) => ({ status: n === 1 ? 304 : 204, body: '' }),
    });
    const transport = openTransport(t, { ca: server.ca });
    assert.equal((await get(transport, server.origin, '/pages/1')).status, 304);
    assert.equal((await get(transport, server.origin, '/pages/2')).bodyBytes, 0);
  });
}

test('a repeated retry-after shows as a list over h1', async (t) => {
  const server = await openPages(t, {
    protocol: 'h1',
    respond: () => ({ status: 429, headers: { 'retry-after': ['1', '9'] }, body: '{}' }),
  });
  const transport = openTransport(t, { ca: server.ca });
  const response = await get(transport, server.origin, '/pages/1');
  assert.deepEqual(response.headers['retry-after'], ['1', '9']);
});

test('a repeated retry-after shows as a list over h2', async (t) => {
  const { origin, ca } = await openStreams(t, { strictSingleValueFields: false }, (stream) => {
    const headers: OutgoingHttpHeaders = { ':status': 429, 'x-one': '1' };
    Object.assign(headers, { 'retry-after': ['1', '9'] });
    stream.respond(headers);
    stream.end('{}');
  });
  const response = await get(openTransport(t, { ca }), origin, '/');
  assert.deepEqual(response.headers['retry-after'], ['1', '9']);
  assert.equal(response.headers['x-one'], '1');
});

test('a server that allows one stream a connection gets a few connections and never a second stream', async (t) => {
  const server = await openPages(t, { maxConcurrentStreams: 1, bodyBytes: 300 });
  const transport = openTransport(t, { ca: server.ca });
  await forEachPage(200, 20, async (n) => {
    assert.equal((await get(transport, server.origin, `/pages/${n}`)).status, 200);
  });
  const { connections, maxInFlight } = server.counts();
  assert.ok(connections > 1 && connections <= 6, `${connections} connections`);
  assert.ok(maxInFlight <= connections, `${maxInFlight} in flight`);
});

test('a stream limit that is lowered while requests run is kept', async (t) => {
  let inFlight = 0;
  let most = 0;
  let arrived = 0;
  let lowered = false;
  const { origin, ca } = await openStreams(
    t,
    { settings: { maxConcurrentStreams: 50 } },
    (stream) => {
      inFlight += 1;
      arrived += 1;
      if (arrived === 30) {
        stream.session?.settings({ maxConcurrentStreams: 2 }, () => {
          lowered = true;
        });
      }
      most = Math.max(most, inFlight);
      stream.once('close', () => {
        inFlight -= 1;
      });
      setTimeout(() => {
        if (stream.destroyed) return;
        stream.respond({ ':status': 200 });
        stream.end('{}');
      }, 5);
    },
  );
  const transport = openTransport(t, { ca }, { maxSessions: 1 });
  let whole = 0;
  await forEachPage(100, 20, async () => {
    // What was under way when the limit fell is refused by the server.
    await getUntilProcessed(transport, origin, '/');
    whole += 1;
  });
  assert.equal(whole, 100);
  assert.ok(lowered);
  assert.ok(most > 2);
  most = 0;
  await forEachPage(20, 20, async () => void (await get(transport, origin, '/')));
  assert.equal(most, 2);
});

test('a server that allows no stream at all fails the requests instead of keeping them', async (t) => {
  const server = await openPages(t, { maxConcurrentStreams: 0 });
  const time = stopTime(t);
  const transport = openTransport(
    t,
    { ca: server.ca, idleTimeoutMs: 50 },
    { maxSessions: 1, silenceMs: 40 },
  );
  // It goes out before the server has said so, is refused and waits.
  await time.passUntilSettled(expectFault(get(transport, server.origin, '/pages/1'), 'protocol'));
});

test('HTTP_1_1_REQUIRED sends the request, and all after it, over HTTP/1.1', async (t) => {
  const server = await openPages(t, {
    protocol: 'both',
    faults: { 1: [{ reset: constants.NGHTTP2_HTTP_1_1_REQUIRED }] },
  });
  const transport = openTransport(t, { ca: server.ca });
  assert.equal((await get(transport, server.origin, '/pages/1')).protocol, 'HTTP/1.1');
  assert.equal((await get(transport, server.origin, '/pages/2')).protocol, 'HTTP/1.1');
});

test('credentials are sent as never indexed, other headers are not', async (t) => {
  const seen: unknown[] = [];
  const { origin, ca } = await openStreams(t, {}, (stream, headers) => {
    seen.push(Reflect.get(headers, sensitiveHeaders));
    stream.respond({ ':status': 200 });
    stream.end('{}');
  });
  const headers = { accept: '*/*', authorization: 'Bearer x', cookie: 'a=b', 'x-api-key': 'k' };
  await get(openTransport(t, { ca }), origin, '/', headers);
  assert.deepEqual(seen, [['authorization', 'cookie', 'x-api-key']]);
});

for (const protocol of WIRES) {
  test(`closing rejects what is in flight over ${protocol}, and what comes later`, async (t) => {
    const server = await openPages(t, { protocol, respond: () => ({ hang: true }) });
    const transport = openTransport(t, { ca: server.ca, concurrency: 1 });
    const pending = [1, 2, 3].map((n) =>
      expectFault(get(transport, server.origin, `/pages/${n}`), 'closed'),
    );
    while (server.counts().total === 0) await new Promise((next) => setTimeout(next, 5));
    await transport.close();
    await Promise.all(pending);
    await expectFault(get(transport, server.origin, '/pages/4'), 'closed');
  });

  test(`after closing, nothing keeps the process alive (${protocol})`, async (t) => {
    const server = await openPages(t, { protocol });
    const module = new URL('../../src/http/create-transport.ts', import.meta.url).href;
    const script = `
      const { createTransport } = await import(${JSON.stringify(module)});
      const transport = createTransport({ protocol: 'auto', concurrency: 5, proxyFor: () => null,
        ca: null, cert: null, key: null, insecure: true, connectTimeoutMs: 60000,
        idleTimeoutMs: 60000, timeoutMs: 60000, maxBodyBytes: 1e6 });
      const ask = (n) => transport.request({ method: 'GET', origin: ${JSON.stringify(server.origin)},
        path: '/pages/' + n, headers: {}, body: null });
      await Promise.all([1, 2, 3].map(ask));
      ask(4).catch(() => undefined);
      await transport.close();
      console.log('closed');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 20_000,
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    const [code, signal] = await once(child, 'close');
    assert.deepEqual([code, signal, output.trim()], [0, null, 'closed']);
  });
}
