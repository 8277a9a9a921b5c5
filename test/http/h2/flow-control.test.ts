import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TransportInternals } from '../../../src/http/create-transport.ts';
import {
  data,
  END_HEADERS,
  END_STREAM,
  frame,
  headers,
  OK,
  PADDED,
  ping,
  settings,
  TYPES,
  windowUpdate,
} from '../../fixtures/faults/http2-frames.ts';
import { openStreams } from '../../servers/stream-server.ts';
import { bodyOf, expectFault, forEachPage, get, openTransport } from '../transport-client.ts';
import { type Conversation, converse, type PeerScript } from './raw-peer.ts';

const SMALL: TransportInternals = { streamWindowBytes: 20_000, connectionWindowBytes: 70_000 };

test('bodies far larger than the windows arrive whole, many at a time', async (t) => {
  const { origin, ca } = await openStreams(t, {}, (stream, { ':path': path }) => {
    stream.respond({ ':status': 200 });
    stream.end(Buffer.alloc(150_000, path));
  });
  const transport = openTransport(t, { ca }, SMALL);
  await forEachPage(20, 10, async (n) => {
    const response = await get(transport, origin, `/${n}`);
    assert.deepEqual(bodyOf(response), Buffer.alloc(150_000, `/${n}`));
  });
});

test('padding counts against the windows and is given back', async (t) => {
  const padded = (id: number): Buffer => {
    const payload = Buffer.concat([Buffer.from([255]), Buffer.from('x'), Buffer.alloc(255)]);
    return frame(TYPES.DATA, PADDED, id, payload);
  };
  const talk = await converse(
    t,
    {
      onRequest: (peer, id) => {
        peer.send(headers(id));
        for (let n = 0; n < 60; n += 1) peer.send(padded(id));
        peer.send(data(id, ''));
      },
    },
    {},
    SMALL,
  );
  assert.equal((await talk.get()).bodyBytes, 60);
  const update = await talk.frameOf(TYPES.WINDOW_UPDATE, 2);
  assert.deepEqual([update.streamId, update.payload.readUInt32BE(0)], [1, 39 * 257]);
});

test('a server that sends more than a stream allows is reset, more than all, cut off', async (t) => {
  const chunk = Buffer.alloc(16_000);
  const flood = (count: number): PeerScript => ({
    onRequest: (peer, id) => {
      if (peer.frames.some(({ type }) => type === TYPES.RST_STREAM)) return;
      peer.send(headers(id));
      for (let n = 0; n < count; n += 1) peer.send(data(id, chunk, 0));
    },
  });
  // Windows are given back as bytes come, so that what overflows must come in one frame.
  const tight = { streamWindowBytes: 10_000, connectionWindowBytes: 70_000 };
  const stream = await converse(t, flood(1), {}, tight);
  await expectFault(stream.get(), 'protocol');
  assert.equal((await stream.frameOf(TYPES.RST_STREAM)).payload.readUInt32BE(0), 3);
  const all = await converse(t, flood(1), {}, { ...tight, connectionWindowBytes: 10_000 });
  await expectFault(all.get(), 'protocol');
  assert.equal((await all.frameOf(TYPES.GOAWAY)).payload.readUInt32BE(4), 3);
});

test('DATA on its way to a stream that was given up is passed over, but not without end', async (t) => {
  let late = 100_000;
  const talk = await converse(
    t,
    {
      onRequest: (peer, id, nth) => {
        if (nth > 1) peer.send(headers(id, OK, END_HEADERS | END_STREAM));
        else peer.send(headers(id, [...OK, ['content-length', '9999999']]));
      },
      onFrame: (peer, { type, streamId }) => {
        if (type !== TYPES.RST_STREAM) return;
        for (let sent = 0; sent < late; sent += 10_000) {
          peer.send(data(streamId, Buffer.alloc(10_000), 0));
        }
      },
    },
    { maxBodyBytes: 1000 },
    { streamWindowBytes: 200_000, connectionWindowBytes: 4_000_000 },
  );
  await expectFault(talk.get(), 'too-large');
  const { payload } = await talk.frameOf(TYPES.RST_STREAM);
  assert.equal(payload.readUInt32BE(0), 8);
  assert.equal((await talk.get()).status, 200);
  assert.equal(talk.peers.length, 1);
  late = 300_000;
  talk.peers[0]!.send(data(1, Buffer.alloc(16_000), 0));
  for (let n = 0; n < 20; n += 1) talk.peers[0]!.send(data(1, Buffer.alloc(16_000), 0));
  const goodbye = await talk.frameOf(TYPES.GOAWAY);
  assert.equal(goodbye.payload.readUInt32BE(4), 5);
});

