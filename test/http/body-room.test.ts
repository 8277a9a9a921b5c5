import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Exchange } from '../../src/http/exchange.ts';
import { BodyRoom } from '../../src/http/response-body.ts';
import {
  END_HEADERS,
  END_STREAM,
  frame,
  literals,
  OK,
  TYPES,
} from '../fixtures/faults/http2-frames.ts';
import { onRequestHead, startRawServer } from '../servers/raw-server.ts';
import { openStreams } from '../servers/stream-server.ts';
import { converse } from './h2/raw-peer.ts';
import { stopTime, until } from './stopped-time.ts';
import { expectFault, get, openPages, openTransport } from './transport-client.ts';

const MIB = 1024 * 1024;
const REQUEST = { method: 'GET', origin: 'http://a', path: '/', headers: {}, body: null } as const;

function arrive(room: BodyRoom): { attempt: Exchange; resumed: () => number } {
  let resumed = 0;
  const attempt = new Exchange(
    REQUEST,
    { maxBodyBytes: 64 * MIB, room, exchanges: new Set(), sweepMs: 1000 },
    () => {},
    () => {},
  );
  attempt.start({
    cancel: () => {},
    resume: () => {
      resumed += 1;
    },
  });
  attempt.takeHead(200, {});
  return { attempt, resumed: () => resumed };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('small bodies never stand still', () => {
  const room = new BodyRoom(128 * MIB, 64 * MIB);
  const all = Array.from({ length: 1000 }, () => arrive(room).attempt);
  for (const attempt of all) {
    attempt.takeChunk(Buffer.alloc(20_000));
    assert.ok(attempt.mayGoOn());
  }
});

test('beyond the budget all bodies stand still but the first, which ends, and then the next goes on', async () => {
  const room = new BodyRoom(128 * MIB, 64 * MIB);
  const [first, second, third] = [arrive(room), arrive(room), arrive(room)];
  for (const { attempt } of [second, third]) attempt.takeChunk(Buffer.alloc(30 * MIB));
  assert.deepEqual(
    [third, second, first].map(({ attempt }) => attempt.mayGoOn()),
    [false, false, true],
  );
  assert.ok(second.attempt.isStanding && !first.attempt.isStanding);
  first.attempt.takeChunk(Buffer.alloc(40 * MIB));
  assert.ok(first.attempt.mayGoOn(), 'though that is more than the budget');
  first.attempt.finish('HTTP/2');
  // The caller has it now, and until it has let go of it nothing more comes.
  room.setHeldBytes(40 * MIB);
  await turn();
  assert.deepEqual([second.resumed(), third.resumed()], [0, 0]);
  assert.ok(!second.attempt.mayGoOn());
  room.setHeldBytes(0);
  await turn();
  assert.deepEqual([second.resumed(), third.resumed()], [1, 1]);
});

test('a body that fails or is sent back makes room too', async () => {
  const room = new BodyRoom(128 * MIB, 64 * MIB);
  const [first, second, third] = [arrive(room), arrive(room), arrive(room)];
  for (const { attempt } of [first, second, third]) attempt.takeChunk(Buffer.alloc(50 * MIB));
  assert.ok(!third.attempt.mayGoOn());
  first.attempt.fail('reset', 'gone');
  second.attempt.restart();
  await turn();
  assert.equal(third.resumed(), 1);
});

const BODY_BYTES = 700 * 1024;

test('sixty-four bodies of 60 MB at once stay within the budget, and all end', async () => {
  const room = new BodyRoom(128 * MIB, 64 * MIB);
  // As much as a stream of so many may have outstanding.
  const chunk = Buffer.alloc(MIB / 2);
  const parts = Math.ceil(60e6 / chunk.length);
  const all = Array.from({ length: 64 }, () => ({ ...arrive(room), came: 0, mayGoOn: true }));
  let held = 0;
  let most = 0;
  // The archive takes one body in the time in which the network brings a part of each.
  for (let round = 0; all.some(({ came }) => came < parts); round += 1) {
    assert.ok(round < 10_000, 'it stands still for good');
    let bytes = held;
    for (const body of all) {
      if (body.resumed() > 0 || body.attempt.mayGoOn()) body.mayGoOn = !body.attempt.isStanding;
      if (body.came < parts && body.mayGoOn) {
        body.attempt.takeChunk(chunk);
        body.came += 1;
        body.mayGoOn = body.attempt.mayGoOn();
        if (body.came === parts) {
          body.attempt.finish('HTTP/2');
          held += body.came * chunk.length;
          room.setHeldBytes(held);
        }
      }
      if (body.came < parts) bytes += body.came * chunk.length;
    }
    most = Math.max(most, bytes);
    if (round % 10 === 9 && held > 0) {
      held = Math.max(0, held - parts * chunk.length);
      room.setHeldBytes(held);
    }
    await turn();
  }
  assert.ok(most <= 128 * MIB, `${most / MIB} MiB`);
});

for (const protocol of ['h1', 'h2'] as const) {
  test(`bodies beyond the budget arrive one after the other, whole, over ${protocol}`, async (t) => {
    const server = await openPages(t, {
      protocol,
      respond: () => ({ body: Buffer.alloc(BODY_BYTES, 'x'), framing: 'chunked' }),
    });
    const transport = openTransport(
      t,
      { ca: server.ca, concurrency: 12, maxBodyBytes: MIB, bodyBudgetBytes: 2 * MIB },
      { streamWindowBytes: 32 * 1024 },
    );
    const held = new Set<number>();
    let mostHeld = 0;
    const say = (): void => {
      const bytes = held.size * BODY_BYTES;
      mostHeld = Math.max(mostHeld, bytes);
      transport.setHeldBytes(bytes);
    };
    await Promise.all(
      Array.from({ length: 12 }, async (_, n) => {
        const response = await get(transport, server.origin, `/pages/${n + 1}`);
        assert.equal(response.bodyBytes, BODY_BYTES);
        held.add(n);
        say();
        await sleep(5);
        held.delete(n);
        say();
      }),
    );
    assert.ok(mostHeld <= 2 * BODY_BYTES, `${mostHeld / BODY_BYTES} bodies were held at once`);
  });

  test(`standing still for us is neither silence nor slowness over ${protocol}`, async (t) => {
    const server = await openPages(t, {
      protocol,
      respond: () => ({ body: Buffer.alloc(BODY_BYTES, 'x') }),
    });
    const time = stopTime(t);
    let cameBytes = 0;
    let hasRoom = false;
    let hasPassed = false;
    const onBodyBytes = (bytes: number): void => {
      // Its slowness is measured from here on.
      if (cameBytes === 0) time.pass(100);
      cameBytes = hasRoom ? bytes : bytes - MIB;
      // Within its 1000 ms, of which the time without room is none.
      if (hasRoom && !hasPassed) time.pass(500);
      hasPassed ||= hasRoom;
    };
    const transport = openTransport(
      t,
      {
        ca: server.ca,
        maxBodyBytes: MIB,
        bodyBudgetBytes: MIB,
        idleTimeoutMs: 600,
        timeoutMs: 1000,
        minBytesPerSecond: 1_000_000,
      },
      { streamWindowBytes: 32 * 1024, onBodyBytes },
    );
    transport.setHeldBytes(MIB);
    const coming = get(transport, server.origin, '/pages/1');
    coming.catch(() => {});
    await until(() => cameBytes > 0);
    await turn();
    // More than either allows, and less than a connection has for its answer to a ping.
    time.pass(1150);
    await turn();
    assert.ok(cameBytes < BODY_BYTES, 'there was no room for it');
    hasRoom = true;
    transport.setHeldBytes(0);
    assert.equal((await coming).bodyBytes, BODY_BYTES);
  });
}

const SLOW = { idleTimeoutMs: 150, minBytesPerSecond: 1000 };

/** Lets 20 ms pass when a byte has come, and the next one be sent. */
function passBetweenDrips(t: TestContext, drip: () => unknown): () => void {
  const time = stopTime(t);
  return () => {
    time.pass(20);
    drip();
  };
}

test('a byte now and then is given up as too slow, with what it came to and the flag', async (t) => {
  let drip = (): unknown => assert.fail('nothing was asked for');
  const server = await startRawServer((socket) => {
    onRequestHead(socket, () => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\nx');
      drip = () => socket.write('x');
    });
  });
  t.after(() => server.close());
  const onBodyBytes = passBetweenDrips(t, () => drip());
  const transport = openTransport(t, SLOW, { onBodyBytes });
  const error = await expectFault(get(transport, server.origin, '/'), 'too-slow');
  assert.match(
    error.message,
    /^\d+ bytes a second for 0\.\d s; --speed-limit allows less than 1000/,
  );
});

