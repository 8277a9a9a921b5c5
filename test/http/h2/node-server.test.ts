import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { openStreams } from '../../servers/stream-server.ts';
import { bodyOf, get, openTransport } from '../transport-client.ts';

/** A character that may stand in a header value, all of those that HTTP allows. */
const valueCharacter = fc
  .oneof(fc.integer({ min: 0x21, max: 0x7e }), fc.integer({ min: 0xa1, max: 0xff }))
  .map((code) => String.fromCharCode(code));

test('header values come back from a server of Node as they were sent, whatever is in them', async (t) => {
  const { origin, ca } = await openStreams(t, { maxHeaderListPairs: 200 }, (stream, fields) => {
    const echoed = Object.entries(fields).filter(([name]) => name.startsWith('x-'));
    stream.respond({ ':status': 200, ...Object.fromEntries(echoed) });
    stream.end();
  });
  const transport = openTransport(t, { ca });
  const name = fc.constantFrom('x-a', 'x-b', 'x-c', 'x-long-name', 'x-secret-key', 'x-token');
  const value = fc.string({ unit: valueCharacter, minLength: 1, maxLength: 300 });
  const request = fc.dictionary(name, fc.oneof(fc.constantFrom('1', 'two'), value));
  await fc.assert(
    fc.asyncProperty(fc.array(request, { maxLength: 10 }), async (requests) => {
      const responses = await Promise.all(
        requests.map((fields) => get(transport, origin, '/', Object.freeze(fields))),
      );
      responses.forEach((response, n) => {
        const echoed = Object.entries(response.headers).filter(([key]) => key.startsWith('x-'));
        assert.deepEqual(Object.fromEntries(echoed), { ...requests[n] });
      });
    }),
    { numRuns: 60 },
  );
  assert.equal(transport.connectionCounts()['HTTP/2'], 1);
});

test('all characters of a value survive the server’s Huffman coding', async (t) => {
  // A run of short codes in each, so that coding pays whatever else is there.
  const codes = [...Array(256).keys()].filter((code) => code >= 0x21 && code !== 0x7f);
  const fields = Array.from({ length: 14 }, (_, n): [string, string] => {
    const some = codes.slice(n * 16, n * 16 + 16);
    return [`x-${n}`, `${'e'.repeat(200)}${String.fromCharCode(...some)}z`];
  });
  const { origin, ca } = await openStreams(t, {}, (stream) => {
    stream.respond({ ':status': 200, ...Object.fromEntries(fields) });
    stream.end();
  });
  const { headers } = await get(openTransport(t, { ca }), origin, '/');
  for (const [name, value] of fields) assert.equal(headers[name], value);
});

test('a server that changes its settings and header table while requests run is followed', async (t) => {
  const { origin, ca, server } = await openStreams(t, {}, (stream, fields) => {
    stream.respond({ ':status': 200, 'x-path': String(fields[':path']), 'x-same': 'same' });
    stream.end(gzipSync(String(fields['x-name'])));
  });
  server.on('session', (session) => {
    const sizes = [0, 100, 4096, 60, 65_536];
    let turn = 0;
    const change = setInterval(() => {
      if (session.destroyed) return;
      session.settings({ headerTableSize: sizes[turn % sizes.length]! });
      turn += 1;
    }, 3);
    session.once('close', () => clearInterval(change));
  });
  const transport = openTransport(t, { ca });
  const names = ['x'.repeat(10), 'y'.repeat(500), 'z'.repeat(900)];
  for (let round = 0; round < 60; round += 1) {
    const name = names[round % 3]!;
    const fields = { 'x-name': name, [`x-field-${round % 7}`]: 'v' };
    const responses = await Promise.all(
      [1, 2, 3].map((n) => get(transport, origin, `/${round}/${n}`, fields)),
    );
    responses.forEach((response, n) => {
      assert.equal(response.headers['x-path'], `/${round}/${n + 1}`);
      assert.deepEqual(bodyOf(response), gzipSync(name));
    });
  }
  assert.equal(transport.connectionCounts()['HTTP/2'], 1);
});

test('frozen headers used again mean the same after others went into the table', async (t) => {
  const { origin, ca } = await openStreams(t, {}, (stream, fields) => {
    stream.respond({ ':status': 200, 'x-a': String(fields['x-a']), 'x-b': String(fields['x-b']) });
    stream.end();
  });
  const transport = openTransport(t, { ca });
  const ask = async (fields: Readonly<Record<string, string>>) => {
    const { headers } = await get(transport, origin, '/', fields);
    return [headers['x-a'], headers['x-b']];
  };
  const first = Object.freeze({ 'x-a': '1', 'x-b': '2' });
  for (let n = 0; n < 3; n += 1) assert.deepEqual(await ask(first), ['1', '2']);
  assert.deepEqual(await ask(Object.freeze({ 'x-b': '1', 'x-a': '2' })), ['2', '1']);
  assert.deepEqual(await ask(first), ['1', '2']);
});
