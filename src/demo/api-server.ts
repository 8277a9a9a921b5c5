/** Serves one fixture API on loopback. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type Http2Session,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Json, readJson, writeJson } from './api-json.ts';
import { ApiList } from './api-list.ts';
import { type ApiReply, type ApiShape, Refusal } from './api-shape.ts';
import { findApiShape } from './api-shapes.ts';
import { createTestCertificates } from './certificate.ts';

export interface ApiServerOptions {
  /** A name of `apiNames`. */
  readonly api: string;
  /** Records in the list. Default 137. */
  readonly records?: number;
  /** Records in a page, as the start URL asks for them or as the API gives them. */
  readonly pageSize?: number;
  /** What each answer takes. Default 0. */
  readonly latencyMs?: number;
  /** Default `http`; `https` is HTTP/2, or HTTP/1.1 where a client asks for it. */
  readonly protocol?: 'http' | 'https';
  /** How deep the API answers, in records; only where it has such a limit. */
  readonly ceiling?: number;
  /** Called as the request with this number (from 1) arrives, before it is answered. */
  readonly onRequest?: (number: number, list: ApiChanges) => void;
}

/** Changes to the list while it is read. */
export interface ApiChanges {
  /** Puts a new record before the one at `index`; returns its id. */
  insertAt(index: number): string;
  /** Takes the record at `index` out; returns its id, null where there is none. */
  deleteAt(index: number): string | null;
  readonly length: number;
}

export interface ApiCounts {
  /** That arrived, of any kind. */
  readonly requests: number;
  /** Answered with a status of 400 or more. */
  readonly refused: number;
  /** Most requests that waited for their answers at once. */
  readonly mostAtOnce: number;
}

export interface ApiServer extends ApiChanges {
  readonly api: string;
  readonly about: string;
  /** What a user would type. */
  readonly url: string;
  readonly method: 'GET' | 'POST';
  /** JSON, for an API that takes POST. */
  readonly body: string | null;
  /** Headers that a user would have to give. */
  readonly headers: Readonly<Record<string, string>>;
  /** The certificate authority to trust, PEM; null for http. */
  readonly ca: string | null;
  /** The ids of all records, in order, as the list stands now: a string's text, a number's literal. */
  readonly records: readonly string[];
  /** All records as they are sent, in order. */
  readonly lines: readonly string[];
  readonly recordsPath: string;
  readonly keyPath: string;
  counts(): ApiCounts;
  /** Method and target of each request, in order of arrival. */
  readonly log: readonly string[];
  /** Ends every connection; resolves when the port is free. */
  close(): Promise<void>;
}

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

async function readBody(request: Request): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks).toString();
}

function flatHeaders(request: Request): Record<string, string> {
  const entries = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
  return Object.fromEntries(entries);
}

function send(response: Response, reply: ApiReply): void {
  const body = Buffer.from(writeJson(reply.body));
  response.statusCode = reply.status ?? 200;
  response.setHeader('content-type', 'application/json; charset=utf-8');
  for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
  response.setHeader('content-length', body.length);
  response.end(body);
}

function refuseMethod(shape: ApiShape, method: string | undefined): void {
  const expected = shape.body === undefined ? 'GET' : 'POST';
  if (method !== expected) throw new Refusal(405, { error: `only ${expected} is answered here` });
}

function parseBody(shape: ApiShape, text: string): Json {
  if (shape.body === undefined) return null;
  try {
    return readJson(text);
  } catch {
    throw new Refusal(400, { error: 'the body is no JSON' });
  }
}

/**
 * Starts an API of that shape on 127.0.0.1, on a free port. Throws TypeError for an unknown name.
 *
 * @example
 * const api = await startApiServer({ api: 'github' });
 * // fetch api.url and all that follows: as many records as api.records
 * await api.close();
 */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const shape = findApiShape(options.api);
  const { latencyMs = 0, protocol = 'http', pageSize = shape.pageSize } = options;
  const ceiling = options.ceiling ?? shape.ceiling ?? Number.POSITIVE_INFINITY;
  const list = new ApiList(shape, options.records ?? shape.records ?? 137);
  const start = shape.start(pageSize);
  const startPath = new URL(start, 'http://localhost').pathname;
  const counts = { requests: 0, refused: 0, mostAtOnce: 0 };
  const log: string[] = [];
  const closing = new AbortController();
  let waiting = 0;
  let origin = '';

  async function answer(request: Request): Promise<ApiReply> {
    const text = await readBody(request);
    if (latencyMs > 0) await sleep(latencyMs, undefined, { signal: closing.signal });
    try {
      const target = request.url ?? '/';
      const { pathname: path, searchParams: query } = new URL(target, origin);
      if (path !== startPath && shape.otherPaths?.test(path) !== true) {
        throw new Refusal(404, { error: 'not found' });
      }
      refuseMethod(shape, request.method);
      const body = parseBody(shape, text);
      const headers = flatHeaders(request);
      return shape.answer({ path, query, headers, body, origin, target, ceiling, pageSize }, list);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      counts.refused += 1;
      return error.reply;
    }
  }

  async function serve(request: Request, response: Response): Promise<void> {
    counts.requests += 1;
    log.push(`${request.method} ${request.url}`);
    waiting += 1;
    counts.mostAtOnce = Math.max(counts.mostAtOnce, waiting);
    try {
      options.onRequest?.(counts.requests, list);
      send(response, await answer(request));
    } finally {
      waiting -= 1;
    }
  }

  const certificates = protocol === 'https' ? createTestCertificates() : null;
  const server =
    certificates === null
      ? createServer()
      : createSecureServer({ cert: certificates.cert, key: certificates.key, allowHTTP1: true });
  const open = new Set<Http2Session | Socket>();
  const track = (connection: Http2Session | Socket): void => {
    open.add(connection);
    connection.once('close', () => open.delete(connection));
  };
  server.on('connection', track);
  server.on('session', track);
  server.on('secureConnection', track);
  // A client that goes away in mid-answer is no news to a fixture.
  server.on('sessionError', () => {});
  server.on('request', (request: Request, response: Response) => {
    response.on('error', () => {});
    serve(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  origin = certificates === null ? `http://127.0.0.1:${port}` : `https://localhost:${port}`;

  return {
    api: shape.name,
    about: shape.about,
    url: `${origin}${start}`,
    method: shape.body === undefined ? 'GET' : 'POST',
    body: shape.body === undefined ? null : writeJson(shape.body(pageSize)),
    headers: shape.headers ?? {},
    ca: certificates?.ca ?? null,
    recordsPath: shape.recordsPath,
    keyPath: shape.keyPath,
    log,
    get records() {
      return list.ids();
    },
    get lines() {
      return list.slice(0, list.length).map(writeJson);
    },
    get length() {
      return list.length;
    },
    insertAt: (index) => list.insertAt(index),
    deleteAt: (index) => list.deleteAt(index),
    counts: () => ({ ...counts }),
    async close() {
      closing.abort();
      const closed = once(server, 'close');
      server.close();
      for (const connection of open) connection.destroy();
      await closed;
    },
  };
}
