/**
 * HTTP/1.1 and HTTP/2 on one port: by ALPN where there is a certificate, else by the first bytes of a
 * connection (RFC 9113, section 3.3: prior knowledge).
 */
import { once } from 'node:events';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import {
  createServer as createHttp2Server,
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import { type AddressInfo, createServer, isIP, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { usageError } from '../core/errors.ts';
import { isLoopback } from '../core/loopback.ts';
import type { Asked, Reply } from './serve.ts';

export interface ListenOptions {
  /** A host and a port; port 0 is a free one. Default 127.0.0.1:8080. */
  readonly host?: string;
  readonly port?: number;
  /** PEM. Without it the server speaks plain HTTP. */
  readonly certificate?: { readonly cert: string; readonly key: string };
  /** Hosts of the recorded API: a client may be told to find them here. */
  readonly hosts?: readonly string[];
  /** Called for each answer. */
  readonly onReply?: (asked: Asked, reply: Reply) => void;
}

export interface ReplayServer {
  /** `http://127.0.0.1:8080` */
  readonly origin: string;
  /** Ends every connection; resolves when the port is free. */
  close(): Promise<void>;
}

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

const PREFACE = 'PRI * HTTP/2.0';
const MOST_BODY_BYTES = 1024 * 1024;

/** @throws EverypageError USAGE where the port is taken, or may not be used */
export async function startReplayServer(
  answer: (asked: Asked) => Reply,
  { host = '127.0.0.1', port = 8080, certificate, hosts = [], onReply }: ListenOptions,
): Promise<ReplayServer> {
  const closing = new AbortController();
  const open = new Set<Socket>();
  const scheme = certificate === undefined ? 'http' : 'https';

  const handle = (request: Request, response: Response): void => {
    respond(request, response).catch((error: unknown) => {
      if (closing.signal.aborted || response.headersSent) {
        response.destroy();
        return;
      }
      // A page that was changed since it was stored, a body that is too large.
      response.statusCode = 500;
      response.end(`${error instanceof Error ? error.message : String(error)}\n`);
    });
  };
  async function respond(request: Request, response: Response): Promise<void> {
    const authority = String(request.headers[':authority'] ?? request.headers.host ?? '');
    if (!isOwnName(authority, [host, ...hosts])) {
      // A page on the web must not read an archive by a name of its own (DNS rebinding).
      response.statusCode = 421;
      response.end('This server answers to localhost only.\n');
      return;
    }
    const asked: Asked = {
      method: request.method ?? 'GET',
      target: request.url ?? '/',
      headers: request.headers,
      body: await readBody(request),
      origin: `${scheme}://${authority}`,
    };
    const reply = answer(asked);
    if (reply.delayMs > 0) await sleep(reply.delayMs, undefined, { signal: closing.signal });
    onReply?.(asked, reply);
    if (reply.status === null) {
      response.destroy();
      return;
    }
    response.statusCode = reply.status;
    for (const [name, value] of Object.entries(reply.headers)) {
      response.setHeader(name, value as string | string[]);
    }
    response.setHeader('content-length', reply.body.length);
    response.end(asked.method === 'HEAD' ? new Uint8Array(0) : reply.body);
  }

  const server =
    certificate === undefined ? plainServer(handle) : secureServer(certificate, handle);
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => {});
  });
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw whyNotListening(error as NodeJS.ErrnoException, host, port);
  }
  const { port: bound } = server.address() as AddressInfo;
  return {
    origin: `${scheme}://${isIP(host) === 6 ? `[${host}]` : host}:${bound}`,
    async close() {
      closing.abort();
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

function secureServer(
  certificate: { readonly cert: string; readonly key: string },
  handle: (request: Request, response: Response) => void,
): Server {
  return createSecureServer({ ...certificate, allowHTTP1: true }, handle);
}

function plainServer(handle: (request: Request, response: Response) => void): Server {
  const http1 = createHttpServer(handle);
  const http2 = createHttp2Server(handle);
  http2.on('sessionError', () => {});
  return createServer((socket) => {
    socket.once('data', (chunk: Buffer) => {
      socket.pause();
      socket.unshift(chunk);
      const isHttp2 = chunk.subarray(0, PREFACE.length).toString('latin1') === PREFACE;
      (isHttp2 ? http2 : http1).emit('connection', socket);
      if (!isHttp2) socket.resume();
    });
  });
}

async function readBody(request: Request): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += part.length;
    if (bytes > MOST_BODY_BYTES) throw new Error('the body is too large');
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function isOwnName(authority: string, names: readonly string[]): boolean {
  const name = authority.replace(/:\d+$/, '').toLowerCase();
  const isAny = names[0] === '0.0.0.0' || names[0] === '::';
  return isAny || isLoopback(authority) || names.includes(name.replace(/^\[|\]$/g, ''));
}

function whyNotListening(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const where = `${host}:${port}`;
  if (error.code === 'EADDRINUSE') {
    return usageError(
      `${where} is in use by another program; take another port, or 0 for a free one`,
    );
  }
  if (error.code === 'EACCES') return usageError(`${where} is not allowed; take a port above 1023`);
  return usageError(`${where} cannot be listened on: ${error.message}`);
}
