/**
 * Stands between client and server and holds every byte back for a while, each way, as a long line
 * does: `node delay-proxy.ts TARGET_PORT DELAY_MS` prints the port it listens on. It limits no
 * throughput: chunks wait in a queue with the time they are due.
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

const [targetPort, delayMs] = process.argv.slice(2).map(Number) as [number, number];
/** Far above 60 KB × 50 pages; beyond it the sender is slowed down, so that memory stays bounded. */
const QUEUE_BYTES = 256 * 1024 * 1024;

/**
 * Timers count whole milliseconds and fire late: with this much forgiven a round trip through the
 * proxy was measured at 40.0 to 40.7 ms (medians of 30) where 40 were asked for, else at 42.3 ms.
 */
const EARLY_MS = 1;

interface Delayed {
  readonly dueMs: number;
  /** Null: the end of the stream. */
  readonly chunk: Buffer | null;
}

function delay(from: Socket, to: Socket): void {
  const queue: Delayed[] = [];
  let first = 0;
  let queuedBytes = 0;
  let timer: NodeJS.Timeout | null = null;

  function flush(): void {
    timer = null;
    const nowMs = performance.now() + EARLY_MS;
    to.cork();
    while (first < queue.length && queue[first]!.dueMs <= nowMs) {
      const { chunk } = queue[first]!;
      first += 1;
      if (chunk === null) to.end();
      else {
        queuedBytes -= chunk.length;
        to.write(chunk);
      }
    }
    to.uncork();
    if (first > 1024) {
      queue.splice(0, first);
      first = 0;
    }
    if (from.isPaused() && queuedBytes < QUEUE_BYTES / 2) from.resume();
    arm();
  }

  function arm(): void {
    const next = queue[first];
    if (next === undefined || timer !== null) return;
    timer = setTimeout(flush, Math.max(1, Math.floor(next.dueMs - performance.now())));
  }

  function push(chunk: Buffer | null): void {
    queue.push({ dueMs: performance.now() + delayMs, chunk });
    queuedBytes += chunk?.length ?? 0;
    if (queuedBytes > QUEUE_BYTES) from.pause();
    arm();
  }

  from.on('data', push);
  from.on('end', () => push(null));
  from.on('error', () => to.destroy());
  from.on('close', () => {
    if (from.errored) to.destroy();
  });
}

const options = { allowHalfOpen: true, noDelay: true, highWaterMark: 1024 * 1024 };
const server = createServer(options, (client) => {
  const upstream = connect({ ...options, port: targetPort, host: '127.0.0.1' });
  delay(client, upstream);
  delay(upstream, client);
});
process.stdin.once('close', () => process.exit(0)).resume();
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
