/**
 * Pages of so many bytes, each a JSON text of its own, over HTTP/2 or HTTP/1.1 by TLS: `node
 * large-server-process.ts BYTES` prints one line `{"origin":…,"caFile":…}` and ends with its stdin. All
 * pages share one buffer, so that the server is small.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createTestCertificates } from '../../src/demo/certificate.ts';

const PIECE = Buffer.from('{"n":1,"text":"of a page that is very large"},'.repeat(1400));
const bodyBytes = Number(process.argv[2]);

function* pageOf(path: string): Generator<Buffer> {
  yield Buffer.from(`{"path":${JSON.stringify(path)},"items":[`);
  for (let left = bodyBytes; left > 0; left -= PIECE.length) yield PIECE;
  yield Buffer.from('null]}');
}

async function answer(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json' });
  await pipeline(Readable.from(pageOf(request.url)), response).catch(() => undefined);
}

const certificates = createTestCertificates();
const folder = mkdtempSync(join(tmpdir(), 'everypage-large-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const caFile = join(folder, 'ca.pem');
writeFileSync(caFile, certificates.ca);
const server = createSecureServer({ ...certificates, allowHTTP1: true }, (request, response) => {
  void answer(request, response);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.stdin.once('close', () => process.exit(0)).resume();
const { port } = server.address() as AddressInfo;
process.stdout.write(`${JSON.stringify({ origin: `https://localhost:${port}`, caFile })}\n`);
