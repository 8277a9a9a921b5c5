/**
 * One request on its way to one response, whatever protocol carries it. It collects the response,
 * holds it to its content-length and to the size limit, and settles exactly once.
 */

import { runningTime } from '../core/clock.ts';
import type { Fifo } from '../core/queues.ts';
import { formatByteLimit } from '../core/units.ts';
import { type ArrivingBody, BodyChunks, type BodyRoom } from './response-body.ts';
import {
  type HeaderValues,
  type Protocol,
  type RawResponse,
  TransportError,
  type TransportFault,
  type TransportOptions,
  type TransportRequest,
} from './transport.ts';

/** What the exchanges of a transport have in common. */
export interface Wire {
  readonly maxBodyBytes: number;
  readonly room: BodyRoom;
  /** Those that are on the wire. */
  readonly exchanges: Set<Exchange>;
  /** How often they are swept. */
  readonly sweepMs: number;
}

/** What an exchange goes by: a stream, or a connection. */
export interface Carrier {
  /** Tears it down. */
  cancel(): void;
  /** Lets the body come again after `mayGoOn` has said no. */
  resume(): void;
}

const NO_HEADERS: HeaderValues = Object.freeze({});

export class Exchange implements ArrivingBody {
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

  readonly #wire: Wire;
  readonly #resolve: (response: RawResponse) => void;
  readonly #reject: (error: TransportError) => void;
  /** How often this process had been stopped before. */
  readonly #stops: number;
  #carrier: Carrier | null = null;
  #status = 0;
  #headers = NO_HEADERS;
  #statedBytes = -1;
  readonly #body = new BodyChunks();