test('a byte now and then is given up as too slow over HTTP/2', async (t) => {
  let drip = (): unknown => assert.fail('nothing was asked for');
  const { origin, ca } = await openStreams(t, {}, (stream) => {
    stream.respond({ ':status': 200 });
    drip = () => stream.write('x');
    drip();
  });
  const onBodyBytes = passBetweenDrips(t, () => drip());
  const transport = openTransport(t, { ca, ...SLOW }, { onBodyBytes });
  await expectFault(get(transport, origin, '/'), 'too-slow');
});

test('headers of more than 64 KiB are refused, and said, over HTTP/1.1', async (t) => {
  const server = await openPages(t, {
    protocol: 'h1',
    respond: ({ n }) => ({ headers: { 'x-long': 'x'.repeat(n * 1000) } }),
  });
  const transport = openTransport(t, { ca: server.ca });
  assert.equal((await get(transport, server.origin, '/pages/40')).status, 200);
  const error = await expectFault(get(transport, server.origin, '/pages/70'), 'protocol');
  assert.match(error.message, /headers of more than 65536 bytes/);
});

test('headers of more than 64 KiB are refused, and said, over HTTP/2', async (t) => {
  const talk = await converse(t, {
    onRequest: (peer, id, nth) => {
      const fields = nth === 1 ? 3 : 5;
      const part = literals([['x-long', 'x'.repeat(15_000)]]);
      peer.send(frame(TYPES.HEADERS, END_STREAM, id, literals(OK)));
      for (let sent = 1; sent <= fields; sent += 1) {
        peer.send(frame(TYPES.CONTINUATION, sent === fields ? END_HEADERS : 0, id, part));
      }
    },
  });
  assert.equal((await talk.get()).status, 200);
  const error = await expectFault(talk.get(), 'protocol');
  assert.match(error.message, /headers of more than 65536 bytes or 32 frames/);
});
