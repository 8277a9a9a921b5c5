/**
 * Lists of any number of pages over HTTP/2: `node list-server.ts CERTIFICATES` prints its port.
 * `/2000/items?page=1` is the first of 2,000 pages. A message asks when each request came.
 */
import { readFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { listPage } from './list-pages.ts';

/** Milliseconds of the clock that all processes of a machine share. */
const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

export interface Arrival {
  readonly page: number;
  readonly atMs: number;
}

const [certificates = '.'] = process.argv.slice(2);
const bodies = new Map<string, Buffer>();
let arrivals: Arrival[] = [];

/** All pages of a list are made at once, so that none costs a measured run time but the first. */
function bodyOf(page: number, pages: number): Buffer | undefined {
  if (!bodies.has(`1 ${pages}`)) {
    for (let at = 1; at <= pages; at += 1) {
      bodies.set(`${at} ${pages}`, Buffer.from(listPage(at, pages)));
    }
  }
  return bodies.get(`${page} ${pages}`);
}

const server = createSecureServer({
  cert: readFileSync(join(certificates, 'cert.pem')),
  key: readFileSync(join(certificates, 'key.pem')),
  settings: { maxConcurrentStreams: 128 },
});
server.on('sessionError', () => {});
server.on('stream', (stream, headers) => {
  stream.on('error', () => {});
  const path = /^\/(\d{1,5})\/items(?:\?page=(\d+))?$/.exec(headers[':path'] ?? '');
  const page = Number(path?.[2] ?? 1);
  arrivals.push({ page, atMs: nowMs() });
  const body = path === null ? undefined : bodyOf(page, Number(path[1]));
  if (body === undefined) {
    stream.respond({ ':status': 404 }, { endStream: true });
    return;
  }
  stream.respond({ 'content-type': 'application/json', 'content-length': body.length });
  stream.end(body);
});
process.on('message', (message) => {
  if (typeof message === 'number') bodyOf(1, message);
  process.send?.(arrivals);
  arrivals = [];
});
process.stdin.once('close', () => process.exit(0)).resume();
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
