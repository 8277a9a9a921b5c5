/** A TCP server that a test drives byte by byte: what no well-behaved HTTP server would send. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

export interface RawServer {
  readonly origin: string;
  readonly port: number;
  /** Connections accepted so far. */
  connections(): number;
  close(): Promise<void>;
}

/** @param tls plain TCP without it */
export async function startRawServer(
  onSocket: (socket: Socket, nth: number) => void,
  tls: TlsOptions | null = null,
): Promise<RawServer> {
  const open = new Set<Socket>();
  let connections = 0;
  const accept = (socket: Socket): void => {
    connections += 1;
    socket.on('error', () => {});
    onSocket(socket, connections);
  };
  const server = tls === null ? createServer(accept) : createTlsServer(tls, accept);
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => open.delete(socket));
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `${tls === null ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    connections: () => connections,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

/** Calls back with the head of each request on a socket; bodies are not understood. */
export function onRequestHead(socket: Socket, callback: (head: string, nth: number) => void): void {
  let text = '';
  let nth = 0;
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
      const head = text.slice(0, end);
      text = text.slice(end + 4);
      nth += 1;
      callback(head, nth);
    }
  });
}
