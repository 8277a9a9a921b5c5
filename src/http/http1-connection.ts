/**
 * One HTTP/1.1 connection at a time, over undici's Client (which opens the next one when the server
 * closed this one), and what its callbacks and errors mean. Timeouts are the transport's sweep.
 */
import type { Socket } from 'node:net';
import type { Client, Dispatcher } from 'undici';
import type { Attempt } from './attempt.ts';
import { clientCertificateFault, errorCode } from './connect-fault.ts';
import { proxyRefusal } from './proxy-tunnel.ts';
import { TransportError } from './transport.ts';

/** As over HTTP/2. */
const MAX_HEADER_BYTES = 64 * 1024;

/** Where requests go by way of a proxy that wants them in absolute form (RFC 9112 §3.2.2). */
export interface ForwardProxy {
  /** For messages; without user info. */
  readonly peer: string;
  readonly authorization: string | null;
}

export interface Http1Settings {
  readonly origin: URL;
  readonly forward: ForwardProxy | null;
  readonly openSocket: () => Promise<Socket>;
  readonly onOpened: () => void;
  /** The response is over, well or not: the connection takes the next request. */
  readonly onIdle: (connection: Http1Connection) => void;
}

export class Http1Connection {
  readonly #settings: Http1Settings;
  readonly #client: Client;
  #standing: Socket | null;
  /** Responses read from the socket in use. */
  #served = 0;
  /** undici may see the end of a socket before its error, and reports the end. */
  #socketError: Error | null = null;

  /** @param standing a socket that is connected already, or null */
  constructor(undici: typeof import('undici'), settings: Http1Settings, standing: Socket | null) {
    this.#settings = settings;
    this.#standing = standing;
    if (standing !== null) this.#watch(standing);
    this.#client = new undici.Client(settings.origin, {
      connect: (_options, callback) => {
        this.#openSocket().then(
          (socket) => {
            this.#served = 0;
            settings.onOpened();
            callback(null, socket);
          },
          (error: Error) => callback(error, null),
        );
      },
      allowH2: false,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: MAX_HEADER_BYTES,
    });
  }

  send(attempt: Attempt): void {
    const { request } = attempt;
    const { forward, origin } = this.#settings;
    const proxyHeaders =
      forward === null || forward.authorization === null
        ? {}
        : { 'proxy-authorization': forward.authorization };
    const options: Dispatcher.DispatchOptions = {
      path: forward === null ? request.path : `${origin.origin}${request.path}`,
      method: request.method,
      headers: forward === null ? request.headers : { ...request.headers, ...proxyHeaders },
      body: request.body,
    };
    let reused = false;
    let over = false;
    const end = (): void => {
      if (over) return;
      over = true;
      this.#settings.onIdle(this);
    };
    this.#client.dispatch(options, {
      onRequestStart: (controller) => {
        reused = this.#served > 0;
        attempt.start(
          () => controller.abort(new Error('given up')),
          () => controller.resume(),
        );
      },
      onResponseStart: (_controller, status, headers) => {
        if (status < 200) return;
        attempt.takeHead(status, headers);
        if (status === 407 && forward !== null) {
          attempt.failWith(proxyRefusal(status, forward.peer, origin.host));
        }
      },
      onResponseData: (controller, chunk) => {
        attempt.takeChunk(chunk);
        if (!attempt.mayGoOn()) controller.pause();
      },
      onResponseEnd: () => {
        this.#served += 1;
        // A body that ends with the connection and was cut cannot be told from a whole one
        // (RFC 9112 §8): there the JSON check decides.
        attempt.finish('HTTP/1.1');
        end();
      },
      onResponseError: (_controller, error) => {
        if (!attempt.settled) {
          const certificate = clientCertificateFault(this.#socketError ?? error, origin.host);
          if (certificate === null) failAttempt(attempt, error, reused, origin.host);
          else attempt.failWith(certificate);
        }
        end();
      },
    });
  }

  async destroy(error: TransportError): Promise<void> {
    this.#standing?.destroy();
    await this.#client.destroy(error);
  }

  async #openSocket(): Promise<Socket> {
    const standing = this.#standing;
    this.#standing = null;
    if (standing !== null && !standing.destroyed && standing.readable) return standing;
    const fault = clientCertificateFault(this.#socketError, this.#settings.origin.host);
    if (fault !== null) throw fault;
    const socket = await this.#settings.openSocket();
    this.#watch(socket);
    return socket;
  }

  #watch(socket: Socket): void {
    this.#socketError = null;
    socket.on('error', (error) => {
      this.#socketError ??= error;
    });
  }
}

function failAttempt(attempt: Attempt, error: Error, reused: boolean, host: string): void {
  const code = errorCode(error);
  if (error instanceof TransportError) {
    attempt.failWith(error);
    return;
  }
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    attempt.fail('protocol', `${host} sent headers of more than ${MAX_HEADER_BYTES} bytes`, error);
  } else if (isTruncation(error) || attempt.isShort()) {
    attempt.fail('truncated', `${host} ended the body in its middle`, error);
  } else if (isProtocolError(error)) {
    attempt.fail('protocol', `${host} or the request broke HTTP/1.1: ${error.message}`, error);
  } else if (attempt.hasHead) {
    // Neither content-length nor the connection's end frames it, so it is chunked, and cut.
    const fault = code === 'UND_ERR_SOCKET' ? 'truncated' : 'reset';
    attempt.fail(fault, `${host} closed the connection within the body${shown(code)}`, error);
  } else if (reused && attempt.request.method === 'GET') {
    attempt.fail('unprocessed', `${host} closed an idle connection under the request`, error);
  } else {
    attempt.fail('reset', `${host} closed the connection under the request${shown(code)}`, error);
  }
}

/** undici's own codes tell users nothing that the words do not. */
function shown(code: string): string {
  return code === '' || code.startsWith('UND_') ? '' : ` (${code})`;
}

/** undici 8 gives parser errors no code, so the parser's words have to do. */
function isTruncation(error: Error): boolean {
  return (
    errorCode(error) === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' ||
    (error.name === 'HTTPParserError' && error.message.includes('EOF'))
  );
}

function isProtocolError(error: Error): boolean {
  const code = errorCode(error);
  return (
    error.name === 'HTTPParserError' ||
    code === 'UND_ERR_INVALID_ARG' ||
    code === 'UND_ERR_NOT_SUPPORTED'
  );
}
