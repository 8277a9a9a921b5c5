/** A transport with a test's patience, and what tests ask of it. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { createTransport, type TransportInternals } from '../../src/http/create-transport.ts';
import {
  type RawResponse,
  type Transport,
  TransportError,
  type TransportFault,
  type TransportOptions,
} from '../../src/http/transport.ts';
import {
  type PageServer,
  type PageServerOptions,
  startPageServer,
} from '../servers/page-server.ts';

/** A transport that is closed when the test ends. */
export function openTransport(
  context: TestContext,
  options: Partial<TransportOptions> = {},
  internals: TransportInternals = {},
): Transport {
  const transport = createTransport(
    {
      protocol: 'auto',
      concurrency: 20,
      proxyFor: () => null,
      ca: null,
      cert: null,
      key: null,
      insecure: false,
      connectTimeoutMs: 10_000,
      idleTimeoutMs: 10_000,
      timeoutMs: 20_000,
      maxBodyBytes: 1_000_000,
      minBytesPerSecond: 0,
      bodyBudgetBytes: 128 * 1024 * 1024,
      ...options,
    },
    internals,
  );
  context.after(() => transport.close());
  return transport;
}

/** A page server that is closed when the test ends; register it before the transport. */
export async function openPages(
  context: TestContext,
  options: PageServerOptions = {},
): Promise<PageServer> {
  const server = await startPageServer(options);
  context.after(() => server.close());
  return server;
}

const HEADERS = Object.freeze({ accept: 'application/json' });

export function get(
  transport: Transport,
  origin: string,
  path: string,
  headers: Readonly<Record<string, string>> = HEADERS,
): Promise<RawResponse> {
  return transport.request({ method: 'GET', origin, path, headers, body: null });
}

export function bodyOf(response: RawResponse): Buffer {
  const body = Buffer.concat(response.chunks);
  assert.equal(body.length, response.bodyBytes);
  return body;
}

/** Asks again, as often as a server says that it did not process the request. */
export async function getUntilProcessed(
  transport: Transport,
  origin: string,
  path: string,
): Promise<RawResponse> {
  for (;;) {
    try {
      return await get(transport, origin, path);
    } catch (error) {
      if (!(error instanceof TransportError) || error.fault !== 'unprocessed') throw error;
    }
  }
}

/** Runs `work` for 1 … `count`, `concurrency` at a time. */
export async function forEachPage(
  count: number,
  concurrency: number,
  work: (n: number) => Promise<void>,
): Promise<void> {
  let n = 0;
  const worker = async (): Promise<void> => {
    while (n < count) {
      n += 1;
      await work(n);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

/** The request must fail with this fault; gives the error, for its message. */
export async function expectFault(
  request: Promise<RawResponse>,
  ...faults: readonly TransportFault[]
): Promise<TransportError> {
  const outcome = await request.then(
    (response) => response,
    (error: unknown) => error,
  );
  if (!(outcome instanceof TransportError)) {
    assert.fail(`expected ${faults.join(' or ')}, got ${JSON.stringify(outcome).slice(0, 200)}`);
  }
  assert.ok(faults.includes(outcome.fault), `${outcome.fault}: ${outcome.message}`);
  return outcome;
}
