import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Transport, TransportOptions } from '../../src/http/transport.ts';
import { METADATA, makeUpNetwork, PUBLIC } from '../servers/made-up-network.ts';
import type { PageServerOptions } from '../servers/page-server.ts';
import { startProxyServer } from '../servers/proxy-server.ts';
import { expectFault, get, openPages, openTransport } from './transport-client.ts';

interface Setting {
  readonly transport: Transport;
  /** The port of a server that listens at `PUBLIC`. */
  readonly port: string;
  readonly resolved: readonly string[];
  connections(): number;
  /** Asks for a page where `start` has led to. */
  getLed(origin: string, start: string): ReturnType<Transport['request']>;
}

async function setUp(
  t: TestContext,
  names: Readonly<Record<string, readonly string[]>>,
  options: Partial<TransportOptions> = {},
  pages: PageServerOptions = { protocol: 'http' },
): Promise<Setting> {
  const server = await openPages(t, pages);
  const network = makeUpNetwork(names);
  const transport = openTransport(t, options, network);
  return {
    transport,
    port: new URL(server.origin).port,
    resolved: network.resolved,
    connections: () => server.counts().connections,
    getLed: (origin, start) =>
      transport.request({
        method: 'GET',
        origin,
        start,
        path: '/pages/1',
        headers: {},
        body: null,
      }),
  };
}

test('what a public start leads to is refused where it resolves to an address that is not', async (t) => {
  const { transport, port, getLed, connections } = await setUp(t, {
    'api.example': [PUBLIC],
    'inside.example': [METADATA],
    'other.example': [PUBLIC],
  });
  const start = `http://api.example:${port}`;
  await get(transport, start, '/pages/1');
  const error = await expectFault(getLed(`http://inside.example:${port}`, start), 'address');
  assert.match(error.message, /^inside\.example resolves to 127\.0\.0\.2, a link-local address/);
  assert.match(error.message, /add --allow-address 127\.0\.0\.2$/);
  assert.equal((await getLed(`http://other.example:${port}`, start)).status, 200);
  assert.equal(connections(), 2);
});

for (const protocol of ['http1', 'http2'] as const) {
  test(`a start that resolves elsewhere on a later connection is refused (${protocol})`, async (t) => {
    const names = { 'api.example': [PUBLIC, PUBLIC, METADATA] };
    const pages = { protocol: protocol === 'http1' ? 'http' : 'h2c', closeAfter: 1 } as const;
    const { transport, port, connections } = await setUp(t, names, { protocol }, pages);
    const origin = `http://api.example:${port}`;
    for (const path of ['/pages/1', '/pages/2']) await get(transport, origin, path);
    const error = await expectFault(get(transport, origin, '/pages/3'), 'address');
    assert.match(error.message, /api\.example now resolves to 127\.0\.0\.2/);
    assert.equal(connections(), 2);
  });
}

test('of a name with addresses of both sorts only the public ones are used', async (t) => {
  const both = `${METADATA} ${PUBLIC}`;
  const { transport, port, getLed } = await setUp(t, {
    'api.example': [both],
    'b.example': [both],
  });
  const start = `http://api.example:${port}`;
  // Nobody listens at the other one, which would come first.
  assert.equal((await get(transport, start, '/pages/1')).status, 200);
  assert.equal((await getLed(`http://b.example:${port}`, start)).status, 200);
});

test('a start within the network is taken for what it is, and so is what it leads to', async (t) => {
  const names = { intranet: [METADATA], 'other.example': [METADATA] };
  const { transport, port, getLed } = await setUp(t, names);
  const start = `http://intranet:${port}`;
  // Refused by the system, since nobody listens there, and not by us.
  for (const _ of [1, 2]) await expectFault(get(transport, start, '/pages/1'), 'refused');
  await expectFault(getLed(`http://other.example:${port}`, start), 'refused');
});

test('a run that goes on past its start looks where that is', async (t) => {
  const names = { 'api.example': [PUBLIC], intranet: [METADATA], 'inside.example': [METADATA] };
  const { port, getLed, resolved } = await setUp(t, names);
  const inside = `http://inside.example:${port}`;
  await expectFault(getLed(inside, `http://intranet:${port}`), 'refused');
  await expectFault(getLed(inside, `http://api.example:${port}`), 'address');
  await expectFault(getLed(inside, `http://nowhere.example:${port}`), 'address');
  assert.deepEqual(
    resolved.filter((name) => name !== 'inside.example'),
    ['intranet', 'api.example', 'nowhere.example'],
  );
});

test('an address that the user allows, and an origin that they name by its address, are led to', async (t) => {
  const names = { 'api.example': [PUBLIC], 'inside.example': [METADATA] };
  const { transport, port, getLed } = await setUp(t, names, { allowAddresses: ['127.0.0.0/30'] });
  const start = `http://api.example:${port}`;
  await get(transport, start, '/pages/1');
  await expectFault(getLed(`http://inside.example:${port}`, start), 'refused');
  await expectFault(getLed(`http://${METADATA}:${port}`, start), 'refused');
});

test('what a public start leads to shares no connection with the same origin named', async (t) => {
  const names = { 'api.example': [PUBLIC], intranet: [METADATA] };
  const { transport, port, getLed } = await setUp(t, names);
  const start = `http://api.example:${port}`;
  await get(transport, start, '/pages/1');
  await expectFault(get(transport, `http://intranet:${port}`, '/pages/1'), 'refused');
  await expectFault(getLed(`http://intranet:${port}`, start), 'address');
});

test('a proxy is where the user says, and resolves what it is asked for', async (t) => {
  const server = await openPages(t, { protocol: 'http' });
  const proxy = await startProxyServer();
  t.after(() => proxy.close());
  const proxyUrl = new URL(proxy.url);
  proxyUrl.hostname = 'proxy.example';
  const network = makeUpNetwork({ 'proxy.example': [PUBLIC] });
  const kindOf = () => 'private' as const;
  const transport = openTransport(t, { proxyFor: () => proxyUrl }, { ...network, kindOf });
  const ask = { method: 'GET', path: '/pages/1', headers: {}, body: null } as const;
  for (const start of [null, 'http://api.example']) {
    const { status } = await transport.request({ ...ask, origin: server.origin, start });
    assert.equal(status, 200);
  }
  assert.deepEqual(new Set(network.resolved), new Set(['proxy.example']));
});

test('a name without any address is a DNS fault', async (t) => {
  const { transport, getLed } = await setUp(t, { 'api.example': [PUBLIC] });
  await expectFault(get(transport, 'http://nowhere.example', '/'), 'no-name');
  await expectFault(getLed('http://nowhere.example', 'http://api.example'), 'no-name');
});
