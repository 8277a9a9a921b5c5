/** One HTTP/2 connection of a pool: its stream limit, its GOAWAY, its silence, and what failures mean. */
import type { Socket } from 'node:net';
import { runningTime } from '../core/clock.ts';
import { clientCertificateFault, errorCode } from './connect-fault.ts';
import type { Carrier, Exchange } from './exchange.ts';
import { ClientConnection } from './h2/client-connection.ts';
import type { Abort, ClientStream, ResponseSink } from './h2/client-streams.ts';
import { ConnectionError, ErrorCode, Http1AnswerError, nameOfCode } from './h2/protocol.ts';
import { type HeaderValues, TransportError, type TransportTuning } from './transport.ts';

export interface Http2Events {
  /** A stream became free, or the limit changed. */
  onRoom(): void;
  /** Takes no more requests; those in flight go on. */
  onRetired(): void;
  /** Nothing is in flight any more, and nothing will be. */
  onGone(): void;
  /** The server wants this one over HTTP/1.1. */
  onHttp1Required(exchange: Exchange): void;
  /** It was sent before the server's SETTINGS were here, and is one more than they allow. */
  onTooMany(exchange: Exchange): void;
}

/**
 * Until the server's SETTINGS say how many it allows: RFC 9113 §3.4 lets requests go out with the preface, and §6.5.2
 * recommends no limit below this. A server with a lower one refuses what is too much (§5.1.2).
 */
const STREAMS_BEFORE_SETTINGS = 100;

export class Http2Connection implements StreamOwner {
  readonly #client: ClientConnection;
  readonly #socket: Socket;
  readonly #authority: string;
  readonly #isPlain: boolean;
  readonly #events: Http2Events;
  readonly #silence: ConnectionSilence;
  #served = 0;
  /** The server's first SETTINGS are here. */
  #begun = false;
  /** Requests that were sent before that. */
  #early = 0;
  #retired = false;
  #goawayCode: number = ErrorCode.NO_ERROR;
  #hasGoaway = false;
  /** Why we cut it, when we did. */
  #verdict: TransportError | null = null;
  #cause: Error | null = null;
  /** The request for which an idle connection was taken up again, and what was heard by then. */
  #wokenBy: { readonly exchange: Exchange; readonly heard: number } | null = null;

  /**
   * @param onBegun the server's first SETTINGS are here: requests may be sent
   * @param onLost the connection ended; what that means where it had not begun
   */
  constructor(
    socket: Socket,
    origin: URL,
    events: Http2Events,
    tuning: TransportTuning,
    onBegun: () => void,
    onLost: (fault: TransportError) => void,
  ) {
    this.#socket = socket;
    this.#authority = origin.host;
    this.#isPlain = origin.protocol === 'http:';
    this.#events = events;
    this.#silence = new ConnectionSilence(tuning);
    const settings = {
      scheme: origin.protocol.slice(0, -1),
      authority: origin.host,
      streamWindowBytes: tuning.streamWindowBytes,
      connectionWindowBytes: tuning.connectionWindowBytes,
    };
    this.#client = new ClientConnection(socket, settings, {
      onSettings: () => {
        this.#begun = true;
        onBegun();
        if (this.hasRoom()) events.onRoom();
      },
      onGoaway: (code) => {
        this.#hasGoaway = true;
        this.#goawayCode = code;
        this.#retire();
        // Not within the frame: the streams that it refuses are aborted first.
        setImmediate(() => this.#closeIfIdle());
      },
      onClosed: (error) => {
        this.#cause = error;
        this.#retire();
        onLost(this.#beginningFault(error));
        events.onGone();
      },
    });
  }

  get streamLimit(): number {
    return this.#begun ? this.#client.streamLimit : STREAMS_BEFORE_SETTINGS;
  }

  hasRoom(): boolean {
    return !this.#retired && this.#client.openStreams < this.streamLimit;
  }

