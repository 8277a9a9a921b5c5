/** A server of numbered pages that plays faults as told and counts what clients do. */
import { once } from 'node:events';
import {
  createServer as createHttp1Server,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import {
  createServer as createHttp2Server,
  createSecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { createTestCertificates } from '../../src/demo/certificate.ts';
import { TokenBucket } from '../../src/demo/token-bucket.ts';
import type { Reply } from '../fixtures/faults/reply.ts';
import { pageBody } from './page-body.ts';
import {
  type FullReply,
  type HeldReply,
  type PageServerRequest,
  playHttp1,
  playHttp2,
} from './page-reply.ts';
import { ReadWaits, whenRead } from './read-waits.ts';

export interface PageServerData {
  /** `h2` over TLS (default), `h1` over TLS, `both` over TLS by ALPN, plain HTTP/1.1, plain HTTP/2. */
  readonly protocol?: 'h2' | 'h1' | 'both' | 'http' | 'h2c';
  /** Bytes of a page, about. Default 5,000. */
  readonly bodyBytes?: number;
  /** White space in the bodies. Default false. */
  readonly spaced?: boolean;
  /** Pages above this answer 404. Default: none do. */
  readonly pages?: number;
  /** Wait before every answer that states no delay of its own. */
  readonly delayMs?: number;
  /** Replies by page and attempt (the first at index 0); null or absent: the ordinary answer. */
  readonly faults?: Readonly<Record<number, readonly (Reply | null)[]>>;
  /** Token bucket; refused with 429 and this Retry-After. */
  readonly limit?: {
    readonly perSecond: number;
    readonly burst: number;
    readonly retryAfterSeconds: number;
  };
  /** Requests after which a connection is closed: GOAWAY, or `Connection: close`. */
  readonly closeAfter?: number;
  /** Announced in SETTINGS; a stream above it is refused. */
  readonly maxConcurrentStreams?: number;
}

export interface PageServerOptions extends PageServerData {
  /** Asked before `faults`; null: go on with those. */
  readonly respond?: (request: PageServerRequest) => HeldReply | null;
  /** Answers a path outside all counting and limiting; null: an ordinary request. */
  readonly control?: (path: string) => string | null;
  /** Milliseconds by which stated waits count. Default performance.now. */
  readonly now?: () => number;
  readonly certificates?: { readonly ca: string; readonly cert: string; readonly key: string };
}

export interface PageServerCounts {
  readonly total: number;
  /** Of numbered pages, by page. */
  readonly requests: ReadonlyMap<number, number>;
  readonly maxInFlight: number;
  readonly connections: number;
  /** Sent inside a Retry-After that the client had read on the same connection. */
  readonly requestsInsideRetryAfter: number;
  /** Answered 429 by `limit`. */
  readonly limited: number;
}

export interface PageServer {
  /** `https://localhost:PORT` */
  readonly origin: string;
  /** Template of the first `count` pages, for a command line. */
  template(count: number): string;
  /** Authority to trust, PEM; empty without TLS. */
  readonly ca: string;
  counts(): PageServerCounts;
  /** Destroys every connection and frees the port. */
  close(): Promise<void>;
}

/** Milliseconds that a Retry-After asks for, from now; null without one (RFC 9110 §10.2.3). */
function retryAfterMs(value: string | readonly string[] | undefined): number | null {
  if (typeof value !== 'string') return null;
  const waitMs = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return waitMs > 0 ? waitMs : null;
}

/**
 * Starts a server on 127.0.0.1. Page N is at `/pages/N`; its body is `pageBody(N, bodyBytes)`.
 *
 * @example
 * const server = await startPageServer({ faults: { 7: [{ status: 503 }] } });
 * // fetch server.template(100), trusting server.ca
 * await server.close();
 */
export async function startPageServer(options: PageServerOptions = {}): Promise<PageServer> {
  const { protocol = 'h2', bodyBytes = 5000, pages = Number.POSITIVE_INFINITY } = options;
  const isTls = protocol !== 'http' && protocol !== 'h2c';
  const { ca, cert, key } = isTls
    ? (options.certificates ?? createTestCertificates())
    : { ca: '', cert: '', key: '' };
  const now = options.now ?? (() => performance.now());
  const waits = new ReadWaits(now);
  const bucket = options.limit && new TokenBucket(options.limit.perSecond, options.limit.burst);
  const requests = new Map<number, number>();
  const otherPaths = new Map<string, number>();
  const counts = { total: 0, inFlight: 0, maxInFlight: 0, connections: 0, limited: 0 };
  const handled = new WeakMap<object, number>();
  const timers = new Set<NodeJS.Timeout>();

  function arrive(path: string, connection: object): { n: number; attempt: number } {
    waits.arrive(connection);
    counts.total += 1;
    counts.inFlight += 1;
    if (counts.inFlight > counts.maxInFlight) counts.maxInFlight = counts.inFlight;
    const n = path.startsWith('/pages/') ? Number.parseInt(path.slice(7), 10) || 0 : 0;
    const attempt = ((n > 0 ? requests.get(n) : otherPaths.get(path)) ?? 0) + 1;
    if (n > 0) requests.set(n, attempt);
    else otherPaths.set(path, attempt);
    return { n, attempt };
  }

  function leave(): void {
    counts.inFlight -= 1;
  }

  function decide(request: PageServerRequest): FullReply {
    const told = options.respond?.(request) ?? options.faults?.[request.n]?.[request.attempt - 1];
    if (bucket && options.limit && !bucket.take()) {
      counts.limited += 1;
      const headers = { 'retry-after': String(options.limit.retryAfterSeconds) };
      return { status: 429, headers, body: Buffer.from('{"error":"limit"}') };
    }
    const isPage = request.n > 0 && request.n <= pages;
    const status = told?.status ?? (isPage || told?.body !== undefined ? 200 : 404);
    const own = (): Uint8Array =>
      status === 200 && isPage
        ? pageBody(request.n, bodyBytes, { spaced: options.spaced === true })
        : Buffer.alloc(0);
    const body = typeof told?.body === 'string' ? Buffer.from(told.body) : (told?.body ?? own());
    return { delayMs: options.delayMs ?? 0, ...told, status, body };
  }

  function answer(
    request: PageServerRequest,
    play: (reply: FullReply, waitEndsAt: number | null) => void,
  ) {
    const reply = decide(request);
    const playNow = (): void => {
      const waitMs = retryAfterMs(reply.headers?.['retry-after']);
      play(reply, waitMs === null ? null : now() + waitMs);
    };
    if (reply.until !== undefined) {
      reply.until.then(playNow);
      return;
    }
    if (!reply.delayMs) return playNow();
    const timer = setTimeout(() => {
      timers.delete(timer);
      playNow();
    }, reply.delayMs);
    timers.add(timer);
  }

  function countOn(connection: object): number {
    const count = (handled.get(connection) ?? 0) + 1;
    handled.set(connection, count);
    return count;
  }

  function onStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on('error', () => {});
    const path = headers[':path'] ?? '/';
    const controlled = options.control?.(path) ?? null;
    if (controlled !== null) {
      stream.respond({ ':status': 200, 'content-type': 'application/json' });
      stream.end(controlled);
      return;
    }
    stream.once('close', leave);
    const session = stream.session;
    const { n, attempt } = arrive(path, session ?? stream);
    if (options.closeAfter && session && countOn(session) === options.closeAfter) session.close();
    const method = headers[':method'] ?? 'GET';
    const go = (body: Buffer): void =>
      answer({ n, path, attempt, method, headers, body }, (reply, waitEndsAt) =>
        playHttp2(stream, reply, () => {
          if (waitEndsAt === null || !session) return;
          whenRead(session, () => waits.read(session, waitEndsAt));
        }),
      );
    if (method === 'POST')
      stream.toArray().then(
        (chunks) => go(Buffer.concat(chunks)),
        () => {},
      );
    else go(Buffer.alloc(0));
  }

  function onRequest(request: IncomingMessage, response: ServerResponse): void {
    // The compatibility layer reports HTTP/2 requests here too; `stream` has served them.
    if (request.httpVersionMajor === 2) return;
    response.on('error', () => {});
    const path = request.url ?? '/';
    const controlled = options.control?.(path) ?? null;
    if (controlled !== null) {
      response.end(controlled);
      return;
    }
    response.once('close', leave);
    const { n, attempt } = arrive(path, request.socket);
    if (options.closeAfter && countOn(request.socket) >= options.closeAfter) {
      response.shouldKeepAlive = false;
    }
    const { method = 'GET', headers } = request;
    const go = (body: Buffer): void =>
      answer({ n, path, attempt, method, headers, body }, (reply, waitEndsAt) => {
        // Whoever sends the next request on this connection has read this answer to its end.
        if (waitEndsAt !== null) waits.read(request.socket, waitEndsAt);
        playHttp1(response, reply);
      });
    if (method === 'POST')
      request.toArray().then(
        (chunks) => go(Buffer.concat(chunks)),
        () => {},
      );
    else go(Buffer.alloc(0));
  }

  const settings =
    options.maxConcurrentStreams === undefined
      ? {}
      : { maxConcurrentStreams: options.maxConcurrentStreams };
  const http2Options = { settings, maxOutstandingPings: 1000 };
  const server =
    protocol === 'h2' || protocol === 'both'
      ? createSecureServer({ cert, key, ...http2Options, allowHTTP1: protocol === 'both' })
      : protocol === 'h2c'
        ? createHttp2Server(http2Options)
        : protocol === 'h1'
          ? createHttpsServer({ cert, key })
          : createHttp1Server();
  const open = new Set<ServerHttp2Session | Socket>();
  const track = (connection: ServerHttp2Session | Socket): void => {
    open.add(connection);
    connection.once('close', () => open.delete(connection));
  };
  server.on('connection', (socket: Socket) => {
    counts.connections += 1;
    socket.on('error', () => {});
    track(socket);
  });
  server.on('stream', onStream);
  server.on('sessionError', () => {});
  if (protocol === 'h1' || protocol === 'http' || protocol === 'both') {
    (server as Http2Server).on('request', onRequest as never);
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const origin = `${isTls ? 'https' : 'http'}://localhost:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    template: (count) => `${origin}/pages/[1-${count}]`,
    ca,
    counts: () => ({
      total: counts.total,
      requests,
      maxInFlight: counts.maxInFlight,
      connections: counts.connections,
      requestsInsideRetryAfter: waits.early,
      limited: counts.limited,
    }),
    async close() {
      for (const timer of timers) clearTimeout(timer);
      const closed = once(server, 'close');
      server.close();
      for (const connection of open) connection.destroy();
      await closed;
    },
  };
}
