import assert from 'node:assert/strict';
import { connect } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { readJson, readMember, writeJson } from '../../src/demo/api-json.ts';
import { startApiServer } from '../../src/demo/api-server.ts';
import { apiNames, apiShapes } from '../../src/demo/api-shapes.ts';
import { ask, first, keyOf, walk } from './api-client.ts';
import { steps } from './api-steps.ts';

test('every API has a name of its own and says in a line what it does', () => {
  assert.equal(new Set(apiNames).size, apiNames.length);
  for (const { name, about } of apiShapes) {
    assert.match(name, /^[a-z]+(-[a-z]+)*$/);
    assert.ok(
      about.length > 20 && about.length <= 110 && !about.endsWith('.'),
      `${name}: ${about}`,
    );
  }
});

test('an API sends the same records whenever it is started', async () => {
  const one = await startApiServer({ api: 'shopify', records: 30 });
  const two = await startApiServer({ api: 'shopify', records: 30 });
  try {
    assert.deepEqual(one.lines, two.lines);
    assert.equal(one.lines.length, 30);
    assert.deepEqual(
      one.lines.map((line) => writeJson(readMember(readJson(line), 'id'))),
      one.records,
    );
  } finally {
    await one.close();
    await two.close();
  }
});

test('ids beyond 2^53 are sent with all their digits', async () => {
  const server = await startApiServer({ api: 'plain' });
  try {
    const body = await (await fetch(server.url)).text();
    assert.ok(body.startsWith('[{"id":9007199254740993,'));
    const rounded = server.records.filter((id) => String(Number(id)) !== id);
    assert.ok(rounded.length >= server.length / 2);
  } finally {
    await server.close();
  }
});

test('records that are put in or taken out while the list is read are where they were put', async () => {
  for (const api of [
    'plain',
    'stripe',
    'discord',
    'couchdb',
    'elasticsearch',
    'shopify',
    'hubspot',
  ]) {
    const server = await startApiServer({
      api,
      onRequest(number, list) {
        if (number !== 2) return;
        list.insertAt(0);
        list.deleteAt(60);
        list.insertAt(100);
        list.insertAt(list.length);
      },
    });
    try {
      const before = server.records;
      await ask(server, first(server));
      assert.deepEqual(server.records, before);
      await ask(server, first(server));
      const after = server.records;
      assert.equal(server.length, 139);
      assert.equal(new Set(after).size, 139, api);
      const kept = before.filter((id) => id !== before[59]);
      assert.deepEqual(after.toSpliced(138, 1).toSpliced(100, 1).toSpliced(0, 1), kept, api);
      const read = (await walk(server, steps[api]!(server.url))).flatMap((page) => page.records);
      assert.deepEqual(
        read.map((record) => keyOf(record, server.keyPath)),
        after,
        api,
      );
    } finally {
      await server.close();
    }
  }
});

test('a cursor at a record that is gone goes on where it stood', async () => {
  const server = await startApiServer({ api: 'hubspot', pageSize: 10 });
  try {
    const page = await ask(server, first(server));
    server.deleteAt(9);
    const next = steps['hubspot']!(server.url)(page, first(server), 10)!;
    assert.equal(keyOf((await ask(server, next)).records[0], 'id'), server.records[9]);
  } finally {
    await server.close();
  }
});

test('taking out what is not there changes nothing', async () => {
  const server = await startApiServer({ api: 'plain', records: 0 });
  try {
    assert.equal(server.deleteAt(0), null);
    const id = server.insertAt(0);
    assert.deepEqual(server.records, [id]);
  } finally {
    await server.close();
  }
});

test('requests are counted and logged, and other paths and methods refused', async () => {
  const server = await startApiServer({ api: 'plain', latencyMs: 20 });
  try {
    const answers = await Promise.all([1, 2, 3].map((page) => fetch(`${server.url}?page=${page}`)));
    await Promise.all(answers.map((answer) => answer.text()));
    assert.equal(server.counts().mostAtOnce, 3);
    assert.equal((await fetch(`${server.url}/else`)).status, 404);
    assert.equal((await fetch(server.url, { method: 'POST', body: '{}' })).status, 405);
    assert.deepEqual(server.counts(), { requests: 5, refused: 2, mostAtOnce: 3 });
    assert.ok(server.log.includes('GET /things?page=2'));
    assert.equal(server.log.at(-1), 'POST /things');
  } finally {
    await server.close();
  }
});

test('a body that is no JSON is refused', async () => {
  const server = await startApiServer({ api: 'notion' });
  try {
    const { headers } = server;
    assert.equal(
      (await fetch(server.url, { method: 'POST', headers, body: 'page=2' })).status,
      400,
    );
  } finally {
    await server.close();
  }
});

test('over https it speaks HTTP/2 and HTTP/1.1, links to itself, and django says http', async () => {
  const server = await startApiServer({ api: 'django', protocol: 'https' });
  const session = connect(new URL(server.url).origin, { ca: server.ca! });
  try {
    const stream = session.request({ ':path': new URL(server.url).pathname });
    const body = readJson(await text(stream));
    assert.equal(session.alpnProtocol, 'h2');
    const next = new URL(String(readMember(body, 'next')));
    assert.equal(next.protocol, 'http:');
    assert.equal(next.host, new URL(server.url).host);
  } finally {
    session.destroy();
    await server.close();
  }
  const graph = await startApiServer({ api: 'graph', protocol: 'https' });
  const h2 = connect(new URL(graph.url).origin, { ca: graph.ca! });
  try {
    const { pathname, search } = new URL(graph.url);
    const body = readJson(await text(h2.request({ ':path': `${pathname}${search}` })));
    assert.ok(String((body as Record<string, string>)['@odata.nextLink']).startsWith('https:'));
  } finally {
    h2.destroy();
    await graph.close();
  }
});

test('it closes though connections are open and answers are on their way', async () => {
  const server = await startApiServer({ api: 'plain', latencyMs: 60_000 });
  const idle = connectTcp(Number(new URL(server.url).port), '127.0.0.1');
  idle.on('error', () => {});
  const waiting = fetch(server.url).catch(() => 'cut');
  while (server.counts().requests === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await server.close();
  assert.equal(await waiting, 'cut');
  idle.destroy();
});

test('an API that there is not cannot be started', async () => {
  await assert.rejects(startApiServer({ api: 'nothing' }), TypeError);
});
