import assert from 'node:assert/strict';
import type { ServerHttp2Stream } from 'node:http2';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { onRequestHead, startRawServer } from '../servers/raw-server.ts';
import { openStreams } from '../servers/stream-server.ts';
import { stopTime, until } from './stopped-time.ts';
import {
  bodyOf,
  expectFault,
  get,
  getUntilProcessed,
  openPages,
  openTransport,
} from './transport-client.ts';

const CODES = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  ENHANCE_YOUR_CALM: 11,
} as const;

/** Sends headers and a part of a body, then resets the stream, never ending it. */
function resetInBody(stream: ServerHttp2Stream, code: number, contentLength: number | null): void {
  const length = contentLength === null ? {} : { 'content-length': contentLength };
  stream.respond({ ':status': 200, ...length }, { waitForTrailers: true });
  stream.write('{"a":1}', () => setImmediate(() => stream.close(code)));
}

for (const [name, code] of Object.entries(CODES)) {
  test(`a stream reset with ${name} in mid-body is no page, with and without content-length`, async (t) => {
    const { origin, ca } = await openStreams(t, {}, (stream, headers) => {
      resetInBody(stream, code, headers[':path'] === '/stated' ? 100 : null);
    });
    const transport = openTransport(t, { ca });
    const stated = code === CODES.ENHANCE_YOUR_CALM ? 'calm' : 'truncated';
    await expectFault(get(transport, origin, '/stated'), stated);
    const unstated = { 11: 'calm', 1: 'protocol' } as const;
    await expectFault(get(transport, origin, '/'), unstated[code as 1 | 11] ?? 'reset');
  });
}

test('a body shorter than its content-length is truncated over h2', async (t) => {
  const server = await openPages(t, { faults: { 1: [{ truncateAt: 10 }] } });
  const transport = openTransport(t, { ca: server.ca });
  await expectFault(get(transport, server.origin, '/pages/1'), 'truncated');
  assert.equal((await get(transport, server.origin, '/pages/1')).status, 200);
});

test('REFUSED_STREAM before a response means unprocessed', async (t) => {
  const { origin, ca } = await openStreams(t, {}, (stream) => stream.close(CODES.REFUSED_STREAM));
  await expectFault(get(openTransport(t, { ca }), origin, '/'), 'unprocessed');
});

test('ENHANCE_YOUR_CALM on the stream and on the connection means calm', async (t) => {
  const { origin, ca } = await openStreams(t, {}, (stream, headers) => {
    if (headers[':path'] === '/stream') stream.close(CODES.ENHANCE_YOUR_CALM);
    else stream.session?.goaway(CODES.ENHANCE_YOUR_CALM, 0);
  });
  const transport = openTransport(t, { ca });
  await expectFault(get(transport, origin, '/stream'), 'calm');
  await expectFault(get(transport, origin, '/connection'), 'calm');
});

test('streams above the last id of a GOAWAY are unprocessed, those below are served', async (t) => {
  const held: ServerHttp2Stream[] = [];
  const { origin, ca } = await openStreams(t, {}, (stream) => {
    held.push(stream);
    if (held.length !== 4) return;
    stream.session?.goaway(CODES.NO_ERROR, held[1]!.id!);
    for (const first of held.slice(0, 2)) {
      first.respond({ ':status': 200 });
      first.end('{}');
    }
  });
  const transport = openTransport(t, { ca });
  const outcomes = await Promise.allSettled(
    [1, 2, 3, 4].map((n) => get(transport, origin, `/${n}`)),
  );
  assert.deepEqual(
    outcomes.map((outcome) =>
      outcome.status === 'fulfilled' ? outcome.value.status : outcome.reason.fault,
    ),
    [200, 200, 'unprocessed', 'unprocessed'],
  );
});

test('a page that had ended counts as whole though the connection dies right behind it', async (t) => {
  const { origin, ca } = await openStreams(t, {}, (stream) => {
    const { session } = stream;
    stream.respond({ ':status': 200 });
    stream.end('x'.repeat(30_000), () => setImmediate(() => session?.destroy()));
  });
  const transport = openTransport(t, { ca });
  for (let round = 0; round < 20; round += 1) {
    // The next request may still be sent on the dying connection, above its GOAWAY.
    const response = await getUntilProcessed(transport, origin, '/');
    assert.equal(response.bodyBytes, 30_000);
  }
});

