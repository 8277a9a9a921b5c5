import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ACK,
  data,
  END_HEADERS,
  END_STREAM,
  frame,
  goaway,
  headers,
  literals,
  OK,
  PADDED,
  PRIORITY,
  ping,
  reset,
  settings,
  TYPES,
  uint32,
} from '../../fixtures/faults/http2-frames.ts';
import { bodyOf, expectFault } from '../transport-client.ts';
import { converse } from './raw-peer.ts';

test('the preface turns push off and opens the windows, and requests go out before SETTINGS', async (t) => {
  const peerPlays = { greeting: [], onRequest: () => {} };
  const talk = await converse(t, peerPlays, { concurrency: 8 });
  const responses = [talk.get(), talk.get()];
  await talk.frameOf(TYPES.HEADERS, 3);
  const [peer] = talk.peers;
  const said = new Map<number, number>();
  const { payload } = peer!.frames[0]!;
  for (let at = 0; at < payload.length; at += 6) {
    said.set(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
  }
  assert.deepEqual(
    [...said],
    [
      [2, 0],
      [4, 4 * 1024 * 1024],
      [6, 64 * 1024],
    ],
  );
  assert.equal(peer!.frames[1]!.payload.readUInt32BE(0), 32 * 1024 * 1024 - 65_535);
  peer!.send(settings(), headers(1, OK), data(1, '{}'), headers(3, OK), data(3, '{}'));
  for (const response of responses) assert.equal((await response).status, 200);
  await talk.frameOf(TYPES.SETTINGS, 1);
  assert.deepEqual(
    peer!.frames.slice(0, 5).map(({ type, streamId }) => [type, streamId]),
    [
      [TYPES.SETTINGS, 0],
      [TYPES.WINDOW_UPDATE, 0],
      [TYPES.HEADERS, 1],
      [TYPES.HEADERS, 3],
      [TYPES.SETTINGS, 0],
    ],
  );
  const ack = peer!.frames[4]!;
  assert.deepEqual([ack.flags, ack.payload.length], [ACK, 0]);
});

test('requests that went out before SETTINGS and are more than they allow go again, one by one', async (t) => {
  const asked: number[] = [];
  const peerPlays: Parameters<typeof converse>[1] = {
    greeting: [],
    onRequest: (peer, id, nth) => {
      asked.push(id);
      const answer = [headers(id, OK), data(id, '{}')];
      if (nth > 3) peer.send(...answer);
      if (nth !== 3) return;
      const refusals = [3, 5].map((refused) => reset(refused, 7));
      peer.send(settings([3, 1]), ...refusals, headers(1, OK), data(1, '{}'));
    },
  };
  const talk = await converse(t, peerPlays, { concurrency: 8 }, { maxSessions: 1 });
  const responses = await Promise.all([talk.get(), talk.get(), talk.get()]);
  assert.deepEqual(
    responses.map(({ status }) => status),
    [200, 200, 200],
  );
  assert.deepEqual(asked, [1, 3, 5, 7, 9]);
});

test('a refusal that no stream limit explains is told, also before the first answer', async (t) => {
  const peerPlays: Parameters<typeof converse>[1] = {
    onRequest: (peer, id) => peer.send(reset(id, 7)),
  };
  const talk = await converse(t, peerPlays);
  await expectFault(talk.get(), 'unprocessed');
});

test('with many requests in flight each stream has a smaller window, but never a tiny one', async (t) => {
  for (const [concurrency, bytes] of [
    [32, 1024 * 1024],
    [1000, 256 * 1024],
  ] as const) {
    const talk = await converse(t, {}, { concurrency });
    await talk.get();
    const { payload } = await talk.frameOf(TYPES.SETTINGS);
    assert.equal(payload.readUInt32BE(6 + 2), bytes);
  }
});

test('headers that repeat cost one byte each from the second request on', async (t) => {
  const talk = await converse(t);
  const blocks = async (): Promise<number[]> => {
    const { frames } = talk.peers[0]!;
    return frames.filter(({ type }) => type === TYPES.HEADERS).map(({ payload }) => payload.length);
  };
  for (let n = 0; n < 4; n += 1) await talk.get('/12345678');
  // :method, :scheme, :authority and accept; the path is its text and two bytes.
  assert.deepEqual((await blocks()).slice(1), [15, 15, 15]);
});

test('a server without a header table gets none used', async (t) => {
  const talk = await converse(t, { greeting: [settings([1, 0])] });
  // The first goes out before the server has said so (RFC 9113 §6.5.3).
  for (let n = 0; n < 3; n += 1) await talk.get();
  const blocks = talk.peers[0]!.frames.filter(({ type }) => type === TYPES.HEADERS).slice(1);
  assert.equal(blocks[0]?.payload[0], 0x20);
  assert.equal(blocks[1]?.payload.length, blocks[0]!.payload.length - 1);
  assert.ok(blocks[1].payload.includes('127.0.0.1'));
});

test('a response is the same however the network cuts it', async (t) => {
  const body = 'x'.repeat(300);
  const talk = await converse(t, {
    onRequest: async (peer, id) => {
      const bytes = Buffer.concat([
        headers(id, [...OK, ['x-a', '1']]),
        data(id, body, 0),
        frame(TYPES.DATA, PADDED, id, Buffer.concat([Buffer.from([5]), Buffer.from('end....!')])),
        data(id, ''),
      ]);
      for (const byte of bytes) {
        peer.send(Buffer.from([byte]));
        await new Promise(setImmediate);
      }
    },
  });
  const response = await talk.get();
  assert.equal(response.headers['x-a'], '1');
  assert.equal(bodyOf(response).toString(), `${body}end`);
  // Each byte came by itself; they are not kept so.
  assert.ok(response.chunks.length < 10, `${response.chunks.length} chunks`);
});

test('padding, priority, CONTINUATION, unknown frames, 1xx and trailers make no difference', async (t) => {
  const talk = await converse(t, {
    onRequest: (peer, id) => {
      const block = literals([...OK, ['x-long', 'v'.repeat(3000)]]);
      const first = Buffer.concat([Buffer.from([3]), uint32(0), Buffer.from([16]), block]);
      peer.send(
        headers(id, [
          [':status', '103'],
          ['link', '</a>'],
        ]),
        frame(0xfa, 0xff, id, 'unknown'),
        frame(TYPES.PRIORITY, 0, 99, Buffer.alloc(5)),
        frame(
          TYPES.HEADERS,
          PADDED | PRIORITY,
          id,
          Buffer.concat([first.subarray(0, 1000), Buffer.alloc(3)]),
        ),
        frame(TYPES.CONTINUATION, 0, id, ''),
        frame(TYPES.CONTINUATION, 0, id, first.subarray(1000, 1001)),
        frame(TYPES.CONTINUATION, END_HEADERS, id, first.subarray(1001)),
        data(id, '{}', 0),
        headers(id, [['x-checksum', '1']], END_HEADERS | END_STREAM),
      );
    },
  });
  const response = await talk.get();
  assert.deepEqual({ ...response.headers }, { 'x-long': 'v'.repeat(3000) });
  assert.equal(bodyOf(response).toString(), '{}');
});

test('a PING is answered with its own bytes', async (t) => {
  const talk = await converse(t, { greeting: [settings(), ping('12345678')] });
  await talk.get();
  const answer = await talk.frameOf(TYPES.PING);
  assert.deepEqual([answer.flags, answer.payload.toString()], [ACK, '12345678']);
});

test('an answer to a PING never sent is passed over', async (t) => {
  const talk = await converse(t, { greeting: [settings(), ping('12345678', ACK)] });
  assert.equal((await talk.get()).status, 200);
});

const ERRORS: Readonly<Record<string, readonly [code: number, (id: number) => Uint8Array]>> = {
  'a frame above 16,384 bytes': [6, (id) => data(id, Buffer.alloc(16_385))],
  'DATA on the connection': [1, () => data(0, 'x')],
  'DATA on a stream never opened': [1, (id) => data(id + 2, 'x')],
  'HEADERS on a stream never opened': [1, (id) => headers(id + 2)],
  'HEADERS on a stream of the server': [1, () => headers(2)],
  'HEADERS on the connection': [1, () => headers(0)],
  'RST_STREAM on a stream never opened': [1, (id) => reset(id + 2, 8)],
  'RST_STREAM of three bytes': [6, (id) => frame(TYPES.RST_STREAM, 0, id, 'abc')],
  PUSH_PROMISE: [1, (id) => frame(TYPES.PUSH_PROMISE, END_HEADERS, id, uint32(2))],
  'SETTINGS on a stream': [1, (id) => frame(TYPES.SETTINGS, 0, id)],
  'SETTINGS of seven bytes': [6, () => frame(TYPES.SETTINGS, 0, 0, '1234567')],
  'SETTINGS with ACK and content': [6, () => frame(TYPES.SETTINGS, ACK, 0, '123456')],
  'SETTINGS that turns push on': [1, () => settings([2, 1])],
  'SETTINGS with a window beyond 2^31-1': [3, () => settings([4, 2 ** 31])],
  'SETTINGS with frames below 16,384 bytes': [1, () => settings([5, 16_383])],
  'SETTINGS with frames above 2^24-1 bytes': [1, () => settings([5, 2 ** 24])],
  'PING of seven bytes': [6, () => frame(TYPES.PING, 0, 0, '1234567')],
  'PING on a stream': [1, (id) => frame(TYPES.PING, 0, id, '12345678')],
  'GOAWAY of seven bytes': [6, () => frame(TYPES.GOAWAY, 0, 0, '1234567')],
  'GOAWAY on a stream': [1, (id) => frame(TYPES.GOAWAY, 0, id, '12345678')],
  'WINDOW_UPDATE of five bytes': [6, (id) => frame(TYPES.WINDOW_UPDATE, 0, id, '12345')],
  'WINDOW_UPDATE by 0 on the connection': [1, () => frame(TYPES.WINDOW_UPDATE, 0, 0, uint32(0))],
  'a connection window beyond 2^31-1': [
    3,
    () => frame(TYPES.WINDOW_UPDATE, 0, 0, uint32(2 ** 31 - 1)),
  ],
  'CONTINUATION of nothing': [1, (id) => frame(TYPES.CONTINUATION, END_HEADERS, id)],
  'a header block broken off by DATA': [
    1,
    (id) => Buffer.concat([headers(id, OK, 0), data(id, 'x')]),
  ],
  'a header block broken off by PING': [
    1,
    (id) => Buffer.concat([headers(id, OK, 0), ping('12345678')]),
  ],
  'a header block continued on another stream': [
    1,
    (id) => Buffer.concat([headers(id, OK, 0), frame(TYPES.CONTINUATION, END_HEADERS, id + 2)]),
  ],
  'HEADERS with more padding than payload': [
    1,
    (id) => frame(TYPES.HEADERS, PADDED | END_HEADERS, id, Buffer.from([9, 0x88])),
  ],
  'HEADERS too short for its priority': [
    6,
    (id) => frame(TYPES.HEADERS, PRIORITY | END_HEADERS, id, Buffer.from([0, 0])),
  ],
  'DATA with more padding than payload': [
    1,
    (id) =>
      Buffer.concat([headers(id), frame(TYPES.DATA, PADDED, id, Buffer.from([4, 0x61, 0, 0]))]),
  ],
  'padded DATA of no bytes': [6, (id) => Buffer.concat([headers(id), data(id, '', PADDED)])],
  'a header block that does not decode': [
    9,
    (id) => frame(TYPES.HEADERS, END_HEADERS, id, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 1])),
  ],
};

