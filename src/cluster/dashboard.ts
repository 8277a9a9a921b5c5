/** Bull Board over the queues of all runs: for looking only, on this machine only, for whoever has its address. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BaseAdapter } from '@bull-board/api/baseAdapter';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { usageError } from '../core/errors.ts';
import { type Chunk, openQueue } from './chunk-queue.ts';
import { loadPeer, type QueueConnection } from './connect.ts';
import { RUNS_KEY, runKeys } from './keys.ts';

const HOST = '127.0.0.1';
/** New runs are looked for this often. */
const LOOK_MS = 2_000;
const TOKEN_BYTES = 24;

export interface Dashboard {
  /** Its address, with the token that gives access. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Begins to answer.
 *
 * @param port 0 for any that is free
 * @throws EverypageError USAGE where its packages are missing, or the port is taken
 */
export async function startDashboard(
  connection: QueueConnection,
  port: number,
): Promise<Dashboard> {
  const { createBullBoard, BullMQAdapter, HonoAdapter, Hono, serveStatic, getRequestListener } =
    await loadPackages();
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const adapter = new HonoAdapter(serveStatic);
  adapter.setBasePath(`/${token}`);
  const board = createBullBoard({
    queues: [],
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: 'everypage' } },
  });
  const shown = new Map<string, { readonly queue: Queue<Chunk>; readonly board: BaseAdapter }>();
  const look = async (): Promise<void> => {
    const runs = new Set(await runsOf(connection.redis));
    for (const id of runs) {
      if (shown.has(id)) continue;
      const queue = await openQueue(connection, runKeys(id));
      const options = { readOnlyMode: true, displayName: `run ${id}`, prefix: `${id} ` };
      shown.set(id, { queue, board: new BullMQAdapter(queue, options) });
    }
    for (const [id, { queue }] of shown) {
      if (runs.has(id)) continue;
      shown.delete(id);
      await queue.close();
    }
    board.replaceQueues([...shown.values()].map((run) => run.board));
  };
  await look();

  // The address ends with a slash.
  const app = new Hono({ strict: false });
  app.route(`/${token}`, adapter.registerPlugin());
  const answer = getRequestListener(app.fetch);
  const server = createServer((request, response) => {
    const refusal = refusalOf(request, token);
    // The address is the key: no other site may learn it.
    response.setHeader('referrer-policy', 'no-referrer');
    response.setHeader('cache-control', 'no-store');
    if (refusal === null) {
      void answer(request, response);
      return;
    }
    response.writeHead(refusal.status, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(`${refusal.why}\n`);
  });
  server.listen(port, HOST);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw usageError(`--listen: ${(error as Error).message}; give another port`);
  }
  const looking = setInterval(() => void look().catch(() => {}), LOOK_MS);
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}/${token}/`,
    async close() {
      clearInterval(looking);
      server.closeAllConnections();
      server.close();
      await Promise.all([...shown.values()].map(({ queue }) => queue.close()));
    },
  };
}

/** The queue is in other hands: what is no name of a run is not asked for. */
async function runsOf(redis: Redis): Promise<readonly string[]> {
  const ids = await redis.smembers(RUNS_KEY);
  return ids.filter((id) => /^[0-9a-f]{1,64}$/.test(id)).toSorted();
}

/** A page elsewhere may ask for this address by a name of its own (DNS rebinding): the Host tells. */
function refusalOf(
  { headers, url = '', method, socket }: IncomingMessage,
  token: string,
): { readonly status: number; readonly why: string } | null {
  const { host } = headers;
  const isOwn = host === `${HOST}:${socket.localPort}` || host === `localhost:${socket.localPort}`;
  if (!isOwn) return { status: 421, why: 'The dashboard answers to its own address only.' };
  const given = Buffer.from(url.split(/[/?]/, 2)[1] ?? '');
  const expected = Buffer.from(token);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    return { status: 404, why: 'The address that everypage dashboard printed holds a token.' };
  }
  if (method === 'GET' || method === 'HEAD') return null;
  return { status: 405, why: 'The dashboard only shows; everypage pause and cancel change a run.' };
}

/** @throws EverypageError USAGE where they are missing */
async function loadPackages() {
  const [{ createBullBoard }, { BullMQAdapter }, { HonoAdapter }, { Hono }, node, files] =
    await loadPeer(
      () =>
        Promise.all([
          import('@bull-board/api'),
          import('@bull-board/api/bullMQAdapter'),
          import('@bull-board/hono'),
          import('hono'),
          import('@hono/node-server'),
          import('@hono/node-server/serve-static'),
        ]),
      'the dashboard is Bull Board; install it beside everypage: npm install @bull-board/api @bull-board/hono hono @hono/node-server',
    );
  const { getRequestListener } = node;
  const { serveStatic } = files;
  return { createBullBoard, BullMQAdapter, HonoAdapter, Hono, serveStatic, getRequestListener };
}
