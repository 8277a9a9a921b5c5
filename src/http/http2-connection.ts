/** One HTTP/2 connection: its stream limit, its GOAWAY, its silence. */
import { type ClientHttp2Session, type ClientHttp2Stream, constants } from 'node:http2';
import type { Socket } from 'node:net';
import type { Attempt } from './attempt.ts';
import { clientCertificateFault, errorCode } from './connect-fault.ts';
import { type ExchangeOwner, startExchange } from './http2-exchange.ts';
import { TransportError } from './transport.ts';
import type { TransportTuning } from './transport-tuning.ts';

export interface Http2Events {
  /** A stream became free, or the limit changed. */
  onRoom(): void;
  /** Takes no more requests; those in flight go on. */
  onRetired(): void;
  /** Nothing is in flight any more, and nothing will be. */
  onGone(): void;
  /** The server wants this one over HTTP/1.1. */
  onHttp1Required(attempt: Attempt): void;
}

/** RFC 9113 §7, by number. */
const CODE_NAMES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
];
const nameOfCode = (code: number): string => CODE_NAMES[code] ?? `code ${code}`;

export class Http2Connection implements ExchangeOwner {
  readonly #session: ClientHttp2Session;
  readonly #socket: Socket;
  readonly #scheme: string;
  readonly #authority: string;
  readonly #events: Http2Events;
  readonly #tuning: TransportTuning;
  #streamLimit: number;
  #active = 0;
  #served = 0;
  #retired = false;
  #goaway: { readonly code: number; readonly lastId: number } | null = null;
  /** Why we cut it, when we did. */
  #verdict: TransportError | null = null;
  #cause: unknown;
  /** Counts what came, so that silence shows without a clock call for every chunk. */
  #heard = 0;
  #heardAtSweep = 0;
  #lastHeardAt = performance.now();
  #pingSentAt: number | null = null;
  /** The request for which an idle connection was taken up again, and `#heard` at that moment. */
  #wokenBy: { readonly attempt: Attempt; readonly heard: number } | null = null;

  constructor(
    session: ClientHttp2Session,
    socket: Socket,
    origin: URL,
    events: Http2Events,
    tuning: TransportTuning,
  ) {
    this.#session = session;
    this.#socket = socket;
    this.#scheme = origin.protocol.slice(0, -1);
    this.#authority = origin.host;
    this.#events = events;
    this.#tuning = tuning;
    this.#streamLimit = limitOf(session);
    session.on('remoteSettings', () => {
      this.#streamLimit = limitOf(session);
      if (this.hasRoom()) events.onRoom();
    });
    session.on('goaway', (code, lastId) => {
      this.#goaway = { code, lastId };
      this.#retire();
    });
    session.on('error', (error) => {
      this.#cause ??= error;
      this.#retire();
    });
    session.on('close', () => {
      this.#retire();
      events.onGone();
    });
  }

  get streamLimit(): number {
    return this.#streamLimit;
  }

  hasRoom(): boolean {
    return this.#active < this.#streamLimit && !this.#retired;
  }

