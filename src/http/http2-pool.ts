/**
 * The HTTP/2 connections of one origin: one, as long as it has room; more, where the server allows
 * fewer streams than the run wants. What exceeds the limit waits here, first come first served.
 */
import type { Socket } from 'node:net';
import { runningTime, setRunningTimeout } from '../core/clock.ts';
import { Fifo } from '../core/queues.ts';
import { type Exchange, failAll } from './exchange.ts';
import { Http2Connection, type Http2Events } from './http2-connection.ts';
import { TransportError, type TransportTuning } from './transport.ts';

export interface Http2PoolSettings {
  readonly origin: URL;
  readonly concurrency: number;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly tuning: TransportTuning;
  /** A further socket on which HTTP/2 was agreed; null when the server chose HTTP/1.1 this time. */
  readonly openSocket: () => Promise<Socket | null>;
  readonly onOpened: () => void;
  /** The server is not to be spoken to in HTTP/2 any more; these want another way. */
  readonly onHttp1Required: (exchanges: readonly Exchange[]) => void;
}

export class Http2Pool {
  readonly #settings: Http2PoolSettings;
  readonly #waiting = new Fifo<Exchange>();
  /** Those that take requests, and those that only finish theirs. */
  readonly #open: Http2Connection[] = [];
  readonly #retired = new Set<Http2Connection>();
  #opening = false;
  /** Stands, and waits for the server's SETTINGS. */
  #beginning: Http2Connection | null = null;
  #openNotBefore = 0;
  #stuckSince: number | null = null;
  #closed: TransportError | null = null;

  constructor(settings: Http2PoolSettings) {
    this.#settings = settings;
  }

  submit(exchange: Exchange): void {
    const first = this.#open[0];
    if (first?.hasRoom() && this.#waiting.size === 0) {
      first.send(exchange);
      return;
    }
    this.#waiting.push(exchange);
    this.#sendEarly();
    this.#pump();
  }

  /** Begins with a socket that stands already. */
  adopt(socket: Socket): void {
    this.#opening = true;
    void this.#start(Promise.resolve(socket));
  }

