import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { createTestCertificates } from '../../src/demo/certificate.ts';
import type { TransportFault } from '../../src/http/transport.ts';
import { freePort } from '../servers/free-port.ts';
import { type ProxyServerOptions, startProxyServer } from '../servers/proxy-server.ts';
import { startRawServer } from '../servers/raw-server.ts';
import { openStreams } from '../servers/stream-server.ts';
import { until } from './stopped-time.ts';
import { expectFault, get, openPages, openTransport } from './transport-client.ts';

test('a port where nobody listens is refused', async (t) => {
  const port = await freePort();
  const error = await expectFault(
    get(openTransport(t), `https://127.0.0.1:${port}`, '/'),
    'refused',
  );
  assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port} cannot be reached`));
});

test('a name that does not resolve is a DNS fault', async (t) => {
  const failure = Object.assign(new Error('getaddrinfo ENOTFOUND'), {
    code: 'ENOTFOUND',
    syscall: 'getaddrinfo',
  });
  const transport = openTransport(
    t,
    {},
    { lookup: (_name, _options, callback) => callback(failure, '', 0) },
  );
  await expectFault(get(transport, 'https://api.example.invalid', '/'), 'no-name');
});

test('an address that does not answer is passed over for one that does', async (t) => {
  const server = await openPages(t, { protocol: 'http' });
  const transport = openTransport(
    t,
    {},
    {
      lookup: (_name, _options, callback) =>
        callback(null, [
          { address: '::1', family: 6 },
          { address: '127.0.0.1', family: 4 },
        ]),
    },
  );
  const { port } = new URL(server.origin);
  assert.equal((await get(transport, `http://both.example:${port}`, '/pages/1')).status, 200);
});

test('a handshake that never comes ends in a connect timeout, for all that wait for it', async (t) => {
  const server = await startRawServer(() => {});
  t.after(() => server.close());
  const transport = openTransport(t, { connectTimeoutMs: 80 });
  const origin = `https://127.0.0.1:${server.port}`;
  const requests = [1, 2, 3].map((n) =>
    expectFault(get(transport, origin, `/${n}`), 'connect-timeout'),
  );
  for (const error of await Promise.all(requests)) assert.match(error.message, /--connect-timeout/);
  await until(() => server.connections() > 0);
  assert.equal(server.connections(), 1);
});

test('a server that agrees on HTTP/2 and then says nothing ends in a connect timeout', async (t) => {
  const { ca, cert, key } = createTestCertificates();
  const server = await startRawServer(() => {}, { cert, key, ALPNProtocols: ['h2'] });
  t.after(() => server.close());
  const transport = openTransport(t, { ca, connectTimeoutMs: 150 });
  await expectFault(get(transport, server.origin, '/'), 'connect-timeout');
});

test('what is not TLS is a TLS fault', async (t) => {
  const server = await startRawServer((socket) => socket.end('HTTP/1.0 400 No\r\n\r\n'));
  t.after(() => server.close());
  await expectFault(get(openTransport(t), `https://127.0.0.1:${server.port}`, '/'), 'no-tls');
});

test('an unknown authority is refused with the cure, and accepted by --cacert or -k', async (t) => {
  const server = await openPages(t);
  const error = await expectFault(get(openTransport(t), server.origin, '/pages/1'), 'certificate');
  assert.match(error.message, /localhost:\d+ is signed by an authority .* --cacert FILE .* -k/);
  const trusting = openTransport(t, { ca: server.ca });
  assert.equal((await get(trusting, server.origin, '/pages/1')).status, 200);
  const careless = openTransport(t, { insecure: true });
  assert.equal((await get(careless, server.origin, '/pages/1')).status, 200);
});

test('a certificate for another name is refused though its authority is known', async (t) => {
  const certificates = createTestCertificates({ names: ['elsewhere.example'] });
  const server = await openPages(t, { certificates });
  const transport = openTransport(t, { ca: server.ca });
  const error = await expectFault(get(transport, server.origin, '/pages/1'), 'certificate');
  assert.match(error.message, /is for another name/);
});

test('a PEM that is none is a certificate fault that names the flags', async (t) => {
  const server = await openPages(t);
  const transport = openTransport(t, { cert: 'nonsense', key: 'nonsense' });
  const error = await expectFault(get(transport, server.origin, '/pages/1'), 'certificate');
  assert.match(error.message, /--cert and --cert-key/);
});

test('a client certificate is presented, and its absence explained', async (t) => {
  const { ca, cert, key } = createTestCertificates();
  const { origin } = await openStreams(t, { ca, cert, key, requestCert: true }, (stream) => {
    stream.respond({ ':status': 200 });
    stream.end('{}');
  });
  // The server's authority is its own, so that only its side is at stake.
  const without = openTransport(t, { insecure: true });
  const error = await expectFault(get(without, origin, '/'), 'certificate');
  assert.match(error.message, /--cert FILE --cert-key FILE/);
});