  send(attempt: Attempt): void {
    if (this.#active === 0) this.#wake(attempt);
    this.#active += 1;
    try {
      startExchange(this.#session, this.#scheme, this.#authority, attempt, this);
    } catch (error) {
      // Node refuses headers that HTTP/2 forbids before anything is sent.
      this.#active -= 1;
      attempt.fail('protocol', `the request cannot be sent over HTTP/2: ${text(error)}`, error);
    }
  }

  onHeard(): void {
    this.#heard += 1;
  }

  onRelease(): void {
    this.#active -= 1;
    this.#served += 1;
    this.#events.onRoom();
  }

  onFailure(attempt: Attempt, stream: ClientHttp2Stream, cause: unknown): void {
    const code = stream.rstCode ?? 0;
    if (this.#verdict !== null) {
      attempt.failWith(this.#verdict);
    } else if (
      code === constants.NGHTTP2_ENHANCE_YOUR_CALM ||
      this.#goaway?.code === constants.NGHTTP2_ENHANCE_YOUR_CALM
    ) {
      attempt.fail('calm', `${this.#authority} asks for less (ENHANCE_YOUR_CALM)`, cause);
    } else if (this.#isUnprocessed(attempt, stream, code, cause)) {
      attempt.fail('unprocessed', `${this.#authority} did not process the request`, cause);
    } else if (code === constants.NGHTTP2_HTTP_1_1_REQUIRED && !this.#connectionLost()) {
      this.#events.onHttp1Required(attempt);
    } else if (attempt.isShort()) {
      attempt.fail('truncated', '', cause);
    } else if (this.#connectionLost()) {
      const why = errorCode(this.#cause ?? cause);
      const detail =
        this.#goaway !== null && this.#goaway.code !== constants.NGHTTP2_NO_ERROR
          ? nameOfCode(this.#goaway.code)
          : why;
      const fault = clientCertificateFault(this.#cause ?? cause, this.#authority);
      if (fault !== null) attempt.failWith(fault);
      else {
        attempt.fail(
          'reset',
          `${this.#authority} closed the connection under the request${detail === '' ? '' : ` (${detail})`}`,
          cause,
        );
      }
    } else {
      // NO_ERROR before END_STREAM is as cut as any other code.
      attempt.fail(
        code === constants.NGHTTP2_PROTOCOL_ERROR ? 'protocol' : 'reset',
        `${this.#authority} reset the stream (${nameOfCode(code)})`,
        cause,
      );
    }
  }

  /** Called about once a second while anything is in flight. */
  sweep(now: number): void {
    if (this.#heard !== this.#heardAtSweep) {
      this.#heardAtSweep = this.#heard;
      this.#lastHeardAt = now;
      return;
    }
    if (this.#pingSentAt !== null) {
      if (now - this.#pingSentAt > this.#tuning.pingTimeoutMs) {
        this.destroy(
          new TransportError(
            'idle-timeout',
            `the connection to ${this.#authority} fell silent and does not answer a ping`,
          ),
        );
        // Nobody reads a farewell there, and the session would wait for it to be written.
        this.#socket.destroy();
      }
    } else if (this.#active > 0 && now - this.#lastHeardAt > this.#tuning.silenceMs) {
      this.#ping(now);
    }
  }

  /** Ends it when the last request in flight has ended. */
  retire(): void {
    this.#retire();
    this.#session.close();
  }

  /** The socket broke. */
  lose(error: Error): void {
    this.#cause ??= error;
    this.#retire();
    this.#session.destroy();
  }

  /** Ends it now; what is in flight fails with `error`. */
  destroy(error: TransportError): void {
    this.#verdict = error;
    this.#retire();
    this.#session.destroy();
  }

  #retire(): void {
    if (this.#retired) return;
    this.#retired = true;
    this.#events.onRetired();
  }

  /** A connection that was idle may be dead without our knowing; it is asked, but not waited for. */
  #wake(attempt: Attempt): void {
    const now = performance.now();
    if (this.#served > 0) this.#wokenBy = { attempt, heard: this.#heard };
    if (this.#heard !== this.#heardAtSweep) {
      this.#heardAtSweep = this.#heard;
      // Heard since the last sweep, so at most a sweep ago.
    } else if (now - this.#lastHeardAt > this.#tuning.idleCheckMs && this.#pingSentAt === null) {
      this.#ping(now);
    }
    this.#lastHeardAt = now;
  }

  #ping(now: number): void {
    if (this.#connectionLost()) return;
    this.#pingSentAt = now;
    this.#session.ping((error) => {
      this.#pingSentAt = null;
      if (error === null) this.#heard += 1;
    });
  }

  #connectionLost(): boolean {
    return this.#session.closed || this.#session.destroyed;
  }

  #isUnprocessed(
    attempt: Attempt,
    stream: ClientHttp2Stream,
    code: number,
    cause: unknown,
  ): boolean {
    if (attempt.hasHead) return false;
    if (code === constants.NGHTTP2_REFUSED_STREAM) return true;
    // Requested after GOAWAY had come, or on a connection out of stream ids: never sent.
    if (stream.id === undefined || errorCode(cause) === 'ERR_HTTP2_OUT_OF_STREAMS') {
      this.#retire();
      return true;
    }
    if (this.#goaway !== null) return stream.id > this.#goaway.lastId;
    // The server closed an idle connection while our request was on its way.
    return (
      this.#connectionLost() &&
      this.#wokenBy?.attempt === attempt &&
      this.#wokenBy.heard === this.#heard &&
      attempt.request.method === 'GET'
    );
  }
}

function limitOf(session: ClientHttp2Session): number {
  return session.remoteSettings.maxConcurrentStreams ?? Number.POSITIVE_INFINITY;
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