for (const [what, [code, bytes]] of Object.entries(ERRORS)) {
  test(`${what} ends the connection, and the next request gets a new one`, async (t) => {
    const talk = await converse(t, {
      onRequest: (peer, id) => {
        if (talk.peers.length === 1) peer.send(bytes(id));
        else peer.send(headers(id, OK, END_HEADERS | END_STREAM));
      },
    });
    await expectFault(talk.get(), 'protocol');
    const goodbye = await talk.frameOf(TYPES.GOAWAY);
    assert.equal(goodbye.payload.readUInt32BE(4), code);
    assert.equal((await talk.get()).status, 200);
    assert.equal(talk.peers.length, 2);
  });
}

const MALFORMED: Readonly<Record<string, (id: number) => Uint8Array>> = {
  'no :status': (id) => headers(id, [['server', 'x']]),
  'a :status that is no number': (id) => headers(id, [[':status', '2xx']]),
  'two :status': (id) => headers(id, [...OK, ...OK]),
  'a pseudo-header of requests': (id) => headers(id, [...OK, [':path', '/']]),
  'a pseudo-header behind a field': (id) => headers(id, [['a', 'b'], ...OK]),
  'a capital in a name': (id) => headers(id, [...OK, ['Server', 'x']]),
  'an empty name': (id) => headers(id, [...OK, ['', 'x']]),
  'a line break in a value': (id) => headers(id, [...OK, ['x-a', 'b\r\nset-cookie: c']]),
  'a NUL in a value': (id) => headers(id, [...OK, ['x-a', 'b\0']]),
  'a field of the connection': (id) => headers(id, [...OK, ['transfer-encoding', 'chunked']]),
  'two content-lengths': (id) =>
    headers(id, [...OK, ['content-length', '2'], ['content-length', '2']]),
  'a content-length that is none': (id) => headers(id, [...OK, ['content-length', '+2']]),
  'status 101': (id) => headers(id, [[':status', '101']]),
  'an end behind an interim response': (id) =>
    headers(id, [[':status', '100']], END_HEADERS | END_STREAM),
  'DATA before its headers': (id) => data(id, 'x'),
  'headers again in the middle of its body': (id) =>
    Buffer.concat([headers(id), data(id, 'x', 0), headers(id)]),
  'a pseudo-header in its trailers': (id) =>
    Buffer.concat([headers(id), headers(id, OK, END_HEADERS | END_STREAM)]),
  'WINDOW_UPDATE by 0': (id) => frame(TYPES.WINDOW_UPDATE, 0, id, uint32(0)),
  'a window beyond 2^31-1': (id) => frame(TYPES.WINDOW_UPDATE, 0, id, uint32(2 ** 31 - 1)),
};

