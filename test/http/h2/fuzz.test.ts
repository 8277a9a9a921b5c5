import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { ClientConnection } from '../../../src/http/h2/client-connection.ts';
import { countCopiedBytes } from '../../count-work.ts';
import {
  data,
  END_HEADERS,
  END_STREAM,
  frame,
  goaway,
  headers,
  literals,
  OK,
  PADDED,
  ping,
  reset,
  settings,
  TYPES,
  windowUpdate,
} from '../../fixtures/faults/http2-frames.ts';

/** As much of a socket as the client uses; what arrives is emitted, so that thousands of runs take a second. */
class EmittedSocket extends EventEmitter {
  destroyed = false;
  writableNeedDrain = false;
  written = 0;

  write(bytes: Uint8Array): boolean {
    this.written += bytes.length;
    return true;
  }

  destroySoon(): void {
    this.destroyed = true;
  }

  destroy(): void {
    this.destroyed = true;
  }
}

interface Heard {
  status: number;
  body: Buffer[];
  ends: number;
  aborts: number;
}

const STREAMS = 4;

/** A client with requests on streams 1, 3, 5 and 7, the last with a body. */
function begin(): { socket: EmittedSocket; client: ClientConnection; heard: Heard[] } {
  const socket = new EmittedSocket();
  const client = new ClientConnection(
    socket as unknown as Socket,
    {
      scheme: 'https',
      authority: 'a.example',
      streamWindowBytes: 100_000,
      connectionWindowBytes: 200_000,
    },
    { onSettings: () => {}, onGoaway: () => {}, onClosed: () => {} },
  );
  socket.emit('data', settings([3, 100]));
  const heard = Array.from({ length: STREAMS }, (_, n): Heard => {
    const entry: Heard = { status: 0, body: [], ends: 0, aborts: 0 };
    const body = n === STREAMS - 1 ? Buffer.alloc(100_000) : null;
    const request = { method: 'POST', origin: 'https://a.example', path: '/', headers: {}, body };
    client.request(
      { ...request, method: body === null ? 'GET' : 'POST' },
      {
        onHead: (status) => {
          assert.equal(entry.status, 0);
          entry.status = status;
        },
        onData: (bytes, start, end) => {
          assert.equal(entry.ends + entry.aborts, 0);
          entry.body.push(Buffer.from(bytes.subarray(start, end)));
        },
        mayGoOn: () => true,
        onEnd: () => {
          assert.ok(entry.status >= 200);
          entry.ends += 1;
        },
        onAbort: () => {
          entry.aborts += 1;
        },
      },
    );
    return entry;
  });
  return { socket, client, heard };
}

/** Whatever came, each request has one outcome once the connection is gone. */
function finish({ socket, client, heard }: ReturnType<typeof begin>): void {
  socket.emit('close');
  assert.ok(client.isClosed);
  assert.equal(client.openStreams, 0);
  for (const { ends, aborts } of heard) assert.equal(ends + aborts, 1);
}

function feed(socket: EmittedSocket, bytes: Buffer, cuts: readonly number[]): void {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const to of [...places, bytes.length]) {
    // Each piece in memory of its own, as a socket gives it.
    if (to > from) socket.emit('data', Buffer.from(bytes.subarray(from, to)));
    from = to;
  }
}

const cuts = fc.array(fc.nat(), { maxLength: 30 });
const streamId = fc.constantFrom(1, 3, 5, 7);
const piece = fc.uint8Array({ maxLength: 400 });

/** Frames that a server may send in some state, in no order that makes sense. */
const anyFrame = fc.oneof(
  streamId.map((id) => headers(id)),
  streamId.map((id) => headers(id, OK, END_HEADERS | END_STREAM)),
  fc.tuple(streamId, piece, fc.constantFrom(0, END_STREAM)).map(([id, b, f]) => data(id, b, f)),
  fc.tuple(streamId, fc.nat(13)).map(([id, code]) => reset(id, code)),
  fc.tuple(fc.nat(9), fc.nat(13)).map(([id, code]) => goaway(id, code)),
  fc.tuple(fc.constantFrom(0, 1, 7), fc.nat(70_000)).map(([id, by]) => windowUpdate(id, by)),
  fc.tuple(fc.constantFrom(1, 3, 4, 5), fc.nat(70_000)).map(([id, to]) => settings([id, to])),
  fc.constant(ping('12345678')),
  fc
    .tuple(fc.nat(11), fc.nat(255), fc.nat(9), piece)
    .map(([type, flags, id, payload]) => frame(type, flags, id, payload)),
);

test('random bytes never crash the client, and leave no request without an outcome', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), cuts, (bytes, places) => {
      const talk = begin();
      feed(talk.socket, Buffer.from(bytes), places);
      finish(talk);
    }),
    { numRuns: 200 },
  );
});

