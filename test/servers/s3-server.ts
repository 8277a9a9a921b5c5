/**
 * An S3 server: fauxqs keeps the objects, and before it stands what S3 does and fauxqs does not: each request has to be
 * signed, by the right key and for the right region, and its body has to be the one that was signed.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { startFauxqs } from 'fauxqs';
import { type Keys, wrongSignature } from './s3-signature.ts';

export interface S3Asked {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly protocol: string;
}

/** An answer in place of the right one; `reset` cuts the connection, `damage` changes a byte of what is stored or given. */
export type S3Fault =
  | {
      readonly status: number;
      readonly code: string;
      readonly region?: string;
      readonly date?: Date;
    }
  | 'reset'
  | 'damage';

export interface S3ServerOptions {
  readonly keys?: Keys;
  readonly region?: string;
  /** Keys in one answer to a list. */
  readonly listed?: number;
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly respond?: (asked: S3Asked) => S3Fault | Promise<S3Fault | null> | null;
}

export interface S3Server {
  readonly endpoint: string;
  readonly bucket: string;
  readonly keys: Keys;
  /** What a process needs in its environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly asked: readonly S3Asked[];
  /** What is stored, without a signature. */
  stored(key: string): Promise<Buffer | null>;
  /** Puts it there without metadata, as another program would. */
  replace(key: string, body: Uint8Array): Promise<void>;
  remove(key: string): Promise<void>;
  names(): Promise<readonly string[]>;
  close(): Promise<void>;
}

const BUCKET = 'pages';
const MOST_LISTED = 1000;

export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  const {
    keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalr/XUtnFEMI+K7MDENG' },
    region = 'eu-test-1',
    listed = MOST_LISTED,
    tls,
    respond = () => null,
  } = options;
  const inner = await startFauxqs({ port: 0, logger: false, host: '127.0.0.1' });
  inner.createBucket(BUCKET);
  const behind = `http://127.0.0.1:${inner.port}`;
  const asked: S3Asked[] = [];

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url: target = '/', httpVersion } = request;
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    headers['host'] ??= headers[':authority'] ?? '';
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const what = { method, target, protocol: `HTTP/${httpVersion}` };
    asked.push(what);
    const url = new URL(target, `${tls === undefined ? 'http' : 'https'}://${headers['host']}`);
    const fault = await respond(what);
    if (fault === 'reset') {
      request.socket.destroy();
      return;
    }
    if (fault === 'damage' && method === 'PUT') body[body.length >> 1]! ^= 1;
    const wrong = await wrongSignature({ method, url, headers, body }, keys, region);
    if (wrong !== null || (fault !== null && fault !== 'damage')) {
      const refusal = wrong === null ? (fault as Exclude<S3Fault, string>) : statusOf(wrong);
      refuse(response, refusal, region);
      return;
    }
    if (url.searchParams.has('list-type')) url.searchParams.set('max-keys', String(listed));
    const own = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'));
    const got = await fetch(`${behind}${url.pathname}${url.search}`, {
      method,
      headers: Object.fromEntries(own),
      ...(body.length > 0 ? { body } : {}),
    });
    const content = Buffer.from(await got.arrayBuffer());
    if (fault === 'damage' && method === 'GET') content[content.length >> 1]! ^= 1;
    const shown = [...got.headers].filter(([name]) => /^x-amz-meta-|^content-type$/.test(name));
    response.writeHead(got.status, Object.fromEntries(shown));
    response.end(content);
  };
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    answer(request, response).catch(() => response.destroy());
  };
  const server =
    tls === undefined
      ? createServer(onRequest)
      : createSecureServer({ ...tls, allowHTTP1: true }, onRequest as never);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const endpoint = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  const at = (key: string): string =>
    `${behind}/${BUCKET}/${key.split('/').map(encodeURIComponent).join('/')}`;
  return {
    endpoint,
    bucket: BUCKET,
    keys,
    env: {
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      ...(keys.sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: keys.sessionToken }),
    },
    asked,
    async stored(key) {
      const response = await fetch(at(key));
      return response.ok ? Buffer.from(await response.arrayBuffer()) : null;
    },
    async replace(key, body) {
      await fetch(at(key), { method: 'PUT', body: Buffer.from(body) });
    },
    async remove(key) {
      await fetch(at(key), { method: 'DELETE' });
    },
    async names() {
      const response = await fetch(`${behind}/${BUCKET}?list-type=2&max-keys=100000`);
      return Array.from((await response.text()).matchAll(/<Key>([^<]*)</g), ([, key]) => key!);
    },
    async close() {
      server.close();
      if ('closeAllConnections' in server) server.closeAllConnections();
      await inner.stop();
    },
  };
}

function statusOf(code: string): Exclude<S3Fault, string> {
  const isBad = ['AuthorizationHeaderMalformed', 'XAmzContentSHA256Mismatch', 'InvalidToken'];
  return { status: isBad.includes(code) ? 400 : 403, code };
}

function refuse(
  response: ServerResponse,
  { status, code, region, date }: Exclude<S3Fault, string>,
  own: string,
): void {
  const told = region ?? (code === 'AuthorizationHeaderMalformed' ? own : undefined);
  if (date !== undefined) response.sendDate = false;
  response.writeHead(status, {
    'content-type': 'application/xml',
    ...(date === undefined ? {} : { date: date.toUTCString() }),
  });
  response.end(
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>It says &lt;no&gt;.</Message>${told === undefined ? '' : `<Region>${told}</Region>`}</Error>`,
  );
}
