/**
 * One HTTP/1.1 connection at a time, over undici's Client (which opens the next one when the server
 * closed this one), and what its callbacks and errors mean. Timeouts are the transport's sweep.
 */
import type { Socket } from 'node:net';
import type { Client, Dispatcher } from 'undici';
import { clientCertificateFault, errorCode, TLS_QUESTION, withProxyCure } from './connect-fault.ts';
import type { Exchange } from './exchange.ts';
import type { ClientClass } from './load-undici.ts';
import { proxyRefusal } from './proxy.ts';
import { TransportError, type TransportFault } from './transport.ts';
import { UnaskedContinue } from './unasked-continue.ts';

/** Where requests go by way of a proxy that wants them in absolute form (RFC 9112 §3.2.2). */
export interface ForwardProxy {
  /** For messages; without user info. */
  readonly peer: string;
  /** Without TLS between here and there. */
  readonly isPlain: boolean;
  readonly authorization: string | null;
}

export interface Http1Settings {
  readonly origin: URL;
  readonly forward: ForwardProxy | null;
  readonly hasClientCertificate: boolean;
  readonly openSocket: () => Promise<Socket>;
  readonly onOpened: () => void;
  /** Whether any request of the origin ever had an answer. */
  readonly hasAnswered: () => boolean;
  readonly onAnswer: () => void;
  /** The response is over, well or not: the connection takes the next request. */
  readonly onIdle: (connection: Http1Connection) => void;
  /** It could not be opened for want of a file descriptor. Whether others take the request over. */
  readonly onNoDescriptor: (connection: Http1Connection, exchange: Exchange) => boolean;
}

export class Http1Connection {
  readonly #settings: Http1Settings;
  readonly #client: Client;
  #standing: Socket | null;
  /** Responses read from the socket in use. */
  #served = 0;
  /** undici may see the end of a socket before its error, and reports the end. */
  #socketError: Error | null = null;
  /** The first error of the socket in use. */
  #unaskedContinue: UnaskedContinue | null = null;

  /** @param standing a socket that is connected already, or null */
  constructor(Client: ClientClass, settings: Http1Settings, standing: Socket | null) {
    this.#settings = settings;
    this.#standing = standing;
    if (standing !== null) this.#watch(standing);
    this.#client = new Client(settings.origin, {
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

  send(exchange: Exchange): void {
    const { request } = exchange;
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
        this.#unaskedContinue?.expectHead();
        exchange.start({
          cancel: () => controller.abort(new Error('given up')),
          resume: () => controller.resume(),
        });
      },
      onResponseStart: (_controller, status, headers) => {
        if (status < 200) return;
        this.#settings.onAnswer();
        exchange.takeHead(status, headers);
        if (status === 407 && forward !== null) {
          exchange.failWith(proxyRefusal(status, forward.peer, origin.host));
        }
      },
      onResponseData: (controller, chunk) => {
        exchange.takeChunk(chunk);
        if (!exchange.mayGoOn()) controller.pause();
      },
      onResponseEnd: () => {
        this.#served += 1;
        // A body that ends with the connection and was cut cannot be told from a whole one
        // (RFC 9112 §8): there the JSON check decides.
        exchange.finish('HTTP/1.1');
        end();
      },
      onResponseError: (_controller, error) => {
        const isOurs = error instanceof TransportError && error.fault === 'open-files';
        if (isOurs && !exchange.settled && this.#settings.onNoDescriptor(this, exchange)) return;
        if (!exchange.settled) {
          const certificate = clientCertificateFault(this.#socketError ?? error, this.#peer);
          const peer = {
            name: this.#peer,
            isPlain: forward?.isPlain ?? origin.protocol === 'http:',
            hasClientCertificate: this.#settings.hasClientCertificate,
            hasAnswered: this.#settings.hasAnswered(),
          };
          exchange.failWith(certificate ?? http1Fault(exchange, error, reused, peer));
        }
        end();
      },
    });
  }

