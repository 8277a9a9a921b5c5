/** Stands in where nginx is not installed: `node node-server.ts ROOT CERTIFICATES KEEPALIVE_REQUESTS`. */
import { readFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

const [root = '.', certificates = '.', keepaliveRequests = '1000'] = process.argv.slice(2);
const limit = Number(keepaliveRequests);
const bodies = new Map<string, Buffer>();
const requests = new WeakMap<object, number>();

function bodyOf(path: string): Buffer | null {
  if (!/^\/\w+\/\d+\.json$/.test(path)) return null;
  const body = bodies.get(path) ?? readFileSync(join(root, path));
  bodies.set(path, body);
  return body;
}

const server = createSecureServer({
  allowHTTP1: true,
  cert: readFileSync(join(certificates, 'cert.pem')),
  key: readFileSync(join(certificates, 'key.pem')),
  settings: { maxConcurrentStreams: 128 },
});
server.on('sessionError', () => {});
server.on('stream', (stream, headers) => {
  stream.on('error', () => {});
  const { session } = stream;
  const count = session ? (requests.get(session) ?? 0) + 1 : 0;
  if (session) requests.set(session, count);
  if (count === limit) session?.close();
  const body = bodyOf(headers[':path'] ?? '/');
  if (body === null) {
    stream.respond({ ':status': 404 }, { endStream: true });
    return;
  }
  stream.respond({ 'content-type': 'application/json', 'content-length': body.length });
  stream.end(body);
});
server.on('request', (request, response) => {
  // Over HTTP/2 the stream was answered above.
  if (request.httpVersionMajor === 2) return;
  const body = bodyOf(request.url);
  response.writeHead(body === null ? 404 : 200, { 'content-type': 'application/json' });
  response.end(body ?? '');
});
process.stdin.once('close', () => process.exit(0)).resume();
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