test('a connection cut under requests resets them, and the next request gets a new one', async (t) => {
  let cut = true;
  const { origin, ca } = await openStreams(t, {}, (stream) => {
    if (cut) {
      stream.respond({ ':status': 200 });
      stream.write('part', () => stream.session?.destroy());
    } else {
      stream.respond({ ':status': 200 });
      stream.end('{}');
    }
  });
  const transport = openTransport(t, { ca });
  await expectFault(get(transport, origin, '/'), 'reset');
  cut = false;
  assert.equal((await get(transport, origin, '/')).status, 200);
  assert.equal(transport.connectionCounts()['HTTP/2'], 2);
});

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
const CUT_BODIES = {
  'shorter than its content-length': `${HEAD}content-length: 100\r\n\r\n{"a":1}`,
  'shorter than its content-length, with connection: close': `${HEAD}connection: close\r\ncontent-length: 100\r\n\r\n{"a":1}`,
  'cut within a chunk': `${HEAD}transfer-encoding: chunked\r\n\r\nff\r\n{"a":1}`,
  'cut between two chunks': `${HEAD}transfer-encoding: chunked\r\n\r\n7\r\n{"a":1}\r\n`,
  'cut within a chunk, with connection: close': `${HEAD}connection: close\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{"a":1}`,
};

for (const [what, bytes] of Object.entries(CUT_BODIES)) {
  test(`an HTTP/1.1 body ${what} is truncated`, async (t) => {
    const server = await startRawServer((socket) => {
      onRequestHead(socket, () => socket.end(bytes));
    });
    t.after(() => server.close());
    await expectFault(get(openTransport(t), server.origin, '/'), 'truncated');
  });
}

test('an HTTP/1.1 body that ends with the connection is taken as it is: nothing tells a cut', async (t) => {
  const server = await startRawServer((socket) => {
    onRequestHead(socket, () => socket.end(`${HEAD}connection: close\r\n\r\n{"a":`));
  });
  t.after(() => server.close());
  assert.equal(bodyOf(await get(openTransport(t), server.origin, '/')).toString(), '{"a":');
});

const HINTS = 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n';
const INTERIM = {
  '103': HINTS,
  '100': 'HTTP/1.1 100 Continue\r\n\r\n',
  '100 with fields, twice': 'HTTP/1.1 100 Continue\r\nlink: </a>\r\nx: 100\r\n\r\n'.repeat(2),
  '102, 100, 103': `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n${HINTS}`,
};

for (const [what, interim] of Object.entries(INTERIM)) {
  for (const [how, size] of Object.entries({ 'in one piece': 1e6, 'byte by byte': 1 })) {
    test(`HTTP/1.1 interim responses are passed over: ${what}, ${how}`, async (t) => {
      const body = '"HTTP/1.1 100 Continue"';
      const answer = `${interim}${HEAD}content-length: ${body.length}\r\n\r\n${body}`;
      const server = await startRawServer((socket) => {
        socket.setNoDelay(true);
        onRequestHead(socket, async () => {
          for (let at = 0; at < answer.length; at += size) {
            socket.write(answer.slice(at, at + size));
            await nextTurn();
          }
        });
      });
      t.after(() => server.close());
      const transport = openTransport(t, { concurrency: 1 });
      for (let page = 1; page <= 3; page++) {
        const response = await get(transport, server.origin, `/${page}`);
        assert.equal(response.status, 200);
        assert.equal(response.headers['link'], undefined);
        assert.equal(bodyOf(response).toString(), body);
      }
      assert.equal(server.connections(), 1);
    });
  }
}

test('what is not HTTP is a protocol fault', async (t) => {
  const server = await startRawServer((socket) => {
    onRequestHead(socket, () => socket.end('SSH-2.0-OpenSSH_9.2\r\n\r\n'));
  });
  t.after(() => server.close());
  await expectFault(get(openTransport(t), server.origin, '/'), 'protocol');
});

test('a keep-alive connection closed under its next request means unprocessed; a fresh one, reset', async (t) => {
  const server = await startRawServer((socket) => {
    onRequestHead(socket, (head, nth) => {
      if (nth === 1 && !head.includes('/fresh')) socket.write(`${HEAD}content-length: 2\r\n\r\n{}`);
      else socket.destroy();
    });
  });
  t.after(() => server.close());
  const transport = openTransport(t, { concurrency: 1 });
  await get(transport, server.origin, '/1');
  await expectFault(get(transport, server.origin, '/2'), 'unprocessed');
  await expectFault(get(transport, server.origin, '/fresh'), 'reset');
  await get(transport, server.origin, '/3');
});