function post(talk: Conversation, body: Uint8Array) {
  return talk.transport.request({
    method: 'POST',
    origin: talk.origin,
    path: '/',
    headers: { accept: '*/*' },
    body,
  });
}

const dataFrames = (talk: Conversation) =>
  talk.peers[0]!.frames.filter(({ type }) => type === TYPES.DATA);
const sentBytes = (talk: Conversation): number =>
  dataFrames(talk).reduce((sum, { payload }) => sum + payload.length, 0);

/** Waits until the client has done all that the frames before called for: it answers a PING in turn. */
async function settle(talk: Conversation): Promise<void> {
  const [peer] = talk.peers;
  const from = peer!.frames.length;
  peer!.send(ping('in turn?'));
  await talk.frameOf(TYPES.PING, from);
}

test('a request body waits for the windows of stream and connection, in frames of the size agreed', async (t) => {
  const body = Buffer.from(Array.from({ length: 100_000 }, (_, n) => n % 251));
  const talk = await converse(t, {
    greeting: [settings([4, 1000])],
    onRequest: () => {},
    onFrame: (peer, { type, flags, streamId }) => {
      if (type === TYPES.DATA && flags === END_STREAM) {
        peer.send(headers(streamId, OK, END_HEADERS | END_STREAM));
      }
    },
  });
  const response = post(talk, body);
  await talk.frameOf(TYPES.DATA);
  await settle(talk);
  assert.equal(sentBytes(talk), 1000);
  const [peer] = talk.peers;
  peer!.send(windowUpdate(1, 500));
  await settle(talk);
  assert.equal(sentBytes(talk), 1500);
  // The stream's window shrinks by 900 and owes them before it opens again (RFC 9113 §6.9.2).
  peer!.send(settings([4, 100]), windowUpdate(1, 900));
  await settle(talk);
  assert.equal(sentBytes(talk), 1500);
  peer!.send(windowUpdate(1, 1_000_000));
  await settle(talk);
  assert.equal(sentBytes(talk), 65_535);
  peer!.send(windowUpdate(0, 1_000_000));
  assert.equal((await response).status, 200);
  const frames = dataFrames(talk);
  assert.ok(frames.every(({ payload }) => payload.length <= 16_384));
  assert.deepEqual(Buffer.concat(frames.map(({ payload }) => payload)), body);
});

test('large request bodies reach a server of Node, several at a time', async (t) => {
  const { origin, ca } = await openStreams(t, {}, (stream, { ':path': path }) => {
    const parts: Buffer[] = [];
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.on('end', () => {
      stream.respond({ ':status': 200 });
      stream.end(`${path} ${Buffer.concat(parts).equals(Buffer.alloc(2_000_000, path))}`);
    });
  });
  const transport = openTransport(t, { ca });
  const paths = ['/a', '/b', '/c', '/d', '/e'];
  const responses = await Promise.all(
    paths.map((path) =>
      transport.request({
        method: 'POST',
        origin,
        path,
        headers: {},
        body: Buffer.alloc(2_000_000, path),
      }),
    ),
  );
  assert.deepEqual(
    responses.map((response) => bodyOf(response).toString()),
    paths.map((path) => `${path} true`),
  );
});

test('an answer that does not wait for the request body is taken, and the rest not sent', async (t) => {
  const talk = await converse(t, {
    onRequest: (peer, id) => peer.send(headers(id), data(id, '{}')),
  });
  const response = await post(talk, Buffer.alloc(200_000));
  assert.equal(bodyOf(response).toString(), '{}');
  const { payload } = await talk.frameOf(TYPES.RST_STREAM);
  assert.equal(payload.readUInt32BE(0), 8);
  talk.peers[0]!.send(windowUpdate(0, 1_000_000));
  await settle(talk);
  assert.ok(sentBytes(talk) <= 65_535);
});

test('a POST without bytes ends with its headers', async (t) => {
  const talk = await converse(t);
  assert.equal((await post(talk, new Uint8Array())).status, 200);
  const { flags } = await talk.frameOf(TYPES.HEADERS);
  assert.equal(flags, END_HEADERS | END_STREAM);
  assert.equal(dataFrames(talk).length, 0);
});

test('request headers larger than a frame are continued', async (t) => {
  const { origin, ca } = await openStreams(t, { maxHeaderListPairs: 1000 }, (stream, fields) => {
    stream.respond({ ':status': 200 });
    stream.end(String(fields['x-long']?.length));
  });
  const transport = openTransport(t, { ca });
  const long = { 'x-long': 'v'.repeat(40_000) };
  assert.equal(bodyOf(await get(transport, origin, '/', long)).toString(), '40000');
});
