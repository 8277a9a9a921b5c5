/** A server that can go down and come up again on the same port. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';

export interface OutageReply {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body: unknown;
}

export interface OutageServer {
  /** `http://127.0.0.1:PORT`, the same before and after an outage. */
  readonly origin: string;
  /** Path and query of each request, in order of arrival. */
  readonly log: readonly string[];
  /** Frees the port and breaks every connection: what is in flight gets no answer. */
  goDown(): void;
  comeUp(): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param answer of a request by its URL and its number, from 1; null: none, the connection breaks
 */
export async function startOutageServer(
  answer: (url: URL, n: number) => OutageReply | null,
  protocol: 'http' | 'h2c' = 'http',
): Promise<OutageServer> {
  const log: string[] = [];
  const sockets = new Set<Socket>();
  let origin = 'http://127.0.0.1';

  function onRequest(
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
  ): void {
    const url = new URL(request.url!, origin);
    log.push(`${url.pathname}${url.search}`);
    const reply = answer(url, log.length);
    if (reply === null) {
      if ('stream' in request) request.stream.session?.destroy();
      else request.socket.destroy();
      return;
    }
    const { status = 200, headers = {}, body } = reply;
    const text = Buffer.from(JSON.stringify(body));
    response.statusCode = status;
    const own = { 'content-type': 'application/json', 'content-length': text.length, ...headers };
    for (const [name, value] of Object.entries(own)) response.setHeader(name, value);
    response.end(text);
  }

  const server = protocol === 'http' ? createServer(onRequest) : createHttp2Server(onRequest);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });

  function goDown(): void {
    server.close();
    for (const socket of sockets) socket.destroy();
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  origin = `http://127.0.0.1:${port}`;
  return {
    origin,
    log,
    goDown,
    async comeUp() {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    async close() {
      if (!server.listening) return;
      goDown();
      await once(server, 'close');
    },
  };
}
