import type { HeaderValues } from '../transport.ts';
import type { FloodGuard, StreamFrames } from './frame-dispatch.ts';
import type { FrameWriter } from './frame-writer.ts';
import { HpackDecoder } from './hpack.ts';
import { checkTrailers, readResponseHead } from './message-fields.ts';
import {
  ConnectionError,
  ErrorCode,
  FRAME_HEADER_BYTES,
  MAX_31_BITS,
  MAX_HEADER_LIST_BYTES,
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
  /** The head of the final response; called once. */
  onHead(status: number, headers: HeaderValues): void;
  /** A view of a buffer that other responses share. */
  onData(bytes: Buffer, start: number, end: number): void;
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
class ReceiveWindow {
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
class LateData {
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

/** A server may measure its way with a PING for each part that it sends, and settle each request. */
const FRAMES_PER_RESPONSE = 4;
const USEFUL_FRAME_BYTES = 1024;

export interface StreamsSettings {
  readonly streamWindowBytes: number;
  readonly connectionWindowBytes: number;
  /** A stream is over; what it may still have to send is to be forgotten. */
  readonly onOver: (stream: ClientStream) => void;
}

/** The open streams of a connection, and what the server sends on them. */
export class ClientStreams implements StreamFrames {
  readonly #writer: FrameWriter;
  readonly #guard: FloodGuard;
  readonly #settings: StreamsSettings;
  readonly #decoder = new HpackDecoder(MAX_HEADER_LIST_BYTES);
  readonly #receiveWindow: ReceiveWindow;
  readonly #late: LateData;
  readonly #open = new Map<number, ClientStream>();
  #nextId = 1;
  /** The stream of the current DATA frame; null where it is over. */
  #receiving: ClientStream | null = null;
  #isCarrying = false;
  #frameBytes = 0;

  constructor(writer: FrameWriter, guard: FloodGuard, settings: StreamsSettings) {
    this.#writer = writer;
    this.#guard = guard;
    this.#settings = settings;
    const { streamWindowBytes, connectionWindowBytes } = settings;
    this.#receiveWindow = new ReceiveWindow(connectionWindowBytes);
    this.#late = new LateData(streamWindowBytes, connectionWindowBytes);
  }

  get size(): number {
    return this.#open.size;
  }

  get hasIds(): boolean {
    return this.#nextId <= MAX_31_BITS;
  }

  all(): Iterable<ClientStream> {
    return this.#open.values();
  }

  add(sink: ResponseSink, body: Uint8Array | null, sendWindow: number): ClientStream {
    const { streamWindowBytes } = this.#settings;
    const stream = new ClientStream(this.#nextId, sink, body, sendWindow, streamWindowBytes);
    this.#nextId += 2;
    this.#open.set(stream.id, stream);
    return stream;
  }

  /** The open stream of that id; undefined where it is over. @throws ConnectionError for one never opened */
  get(id: number): ClientStream | undefined {
    const stream = this.#open.get(id);
    // Even ones would be the server's own, and push is turned off (RFC 9113 §5.1.1).
    if (stream === undefined && (id >= this.#nextId || id % 2 === 0)) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'a frame on a stream that never was');
    }
    return stream;
  }

  /** We want no more of it. */
  cancel(stream: ClientStream, code: number): void {
    if (stream.isOver) return;
    this.#remove(stream);
    this.#writer.reset(stream.id, code);
    this.#late.expect();
  }

  /** Ends all streams above `lastId`. */
  abortAbove(lastId: number, abort: Abort): void {
    const over = [...this.#open.values()].filter((stream) => stream.id > lastId);
    for (const stream of over) this.#remove(stream);
    for (const stream of over) stream.sink.onAbort(abort);
  }

  /** The response breaks the rules, which ends its stream (RFC 9113 §8.1.1). */
  breakOff(stream: ClientStream, code: number, message: string): void {
    this.cancel(stream, code);
    stream.sink.onAbort({ reason: 'malformed', code, message });
  }

  onDataBegin(id: number, frameBytes: number): void {
    if (!this.#receiveWindow.take(frameBytes)) {
      throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'more DATA than allowed');
    }
    // The connection's is always given back: what one stream holds up must not hold up the others.
    if (this.#receiveWindow.isDue) this.#writer.windowUpdate(0, this.#receiveWindow.giveBack());
    const stream = this.get(id) ?? null;
    this.#receiving = stream;
    this.#isCarrying = false;
    this.#frameBytes = frameBytes;
    if (stream === null) {
      this.#late.take(frameBytes);
    } else if (!stream.receiveWindow.take(frameBytes)) {
      this.breakOff(stream, ErrorCode.FLOW_CONTROL_ERROR, 'more DATA than the stream allows');
    } else if (!stream.hasHead) {
      this.breakOff(stream, ErrorCode.PROTOCOL_ERROR, 'DATA before the response');
    }
  }

  onDataBytes(bytes: Buffer, start: number, end: number): void {
    const stream = this.#receiving;
    if (stream === null || stream.isOver) return;
    this.#isCarrying = true;
    stream.sink.onData(bytes, start, end);
  }

  onDataEnd(endsStream: boolean): void {
    const stream = this.#receiving;
    this.#receiving = null;
    if (stream === null || stream.isOver) return;
    if (endsStream) {
      this.#end(stream);
      return;
    }
    if (!this.#isCarrying) this.#guard.count();
    else if (this.#frameBytes >= USEFUL_FRAME_BYTES) this.#guard.credit(1);
    this.widen(stream);
  }

  /** Lets the server send more on a stream, where that is due and wanted. */
  widen(stream: ClientStream): void {
    if (stream.isOver || !stream.receiveWindow.isDue || !stream.sink.mayGoOn()) return;
    this.#writer.windowUpdate(stream.id, stream.receiveWindow.giveBack());
  }

  onHeaderBlock(id: number, endsStream: boolean, bytes: Buffer, start: number, end: number): void {
    // Decoded even for a stream that is over: the next block builds on this one's table.
    const fields = this.#decoder.decode(bytes, start, end);
    const stream = this.get(id);
    if (stream === undefined) {
      this.#guard.count();
      return;
    }
    const malformed =
      fields === null
        ? `headers of more than ${MAX_HEADER_LIST_BYTES} bytes`
        : stream.hasHead
          ? this.#takeTrailers(fields, endsStream)
          : this.#takeHead(stream, fields, endsStream);
    if (malformed !== null) this.breakOff(stream, ErrorCode.PROTOCOL_ERROR, malformed);
    else if (endsStream && !stream.isOver) this.#end(stream);
  }

  onReset(id: number, code: number): void {
    const stream = this.get(id);
    if (stream === undefined) {
      this.#guard.count();
      return;
    }
    this.#remove(stream);
    stream.sink.onAbort({ reason: 'reset', code, message: '' });
  }

  #takeHead(stream: ClientStream, fields: readonly string[], endsStream: boolean): string | null {
    const head = readResponseHead(fields);
    if (typeof head === 'string') return head;
    if (head.status < 200) {
      // 101 is not for HTTP/2 (§8.6).
      if (endsStream || head.status === 101) return `a response that ends with ${head.status}`;
      this.#guard.count();
      return null;
    }
    stream.hasHead = true;
    stream.sink.onHead(head.status, head.headers);
    return null;
  }

  #takeTrailers(fields: readonly string[], endsStream: boolean): string | null {
    return endsStream ? checkTrailers(fields) : 'headers in the middle of a body';
  }

  #end(stream: ClientStream): void {
    this.#remove(stream);
    this.#guard.credit(FRAMES_PER_RESPONSE);
    // An answer that did not wait for the whole request leaves it half open (§8.1).
    if (!stream.isSent) this.#writer.reset(stream.id, ErrorCode.CANCEL);
    stream.sink.onEnd();
  }

  #remove(stream: ClientStream): void {
    stream.isOver = true;
    this.#open.delete(stream.id);
    this.#settings.onOver(stream);
  }
}
