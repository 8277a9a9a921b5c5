/** A forward proxy: CONNECT tunnels and requests in absolute form, with credentials if wanted. */
import { once } from 'node:events';
import { createServer, request as requestHttp } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';

export interface ProxyServer {
  /** `http://127.0.0.1:PORT`, or `https://localhost:PORT`. */
  readonly url: string;
  /** `host:port` of the tunnels opened, and URLs of the requests passed on. */
  readonly seen: readonly string[];
  close(): Promise<void>;
}

export interface ProxyServerOptions {
  /** The value Proxy-Authorization must have. */
  readonly authorization?: string;
  /** Answers every request for a tunnel with this status. */
  readonly refuseWith?: number;
  /** Written before the answer to CONNECT. */
  readonly interim?: string;
  /** Speaks TLS to its clients. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

export async function startProxyServer(options: ProxyServerOptions = {}): Promise<ProxyServer> {
  const seen: string[] = [];
  const open = new Set<Socket>();
  const track = (socket: Socket): void => {
    open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => open.delete(socket));
  };
  const { authorization, refuseWith, interim = '', tls } = options;
  const server = tls === undefined ? createServer() : createSecureServer(tls);
  server.on('connection', track);
  server.on('request', (request, response) => {
    if (authorization !== undefined && request.headers['proxy-authorization'] !== authorization) {
      response.writeHead(407).end();
      return;
    }
    const url = request.url ?? '';
    seen.push(url);
    const onward = requestHttp(
      url,
      { method: request.method, headers: request.headers },
      (reply) => {
        response.writeHead(reply.statusCode ?? 502, reply.headers);
        reply.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  server.on('connect', (request, socket: Socket) => {
    track(socket);
    if (authorization !== undefined && request.headers['proxy-authorization'] !== authorization) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    if (refuseWith !== undefined) {
      socket.end(`HTTP/1.1 ${refuseWith} No\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const authority = request.url ?? '';
    seen.push(authority);
    const [host, port] = authority.split(':');
    const onward = connect(Number(port), host, () => {
      socket.write(`${interim}HTTP/1.1 200 Connection established\r\n\r\n`);
      socket.pipe(onward);
      onward.pipe(socket);
    });
    track(onward);
    socket.once('close', () => onward.destroy());
    onward.once('close', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    seen,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
