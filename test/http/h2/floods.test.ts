import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ACK,
  data,
  END_HEADERS,
  END_STREAM,
  frame,
  headers,
  literals,
  OK,
  ping,
  reset,
  settings,
  TYPES,
  windowUpdate,
} from '../../fixtures/faults/http2-frames.ts';
import { bodyOf, expectFault } from '../transport-client.ts';
import { converse } from './raw-peer.ts';

const ENHANCE_YOUR_CALM = 11;

/** Each is harmless once. */
const FLOODS: Readonly<Record<string, (id: number) => Uint8Array>> = {
  PING: () => ping('12345678'),
  'PING with ACK': () => ping('12345678', ACK),
  SETTINGS: () => settings(),
  'SETTINGS with ACK': () => frame(TYPES.SETTINGS, ACK, 0),
  PRIORITY: (id) => frame(TYPES.PRIORITY, 0, id, Buffer.alloc(5)),
  WINDOW_UPDATE: (id) => windowUpdate(id, 1),
  'unknown frames': (id) => frame(0xbe, 0, id, 'x'),
  'interim responses': (id) => headers(id, [[':status', '103']]),
  'empty DATA': (id) => data(id, '', 0),
  'RST_STREAM of a stream long over': () => reset(1, 0),
  'headers of a stream long over': () => headers(1),
};

for (const [what, bytes] of Object.entries(FLOODS)) {
  test(`${what} without end: the connection is ended`, async (t) => {
    const talk = await converse(t, {
      onRequest: (peer, id, nth) => {
        if (nth === 1) {
          peer.send(headers(id, OK, END_HEADERS | END_STREAM));
          return;
        }
        if (what === 'empty DATA') peer.send(headers(id));
        peer.send(...new Array<Uint8Array>(5000).fill(bytes(id)));
      },
    });
    await talk.get();
    await expectFault(talk.get(), 'protocol');
    const goodbye = await talk.frameOf(TYPES.GOAWAY);
    assert.equal(goodbye.payload.readUInt32BE(4), ENHANCE_YOUR_CALM);
  });
}

for (const size of [0, 1, 16_000]) {
  test(`a header block that goes on without end in pieces of ${size} bytes ends the connection`, async (t) => {
    const talk = await converse(t, {
      onRequest: (peer, id) => {
        peer.send(headers(id, OK, 0));
        const piece = frame(TYPES.CONTINUATION, 0, id, Buffer.alloc(size, literals([['a', 'b']])));
        peer.send(...new Array<Uint8Array>(100).fill(piece));
      },
    });
    await expectFault(talk.get(), 'protocol');
    const goodbye = await talk.frameOf(TYPES.GOAWAY);
    assert.equal(goodbye.payload.readUInt32BE(4), ENHANCE_YOUR_CALM);
  });
}

test('a server that pings with each of many responses is not taken for a flood', async (t) => {
  const talk = await converse(t, {
    onRequest: (peer, id) =>
      peer.send(ping('12345678'), settings(), headers(id), data(id, '{}'), ping('12345678')),
  });
  for (let round = 0; round < 100; round += 1) {
    const responses = await Promise.all(Array.from({ length: 20 }, () => talk.get()));
    for (const response of responses) assert.equal(response.bodyBytes, 2);
  }
  assert.equal(talk.peers.length, 1);
});

test('a server that pings with each part of a large body is not taken for a flood', async (t) => {
  const talk = await converse(
    t,
    {
      onRequest: (peer, id) => {
        peer.send(headers(id));
        const part = Buffer.concat([data(id, Buffer.alloc(2000), 0), ping('12345678')]);
        peer.send(...new Array<Uint8Array>(4000).fill(part), data(id, ''));
      },
    },
    { maxBodyBytes: 10_000_000 },
  );
  assert.equal((await talk.get()).bodyBytes, 8_000_000);
});

test('a body that comes byte by byte holds no more memory than a few times its size', async (t) => {
  const total = 20_000;
  const talk = await converse(t, {
    onRequest: (peer, id) => {
      peer.send(headers(id));
      const one = data(id, 'x', 0);
      peer.send(...new Array<Uint8Array>(total).fill(one));
      peer.send(data(id, ''));
    },
  });
  const response = await talk.get();
  assert.equal(bodyOf(response).toString(), 'x'.repeat(total));
  const held = new Set(response.chunks.map((chunk) => chunk.buffer));
  const heldBytes = [...held].reduce((sum, buffer) => sum + buffer.byteLength, 0);
  assert.ok(heldBytes < 10 * total + 200_000, `${heldBytes} bytes held`);
  assert.ok(response.chunks.length < total / 100, `${response.chunks.length} chunks`);
});