for (const [what, bytes] of Object.entries(MALFORMED)) {
  test(`a response with ${what} is reset, and the connection goes on`, async (t) => {
    const talk = await converse(t, {
      onRequest: (peer, id, nth) => {
        if (nth === 1) peer.send(bytes(id));
        else peer.send(headers(id, OK, END_HEADERS | END_STREAM));
      },
    });
    await expectFault(talk.get(), 'protocol');
    const { payload, streamId } = await talk.frameOf(TYPES.RST_STREAM);
    assert.ok([1, 3].includes(payload.readUInt32BE(0)));
    assert.equal(streamId, 1);
    assert.equal((await talk.get()).status, 200);
    assert.equal(talk.peers.length, 1);
  });
}

test('what says something else before SETTINGS does not speak HTTP/2', async (t) => {
  for (const greeting of [ping('12345678'), frame(TYPES.SETTINGS, ACK, 0), data(1, 'x')]) {
    const talk = await converse(t, { greeting: [greeting] });
    const error = await expectFault(talk.get(), 'protocol');
    assert.match(error.message, /did not begin HTTP\/2/);
  }
  const http1 = await converse(t, {
    greeting: [Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
  });
  await expectFault(http1.get(), 'protocol');
});

test('headers above 64 KiB fail their page, and later ones decode right', async (t) => {
  const talk = await converse(t, {
    onRequest: (peer, id, nth) => {
      // Into the table with the first field, from the table in the next response.
      const indexed = Buffer.from('\x40\x03x-a\x03yes', 'latin1');
      const blocks = [
        literals(OK),
        indexed,
        ...Array.from({ length: 5 }, (_, n) => literals([[`x-${n}`, 'v'.repeat(14_000)]])),
      ];
      if (nth === 1) {
        blocks.forEach((block, index) => {
          const isLast = index === blocks.length - 1;
          const type = index === 0 ? TYPES.HEADERS : TYPES.CONTINUATION;
          if (index < 5) peer.send(frame(type, isLast || index === 4 ? END_HEADERS : 0, id, block));
        });
        peer.send(data(id, ''));
      } else {
        const block = Buffer.from([0x88, 0xbe]);
        peer.send(frame(TYPES.HEADERS, END_HEADERS | END_STREAM, id, block));
      }
    },
  });
  assert.equal((await talk.get()).headers['x-a'], 'yes');
  assert.equal((await talk.get()).headers['x-a'], 'yes');
});

test('a repeated field is a list, and set-cookie always', async (t) => {
  const talk = await converse(t, {
    onRequest: (peer, id) =>
      peer.send(
        headers(
          id,
          [...OK, ['link', '<a>'], ['link', '<b>'], ['set-cookie', 'c'], ['__proto__', 'd']],
          END_HEADERS | END_STREAM,
        ),
      ),
  });
  const response = await talk.get();
  assert.deepEqual(response.headers['link'], ['<a>', '<b>']);
  assert.deepEqual(response.headers['set-cookie'], ['c']);
  // A field like any other, and not the prototype.
  assert.ok(
    Object.entries(response.headers).some(([name, value]) => name === '__proto__' && value === 'd'),
  );
  assert.equal(response.headers['constructor'], undefined);
});

test('blanks around a value are taken off', async (t) => {
  const talk = await converse(t, {
    onRequest: (peer, id) =>
      peer.send(headers(id, [...OK, ['x-a', ' b c\t']], END_HEADERS | END_STREAM)),
  });
  assert.equal((await talk.get()).headers['x-a'], 'b c');
});

test('a frame of padding alone is legal', async (t) => {
  const talk = await converse(t, {
    onRequest: (peer, id) =>
      peer.send(
        headers(id),
        frame(TYPES.DATA, PADDED, id, Buffer.from([3, 0, 0, 0])),
        frame(TYPES.DATA, PADDED | END_STREAM, id, Buffer.from([0])),
      ),
  });
  assert.equal((await talk.get()).bodyBytes, 0);
});

test('END_STREAM counts only once its frame is there whole', async (t) => {
  const talk = await converse(t, {
    onRequest: (peer, id) => {
      peer.send(headers(id), data(id, 'whole').subarray(0, -1));
      setTimeout(() => peer.socket.end(), 20);
    },
  });
  await expectFault(talk.get(), 'reset');
});

test('a GOAWAY may lower its last id, and one connection finishes while the next begins', async (t) => {
  const talk = await converse(t, {
    onRequest: (peer, id, nth) => {
      if (talk.peers.length > 1) peer.send(headers(id, OK, END_HEADERS | END_STREAM));
      else if (nth === 3) {
        peer.send(goaway(2 ** 31 - 1, 0), goaway(3, 0), goaway(5, 0));
        setTimeout(() => peer.send(headers(1, OK, 5), headers(3, OK, 5)), 30);
      }
    },
  });
  const outcomes = await Promise.allSettled(['/1', '/2', '/3'].map((path) => talk.get(path)));
  assert.deepEqual(
    outcomes.map((outcome) =>
      outcome.status === 'fulfilled' ? outcome.value.status : outcome.reason.fault,
    ),
    [200, 200, 'unprocessed'],
  );
  assert.equal((await talk.get()).status, 200);
  await talk.frameOf(TYPES.HEADERS);
  // We close what has served its last request.
  const [first] = talk.peers;
  if (!first!.socket.readableEnded) await new Promise((next) => first!.socket.once('end', next));
});

test('a request that HTTP/2 cannot carry fails alone, and nothing of it is sent', async (t) => {
  const talk = await converse(t);
  const ask = (path: string, fields: Readonly<Record<string, string>>) =>
    talk.transport.request({
      method: 'GET',
      origin: talk.origin,
      path,
      headers: fields,
      body: null,
    });
  const impossible = [
    ask('/a b', {}),
    ask('/', { 'x-a': 'b\r\nc' }),
    ask('/', { 'X-A': 'b' }),
    ask('/', { te: 'gzip' }),
    ask('/', { connection: 'close' }),
  ];
  for (const request of impossible) {
    const error = await expectFault(request, 'protocol');
    assert.match(error.message, /cannot be sent over HTTP\/2/);
  }
  assert.equal((await ask('/', { 'x-a': 'é', te: 'trailers' })).status, 200);
  const sent = talk.peers[0]!.frames.filter(({ type }) => type === TYPES.HEADERS);
  assert.deepEqual(
    sent.map(({ streamId }) => streamId),
    [1],
  );
});