test('an idle HTTP/2 connection cut as its next request arrives means unprocessed', async (t) => {
  let served = 0;
  const { origin, ca } = await openStreams(t, {}, (stream) => {
    served += 1;
    if (served === 2) {
      stream.session?.destroy();
      return;
    }
    stream.respond({ ':status': 200 });
    stream.end('{}');
  });
  const transport = openTransport(t, { ca });
  await get(transport, origin, '/1');
  // A destroyed session of Node says GOAWAY with a last id that covers the stream: that is a reset.
  await expectFault(get(transport, origin, '/2'), 'unprocessed', 'reset');
  await get(transport, origin, '/3');
});

for (const protocol of ['h1', 'h2'] as const) {
  test(`silence before and after the headers ends in an idle timeout over ${protocol}`, async (t) => {
    const server = await openPages(t, {
      protocol,
      faults: { 1: [{ hang: true }], 2: [{ hang: true, truncateAt: 20 }] },
    });
    const time = stopTime(t);
    let came = 0;
    const transport = openTransport(
      t,
      { ca: server.ca, idleTimeoutMs: 80 },
      {
        onBodyBytes: (bytes) => {
          came = bytes;
        },
      },
    );
    const silent = [1, 2].map((n) =>
      expectFault(get(transport, server.origin, `/pages/${n}`), 'idle-timeout'),
    );
    await until(() => server.counts().total === 2 && came === 20);
    time.pass(200);
    const [before, after] = await Promise.all(silent);
    assert.match(before!.message, /^no byte came for 0\.1 s; /);
    assert.match(after!.message, /^no byte came for 0\.1 s after 20 bytes of the body; /);
    assert.equal((await get(transport, server.origin, '/pages/3')).status, 200);
  });

  test(`a body above the limit is refused over ${protocol}, stated or not`, async (t) => {
    const big = { body: 'x'.repeat(200_000) };
    const server = await openPages(t, {
      protocol,
      respond: ({ n }) => (n === 1 ? big : { ...big, framing: 'chunked' }),
    });
    const transport = openTransport(t, { ca: server.ca, maxBodyBytes: 100_000 });
    const error = await expectFault(get(transport, server.origin, '/pages/1'), 'too-large');
    assert.match(error.message, /larger than 100,000 bytes; --max-body-bytes/);
    await expectFault(get(transport, server.origin, '/pages/2'), 'too-large');
    const exact = openTransport(t, { ca: server.ca, maxBodyBytes: 200_000 });
    assert.equal((await get(exact, server.origin, '/pages/2')).bodyBytes, 200_000);
  });

  test(`waiting for a free place does not count as silence over ${protocol}`, async (t) => {
    const time = stopTime(t);
    const server = await openPages(t, {
      protocol,
      maxConcurrentStreams: 1,
      respond: () => {
        time.pass(300);
        return null;
      },
    });
    const transport = openTransport(
      t,
      { ca: server.ca, concurrency: 1, idleTimeoutMs: 400, timeoutMs: 500 },
      { maxSessions: 1 },
    );
    const all = Array.from({ length: 12 }, (_, n) =>
      get(transport, server.origin, `/pages/${n + 1}`),
    );
    for (const response of await Promise.all(all)) assert.equal(response.status, 200);
  });
}

test('a byte now and then is not silence, and ends in the timeout of the attempt', async (t) => {
  let drip = (): unknown => assert.fail('nothing was asked for');
  const server = await startRawServer((socket) => {
    onRequestHead(socket, () => {
      socket.write(`${HEAD}content-length: 1000\r\n\r\nx`);
      drip = () => socket.write('x');
    });
  });
  t.after(() => server.close());
  const time = stopTime(t);
  const onBodyBytes = (): void => {
    time.pass(100);
    drip();
  };
  const transport = openTransport(t, { idleTimeoutMs: 300, timeoutMs: 650 }, { onBodyBytes });
  const error = await expectFault(get(transport, server.origin, '/'), 'timeout');
  assert.equal(error.message, 'not whole within 0.7 s, 7 bytes had come; --timeout allows more');
});

