/**
 * HTTP/2 for nothing but fetching (RFC 9113), on a connected socket: requests out, responses in.
 * It does not choose connections, wait for a free stream, keep time or repeat anything; that is
 * http2-pool.ts's and http2-connection.ts's. Imports only from this folder, and the contract.
 *
 * Ours and not node:http2 for its cost: a third of the CPU a page.
 */
import type { Socket } from 'node:net';
import type { TransportRequest } from '../transport.ts';
import { type ClientStream, ClientStreams, type ResponseSink } from './client-streams.ts';
import { type ConnectionFrames, FloodGuard, FrameDispatch } from './frame-dispatch.ts';
import { FrameReader, takeBytes } from './frame-reader.ts';
import { FrameWriter, type PrefaceSettings, writePreface } from './frame-writer.ts';
import { RequestBlocks } from './message-fields.ts';
import {
  applySettings,
  ConnectionError,
  DEFAULT_WINDOW_BYTES,
  defaultPeerSettings,
  ErrorCode,
  Flag,
  MAX_31_BITS,
  type PeerSettings,
} from './protocol.ts';

/** How long a peer that does not read may keep a socket whose connection is over. */
const FAREWELL_MS = 1000;

export interface ClientConnectionSettings extends PrefaceSettings {
  readonly scheme: string;
  readonly authority: string;
}

export interface ConnectionListener {
  /** The server's SETTINGS are here, or changed. */
  onSettings(): void;
  /** Called before the streams that it refuses are aborted. */
  onGoaway(code: number): void;
  /** Nothing more comes or goes; called before the streams are aborted. */
  onClosed(error: Error | null): void;
}

export class ClientConnection {
  readonly #socket: Socket;
  readonly #listener: ConnectionListener;
  readonly #writer: FrameWriter;
  readonly #reader: FrameReader;
  readonly #streams: ClientStreams;
  readonly #bodies: RequestBodies;
  readonly #guard = new FloodGuard();
  readonly #blocks: RequestBlocks;
  readonly #peer = defaultPeerSettings();
  #lastId = Number.POSITIVE_INFINITY;
  #closed = false;
  #onPong: (() => void) | null = null;