test('before TLS 1.3 the lack of a client certificate has no alert of its own, so it is asked', async (t) => {
  const { ca, cert, key } = createTestCertificates();
  const tls = { ca, cert, key, requestCert: true, rejectUnauthorized: true };
  const server = await startRawServer(() => {}, { ...tls, maxVersion: 'TLSv1.2' });
  t.after(() => server.close());
  const error = await expectFault(get(openTransport(t, { ca }), server.origin, '/'), 'tls');
  assert.match(
    error.message,
    /does it want a client certificate \(--cert FILE --cert-key FILE\)\?/,
  );
});

test('a server that closes on our client certificate without an alert raises the question', async (t) => {
  const { ca, cert, key } = createTestCertificates();
  const tls = { ca, cert, key, requestCert: true, rejectUnauthorized: true };
  const server = await startRawServer(() => {}, { ...tls, ALPNProtocols: ['http/1.1'] });
  t.after(() => server.close());
  const other = createTestCertificates();
  const transport = openTransport(t, { ca, cert: other.cert, key: other.key });
  const error = await expectFault(get(transport, server.origin, '/'), 'reset');
  assert.match(error.message, /before it answered.*; does it accept the client certificate/);
});

test('http is asked of a server that speaks TLS', async (t) => {
  const { cert, key } = createTestCertificates();
  const server = await startRawServer(() => {}, { cert, key });
  t.after(() => server.close());
  const origin = `http://127.0.0.1:${server.port}`;
  const error = await expectFault(get(openTransport(t), origin, '/'), 'reset');
  assert.match(
    error.message,
    /^127\.0\.0\.1:\d+ closed the connection before it answered.*; does it speak TLS \(https:\/\/\)\?$/,
  );
});

test('a server that says an alert of TLS to http is asked whether it speaks TLS', async (t) => {
  const server = await startRawServer((socket) =>
    socket.once('data', () => socket.end(Buffer.from([0x15, 3, 1, 0, 2, 2, 70]))),
  );
  t.after(() => server.close());
  const error = await expectFault(get(openTransport(t), server.origin, '/'), 'protocol');
  assert.match(error.message, /^127\.0\.0\.1:\d+ does not answer in HTTP; does it speak TLS/);
});

test('what answers in another protocol does not answer in HTTP', async (t) => {
  const server = await startRawServer((socket) => socket.end('SSH-2.0-OpenSSH_9.0\r\n'));
  t.after(() => server.close());
  const error = await expectFault(get(openTransport(t), server.origin, '/'), 'protocol');
  assert.match(error.message, /^127\.0\.0\.1:\d+ does not answer in HTTP$/);
});

test('a server that has answered once is not asked what it speaks', async (t) => {
  const answer = 'HTTP/1.1 200 -\r\ncontent-length: 0\r\nconnection: close\r\n\r\n';
  const server = await startRawServer((socket, nth) =>
    socket.once('data', () => socket.end(nth === 1 ? answer : '')),
  );
  t.after(() => server.close());
  const transport = openTransport(t);
  assert.equal((await get(transport, server.origin, '/1')).status, 200);
  const error = await expectFault(get(transport, server.origin, '/2'), 'reset');
  assert.match(error.message, /closed the connection under the request$/);
});

test('HTTP/2 by prior knowledge is asked of a server that speaks HTTP/1.1', async (t) => {
  const server = await openPages(t, { protocol: 'http' });
  const transport = openTransport(t, { protocol: 'http2' });
  const error = await expectFault(get(transport, server.origin, '/pages/1'), 'protocol');
  assert.match(error.message, /^localhost:\d+ answers in HTTP\/1\.1: leave out --http2$/);
});

test('a client certificate that the server trusts is accepted', async (t) => {
  const { ca, cert, key } = createTestCertificates();
  const server = await startRawServer(
    (socket) => {
      const { authorized } = socket as TLSSocket;
      socket.once('data', () =>
        socket.end(`HTTP/1.1 ${authorized ? 200 : 403} -\r\ncontent-length: 0\r\n\r\n`),
      );
    },
    { ca, cert, key, requestCert: true, rejectUnauthorized: true, ALPNProtocols: ['http/1.1'] },
  );
  t.after(() => server.close());
  const transport = openTransport(t, { ca, cert, key });
  assert.equal((await get(transport, server.origin, '/')).status, 200);
  const without = openTransport(t, { ca });
  await expectFault(get(without, server.origin, '/'), 'certificate');
});

for (const protocol of ['h2', 'h1'] as const) {
  test(`an https origin is reached through a proxy's tunnel, with credentials (${protocol})`, async (t) => {
    const server = await openPages(t, { protocol });
    const proxy = await startProxyServer({
      authorization: `Basic ${Buffer.from('me:hush').toString('base64')}`,
    });
    t.after(() => proxy.close());
    const url = new URL(proxy.url);
    url.username = 'me';
    url.password = 'hush';
    const transport = openTransport(t, { ca: server.ca, proxyFor: () => url, concurrency: 2 });
    await Promise.all([1, 2, 3].map((n) => get(transport, server.origin, `/pages/${n}`)));
    assert.equal(new Set(proxy.seen).size, 1);
    assert.equal(proxy.seen[0], new URL(server.origin).host);
  });
}