  sweep(now: number): void {
    for (const connection of [...this.#open, ...this.#retired]) connection.sweep(now);
    this.#sweepStuck(now);
    if (this.#waiting.size > 0) this.#pump();
  }

  /** Lets what is in flight end; gives back what waits. */
  drain(): Exchange[] {
    const waiting = this.#waiting.takeAll();
    for (const connection of [...this.#open]) connection.retire();
    return waiting;
  }

  destroy(error: TransportError): void {
    this.#closed = error;
    failAll(this.#waiting, error);
    for (const connection of [...this.#open, ...this.#retired]) connection.destroy(error);
    // Only requests that wait would be told that it has not begun.
    this.#beginning?.destroy(error);
  }

  #pump(): void {
    for (const connection of this.#open) {
      while (connection.hasRoom()) {
        const next = this.#waiting.shift();
        if (next === undefined) return;
        connection.send(next);
      }
    }
    if (this.#waiting.size > 0 && this.#mayOpen()) {
      this.#opening = true;
      void this.#start(this.#settings.openSocket());
    }
  }

  #mayOpen(): boolean {
    if (this.#opening || this.#closed !== null) return false;
    const standing = this.#open.length;
    if (standing === 0) return true;
    const streams = this.#open.reduce((sum, connection) => sum + connection.streamLimit, 0);
    return (
      standing < this.#settings.tuning.maxSessions &&
      streams < this.#settings.concurrency &&
      runningTime.now() >= this.#openNotBefore
    );
  }

  async #start(opening: Promise<Socket | null>): Promise<void> {
    const { origin, connectTimeoutMs, tuning } = this.#settings;
    try {
      const socket = await opening;
      if (socket === null) {
        this.#settings.onHttp1Required(this.drain());
        return;
      }
      let connection: Http2Connection | null = null;
      let retired = false;
      const events: Http2Events = {
        onRoom: () => {
          if (this.#waiting.size > 0) this.#pump();
        },
        onRetired: () => {
          retired = true;
          if (connection !== null) this.#retire(connection);
        },
        onGone: () => {
          if (connection !== null) this.#retired.delete(connection);
        },
        onHttp1Required: (exchange) => {
          exchange.restart();
          this.#settings.onHttp1Required([exchange, ...this.drain()]);
        },
        onTooMany: (exchange) => this.#waiting.push(exchange),
      };
      const begins = openHttp2(socket, origin, events, connectTimeoutMs, tuning);
      connection = begins.connection;
      this.#beginning = connection;
      this.#sendEarly();
      await begins.begun;
      this.#beginning = null;
      if (this.#closed !== null) connection.destroy(this.#closed);
      else if (!retired) {
        this.#open.push(connection);
        this.#settings.onOpened();
      }
      this.#opening = false;
      this.#pump();
    } catch (error) {
      this.#opening = false;
      this.#beginning = null;
      this.#onOpenFailed(error);
    }
  }

  /**
   * Requests save a round trip by not waiting for SETTINGS. Not those with a body, which might exceed
   * the windows stated there, and not on one connection more: others answer meanwhile.
   */
  #sendEarly(): void {
    if (this.#open.length > 0) return;
    while (this.#beginning?.hasRoom() && this.#waiting.next?.request.body === null) {
      this.#beginning.send(this.#waiting.shift()!);
    }
  }

  #onOpenFailed(error: unknown): void {
    // Others carry on; the one more that would have helped is tried again later.
    if (this.#open.length > 0) {
      this.#openNotBefore = runningTime.now() + this.#settings.tuning.reopenDelayMs;
      return;
    }
    failAll(
      this.#waiting,
      error instanceof TransportError
        ? error
        : new TransportError('reset', 'the connection failed', { cause: error }),
    );
  }

  #retire(connection: Http2Connection): void {
    const index = this.#open.indexOf(connection);
    if (index === -1) return;
    this.#open.splice(index, 1);
    this.#retired.add(connection);
    // At once, so that the handshake overlaps with what still finishes on the old one.
    if (this.#waiting.size > 0) this.#pump();
  }

  /** A server whose limit is 0 streams would keep the queue waiting without end. */
  #sweepStuck(now: number): void {
    const stuck =
      this.#waiting.size > 0 &&
      this.#open.length > 0 &&
      this.#open.every((connection) => connection.streamLimit === 0);
    if (!stuck) {
      this.#stuckSince = null;
      return;
    }
    this.#stuckSince ??= now;
    if (now - this.#stuckSince < this.#settings.idleTimeoutMs) return;
    failAll(
      this.#waiting,
      new TransportError('protocol', `${this.#settings.origin.host} allows no request at all`),
    );
  }
}

interface OpeningHttp2 {
  readonly connection: Http2Connection;
  /** Resolves with the server's SETTINGS; rejects with a TransportError. */
  readonly begun: Promise<void>;
}

/** Speaks HTTP/2 on a connected socket. */
function openHttp2(
  socket: Socket,
  origin: URL,
  events: Http2Events,
  timeoutMs: number,
  tuning: TransportTuning,
): OpeningHttp2 {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onBegun = (): void => {
    cancel();
    resolve();
  };
  const onLost = (fault: TransportError): void => {
    cancel();
    reject(fault);
  };
  const connection = new Http2Connection(socket, origin, events, tuning, onBegun, onLost);
  const cancel = setRunningTimeout(() => {
    const text = `${origin.host} did not begin HTTP/2 within ${timeoutMs / 1000} s; --http1.1 avoids HTTP/2`;
    const error = new TransportError('connect-timeout', text);
    reject(error);
    connection.destroy(error);
  }, timeoutMs);
  return { connection, begun: promise };
}