  /** At the other end of the sockets. */
  get #peer(): string {
    return this.#settings.forward?.peer ?? this.#settings.origin.host;
  }

  async destroy(error: TransportError): Promise<void> {
    this.#standing?.destroy();
    await this.#client.destroy(error);
  }

  async #openSocket(): Promise<Socket> {
    const standing = this.#standing;
    this.#standing = null;
    if (standing !== null && !standing.destroyed && standing.readable) return standing;
    const fault = clientCertificateFault(this.#socketError, this.#peer);
    if (fault !== null) throw fault;
    const socket = await this.#settings.openSocket();
    this.#watch(socket);
    return socket;
  }

  #watch(socket: Socket): void {
    this.#socketError = null;
    this.#unaskedContinue = new UnaskedContinue(socket);
    socket.on('error', (error) => {
      this.#socketError ??= error;
    });
  }
}

/** The same as over HTTP/2. */
const MAX_HEADER_BYTES = 64 * 1024;

interface Http1Peer {
  /** `host:port`, or `proxy host:port`. */
  readonly name: string;
  /** Without TLS between here and there. */
  readonly isPlain: boolean;
  /** We present one where it is asked for. */
  readonly hasClientCertificate: boolean;
  /** Whether any request ever had an answer. */
  readonly hasAnswered: boolean;
}

/**
 * What it means that a request ended without a whole response, in words a person can act on.
 *
 * @param reused the connection has carried a response before
 */
function http1Fault(
  exchange: Exchange,
  error: Error,
  reused: boolean,
  peer: Http1Peer,
): TransportError {
  if (error instanceof TransportError) return error;
  const { name } = peer;
  const code = errorCode(error);
  const say = (fault: TransportFault, what: string): TransportError =>
    new TransportError(fault, withProxyCure(what, name), { cause: error });
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    return say('protocol', `${name} sent headers of more than ${MAX_HEADER_BYTES} bytes`);
  }
  if (exchange.isShort()) {
    return new TransportError('truncated', exchange.lengthMismatch(), { cause: error });
  }
  if (isTruncation(error)) return say('truncated', `${name} ended the body in its middle`);
  if (error.name === 'HTTPParserError') return say('protocol', notHttp1(error, peer));
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') {
    return say('protocol', `the request cannot be sent over HTTP/1.1: ${error.message}`);
  }
  if (exchange.hasHead) {
    // Neither content-length nor the connection's end frames it, so it is chunked, and cut.
    const fault = code === 'UND_ERR_SOCKET' ? 'truncated' : 'reset';
    return say(fault, `${name} closed the connection within the body${shown(code)}`);
  }
  if (reused && exchange.request.method === 'GET') {
    return say('unprocessed', `${name} closed an idle connection under the request`);
  }
  if (peer.hasAnswered) {
    return say('reset', `${name} closed the connection under the request${shown(code)}`);
  }
  const question = peer.isPlain ? `; ${TLS_QUESTION}` : certificateQuestion(peer);
  return say('reset', `${name} closed the connection before it answered${shown(code)}${question}`);
}

/** Node's servers, for one, close without an alert where they do not accept it. */
function certificateQuestion({ hasClientCertificate }: Http1Peer): string {
  return hasClientCertificate ? '; does it accept the client certificate (--cert)?' : '';
}

function notHttp1(error: Error, { name, isPlain, hasAnswered }: Http1Peer): string {
  if (hasAnswered || !error.message.includes('Expected HTTP/')) {
    return `${name} broke HTTP/1.1: ${error.message}`;
  }
  const data = String((error as { data?: unknown }).data ?? '');
  // An alert of TLS, or a handshake (RFC 8446 §5.1).
  const isTls = isPlain && ['\x15\x03', '\x16\x03'].some((start) => data.startsWith(start));
  return `${name} does not answer in HTTP${isTls ? `; ${TLS_QUESTION}` : ''}`;
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
