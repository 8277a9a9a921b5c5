import type { HeaderValues } from '../transport.ts';
import { ReceiveWindow } from './receive-window.ts';

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
