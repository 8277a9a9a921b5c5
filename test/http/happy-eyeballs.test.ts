/** An address that swallows connections costs a moment, not the run. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { networkInterfaces } from 'node:os';
import { type TestContext, test } from 'node:test';
import { startBlackHole } from '../servers/black-hole.ts';
import { makeUpNetwork } from '../servers/made-up-network.ts';
import { expectFault, get, openTransport } from './transport-client.ts';

const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((it) => it?.address === '::1');
/** The black hole's address, and what stands after it in the resolver's answer. */
const BROKEN = hasIpv6 ? '::1' : '127.0.0.2';
const WORKING = '127.0.0.1';

async function openHole(t: TestContext) {
  const hole = await startBlackHole(BROKEN);
  t.after(() => hole.close());
  return hole;
}

test('an address that swallows connections is passed over for one that answers', async (t) => {
  const { port } = await openHole(t);
  const server = createServer((_, response) => response.end('{}')).listen(port, WORKING);
  t.after(() => server.close());
  await once(server, 'listening');
  const network = makeUpNetwork({ 'api.example': [`${BROKEN} ${WORKING}`] });
  const transport = openTransport(t, {}, network);
  assert.equal((await get(transport, `http://api.example:${port}`, '/')).status, 200);
  server.closeAllConnections();
});

test('one that answers late is waited for, though another was tried meanwhile and refused', async (t) => {
  const { port, open } = await openHole(t);
  const network = makeUpNetwork({ 'api.example': [`${BROKEN} ${WORKING}`] });
  const transport = openTransport(t, {}, network);
  const response = get(transport, `http://api.example:${port}`, '/');
  // By now nobody listens at the second; the first answers to the system's next SYN.
  setTimeout(open, 400);
  assert.equal((await response).status, 204);
});

test('where no address answers it is the connect timeout that ends it, with its flag', async (t) => {
  const { port } = await openHole(t);
  const network = makeUpNetwork({ 'api.example': [`${BROKEN} ${WORKING}`] });
  const transport = openTransport(t, { connectTimeoutMs: 500 }, network);
  const error = await expectFault(
    get(transport, `http://api.example:${port}`, '/'),
    'connect-timeout',
  );
  assert.match(
    error.message,
    /^no connection to api\.example:\d+ within 0\.5 s; --connect-timeout/,
  );
});

test('where every address refuses, it is refused at once', async (t) => {
  const { port, open, close } = await openHole(t);
  open();
  await close();
  const network = makeUpNetwork({ 'api.example': [`${BROKEN} ${WORKING}`] });
  const transport = openTransport(t, {}, network);
  await expectFault(get(transport, `http://api.example:${port}`, '/'), 'refused');
});
