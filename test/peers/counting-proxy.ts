/** Stands before a server and counts what arrives; the host header stays, so links lead back here. */
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CountingProxy {
  readonly origin: string;
  readonly counts: { requests: number; refused: number };
  close(): Promise<void>;
}

export async function startCountingProxy(port: number): Promise<CountingProxy> {
  const counts = { requests: 0, refused: 0 };
  const server = createServer((incoming, outgoing) => {
    counts.requests += 1;
    const { method, url: path, headers } = incoming;
    const onward = request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      const status = answer.statusCode ?? 502;
      if (status >= 400) counts.refused += 1;
      outgoing.writeHead(status, answer.rawHeaders);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