for (const protocol of ['h1', 'h2'] as const) {
  test(`time in which the process was stopped is not the server's over ${protocol}`, async (t) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const server = await openPages(t, { protocol, respond: () => ({ until: promise }) });
    const time = stopTime(t);
    const transport = openTransport(t, { ca: server.ca, timeoutMs: 400, idleTimeoutMs: 300 });
    const all = [1, 2, 3].map((n) => get(transport, server.origin, `/pages/${n}`));
    await until(() => server.counts().total === 3);
    time.pass(200);
    time.jump(60_000);
    time.pass(150);
    resolve();
    for (const response of await Promise.all(all)) assert.equal(response.status, 200);
  });

  test(`what ends while the process is stopped is no attempt over ${protocol}`, async (t) => {
    const server = await openPages(t, { protocol, faults: { 1: [{ hang: true }] } });
    const time = stopTime(t);
    const transport = openTransport(t, { ca: server.ca });
    const open = expectFault(get(transport, server.origin, '/pages/1'), 'unprocessed');
    await until(() => server.counts().total === 1);
    time.jump(60_000);
    await server.close();
    assert.match((await open).message, /this process had been stopped meanwhile$/);
  });
}

test('no answer at all within the timeout is said as that', async (t) => {
  const server = await startRawServer(() => {});
  t.after(() => server.close());
  const transport = openTransport(t, { timeoutMs: 100 });
  const error = await expectFault(get(transport, server.origin, '/'), 'timeout');
  assert.equal(error.message, 'no answer within 0.1 s; --timeout allows more');
});

/** A wire to `port` whose first connection can go dead: nothing passes, nothing closes. */
async function openWire(context: TestContext, port: number) {
  let dead = false;
  const wire = await startRawServer((socket, nth) => {
    const onward = connect(port, '127.0.0.1');
    const passes = (): boolean => !dead || nth > 1;
    socket.on('data', (chunk) => passes() && onward.write(chunk));
    onward.on('data', (chunk) => passes() && socket.write(chunk));
    onward.on('error', () => {});
    socket.once('close', () => onward.destroy());
  });
  context.after(() => wire.close());
  return {
    origin: `https://127.0.0.1:${wire.port}`,
    die: () => {
      dead = true;
    },
  };
}

test('a connection that falls silent is pinged, given up, and replaced', async (t) => {
  let isFrozen = false;
  const { origin, ca } = await openStreams(t, {}, (stream, headers) => {
    if (headers[':path'] === '/freeze') {
      wire.die();
      isFrozen = true;
    }
    stream.respond({ ':status': 200 });
    stream.end('{}');
  });
  const wire = await openWire(t, Number(new URL(origin).port));
  const time = stopTime(t);
  const transport = openTransport(t, { ca }, { silenceMs: 40, pingTimeoutMs: 60 });
  await get(transport, wire.origin, '/');
  const given = expectFault(get(transport, wire.origin, '/freeze'), 'idle-timeout');
  await until(() => isFrozen);
  time.pass(200);
  const error = await given;
  assert.match(error.message, /does not answer a ping/);
  assert.equal((await get(transport, wire.origin, '/')).status, 200);
});

test('a server that is only slow answers the ping and keeps its connection', async (t) => {
  let pings = 0;
  let slow: ServerHttp2Stream | null = null;
  const answer = (stream: ServerHttp2Stream): void => {
    stream.respond({ ':status': 200 });
    stream.end('{}');
  };
  const { origin, ca, server } = await openStreams(t, {}, (stream, headers) => {
    if (headers[':path'] === '/slow') slow = stream;
    else answer(stream);
  });
  server.on('session', (session) => session.on('ping', () => (pings += 1)));
  const time = stopTime(t);
  const transport = openTransport(t, { ca }, { silenceMs: 40, pingTimeoutMs: 200 });
  // The connection has begun once it has served one.
  await get(transport, origin, '/');
  const response = get(transport, origin, '/slow');
  await until(() => slow !== null);
  for (let nth = 1; nth <= 4; nth += 1) {
    time.pass(100);
    await until(() => pings === nth);
    // Comes behind the answer to the ping.
    await get(transport, origin, '/');
  }
  answer(slow!);
  assert.equal((await response).status, 200);
  assert.equal(transport.connectionCounts()['HTTP/2'], 1);
});

test('an idle connection that has died unnoticed is found by a ping when it is used again', async (t) => {
  const { origin, ca } = await openStreams(t, {}, (stream) => {
    stream.respond({ ':status': 200 });
    stream.end('{}');
  });
  const wire = await openWire(t, Number(new URL(origin).port));
  const time = stopTime(t);
  const transport = openTransport(
    t,
    { ca },
    { idleCheckMs: 30, pingTimeoutMs: 60, silenceMs: 5_000 },
  );
  await get(transport, wire.origin, '/');
  wire.die();
  time.pass(120);
  await time.passUntilSettled(expectFault(get(transport, wire.origin, '/'), 'idle-timeout'));
  assert.equal((await get(transport, wire.origin, '/')).status, 200);
});
