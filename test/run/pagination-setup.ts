/** What the end-to-end tests of pagination share: an API, a folder of its own, and runs against it. */
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { enableCompileCache } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createTestCertificates } from '../../src/demo/certificate.ts';
import { type RunOptions, run, type Summary } from '../../src/index.ts';
import {
  type ApiServer,
  type ApiServerOptions,
  startApiServer,
} from '../fixtures/apis/api-server.ts';
import { temporaryFolder } from './run-cli.ts';

// Every run starts a thread and every command a process: with their modules stripped of types and
// compiled already they begin in a third of the time. The folder is the one that Node itself takes.
const modules = process.env['NODE_COMPILE_CACHE'] ?? join(tmpdir(), 'node-compile-cache');
enableCompileCache(modules);
process.env['NODE_COMPILE_CACHE'] ??= modules;
process.env['NO_PROXY'] = 'localhost,127.0.0.1';

/** An API and what a user would give to fetch it. */
export interface Fixture {
  readonly server: ApiServer;
  readonly folder: string;
  /** Body and headers that the API wants. */
  readonly options: RunOptions;
  /** The same for the command line, with the URL and `-o out.ndjson`. */
  readonly args: readonly string[];
  /** Runs in this process, into `out.ndjson` where the options say nothing else. */
  fetch(options?: RunOptions): Promise<Summary>;
  /** A file of the folder; null where there is none. */
  read(name?: string): string | null;
}

export const OUTPUT = 'out.ndjson';

export async function startFixture(t: TestContext, asked: ApiServerOptions): Promise<Fixture> {
  const server = await startApiServer(asked);
  t.after(() => server.close());
  const folder = temporaryFolder(t);
  const { body, headers } = server;
  const options: RunOptions = { headers, ...(body === null ? {} : { body }) };
  const args = [
    server.url,
    '-o',
    OUTPUT,
    ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
    ...(body === null ? [] : ['-d', body]),
  ];
  return {
    server,
    folder,
    options,
    args,
    fetch: (own = {}) =>
      run([{ kind: 'template', text: server.url }], {
        output: join(folder, OUTPUT),
        ...options,
        ...own,
      }),
    read: (name = OUTPUT) => {
      const path = join(folder, name);
      return existsSync(path) ? readFileSync(path, 'utf8') : null;
    },
  };
}

/** The output that holds every record of the list once, in its order. */
export function wholeOutput(server: ApiServer): string {
  return server.lines.map((line) => `${line}\n`).join('');
}

export interface SeenRequest {
  /** Path and query. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
}

export interface JsonReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** As JSON, but for bytes. */
  readonly body?: unknown;
}

/** What a test that answers by more than the URL may look at. */
export interface AskedOf {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type Answer = (url: URL, asked: AskedOf) => JsonReply;

export interface JsonServer {
  readonly origin: string;
  /** In order of arrival. */
  readonly seen: readonly SeenRequest[];
  /** The authority to trust, PEM; null for http. */
  readonly ca: string | null;
}

/** A server that answers with what a test makes up. */
export async function startJsonServer(
  t: TestContext,
  answer: Answer,
  protocol: 'http' | 'https' = 'http',
): Promise<JsonServer> {
  const seen: SeenRequest[] = [];
  const certificates = protocol === 'https' ? createTestCertificates() : null;
  const server = certificates === null ? createServer() : createSecureServer(certificates);
  server.on('request', (request, response) => {
    seen.push({ target: request.url ?? '/', headers: request.headers });
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', origin);
      const { method = 'GET', headers: sent } = request;
      const asked = { method, headers: sent, body: Buffer.concat(parts).toString() };
      const { status = 200, headers = {}, body = {} } = answer(url, asked);
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      const bytes = body instanceof Uint8Array ? body : JSON.stringify(body);
      response.end(status === 204 ? undefined : bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const origin = certificates === null ? `http://127.0.0.1:${port}` : `https://localhost:${port}`;
  return { origin, seen, ca: certificates?.ca ?? null };
}

export interface JsonRun {
  readonly summary: Summary;
  /** `out.ndjson`; null where it was not written. */
  readonly text: string | null;
  /** Paths and queries in order of arrival. */
  readonly targets: readonly string[];
  readonly folder: string;
}

/** Runs a URL of a server that answers with what a test makes up. */
export async function fetchJson(
  t: TestContext,
  answer: Answer,
  options: RunOptions = {},
  path = '/things',
): Promise<JsonRun> {
  const { origin, seen } = await startJsonServer(t, answer);
  const folder = temporaryFolder(t);
  const output = join(folder, OUTPUT);
  const source = { kind: 'template', text: `${origin}${path}` } as const;
  const summary = await run([source], { output, retries: 0, ...options });
  const text = existsSync(output) ? readFileSync(output, 'utf8') : null;
  return { summary, text, targets: seen.map(({ target }) => target), folder };
}
