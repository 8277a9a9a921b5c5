import assert from 'node:assert/strict';
import { connect, type IncomingHttpHeaders } from 'node:http2';
import { get } from 'node:https';
import { test } from 'node:test';
import { startFaultServer } from '../../src/demo/fault-server.ts';
import { combineFaults, faults } from '../../src/demo/faults.ts';
import { readPath } from '../../src/demo/http2-path.ts';

test('each fault has a name, a phrase and something that it does', () => {
  const names = faults.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const { name, about, script } of faults) {
    assert.match(name, /^[a-z0-9]+(-[a-z0-9]+)*$/);
    assert.ok(about.length > 0 && Object.keys(script).length > 0, name);
    // Plain data, so that a description can be kept and sent.
    assert.deepEqual(JSON.parse(JSON.stringify(script)), script);
  }
});

test('several faults together have the rules of all', () => {
  const chosen = faults.filter(({ name }) => ['html', 'one-stream', 'storm'].includes(name));
  const { rules, closeAfter, maxStreams } = combineFaults(chosen);
  assert.deepEqual([rules?.length, closeAfter?.requests, maxStreams], [5, 100, 1]);
});

test('other clients than ours read its pages too, over both protocols', async (t) => {
  const server = await startFaultServer({ pages: 3 });
  t.after(() => server.close());
  const overHttp1 = await new Promise<string>((resolve, reject) => {
    get(`${server.origin}/v1/items?page=2`, { ca: server.ca, agent: false }, (response) => {
      response.toArray().then((chunks) => resolve(Buffer.concat(chunks).toString()), reject);
    }).on('error', reject);
  });
  assert.equal(overHttp1, server.page(2));
  const session = connect(server.origin, { ca: server.ca });
  t.after(() => session.destroy());
  const stream = session.request({ ':path': '/v1/items?page=9' });
  const headers = await new Promise<IncomingHttpHeaders>((resolve) => {
    stream.once('response', resolve);
  });
  assert.equal(headers[':status'], 404);
});

test('the path of a request is found among fields of any form', () => {
  const literal = (text: string): number[] => [text.length, ...Buffer.from(text)];
  const path = [0x04, ...literal('/v1/items?page=7')];
  for (const block of [
    [0x82, 0x87, ...path],
    [
      0x3f,
      0x21,
      0x82,
      0x41,
      ...literal('localhost:1'),
      ...path,
      0x40,
      ...literal('a'),
      ...literal('b'),
    ],
    [
      0x10,
      ...literal('x'),
      ...literal('y'),
      0x44,
      ...literal('/v1/items?page=7'),
      0xff,
      0x80,
      0x01,
    ],
  ]) {
    assert.equal(readPath(Buffer.from(block)), '/v1/items?page=7');
  }
  assert.equal(readPath(Buffer.from([0x82, 0x04, 0x81, 0x63])), null);
});
