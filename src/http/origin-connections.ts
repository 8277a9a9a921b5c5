/**
 * One origin: which protocol it speaks, found out by its first connection (ALPN), and the pool that
 * speaks it. While that first connection is made everything else waits for it.
 */
import type { Socket } from 'node:net';
import { Fifo } from '../core/queues.ts';
import { type Alpn, type Connected, describeEndpoint, endpointOf } from './connect.ts';
import { noHttp2Fault, tcpFault } from './connect-fault.ts';
import { type Exchange, failAll } from './exchange.ts';
import { Http1Pool } from './http1-pool.ts';
import { Http2Pool } from './http2-pool.ts';
import { loadUndici } from './load-undici.ts';
import { proxyAuthorization } from './proxy.ts';
import type { Protocol, TransportError, TransportOptions, TransportTuning } from './transport.ts';

export interface OriginSettings
  extends Pick<
    TransportOptions,
    'protocol' | 'concurrency' | 'connectTimeoutMs' | 'idleTimeoutMs'
  > {
  readonly origin: URL;
  readonly proxy: URL | null;
  readonly hasClientCertificate: boolean;
  readonly tuning: TransportTuning;
  /** `tunnel` false: the socket ends at the proxy. */
  readonly connect: (offered: readonly Alpn[], tunnel: boolean) => Promise<Connected>;
  readonly onOpened: (protocol: Protocol) => void;
}

export class OriginConnections {
  readonly #settings: OriginSettings;
  readonly #waiting = new Fifo<Exchange>();
  /** What takes its requests: the pool of its protocol, and before that is known those that wait. */
  pool: Pick<Http2Pool, 'submit'> = { submit: (exchange) => this.#wait(exchange) };
  /** Plain http by way of a proxy, in absolute form; everything else through a tunnel. */
  readonly #forwards: boolean;
  #http2: Http2Pool | null = null;
  #http1: Http1Pool | null = null;
  #deciding = false;
  #isBegun = false;
  #closed: TransportError | null = null;

  constructor(settings: OriginSettings) {
    this.#settings = settings;
    this.#forwards =
      settings.proxy !== null &&
      settings.origin.protocol === 'http:' &&
      settings.protocol !== 'http2';
  }

  /** Begins the first connection before there is a request for it; one that failed is the request's to try again. */
  open(): void {
    if (this.#isBegun) return;
    this.#isBegun = true;
    if (this.#http1 === null && this.#http2 === null && !this.#deciding) void this.#decide();
  }

  sweep(now: number): void {
    this.#http2?.sweep(now);
  }

  async destroy(error: TransportError): Promise<void> {
    this.#closed = error;
    failAll(this.#waiting, error);
    this.#http2?.destroy(error);
    await this.#http1?.destroy(error);
  }

  #wait(exchange: Exchange): void {
    this.#waiting.push(exchange);
    if (!this.#deciding) void this.#decide();
  }

  async #decide(): Promise<void> {
    this.#deciding = true;
    let opened: Socket | null = null;
    try {
      const offered = this.#offer();
      const connecting = this.#settings.connect(offered, !this.#forwards);
      // While the server is waited for; one that failed is loaded again below.
      if (!offered.includes('h2')) loadUndici().catch(() => undefined);
      const { socket, alpn } = await connecting;
      opened = socket;
      if (alpn === 'h2') this.#beginHttp2(socket);
      else await this.#beginHttp1(socket);
      this.#deciding = false;
      for (const exchange of this.#waiting.takeAll()) this.pool.submit(exchange);
    } catch (error) {
      this.#deciding = false;
      opened?.destroy();
      // Loading undici opens files, and there may be too many open already.
      failAll(this.#waiting, tcpFault(error, this.#settings.origin.host));
    }
  }

  /** ALPN's offer; over plain http what comes first is spoken. */
  #offer(): readonly Alpn[] {
    const { origin, protocol } = this.#settings;
    if (protocol === 'http1') return ['http/1.1'];
    if (protocol === 'http2') return ['h2'];
    return origin.protocol === 'https:' ? ['h2', 'http/1.1'] : ['http/1.1'];
  }

  #beginHttp2(socket: Socket): void {
    this.#http2 = new Http2Pool({
      ...this.#settings,
      openSocket: async () => {
        const next = await this.#settings.connect(this.#offer(), true);
        if (next.alpn === 'h2') return next.socket;
        // Several servers stand behind this name and not all speak HTTP/2; all speak HTTP/1.1.
        await this.#beginHttp1(next.socket);
        return null;
      },
      onOpened: () => this.#settings.onOpened('HTTP/2'),
      onHttp1Required: (exchanges) => void this.#fallBack(exchanges),
    });
    this.pool = this.#http2;
    if (this.#closed !== null) this.#http2.destroy(this.#closed);
    else this.#http2.adopt(socket);
  }

  /** HTTP_1_1_REQUIRED (RFC 9113 §7), for this and all further requests to the origin. */
  async #fallBack(exchanges: readonly Exchange[]): Promise<void> {
    const { origin, protocol } = this.#settings;
    if (protocol === 'http2') {
      for (const exchange of exchanges) exchange.failWith(noHttp2Fault(origin.host));
      return;
    }
    for (const exchange of exchanges) this.#waiting.push(exchange);
    if (this.#deciding) return;
    this.#deciding = true;
    await this.#beginHttp1(null);
    this.#deciding = false;
    for (const exchange of this.#waiting.takeAll()) this.pool.submit(exchange);
  }

  async #beginHttp1(socket: Socket | null): Promise<void> {
    const { proxy } = this.#settings;
    // The server may cut an idle socket while undici is being loaded.
    socket?.on('error', () => undefined);
    const Client = await loadUndici();
    if (this.#closed !== null) {
      socket?.destroy();
      return;
    }
    this.#http1 ??= new Http1Pool(Client, {
      ...this.#settings,
      forward:
        this.#forwards && proxy !== null
          ? {
              peer: `proxy ${describeEndpoint(endpointOf(proxy))}`,
              isPlain: proxy.protocol === 'http:',
              authorization: proxyAuthorization(proxy),
            }
          : null,
      openSocket: async () => (await this.#settings.connect(['http/1.1'], !this.#forwards)).socket,
      onOpened: () => this.#settings.onOpened('HTTP/1.1'),
    });
    this.pool = this.#http1;
    if (socket !== null) this.#http1.adopt(socket);
  }
}
