/** How a server process of this folder says that it is there, and how it ends. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Serves on a free port of loopback, prints the port, and ends with the parent's pipe. */
export function listen(listener: RequestListener): void {
  listenAs(createServer(listener));
}

export function listenAs(server: Server): void {
  server.listen(0, '127.0.0.1', () => {
    console.log((server.address() as AddressInfo).port);
  });
  process.stdin.once('close', () => process.exit(0)).resume();
}