  constructor(socket: Socket, settings: ClientConnectionSettings, listener: ConnectionListener) {
    this.#socket = socket;
    this.#listener = listener;
    const writer = new FrameWriter((bytes) => void socket.write(bytes));
    this.#writer = writer;
    this.#blocks = new RequestBlocks(settings.scheme, settings.authority);
    this.#bodies = new RequestBodies(writer, this.#peer, () => socket.writableNeedDrain);
    this.#streams = new ClientStreams(writer, this.#guard, {
      ...settings,
      onOver: (stream) => this.#bodies.drop(stream),
    });
    this.#reader = new FrameReader(new FrameDispatch(this.#streams, this.#frames(), this.#guard));
    writePreface(writer, settings);
    takeBytes(socket, (bytes) => this.#read(bytes));
    socket.on('drain', () => this.#bodies.resume());
    socket.on('error', (error) => this.#end(error));
    socket.on('end', () => this.#end(null));
    socket.on('close', () => this.#end(null));
    if (socket.destroyed) process.nextTick(() => this.#end(null));
  }

  /** As the server's SETTINGS_MAX_CONCURRENT_STREAMS says. */
  get streamLimit(): number {
    return this.#peer.maxConcurrentStreams;
  }

  get openStreams(): number {
    return this.#streams.size;
  }

  /** False once closed, after GOAWAY, and when the stream ids are used up. */
  get takesRequests(): boolean {
    return !this.#closed && this.#lastId === Number.POSITIVE_INFINITY && this.#streams.hasIds;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /**
   * Sends a request; only one before the first `onSettings`, and only while `takesRequests`.
   *
   * @throws Error if HTTP/2 cannot carry it; then nothing was sent
   */
  request(request: TransportRequest, sink: ResponseSink): ClientStream {
    const block = this.#blocks.encode(request);
    // A body of no bytes is none: END_STREAM goes with the headers.
    const body = request.body !== null && request.body.length > 0 ? request.body : null;
    const stream = this.#streams.add(sink, body, this.#peer.initialWindowBytes);
    this.#writer.headers(stream.id, block, body === null, this.#peer.maxFrameBytes);
    if (body !== null) {
      this.#bodies.send(stream);
      // It may give back each part of it by two WINDOW_UPDATEs, of stream and connection.
      this.#guard.credit(2 + body.length / 2048);
    }
    return stream;
  }

  /** Resets the stream; its sink hears no more. */
  cancel(stream: ClientStream): void {
    this.#streams.cancel(stream, ErrorCode.CANCEL);
  }

  /** Its sink takes more again. */
  widen(stream: ClientStream): void {
    this.#streams.widen(stream);
  }

  /** Asks whether anybody is there; one question at a time. */
  ping(onPong: () => void): void {
    this.#onPong = onPong;
    this.#writer.ping(0, Buffer.alloc(8), 0);
  }

  /** Says goodbye; streams still open are aborted as lost. */
  close(): void {
    this.#sayGoodbye(ErrorCode.NO_ERROR);
    this.#end(null);
  }

  #read(chunk: Buffer): void {
    if (this.#closed) return;
    try {
      this.#reader.push(chunk);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      this.#sayGoodbye(error.code);
      this.#end(error);
    }
  }

  #frames(): ConnectionFrames {
    return {
      onSettings: (bytes, start, end) => this.#takeSettings(bytes, start, end),
      onPing: (opaque, start) => this.#writer.ping(Flag.ACK, opaque, start),
      onPingAck: () => {
        this.#onPong?.();
        this.#onPong = null;
      },
      onGoaway: (lastId, code) => this.#takeGoaway(lastId, code),
      onWindowUpdate: (id, increment) => this.#takeWindowUpdate(id, increment),
    };
  }

  #takeSettings(bytes: Buffer, start: number, end: number): void {
    const peer = this.#peer;
    const windowBytes = peer.initialWindowBytes;
    applySettings(peer, bytes, start, end, (size) => this.#blocks.limitTable(size));
    this.#bodies.shiftAll(this.#streams.all(), peer.initialWindowBytes - windowBytes);
    this.#writer.settingsAck();
    this.#listener.onSettings();
  }

  #takeGoaway(lastId: number, code: number): void {
    // A server may lower it (RFC 9113 §6.8).
    this.#lastId = Math.min(this.#lastId, lastId);
    this.#listener.onGoaway(code);
    this.#streams.abortAbove(this.#lastId, { reason: 'unprocessed', code, message: '' });
    // With an error the server closes at once; what it still owes will not come.
    if (code !== ErrorCode.NO_ERROR) this.#end(null);
  }

  #takeWindowUpdate(id: number, increment: number): void {
    if (!this.#bodies.areWaiting) this.#guard.count();
    if (id === 0) {
      this.#bodies.widenConnection(increment);
      return;
    }
    const stream = this.#streams.get(id);
    if (stream === undefined || this.#bodies.widen(stream, increment)) return;
    const code = increment === 0 ? ErrorCode.PROTOCOL_ERROR : ErrorCode.FLOW_CONTROL_ERROR;
    this.#streams.breakOff(stream, code, `WINDOW_UPDATE by ${increment}`);
  }

  #sayGoodbye(code: number): void {
    this.#writer.goaway(code);
    this.#writer.flush();
  }

  #end(error: Error | null): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#reader.stop();
    this.#writer.close();
    this.#listener.onClosed(error);
    this.#streams.abortAbove(0, { reason: 'lost', code: 0, message: error?.message ?? '' });
    this.#socket.destroySoon();
    setTimeout(() => this.#socket.destroy(), FAREWELL_MS).unref();
  }
}

/** Request bodies, as fast as the server's windows allow (RFC 9113 §5.2, §6.9). */
class RequestBodies {
  readonly #writer: FrameWriter;
  readonly #settings: PeerSettings;
  readonly #isCongested: () => boolean;
  #connectionWindow = DEFAULT_WINDOW_BYTES;
  readonly #waiting = new Set<ClientStream>();

  /** @param isCongested the socket wants no more for now; `resume()` when it does again */
  constructor(writer: FrameWriter, settings: PeerSettings, isCongested: () => boolean) {
    this.#writer = writer;
    this.#settings = settings;
    this.#isCongested = isCongested;
  }

  get areWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Sends what may be sent now; the rest follows by itself. */
  send(stream: ClientStream): void {
    const { body, id } = stream;
    if (body === null) return;
    while (!stream.isSent) {
      const allowed = Math.min(
        body.length - stream.sentBytes,
        this.#connectionWindow,
        stream.sendWindow,
        this.#settings.maxFrameBytes,
      );
      if (allowed <= 0 || this.#isCongested()) {
        this.#waiting.add(stream);
        return;
      }
      const start = stream.sentBytes;
      stream.sentBytes += allowed;
      stream.sendWindow -= allowed;
      this.#connectionWindow -= allowed;
      this.#writer.data(id, body, start, stream.sentBytes, stream.isSent);
    }
    this.#waiting.delete(stream);
  }

  drop(stream: ClientStream): void {
    this.#waiting.delete(stream);
  }

  resume(): void {
    for (const stream of this.#waiting) {
      if (this.#connectionWindow <= 0 || this.#isCongested()) return;
      this.send(stream);
    }
  }

  widenConnection(increment: number): void {
    this.#connectionWindow += increment;
    if (increment === 0 || this.#connectionWindow > MAX_31_BITS) throw badWindow(increment);
    this.resume();
  }

  /** @returns false if that breaks the stream */
  widen(stream: ClientStream, increment: number): boolean {
    stream.sendWindow += increment;
    if (increment === 0 || stream.sendWindow > MAX_31_BITS) return false;
    if (this.#waiting.has(stream)) this.send(stream);
    return true;
  }

  /** SETTINGS_INITIAL_WINDOW_SIZE changed; that holds for open streams too (§6.9.2). */
  shiftAll(streams: Iterable<ClientStream>, change: number): void {
    for (const stream of streams) {
      stream.sendWindow += change;
      if (stream.sendWindow > MAX_31_BITS) throw badWindow(change);
    }
    this.resume();
  }
}

function badWindow(change: number): ConnectionError {
  return change === 0
    ? new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'WINDOW_UPDATE by 0')
    : new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'a window beyond 2^31-1');
}
