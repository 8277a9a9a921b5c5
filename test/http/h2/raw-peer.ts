/** An HTTP/2 server over plain TCP that says byte for byte what a test tells it to. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { TransportInternals } from '../../../src/http/create-transport.ts';
import type { RawResponse, Transport, TransportOptions } from '../../../src/http/transport.ts';
import {
  cutFrames,
  END_HEADERS,
  END_STREAM,
  type Frame,
  headers,
  settings,
  TYPES,
} from '../../fixtures/faults/http2-frames.ts';
import { startRawServer } from '../../servers/raw-server.ts';
import { get, openTransport } from '../transport-client.ts';

const MAGIC = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

export interface RawPeer {
  readonly socket: Socket;
  /** All that came after the magic. */
  readonly frames: Frame[];
  send(...frames: readonly Uint8Array[]): void;
}

export interface PeerScript {
  /** Sent as soon as the magic is here; default: empty SETTINGS. */
  readonly greeting?: readonly Uint8Array[];
  /** `nth` request of the connection, from 1; its stream is `id`. Default: an empty 200. */
  onRequest?(peer: RawPeer, id: number, nth: number): void;
  onFrame?(peer: RawPeer, frame: Frame): void;
}

export interface Conversation {
  readonly origin: string;
  readonly transport: Transport;
  /** By connection. */
  readonly peers: readonly RawPeer[];
  get(path?: string): Promise<RawResponse>;
  /** Waits for a frame of the client's on the last connection, up to a minute. */
  frameOf(type: number, from?: number): Promise<Frame>;
}

/** A server that follows `script`, and a transport that speaks HTTP/2 to it without asking first. */
export async function converse(
  context: TestContext,
  script: PeerScript = {},
  options: Partial<TransportOptions> = {},
  internals: TransportInternals = {},
): Promise<Conversation> {
  const peers: RawPeer[] = [];
  const server = await startRawServer((socket) => {
    const peer: RawPeer = {
      socket,
      frames: [],
      send: (...frames) => void socket.write(Buffer.concat(frames)),
    };
    peers.push(peer);
    follow(peer, script);
  });
  context.after(() => server.close());
  const transport = openTransport(context, { protocol: 'http2', ...options }, internals);
  return {
    origin: server.origin,
    transport,
    peers,
    get: (path = '/') => get(transport, server.origin, path),
    frameOf: async (type, from = 0) => {
      for (let tries = 0; tries < 12_000; tries += 1) {
        const found = peers
          .at(-1)
          ?.frames.slice(from)
          .find((frame) => frame.type === type);
        if (found !== undefined) return found;
        await new Promise((next) => setTimeout(next, 5));
      }
      return assert.fail(`no frame of type ${type} came`);
    },
  };
}

function follow(peer: RawPeer, script: PeerScript): void {
  let rest = Buffer.alloc(0);
  let hasMagic = false;
  let requests = 0;
  peer.socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    if (!hasMagic) {
      if (rest.length < MAGIC.length) return;
      assert.equal(rest.toString('latin1', 0, MAGIC.length), MAGIC);
      rest = rest.subarray(MAGIC.length);
      hasMagic = true;
      peer.send(...(script.greeting ?? [settings()]));
    }
    rest = Buffer.from(
      cutFrames(rest, (frame) => {
        peer.frames.push(frame);
        script.onFrame?.(peer, frame);
        if (frame.type !== TYPES.HEADERS) return;
        requests += 1;
        if (script.onRequest !== undefined) script.onRequest(peer, frame.streamId, requests);
        else peer.send(headers(frame.streamId, undefined, END_HEADERS | END_STREAM));
      }),
    );
  });
}
