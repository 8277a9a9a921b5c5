/** The HTTP/1.1 connections of one origin: one a request in flight, the last used first. */
import type { Socket } from 'node:net';
import { Fifo } from '../core/queues.ts';
import { type Exchange, failAll } from './exchange.ts';
import { Http1Connection, type Http1Settings } from './http1-connection.ts';
import type { ClientClass } from './load-undici.ts';
import { TransportError } from './transport.ts';

/** Files that this process opens besides: of the archive, the output, the resolver. */
const SPARE_DESCRIPTORS = 4;

type SharedSettings = 'origin' | 'forward' | 'hasClientCertificate' | 'openSocket' | 'onOpened';

export interface Http1PoolSettings extends Pick<Http1Settings, SharedSettings> {
  readonly concurrency: number;
}

export class Http1Pool {
  readonly #Client: ClientClass;
  readonly #settings: Http1PoolSettings;
  readonly #waiting = new Fifo<Exchange>();
  readonly #all: Http1Connection[] = [];
  readonly #idle: Http1Connection[] = [];
  /** Connections at once; fewer than the run wants where this process may not open so many. */
  #most: number;
  #closed = false;
  #hasAnswered = false;

  constructor(Client: ClientClass, settings: Http1PoolSettings) {
    this.#Client = Client;
    this.#settings = settings;
    this.#most = settings.concurrency;
  }

  submit(exchange: Exchange): void {
    // The last used is the least likely to have been closed by the server meanwhile.
    const connection = this.#idle.pop() ?? this.#add(null);
    if (connection === null) this.#waiting.push(exchange);
    else connection.send(exchange);
  }

  /** Begins with a socket that stands already. */
  adopt(socket: Socket): void {
    const connection = this.#add(socket);
    if (connection === null) socket.destroy();
    else this.#idle.push(connection);
  }

  async destroy(error: TransportError): Promise<void> {
    this.#closed = true;
    failAll(this.#waiting, error);
    await Promise.all(this.#all.map((connection) => connection.destroy(error)));
  }

  #add(standing: Socket | null): Http1Connection | null {
    if (this.#all.length >= this.#most || this.#closed) return null;
    const connection = new Http1Connection(
      this.#Client,
      {
        ...this.#settings,
        hasAnswered: () => this.#hasAnswered,
        onAnswer: () => {
          this.#hasAnswered = true;
        },
        onIdle: (idle) => this.#onIdle(idle),
        onNoDescriptor: (failed, exchange) => this.#doWithout(failed, exchange),
      },
      standing,
    );
    this.#all.push(connection);
    return connection;
  }

  #onIdle(connection: Http1Connection): void {
    if (this.#all.length > this.#most) {
      this.#remove(connection);
      return;
    }
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(connection);
    else connection.send(next);
  }

  /** Its request waits for one of the others. */
  #doWithout(failed: Http1Connection, exchange: Exchange): boolean {
    if (this.#all.length === 1) return false;
    this.#remove(failed);
    this.#most = Math.min(this.#most, Math.max(1, this.#all.length - SPARE_DESCRIPTORS));
    exchange.restart();
    this.#waiting.push(exchange);
    return true;
  }

  #remove(connection: Http1Connection): void {
    this.#all.splice(this.#all.indexOf(connection), 1);
    void connection.destroy(new TransportError('closed', 'one connection too many'));
  }
}
