import type { HeaderValues } from '../transport.ts';
import type { FrameWriter } from './frame-writer.ts';
import {
  ConnectionError,
  DEFAULT_WINDOW_BYTES,
  ErrorCode,
  FRAME_HEADER_BYTES,
  MAX_31_BITS,
  type PeerSettings,
} from './protocol.ts';

/** Why a stream is over before its response was whole. */
export interface Abort {
  readonly reason:
    | 'reset' // the server's RST_STREAM, with its code
    | 'unprocessed' // above the last id of the server's GOAWAY
    | 'malformed' // the response breaks HTTP/2; we reset it
    | 'lost'; // the connection is gone
  readonly code: number;
  readonly message: string;
}

/** Who gets a response. After `onEnd`, `onAbort` or a cancel nothing more comes. */
export interface ResponseSink {
  /** Of the final response; once. */
  onHead(status: number, headers: HeaderValues): void;
  /** A view of a buffer that other responses share. */
  onData(bytes: Uint8Array): void;
  /** Whether more may come; after a no the window stays as it is until `ClientConnection.widen`. */
  mayGoOn(): boolean;
  /** END_STREAM was seen: the response is whole. */
  onEnd(): void;
  onAbort(abort: Abort): void;
}

/** One request and its response. */
export class ClientStream {
  readonly id: number;
  readonly sink: ResponseSink;
  readonly receiveWindow: ReceiveWindow;
  /** What the server allows us to send; below 0 when it took some back (RFC 9113 §6.9.2). */
  sendWindow: number;
  readonly body: Uint8Array | null;
  sentBytes = 0;
  hasHead = false;
  isOver = false;

  constructor(
    id: number,
    sink: ResponseSink,
    body: Uint8Array | null,
    sendWindow: number,
    receiveWindowBytes: number,
  ) {
    this.id = id;
    this.sink = sink;
    this.body = body;
    this.sendWindow = sendWindow;
    this.receiveWindow = new ReceiveWindow(receiveWindowBytes);
  }

  /** The request is with the server, END_STREAM included. */
  get isSent(): boolean {
    return this.body === null || this.sentBytes === this.body.length;
  }
}

/** What we let the server send, of one stream or of the connection (RFC 9113 §5.2, §6.9). */
export class ReceiveWindow {
  readonly #size: number;
  /** Received and not yet given back. */
  #owed = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** @returns false if the server sent more than it was allowed */
  take(bytes: number): boolean {
    this.#owed += bytes;
    return this.#owed <= this.#size;
  }

  /**
   * Whether to give back what came. At half the window: rarely enough to cost nothing, and early
   * enough that over a long way the other half is still on the road.
   */
  get isDue(): boolean {
    return this.#owed >= this.#size / 2;
  }

  /** The increment to say. */
  giveBack(): number {
    const increment = this.#owed;
    this.#owed = 0;
    return increment;
  }
}

/**
 * DATA that may still be on its way to streams that we gave up (RFC 9113 §5.1): passed over, but
 * not without end.
 */
export class LateData {
  readonly #perStream: number;
  readonly #most: number;
  #left = 0;

  constructor(perStream: number, most: number) {
    this.#perStream = perStream;
    this.#most = most;
  }

  /** A stream was given up. */
  expect(): void {
    this.#left = Math.min(this.#left + this.#perStream, this.#most);
  }

  /** @throws ConnectionError */
  take(frameBytes: number): void {
    this.#left -= frameBytes + FRAME_HEADER_BYTES;
    if (this.#left < 0) {
      throw new ConnectionError(ErrorCode.STREAM_CLOSED, 'DATA on a stream that had ended');
    }
  }
}

/** Request bodies, as fast as the server's windows allow (RFC 9113 §5.2, §6.9). */

export class RequestBodies {
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