test('frames in any order never crash the client, and leave no request without an outcome', () => {
  fc.assert(
    fc.property(fc.array(anyFrame, { maxLength: 40 }), cuts, (frames, places) => {
      const talk = begin();
      feed(talk.socket, Buffer.concat(frames), places);
      finish(talk);
    }),
    { numRuns: 500 },
  );
});

test('good responses with bytes changed, lost or repeated never crash the client', () => {
  const change = fc.tuple(fc.constantFrom('set', 'cut', 'repeat'), fc.nat(), fc.nat(255));
  const good = Buffer.concat([
    frame(TYPES.HEADERS, 0, 1, Buffer.from('885f106170706c69636174696f6e2f6a736f6e', 'hex')),
    frame(TYPES.CONTINUATION, END_HEADERS, 1, literals([['x-a', 'b']])),
    data(1, 'x'.repeat(200), 0),
    headers(3, [...OK, ['content-length', '5']]),
    frame(TYPES.DATA, PADDED, 1, Buffer.concat([Buffer.from([4]), Buffer.from('body....')])),
    data(3, 'three'),
    windowUpdate(7, 1000),
    data(1, ''),
    headers(5),
    headers(5, [['x-trailer', 'c']], END_HEADERS | END_STREAM),
    headers(7, OK, END_HEADERS | END_STREAM),
  ]);
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), cuts, (changes, places) => {
      let bytes: Buffer = Buffer.from(good);
      for (const [how, where, value] of changes) {
        const at = where % bytes.length;
        if (how === 'set') bytes[at] = value;
        else {
          const to = Math.min(bytes.length, at + value);
          const back = how === 'cut' ? to : at;
          const front = how === 'cut' ? at : to;
          bytes = Buffer.concat([bytes.subarray(0, front), bytes.subarray(back)]);
        }
        if (bytes.length === 0) return;
      }
      const talk = begin();
      feed(talk.socket, bytes, places);
      finish(talk);
    }),
    { numRuns: 1000 },
  );
});

test('interleaved responses come out as they went in, however framed, padded and cut', () => {
  const padded = (id: number, payload: Uint8Array, padding: number): Buffer =>
    frame(
      TYPES.DATA,
      PADDED,
      id,
      Buffer.concat([Buffer.from([padding]), payload, Buffer.alloc(padding)]),
    );
  const part = fc.tuple(fc.nat(STREAMS - 1), piece, fc.option(fc.nat(255)));
  fc.assert(
    fc.property(fc.array(part, { maxLength: 40 }), cuts, (parts, places) => {
      const talk = begin();
      const frames = talk.heard.map((_, n) => headers(n * 2 + 1));
      const bodies: Uint8Array[][] = talk.heard.map(() => []);
      for (const [n, payload, padding] of parts) {
        bodies[n]!.push(payload);
        const id = n * 2 + 1;
        frames.push(padding === null ? data(id, payload, 0) : padded(id, payload, padding));
      }
      talk.heard.forEach((_, n) => {
        frames.push(data(n * 2 + 1, ''));
      });
      feed(talk.socket, Buffer.concat(frames), places);
      talk.heard.forEach((entry, n) => {
        assert.equal(entry.ends, 1);
        assert.deepEqual(Buffer.concat(entry.body), Buffer.concat(bodies[n]!));
      });
      finish(talk);
    }),
    { numRuns: 200 },
  );
});

test('what comes a byte at a time is copied a few times at most, however long it is', () => {
  const byteAtATime = (frames: Buffer): { copied: number; heardBytes: number } => {
    const talk = begin();
    talk.socket.emit('data', headers(1));
    const bytes = Array.from(frames, (_, at) => frames.subarray(at, at + 1));
    const copied = countCopiedBytes(() => {
      for (const byte of bytes) talk.socket.emit('data', byte);
    });
    finish(talk);
    return { copied, heardBytes: Buffer.concat(talk.heard[0]!.body).length };
  };
  // What the sink of this test copies is counted too. A reader that joins what it has with each byte that
  // comes would copy 48 million bytes of the header block below.
  const body = Buffer.concat(Array.from({ length: 90 }, () => data(1, Buffer.alloc(1000), 0)));
  const { copied, heardBytes } = byteAtATime(body);
  assert.equal(heardBytes, 90_000);
  assert.ok(copied <= body.length + heardBytes, `${copied} bytes copied`);

  const fields = Array.from({ length: 60 }, (_, n): [string, string] => [
    `x-${n}`,
    'v'.repeat(200),
  ]);
  const block = literals([...OK, ...fields]);
  const pieces = [frame(TYPES.HEADERS, 0, 3, block.subarray(0, 100))];
  for (let at = 100; at < block.length; at += 4000) {
    const flags = at + 4000 >= block.length ? END_HEADERS : 0;
    pieces.push(frame(TYPES.CONTINUATION, flags, 3, block.subarray(at, at + 4000)));
  }
  const head = Buffer.concat(pieces);
  const ofHead = byteAtATime(head).copied;
  assert.ok(ofHead > block.length && ofHead <= 4 * head.length, `${ofHead} bytes copied`);
});
