/**
 * One request on its way to one response, whatever protocol carries it. It collects the response,
 * holds it to its content-length and to the size limit, and settles exactly once.
 */
import type { ArrivingBody, BodyRoom } from './body-room.ts';
import {
  type HeaderValues,
  type Protocol,
  type RawResponse,
  TransportError,
  type TransportFault,
  type TransportRequest,
} from './transport.ts';

/**
 * Smaller pieces of a body are copied together: a server that sends byte by byte would have each of
 * them hold a whole read of the socket in memory.
 */
const SMALL_BYTES = 256;
const JOINED_BYTES = 2048;

export class Attempt implements ArrivingBody {
  readonly request: TransportRequest;
  /** Neither clock runs before `start()`: waiting for a free stream is not the server's silence. */
  startedAt = 0;
  lastHeardAt = 0;
  /** Set by every byte, cleared by the sweep that reads the clock: one clock call a second, not one a chunk. */
  heard = false;
  settled = false;
  /** The final response's headers are here. */
  hasHead = false;

  /** How much of the body had come, and when, as the slow are measured. */
  markedBytes = 0;
  markedAt = 0;

  readonly #maxBodyBytes: number;
  readonly #room: BodyRoom;
  readonly #onWire: Set<Attempt>;
  readonly #resolve: (response: RawResponse) => void;
  readonly #reject: (error: TransportError) => void;
  #cancel: (() => void) | null = null;
  #resume: (() => void) | null = null;
  #status = 0;
  #headers: HeaderValues = {};
  #statedBytes = -1;
  #bodyBytes = 0;
  #chunks: Uint8Array[] = [];
  /** Where small pieces are copied to, and which part of it the last chunk is. */
  #joined: Buffer | null = null;
  #joinedFrom = 0;
  #joinedTo = 0;
  #isLastJoined = false;

  constructor(
    request: TransportRequest,
    maxBodyBytes: number,
    room: BodyRoom,
    onWire: Set<Attempt>,
    resolve: (response: RawResponse) => void,
    reject: (error: TransportError) => void,
  ) {
    this.request = request;
    this.#maxBodyBytes = maxBodyBytes;
    this.#room = room;
    this.#onWire = onWire;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get statedBytes(): number {
    return this.#statedBytes;
  }

  /** Of the body, on the wire. */
  get bodyBytes(): number {
    return this.#bodyBytes;
  }

  /**
   * The request goes out now; `cancel` tears its stream or connection down, `resume` lets its body
   * come again after `mayGoOn` has said no.
   */
  start(cancel: () => void, resume: () => void): void {
    this.#cancel = cancel;
    this.#resume = resume;
    this.startedAt = performance.now();
    this.lastHeardAt = this.startedAt;
    this.#onWire.add(this);
  }

  /** Back to the queue, as if never sent: the server asked for another protocol. */
  restart(): void {
    this.#cancel = null;
    this.#resume = null;
    this.#onWire.delete(this);
    this.#room.end(this, this.#bodyBytes);
    this.hasHead = false;
    this.#statedBytes = -1;
    this.#bodyBytes = 0;
    this.#chunks = [];
    this.#isLastJoined = false;
  }

  takeHead(status: number, headers: HeaderValues): void {
    if (this.settled) return;
    this.heard = true;
    this.hasHead = true;
    this.#status = status;
    this.#headers = headers;
    this.#room.begin(this);
    const stated = headers['content-length'];
    // These two have no body whatever content-length says (RFC 9110 §8.6).
    if (typeof stated !== 'string' || status === 204 || status === 304) return;
    this.#statedBytes = Number(stated);
    if (this.#statedBytes > this.#maxBodyBytes) this.#failTooLarge();
  }

  takeChunk(chunk: Uint8Array): void {
    if (this.settled) return;
    this.heard = true;
    this.#bodyBytes += chunk.length;
    this.#room.take(chunk.length);
    if (chunk.length < SMALL_BYTES && this.#chunks.length > 0) {
      this.#join(chunk);
    } else {
      this.#chunks.push(chunk);
      this.#isLastJoined = false;
    }
    if (this.#bodyBytes > this.#maxBodyBytes) this.#failTooLarge();
  }

  /** Whether more of the body may come; after a no nothing is asked for until `resume` is called. */
  mayGoOn(): boolean {
    return this.settled || this.#room.mayGoOn(this);
  }

  goOn(): void {
    this.#resume?.();
  }

  /** The body stands still for us: what does not come meanwhile is not the server's fault. */
  get isStanding(): boolean {
    return this.#room.isStanding(this);
  }

  /** The framing says that the response is whole; content-length may still disagree. */
  finish(protocol: Protocol): void {
    if (this.settled) return;
    if (this.#statedBytes >= 0 && this.#statedBytes !== this.#bodyBytes) {
      this.fail(this.isShort() ? 'truncated' : 'protocol', this.#lengthMismatch());
      return;
    }
    this.#settle();
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#resolve({
      status: this.#status,
      headers: this.#headers,
      chunks,
      bodyBytes: this.#bodyBytes,
      protocol,
    });
  }

  /** Fewer bytes came than content-length states. */
  isShort(): boolean {
    return this.#bodyBytes < this.#statedBytes;
  }

  fail(fault: TransportFault, message: string, cause?: unknown): void {
    const text = fault === 'truncated' && this.isShort() ? this.#lengthMismatch() : message;
    this.failWith(new TransportError(fault, text, cause === undefined ? undefined : { cause }));
  }

  failWith(error: TransportError): void {
    if (this.settled) return;
    this.#settle();
    this.#chunks = [];
    this.#reject(error);
    this.#cancel?.();
  }

  #join(chunk: Uint8Array): void {
    if (this.#joined === null || this.#joinedTo + chunk.length > this.#joined.length) {
      this.#joined = Buffer.allocUnsafe(JOINED_BYTES);
      this.#joinedTo = 0;
      this.#isLastJoined = false;
    }
    if (this.#isLastJoined) this.#chunks.pop();
    else this.#joinedFrom = this.#joinedTo;
    this.#joined.set(chunk, this.#joinedTo);
    this.#joinedTo += chunk.length;
    this.#chunks.push(this.#joined.subarray(this.#joinedFrom, this.#joinedTo));
    this.#isLastJoined = true;
  }

  #settle(): void {
    this.settled = true;
    this.#onWire.delete(this);
    this.#room.end(this, this.#bodyBytes);
  }

  #failTooLarge(): void {
    this.fail(
      'too-large',
      `the body is larger than ${this.#maxBodyBytes} bytes; --max-body-bytes raises the limit`,
    );
  }

  #lengthMismatch(): string {
    return `the body ended after ${this.#bodyBytes} of ${this.#statedBytes} bytes`;
  }
}