  constructor(
    request: TransportRequest,
    wire: Wire,
    resolve: (response: RawResponse) => void,
    reject: (error: TransportError) => void,
  ) {
    this.request = request;
    this.#wire = wire;
    this.#stops = runningTime.look(wire.sweepMs);
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get statedBytes(): number {
    return this.#statedBytes;
  }

  /** Bytes of the body that have come, on the wire. */
  get bodyBytes(): number {
    return this.#body.bytes;
  }

  /** The request goes out now. */
  start(carrier: Carrier): void {
    this.#carrier = carrier;
    this.beginAfresh(runningTime.now());
    this.#wire.exchanges.add(this);
  }

  /** No time has passed for it. */
  beginAfresh(now: number): void {
    this.startedAt = now;
    this.lastHeardAt = now;
    this.markedAt = 0;
  }

  /** Back to the queue, as if never sent: the server asked for another protocol. */
  restart(): void {
    this.#carrier = null;
    this.#leave();
    this.hasHead = false;
    this.#statedBytes = -1;
    this.#body.drop();
  }

  takeHead(status: number, headers: HeaderValues): void {
    if (this.settled) return;
    this.heard = true;
    this.hasHead = true;
    this.#status = status;
    this.#headers = headers;
    this.#wire.room.begin(this);
    const stated = headers['content-length'];
    // These two have no body whatever content-length says (RFC 9110 §8.6).
    if (typeof stated !== 'string' || status === 204 || status === 304) return;
    this.#statedBytes = Number(stated);
    const { maxBodyBytes } = this.#wire;
    this.#body.expect(Math.min(this.#statedBytes, maxBodyBytes));
    if (this.#statedBytes > maxBodyBytes) this.#failTooLarge();
  }

  takeChunk(bytes: Buffer, start = 0, end = bytes.length): void {
    if (this.settled) return;
    this.heard = true;
    this.#body.add(bytes, start, end);
    this.#wire.room.take(end - start);
    if (this.bodyBytes > this.#wire.maxBodyBytes) this.#failTooLarge();
  }

  /** Whether more of the body may come; after a no nothing is asked for until `resume` is called. */
  mayGoOn(): boolean {
    return this.settled || this.#wire.room.mayGoOn(this);
  }

  goOn(): void {
    this.#carrier?.resume();
  }

  /** The body stands still for us: what does not come meanwhile is not the server's fault. */
  get isStanding(): boolean {
    return this.#wire.room.isStanding(this);
  }

  /** The framing says that the response is whole; content-length may still disagree. */
  finish(protocol: Protocol): void {
    if (this.settled) return;
    if (this.#statedBytes >= 0 && this.#statedBytes !== this.bodyBytes) {
      this.fail(this.isShort() ? 'truncated' : 'protocol', this.lengthMismatch());
      return;
    }
    this.#settle();
    const { bodyBytes } = this;
    const chunks = this.#body.take();
    this.#resolve({ status: this.#status, headers: this.#headers, chunks, bodyBytes, protocol });
  }

  /** Fewer bytes came than content-length states. */
  isShort(): boolean {
    return this.bodyBytes < this.#statedBytes;
  }

  fail(fault: TransportFault, message: string, cause?: unknown): void {
    const text = fault === 'truncated' && this.isShort() ? this.lengthMismatch() : message;
    this.failWith(new TransportError(fault, text, cause === undefined ? undefined : { cause }));
  }

  failWith(error: TransportError): void {
    if (this.settled) return;
    this.#settle();
    this.#body.drop();
    const isStopped = runningTime.look(this.#wire.sweepMs) !== this.#stops;
    this.#reject(isStopped && ENDED_BY_A_STOP.has(error.fault) ? afterStop(error) : error);
    this.#carrier?.cancel();
  }

  #settle(): void {
    this.settled = true;
    this.#leave();
  }

  #leave(): void {
    this.#wire.exchanges.delete(this);
    this.#wire.room.end(this, this.bodyBytes);
  }

  #failTooLarge(): void {
    this.fail(
      'too-large',
      `the body is larger than ${formatByteLimit(this.#wire.maxBodyBytes)}; --max-body-bytes raises the limit`,
    );
  }

  /** Says how many bytes came of how many stated. */
  lengthMismatch(): string {
    return `the body ended after ${this.bodyBytes} of ${this.#statedBytes} bytes`;
  }
}

/** How a connection can fail while this process is stopped. */
const ENDED_BY_A_STOP: ReadonlySet<TransportFault> = new Set([
  ...([
    'no-name',
    'dns',
    'connect-timeout',
    'no-tls',
    'tls',
    'proxy',
    'reset',
    'truncated',
  ] as const),
  ...(['idle-timeout', 'timeout', 'too-slow'] as const),
]);

/** Such a failure says nothing about the server, so the request is sent again. */
function afterStop(cause: TransportError): TransportError {
  const text = `${cause.message}; this process had been stopped meanwhile`;
  return new TransportError('unprocessed', text, { cause });
}

type Limits = Pick<TransportOptions, 'idleTimeoutMs' | 'timeoutMs' | 'minBytesPerSecond'>;

/**
 * Gives up an exchange that takes too long, is silent or comes too slowly. Called about once a
 * second for each exchange on the wire.
 *
 * @param sinceLastMs since it was called before
 */
export function sweepExchange(
  exchange: Exchange,
  now: number,
  sinceLastMs: number,
  { idleTimeoutMs, timeoutMs, minBytesPerSecond }: Limits,
): void {
  if (exchange.isStanding) {
    exchange.startedAt += Math.min(sinceLastMs, now - exchange.startedAt);
    exchange.lastHeardAt = now;
    exchange.markedAt = 0;
    return;
  }
  if (now - exchange.startedAt > timeoutMs) {
    const within = `within ${seconds(timeoutMs)}`;
    const what = exchange.hasHead
      ? `not whole ${within}, ${exchange.bodyBytes} bytes had come`
      : `no answer ${within}`;
    exchange.fail('timeout', `${what}; --timeout allows more`);
  } else if (!exchange.heard) {
    if (now - exchange.lastHeardAt <= idleTimeoutMs) return;
    const when = exchange.hasHead ? ` after ${exchange.bodyBytes} bytes of the body` : '';
    exchange.fail(
      'idle-timeout',
      `no byte came for ${seconds(idleTimeoutMs)}${when}; --idle-timeout allows more`,
    );
  } else {
    exchange.heard = false;
    exchange.lastHeardAt = now;
    if (exchange.hasHead) measure(exchange, now, idleTimeoutMs, minBytesPerSecond);
  }
}

/** A byte now and then is no silence, and could hold a request for as long as --timeout. */
function measure(exchange: Exchange, now: number, windowMs: number, least: number): void {
  const { bodyBytes, markedAt, markedBytes } = exchange;
  if (markedAt !== 0 && now - markedAt < windowMs) return;
  const elapsedMs = now - markedAt;
  exchange.markedAt = now;
  exchange.markedBytes = bodyBytes;
  if (markedAt === 0) return;
  const perSecond = ((bodyBytes - markedBytes) * 1000) / elapsedMs;
  if (perSecond >= least) return;
  exchange.fail(
    'too-slow',
    `${Math.round(perSecond)} bytes a second for ${seconds(elapsedMs)}; --speed-limit allows less than ${least}`,
  );
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}

/** None of those that wait will be sent. */
export function failAll(waiting: Fifo<Exchange>, error: TransportError): void {
  for (const exchange of waiting.takeAll()) exchange.failWith(error);
}
