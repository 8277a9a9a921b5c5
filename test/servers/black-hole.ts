/** An address that swallows connections, as a broken IPv6 route does: nobody accepts, nobody refuses. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

export interface BlackHole {
  readonly port: number;
  /** From now on it accepts, and answers everything with 204. */
  open(): void;
  close(): Promise<void>;
}

const LISTEN = `
const { createServer } = require('node:http');
const { parentPort, workerData } = require('node:worker_threads');
const server = createServer((_, response) => response.writeHead(204).end());
server.listen({ host: workerData.host, port: 0, backlog: 1 }, () => {
  parentPort.postMessage(server.address().port);
  // This thread accepts what comes, so it must not run.
  setImmediate(() => Atomics.wait(new Int32Array(workerData.gate), 0, 0));
});
`;
/** More than the queue of a socket with a backlog of 1 holds: the system drops what comes after. */
const FILLERS = 6;

export async function startBlackHole(host: string): Promise<BlackHole> {
  const gate = new SharedArrayBuffer(4);
  const worker = new Worker(LISTEN, { eval: true, workerData: { host, gate } });
  const [port] = (await once(worker, 'message')) as [number];
  const fillers: Socket[] = Array.from({ length: FILLERS }, () =>
    connect({ host, port }).on('error', () => {}),
  );
  await once(fillers[0]!, 'connect');
  const open = (): void => {
    Atomics.store(new Int32Array(gate), 0, 1);
    Atomics.notify(new Int32Array(gate), 0);
  };
  return {
    port,
    open,
    close: async () => {
      for (const filler of fillers) filler.destroy();
      open();
      await worker.terminate();
    },
  };
}
