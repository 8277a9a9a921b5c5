/**
 * A server of numbered pages with faults, by a description that is plain data: which request, which
 * fault, how often. It speaks HTTP/1.1 and HTTP/2 itself, byte by byte, since libraries are too polite
 * for most of what real servers do. For `everypage demo --faults` and for tests.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { type BodyChange, changeBody } from './body-changes.ts';
import { createTestCertificates } from './certificate.ts';
import { demoPage, seededRandom } from './demo-items.ts';
import type { FaultConnection, FullReply } from './fault-connection.ts';
import { serveFaultsHttp1 } from './fault-http1.ts';
import { serveFaultsHttp2 } from './fault-http2.ts';
import type { FaultReply } from './reply.ts';

/** One fault: which pages have it, how often, and what is answered instead of the page. */
export interface FaultRule {
  readonly reply: FaultReply;
  /** These pages, or every so manieth; default: all. */
  readonly pages?: readonly number[];
  readonly every?: number;
  /** So many requests of each such page, the first ones; default 1. */
  readonly times?: number | 'always';
  /** A share of them only, drawn by the seed; default 1. */
  readonly share?: number;
}

export interface FaultScript {
  /** The first that fits a request counts. */
  readonly rules?: readonly FaultRule[];
  /** Requests after which a connection ends: announced (`goaway`, `connection: close`), or cut off under the next request. */
  readonly closeAfter?: { readonly requests: number; readonly how: 'announced' | 'cut' };
  /** HTTP/2: streams at once. */
  readonly maxStreams?: number;
}

export interface FaultServerOptions extends FaultScript {
  /** `both` (default): TLS, HTTP/2 or HTTP/1.1 as the client likes; `h2` or `h1`: one of them over TLS; `h2c`, `http`: without TLS. */
  readonly protocol?: 'both' | 'h2' | 'h1' | 'h2c' | 'http';
  /** Default 20 pages of 5 records. */
  readonly pages?: number;
  readonly recordsPerPage?: number;
  /** What every page is, instead of the demo's records. */
  readonly body?: Buffer;
  readonly seed?: number;
}

export interface FaultCounts {
  readonly requests: number;
  /** Answered with a fault. */
  readonly faults: number;
  readonly connections: number;
}

export interface FaultServer {
  /** `https://localhost:PORT` */
  readonly origin: string;
  /** Template of all pages. */
  readonly url: string;
  /** Authority to trust, PEM; empty without TLS. */
  readonly ca: string;
  /** The body that page `n` has at last. */
  page(n: number): string;
  counts(): FaultCounts;
  /** Ends every connection; resolves when the port is free. */
  close(): Promise<void>;
}

/**
 * Starts it on 127.0.0.1, on a free port.
 *
 * @example
 * const server = await startFaultServer({ rules: [{ every: 5, reply: { status: 503 } }] });
 * // fetch server.url, trusting server.ca
 * await server.close();
 */
export async function startFaultServer(options: FaultServerOptions = {}): Promise<FaultServer> {
  const { protocol = 'both', pages = 20, recordsPerPage = 5, seed = 1, closeAfter } = options;
  const isTls = protocol !== 'h2c' && protocol !== 'http';
  const certificates = isTls ? createTestCertificates() : { ca: '', cert: '', key: '' };
  const random = seededRandom(seed);
  const asked = new Map<number, number>();
  const counts = { requests: 0, faults: 0, connections: 0 };
  const open = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();

  const page = (n: number): string =>
    options.body?.toString() ?? demoPage(seed, n, pages, recordsPerPage);

  function replyTo(path: string): FullReply {
    const n = Number(/[?&]page=(\d+)/.exec(path)?.[1] ?? 0);
    if (n < 1 || n > pages) return fullReply({ status: 404 }, Buffer.alloc(0));
    const times = (asked.get(n) ?? 0) + 1;
    asked.set(n, times);
    const rule = options.rules?.find((it) => fits(it, n, times, random));
    if (rule !== undefined) counts.faults += 1;
    return fullReply(rule?.reply ?? {}, options.body ?? Buffer.from(page(n)));
  }

  function connectionOf(socket: Socket): FaultConnection {
    let requests = 0;
    return {
      answer(path, play) {
        counts.requests += 1;
        requests += 1;
        if (closeAfter?.how === 'cut' && requests > closeAfter.requests) {
          socket.destroy();
          return;
        }
        const isLast = closeAfter?.how === 'announced' && requests === closeAfter.requests;
        const reply = replyTo(path);
        if (reply.delayMs === undefined) {
          play(reply, isLast);
          return;
        }
        const timer = setTimeout(() => {
          timers.delete(timer);
          if (!socket.destroyed) play(reply, isLast);
        }, reply.delayMs);
        timers.add(timer);
      },
    };
  }

  function accept(socket: Socket): void {
    counts.connections += 1;
    open.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => open.delete(socket));
    const isHttp2 = protocol === 'h2c' || (socket as TLSSocket).alpnProtocol === 'h2';
    if (isHttp2) serveFaultsHttp2(socket, connectionOf(socket), options.maxStreams ?? null);
    else serveFaultsHttp1(socket, connectionOf(socket));
  }

  const spoken = { both: ['h2', 'http/1.1'], h2: ['h2'], h1: ['http/1.1'] };
  const server = isTls
    ? createTlsServer(
        { ...certificates, ALPNProtocols: spoken[protocol as keyof typeof spoken] },
        accept,
      )
    : createServer(accept);
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => open.delete(socket));
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const { port } = server.address() as AddressInfo;
  const origin = `${isTls ? 'https' : 'http'}://localhost:${port}`;
  return {
    origin,
    url: `${origin}/v1/items?page=[1-${pages}]`,
    ca: certificates.ca,
    page,
    counts: () => ({ ...counts }),
    async close() {
      for (const timer of timers) clearTimeout(timer);
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

function fits(rule: FaultRule, n: number, times: number, random: () => number): boolean {
  const { pages, every, times: most = 1, share } = rule;
  if (pages !== undefined && !pages.includes(n)) return false;
  if (every !== undefined && n % every !== 0) return false;
  if (most !== 'always' && times > most) return false;
  return share === undefined || random() < share;
}

function fullReply(asked: FaultReply, page: Buffer): FullReply {
  const { headers = {}, body, change, status = 200, retryAfterDate, ...rest } = asked;
  const own = status === 200 ? page : Buffer.alloc(0);
  const changed = changedBody(change, body === undefined ? own : Buffer.from(body as string));
  const all = { 'content-type': 'application/json', ...changed.headers, ...headers };
  const fields = Object.entries(all).flatMap(([name, value]) =>
    [value].flat().map((each): [string, string] => [name, String(each)]),
  );
  if (retryAfterDate !== undefined) {
    // A date has whole seconds: the first that is far enough ahead.
    const now = Date.now() + retryAfterDate.clockOffMs;
    const sent = Math.floor(now / 1000) * 1000;
    fields.push(['date', new Date(sent).toUTCString()]);
    fields.push(['retry-after', new Date(sent + retryAfterDate.aheadMs).toUTCString()]);
  }
  return { ...rest, status, headers: fields, body: changed.body };
}

function changedBody(change: BodyChange | undefined, page: Buffer) {
  return change === undefined ? { body: page } : changeBody(change, page);
}
