/**
 * A server with a limit, over HTTP/2: `node limited-server.ts CERTIFICATES` prints its port. Each
 * message sets a limit and begins a count anew; the answer is what was counted before.
 */
import { readFileSync } from 'node:fs';
import { createSecureServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** What the server lets through. */
export type ServerLimit =
  /** So many a second, and so many at once after a rest; a refusal may state whole seconds to wait. */
  | {
      readonly kind: 'bucket';
      readonly perSecond: number;
      readonly burst: number;
      readonly retryAfter: boolean;
    }
  /** One request at a time, each for so long; the others queue. */
  | { readonly kind: 'queue'; readonly serviceMs: number };

/** What came since the limit was set, in milliseconds since the first request. */
export interface Counted {
  readonly acceptedAtMs: readonly number[];
  readonly refusedAtMs: readonly number[];
  /** Arrivals before a deadline that an answer stated at least `SLACK_MS` before. */
  readonly early: number;
  /** From arrival to answer. */
  readonly tookMs: readonly number[];
}

/** A request that crossed the refusal on its way is not early: a round trip and a busy machine. */
const SLACK_MS = 250;
const BODY = Buffer.from(JSON.stringify({ items: [{ name: 'x'.repeat(200) }] }));

const [certificates = '.'] = process.argv.slice(2);
let limit: ServerLimit = { kind: 'queue', serviceMs: 1 };
let firstAt = 0;
let tokens = 0;
let refilledAt = 0;
let refusedAt = Number.NEGATIVE_INFINITY;
let deadline = Number.NEGATIVE_INFINITY;
let freeAt = 0;
let counted = nothing();

function nothing() {
  return {
    acceptedAtMs: [] as number[],
    refusedAtMs: [] as number[],
    early: 0,
    tookMs: [] as number[],
  };
}

function answer(stream: ServerHttp2Stream): void {
  if (stream.destroyed) return;
  stream.respond({
    ':status': 200,
    'content-type': 'application/json',
    'content-length': BODY.length,
  });
  stream.end(BODY);
}

function take(bucket: ServerLimit & { kind: 'bucket' }, now: number): boolean {
  if (refilledAt === 0) tokens = bucket.burst;
  else tokens = Math.min(bucket.burst, tokens + ((now - refilledAt) / 1000) * bucket.perSecond);
  refilledAt = now;
  if (tokens < 1) return false;
  tokens -= 1;
  return true;
}

function refuse(
  stream: ServerHttp2Stream,
  bucket: ServerLimit & { kind: 'bucket' },
  now: number,
): void {
  counted.refusedAtMs.push(now - firstAt);
  const headers: Record<string, string | number> = { ':status': 429 };
  if (bucket.retryAfter) {
    const seconds = Math.max(1, Math.ceil((1 - tokens) / bucket.perSecond));
    headers['retry-after'] = seconds;
    refusedAt = now;
    deadline = Math.max(deadline, now + seconds * 1000);
  }
  stream.respond(headers, { endStream: true });
}

const server = createSecureServer({
  cert: readFileSync(join(certificates, 'cert.pem')),
  key: readFileSync(join(certificates, 'key.pem')),
  settings: { maxConcurrentStreams: 256 },
});
server.on('sessionError', () => {});
server.on('stream', (stream) => {
  stream.on('error', () => {});
  const now = performance.now();
  if (firstAt === 0) firstAt = now;
  if (limit.kind === 'queue') {
    const startAt = Math.max(now, freeAt);
    freeAt = startAt + limit.serviceMs;
    setTimeout(() => {
      counted.acceptedAtMs.push(performance.now() - firstAt);
      counted.tookMs.push(performance.now() - now);
      answer(stream);
    }, freeAt - now);
    return;
  }
  if (now < deadline && now > refusedAt + SLACK_MS) counted.early += 1;
  if (!take(limit, now)) refuse(stream, limit, now);
  else {
    counted.acceptedAtMs.push(now - firstAt);
    answer(stream);
  }
});
process.on('message', (next: ServerLimit) => {
  process.send?.(counted);
  limit = next;
  counted = nothing();
  firstAt = 0;
  refilledAt = 0;
  freeAt = 0;
  refusedAt = Number.NEGATIVE_INFINITY;
  deadline = Number.NEGATIVE_INFINITY;
});
process.stdin.once('close', () => process.exit(0)).resume();
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
