/**
 * The API that the demo fetches: HTTP/2 over TLS on loopback (HTTP/1.1 where a client asks for it),
 * with a rate limit and with faults, each decided by the seed. It knows nothing of the fetching side
 * and imports only its siblings.
 */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  constants,
  createSecureServer,
  type Http2ServerRequest,
  Http2ServerResponse,
  type Http2Session,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { createTestCertificates } from './certificate.ts';
import { demoPage, seededRandom } from './demo-items.ts';
import { TokenBucket } from './token-bucket.ts';

export interface DemoOptions {
  /** Decides the records and which pages have which fault. Default 1. */
  readonly seed?: number;
  /** Default 300 pages of 25 records. */
  readonly pages?: number;
  readonly recordsPerPage?: number;
  /** The rate limit. Default 30 requests a second, 30 at once. */
  readonly ratePerSecond?: number;
  readonly burst?: number;
  /** Longest wait of an ordinary answer; each takes between half of it and all. Default 40 ms. */
  readonly latencyMs?: number;
  /** What the one slow page takes. Default 3 s. */
  readonly slowMs?: number;
  /** Milliseconds by which the rate limit counts. Default performance.now. */
  readonly now?: () => number;
}

export interface DemoServer {
  /** Template of all pages: `https://localhost:PORT/v1/items?page=[1-300]`. */
  readonly url: string;
  /** The certificate authority to trust, PEM. */
  readonly ca: string;
  /** What this API does, in sentences for people. */
  readonly facts: readonly string[];
  /** Ends every connection; resolves when the port is free. */
  close(): Promise<void>;
}

type Fault = 'unavailable' | 'reset' | 'slow';

/** One page in fifty answers 503 first, another one in fifty is cut first, and one page is slow. */
function chooseFaults(seed: number, pages: number): Map<number, Fault> {
  const random = seededRandom(seed);
  const shares: Fault[] = Array<Fault>(Math.round(pages / 50)).fill('unavailable');
  shares.push(...Array<Fault>(Math.round(pages / 50)).fill('reset'), 'slow');
  const faults = new Map<number, Fault>();
  while (shares.length > 0 && faults.size < pages) {
    const page = 1 + Math.floor(random() * pages);
    if (!faults.has(page)) faults.set(page, shares.pop()!);
  }
  return faults;
}

/** Sends the first half of the body, then breaks off as a failing server does. */
function cutInMidBody(response: Http2ServerResponse | ServerResponse, body: Uint8Array): void {
  const half = body.subarray(0, body.length >> 1);
  if (response instanceof Http2ServerResponse) {
    // Not stream.write: only the response's own write leaves END_STREAM to a later frame, so that
    // close() resets the stream and does not end it cleanly first.
    response.write(half, () => response.stream.close(constants.NGHTTP2_INTERNAL_ERROR));
  } else {
    response.write(half, () => response.destroy());
  }
}

/**
 * Starts the demo's API on 127.0.0.1, on a free port.
 *
 * @example
 * const demo = await startDemoServer();
 * // fetch demo.url, trusting demo.ca
 * await demo.close();
 */
export async function startDemoServer(options: DemoOptions = {}): Promise<DemoServer> {
  const { seed = 1, pages = 300, recordsPerPage = 25, ratePerSecond = 30 } = options;
  const { burst = 30, latencyMs = 40, slowMs = 3000, now = () => performance.now() } = options;
  const { ca, cert, key } = createTestCertificates();
  const faults = chooseFaults(seed, pages);
  const random = seededRandom(seed + 1);
  const bucket = new TokenBucket(ratePerSecond, burst, now);
  const tried = new Set<number>();
  let refused = 0;
  const closing = new AbortController();

  async function answer(
    request: Http2ServerRequest | IncomingMessage,
    response: Http2ServerResponse | ServerResponse,
  ): Promise<void> {
    const fail = (status: number, reason: string, headers: Record<string, string> = {}): void => {
      response.statusCode = status;
      response.setHeader('content-type', 'application/json');
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      response.end(`{"error":"${reason}"}`);
    };
    const url = new URL(request.url ?? '/', 'https://localhost');
    const page = Number(url.searchParams.get('page'));
    if (request.method !== 'GET') return fail(405, 'only GET', { allow: 'GET' });
    if (url.pathname !== '/v1/items') return fail(404, 'no such resource');
    if (!Number.isInteger(page) || page < 1 || page > pages) return fail(404, 'no such page');

    if (!bucket.take()) {
      refused += 1;
      return fail(429, 'too many requests', { 'retry-after': refused % 3 === 0 ? '2' : '1' });
    }
    const isFirstTry = !tried.has(page);
    tried.add(page);
    const fault = isFirstTry ? faults.get(page) : undefined;
    const delayMs = fault === 'slow' ? slowMs : latencyMs * (0.5 + random() / 2);
    await sleep(delayMs, undefined, { signal: closing.signal });

    if (fault === 'unavailable') return fail(503, 'try again');
    const text = Buffer.from(demoPage(seed, page, pages, recordsPerPage));
    const isGzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
    const body = isGzip ? gzipSync(text) : text;
    response.setHeader('content-type', 'application/json; charset=utf-8');
    response.setHeader('vary', 'accept-encoding');
    if (isGzip) response.setHeader('content-encoding', 'gzip');
    if (fault === 'reset') return cutInMidBody(response, body);
    response.setHeader('content-length', body.length);
    response.end(body);
  }

  const server = createSecureServer({ cert, key, allowHTTP1: true });
  const open = new Set<Http2Session | Socket>();
  const track = (connection: Http2Session | Socket): void => {
    open.add(connection);
    connection.once('close', () => open.delete(connection));
  };
  server.on('session', track);
  server.on('secureConnection', track);
  // A client that goes away in mid-answer is no news to a demo.
  server.on('sessionError', () => {});
  server.on('request', (request, response) => {
    response.on('error', () => {});
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const faulty = (fault: Fault): number => [...faults.values()].filter((it) => it === fault).length;
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://localhost:${port}/v1/items?page=[1-${pages}]`,
    ca,
    facts: [
      `${pages} pages of ${recordsPerPage} records over HTTP/2 and TLS`,
      `a limit of ${ratePerSecond} requests a second; beyond it 429 with Retry-After`,
      `${faulty('unavailable')} pages that answer 503 at first`,
      `${faulty('reset')} pages that are cut in mid-body at first`,
      `${faulty('slow')} page that takes ${slowMs / 1000} s`,
    ],
    async close() {
      closing.abort();
      const closed = once(server, 'close');
      server.close();
      for (const connection of open) connection.destroy();
      await closed;
    },
  };
}
