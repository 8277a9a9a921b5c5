/** A bare HTTP/2 server over TLS whose streams a test answers itself. */
import { once } from 'node:events';
import {
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { createTestCertificates } from '../../src/demo/certificate.ts';

export interface StreamServer {
  /** `https://127.0.0.1:PORT` */
  readonly origin: string;
  readonly ca: string;
  readonly server: Http2SecureServer;
}

/** Starts it, and stops it when the test ends. */
export async function openStreams(
  context: TestContext,
  options: SecureServerOptions,
  onStream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
): Promise<StreamServer> {
  const { ca, cert, key } = createTestCertificates();
  const server = createSecureServer({ ...options, cert, key });
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {});
    session.once('close', () => sessions.delete(session));
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    onStream(stream, headers);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.close();
    for (const session of sessions) session.destroy();
  });
  return { origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, ca, server };
}