  send(exchange: Exchange): void {
    if (this.#client.openStreams === 0) this.#wake(exchange);
    if (!this.#begun) this.#early += 1;
    try {
      exchange.start(new ExchangeStream(exchange, this, this.#client, !this.#begun));
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      exchange.fail('protocol', `the request cannot be sent over HTTP/2: ${text}`, error);
    }
    if (!this.#client.takesRequests) this.#retire();
  }

  onHeard(): void {
    this.#silence.onHeard();
  }

  onRelease(): void {
    this.#served += 1;
    if (this.#retired) this.#closeIfIdle();
    else this.#events.onRoom();
  }

  onFailure(exchange: Exchange, abort: Abort, isEarly: boolean): void {
    const { reason, code } = abort;
    const isLost = reason === 'lost';
    const cause = this.#cause ?? undefined;
    if (this.#verdict !== null) {
      exchange.failWith(this.#verdict);
    } else if (
      (reason === 'reset' && code === ErrorCode.ENHANCE_YOUR_CALM) ||
      this.#goawayCode === ErrorCode.ENHANCE_YOUR_CALM
    ) {
      exchange.fail('calm', `${this.#authority} asks for less (ENHANCE_YOUR_CALM)`, cause);
    } else if (!exchange.hasHead && this.#isUnprocessed(exchange, abort)) {
      if (isEarly && this.#mayBeTooMany) {
        exchange.restart();
        this.#events.onTooMany(exchange);
        return;
      }
      exchange.fail('unprocessed', `${this.#authority} did not process the request`, cause);
    } else if (reason === 'reset' && code === ErrorCode.HTTP_1_1_REQUIRED) {
      this.#events.onHttp1Required(exchange);
    } else if (reason === 'malformed') {
      exchange.fail(
        'protocol',
        `${this.#authority} broke HTTP/2: ${abort.message}; --http1.1 avoids HTTP/2`,
      );
    } else if (exchange.isShort()) {
      exchange.fail('truncated', '', cause);
    } else if (isLost) {
      this.#failLost(exchange);
    } else {
      // RFC 9113, section 8.1: NO_ERROR may follow a whole response only. Without END_STREAM the body was cut.
      exchange.fail(
        code === ErrorCode.PROTOCOL_ERROR ? 'protocol' : 'reset',
        `${this.#authority} reset the stream (${nameOfCode(code)})`,
      );
    }
  }

  /** Called about once a second while anything is in flight. */
  sweep(now: number): void {
    const step = this.#silence.sweep(now, this.#client.openStreams > 0);
    if (step === 'ask') this.#ping(now);
    if (step !== 'give-up') return;
    const text = `the connection to ${this.#authority} fell silent and does not answer a ping`;
    this.destroy(new TransportError('idle-timeout', text));
    // The peer reads no GOAWAY any more.
    this.#socket.destroy();
  }

  /** Ends it when the last request in flight has ended. */
  retire(): void {
    this.#retire();
    this.#closeIfIdle();
  }

  /** Ends it now; what is in flight fails with `error`. */
  destroy(error: TransportError): void {
    this.#verdict = error;
    this.#retire();
    this.#client.close();
  }

  #retire(): void {
    if (this.#retired) return;
    this.#retired = true;
    this.#events.onRetired();
  }

  #closeIfIdle(): void {
    if (this.#client.openStreams === 0) this.#client.close();
  }

  /** A connection that was idle may be dead without our knowing; it is asked, but not waited for. */
  #wake(exchange: Exchange): void {
    const now = runningTime.now();
    if (this.#served > 0) this.#wokenBy = { exchange, heard: this.#silence.heard };
    if (this.#silence.wake(now) === 'ask') this.#ping(now);
  }

  #ping(now: number): void {
    if (this.#client.isClosed) return;
    this.#silence.onAsked(now);
    this.#client.ping(() => this.#silence.onAnswer());
  }

  /** Whether those that were sent early were more than the server allows. */
  get #mayBeTooMany(): boolean {
    return this.#begun && !this.#retired && this.#early > this.#client.streamLimit;
  }

  #isUnprocessed(exchange: Exchange, { reason, code }: Abort): boolean {
    if (reason === 'unprocessed') return true;
    if (reason === 'reset') return code === ErrorCode.REFUSED_STREAM;
    // The server closed an idle connection while our request was on its way.
    return (
      reason === 'lost' &&
      !this.#hasGoaway &&
      !(this.#cause instanceof ConnectionError) &&
      this.#wokenBy?.exchange === exchange &&
      this.#wokenBy.heard === this.#silence.heard &&
      exchange.request.method === 'GET'
    );
  }

  #failLost(exchange: Exchange): void {
    if (!this.#begun) {
      exchange.failWith(this.#beginningFault(this.#cause));
      return;
    }
    const cause = this.#cause ?? undefined;
    const certificate = clientCertificateFault(cause, this.#authority);
    if (certificate !== null) {
      exchange.failWith(certificate);
    } else if (cause instanceof ConnectionError) {
      exchange.fail(
        'protocol',
        `${this.#authority} broke HTTP/2: ${cause.message}; --http1.1 avoids HTTP/2`,
        cause,
      );
    } else {
      const why =
        this.#goawayCode === ErrorCode.NO_ERROR ? errorCode(cause) : nameOfCode(this.#goawayCode);
      const detail = why === '' ? '' : ` (${why})`;
      exchange.fail(
        'reset',
        `${this.#authority} closed the connection under the request${detail}`,
        cause,
      );
    }
  }

  #beginningFault(cause: Error | null): TransportError {
    const host = this.#authority;
    if (cause === null) {
      const way = this.#isPlain ? '; without --http2 it is asked in HTTP/1.1' : '';
      const text = `${host} closed the connection before HTTP/2 began${way}`;
      return new TransportError('reset', text);
    }
    const certificate = clientCertificateFault(cause, host);
    if (certificate !== null) return certificate;
    if (cause instanceof Http1AnswerError) {
      // Over TLS both sides have agreed on HTTP/2; on plain http it was the user's guess.
      const way = this.#isPlain ? 'leave out --http2' : '--http1.1 avoids HTTP/2';
      return new TransportError('protocol', `${host} answers in HTTP/1.1: ${way}`, { cause });
    }
    const isBroken = cause instanceof ConnectionError;
    return new TransportError(
      isBroken ? 'protocol' : 'reset',
      `${host} did not begin HTTP/2 (${isBroken ? cause.message : errorCode(cause)})`,
      { cause },
    );
  }
}

/** What an exchange tells its connection. */
interface StreamOwner {
  /** A part of a response came. */
  onHeard(): void;
  /** The stream counts no longer against the server's limit. */
  onRelease(): void;
  /**
   * The stream ended without a whole response; the exchange is still open.
   * @param isEarly it began before the server's SETTINGS were here
   */
  onFailure(exchange: Exchange, abort: Abort, isEarly: boolean): void;
}

/** One exchange on one HTTP/2 stream. */
class ExchangeStream implements ResponseSink, Carrier {
  readonly #exchange: Exchange;
  readonly #owner: StreamOwner;
  readonly #client: ClientConnection;
  readonly #isEarly: boolean;
  readonly #stream: ClientStream;

  /** Sends the request. */
  constructor(exchange: Exchange, owner: StreamOwner, client: ClientConnection, isEarly: boolean) {
    this.#exchange = exchange;
    this.#owner = owner;
    this.#client = client;
    this.#isEarly = isEarly;
    this.#stream = client.request(exchange.request, this);
  }

  cancel(): void {
    if (this.#stream.isOver) return;
    this.#client.cancel(this.#stream);
    this.#owner.onRelease();
  }

  resume(): void {
    this.#client.widen(this.#stream);
  }

  onHead(status: number, headers: HeaderValues): void {
    this.#owner.onHeard();
    this.#exchange.takeHead(status, headers);
  }

  onData(bytes: Buffer, start: number, end: number): void {
    this.#owner.onHeard();
    this.#exchange.takeChunk(bytes, start, end);
  }

  mayGoOn(): boolean {
    return this.#exchange.mayGoOn();
  }

  onEnd(): void {
    this.#exchange.finish('HTTP/2');
    this.#owner.onRelease();
  }

  onAbort(abort: Abort): void {
    if (!this.#exchange.settled) this.#owner.onFailure(this.#exchange, abort, this.#isEarly);
    this.#owner.onRelease();
  }
}

export type SilenceStep = 'wait' | 'ask' | 'give-up';

/** When a connection was last heard, and when it is to be asked (PING) or given up. */
class ConnectionSilence {
  readonly #tuning: TransportTuning;
  /** Counts what came, so that silence shows without a clock call for every chunk. */
  #heard = 0;
  #heardAtSweep = 0;
  #lastHeardAt = runningTime.now();
  #askedAt: number | null = null;

  constructor(tuning: TransportTuning) {
    this.#tuning = tuning;
  }

  /** How often it was heard; the same again means silence in between. */
  get heard(): number {
    return this.#heard;
  }

  onHeard(): void {
    this.#heard += 1;
  }

  onAsked(now: number): void {
    this.#askedAt = now;
  }

  onAnswer(): void {
    this.#askedAt = null;
    this.#heard += 1;
  }

  /** Called about once a second. */
  sweep(now: number, isBusy: boolean): SilenceStep {
    if (this.#heard !== this.#heardAtSweep) {
      this.#heardAtSweep = this.#heard;
      this.#lastHeardAt = now;
      return 'wait';
    }
    if (this.#askedAt !== null) {
      return now - this.#askedAt > this.#tuning.pingTimeoutMs ? 'give-up' : 'wait';
    }
    return isBusy && now - this.#lastHeardAt > this.#tuning.silenceMs ? 'ask' : 'wait';
  }

  /** An idle connection is taken up again; it may be dead without our knowing. */
  wake(now: number): 'wait' | 'ask' {
    // Heard since the last sweep means at most a sweep ago.
    const isFresh = this.#heard !== this.#heardAtSweep;
    const isLong = now - this.#lastHeardAt > this.#tuning.idleCheckMs;
    this.#heardAtSweep = this.#heard;
    this.#lastHeardAt = now;
    return !isFresh && isLong && this.#askedAt === null ? 'ask' : 'wait';
  }
}