test('interim responses before the answer to CONNECT are passed over', async (t) => {
  const server = await openPages(t);
  const interim = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nx: y\r\n\r\n';
  const proxy = await startProxyServer({ interim });
  t.after(() => proxy.close());
  const transport = openTransport(t, { ca: server.ca, proxyFor: () => new URL(proxy.url) });
  assert.equal((await get(transport, server.origin, '/pages/1')).status, 200);
});

test('a tunnel leads through a proxy that speaks TLS itself', async (t) => {
  const certificates = createTestCertificates();
  const server = await openPages(t, { certificates });
  const proxy = await startProxyServer({ tls: certificates });
  t.after(() => proxy.close());
  const transport = openTransport(t, { ca: server.ca, proxyFor: () => new URL(proxy.url) });
  assert.equal((await get(transport, server.origin, '/pages/1')).protocol, 'HTTP/2');
  assert.equal(proxy.seen.length, 1);
});

for (const target of ['http://api.example', 'https://api.example']) {
  test(`a proxy that speaks TLS and is named as http:// is the one that is asked about (${target})`, async (t) => {
    const { cert, key } = createTestCertificates();
    const proxy = await startRawServer(() => {}, { cert, key });
    t.after(() => proxy.close());
    const url = new URL(`http://me:hush@127.0.0.1:${proxy.port}`);
    const transport = openTransport(t, { proxyFor: () => url });
    const error = await expectFault(get(transport, target, '/'), 'reset', 'proxy');
    assert.match(
      error.message,
      /^proxy 127\.0\.0\.1:\d+ .*; does it speak TLS \(https:\/\/\)\? -x, HTTPS_PROXY or http_proxy names it/,
    );
    assert.ok(!error.message.includes('hush'));
  });
}

test("a proxy's own certificate is said to be the proxy's", async (t) => {
  const proxy = await startProxyServer({ tls: createTestCertificates() });
  t.after(() => proxy.close());
  const transport = openTransport(t, { proxyFor: () => new URL(proxy.url) });
  const error = await expectFault(get(transport, 'http://api.example', '/'), 'certificate');
  assert.match(
    error.message,
    /^the certificate of proxy localhost:\d+ .*; -x, HTTPS_PROXY or http_proxy names/,
  );
});

test('a plain http origin is asked through the proxy in absolute form', async (t) => {
  const server = await openPages(t, { protocol: 'http' });
  const proxy = await startProxyServer();
  t.after(() => proxy.close());
  const transport = openTransport(t, { proxyFor: () => new URL(proxy.url) });
  assert.equal((await get(transport, server.origin, '/pages/1')).status, 200);
  assert.deepEqual(proxy.seen, [`${server.origin}/pages/1`]);
});

const REFUSALS: readonly [string, TransportFault, ProxyServerOptions, RegExp][] = [
  ['403', 'proxy-denied', { refuseWith: 403 }, /answered 403 when asked for localhost:\d+; -x/],
  ['502', 'proxy', { refuseWith: 502 }, /answered 502 when asked for localhost:\d+; -x, HTTPS_/],
  [
    '407',
    'proxy-credentials',
    { authorization: 'Basic other' },
    /asks for credentials \(407\).*-x http:/,
  ],
];

for (const [status, fault, options, message] of REFUSALS) {
  test(`a proxy that answers ${status} is a ${fault} fault that tells no password`, async (t) => {
    const [secure, plain] = [await openPages(t), await openPages(t, { protocol: 'http' })];
    const proxy = await startProxyServer(options);
    t.after(() => proxy.close());
    const url = new URL(proxy.url);
    url.username = 'me';
    url.password = 'hush';
    const transport = openTransport(t, { ca: secure.ca, proxyFor: () => url });
    const tunnel = await expectFault(get(transport, secure.origin, '/pages/1'), fault);
    assert.match(tunnel.message, message);
    assert.ok(!tunnel.message.includes('hush') && !tunnel.message.includes('me:'));
    if (status === '407') await expectFault(get(transport, plain.origin, '/pages/1'), fault);
  });
}

test('a proxy that is not there is refused, and named as the proxy', async (t) => {
  const port = await freePort();
  const transport = openTransport(t, {
    proxyFor: () => new URL(`http://me:hush@127.0.0.1:${port}`),
  });
  const error = await expectFault(get(transport, 'https://api.example.com', '/'), 'refused');
  assert.match(error.message, /^proxy 127\.0\.0\.1:\d+ cannot be reached .*-x '' goes without/);
  assert.ok(!error.message.includes('hush'));
});

test('a name is sent as SNI, an address is not', async (t) => {
  const { ca, cert, key } = createTestCertificates();
  const names: (string | false)[] = [];
  const server = await startRawServer(
    (socket) => {
      names.push((socket as TLSSocket).servername as string | false);
      socket.once('data', () => socket.end('HTTP/1.1 200 -\r\ncontent-length: 0\r\n\r\n'));
    },
    { cert, key },
  );
  t.after(() => server.close());
  const transport = openTransport(t, { ca });
  await get(transport, `https://localhost:${server.port}`, '/');
  await get(transport, `https://127.0.0.1:${server.port}`, '/');
  assert.deepEqual(names, ['localhost', false]);
});
