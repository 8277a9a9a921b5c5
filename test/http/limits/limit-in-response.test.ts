import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Hint, noHint } from '../../../src/core/hint.ts';
import { limitInResponse } from '../../../src/http/limits/limit-in-response.ts';
import { mayHoldLimit } from '../../../src/http/outcome.ts';
import type { HeaderValues } from '../../../src/http/transport.ts';

function respond(status: number, body: string, headers: HeaderValues = {}) {
  const isPacked = headers['content-encoding'] === 'gzip';
  const bytes = isPacked ? gzipSync(body) : Buffer.from(body);
  const chunks = [bytes.subarray(0, 5), bytes.subarray(5)];
  return { status, headers, chunks, bodyBytes: bytes.length, protocol: 'HTTP/2' as const };
}

/** As an attempt asks for it. */
function foundLimit(
  response: ReturnType<typeof respond>,
  hint: Hint,
  isUsual: boolean,
  wallTime: number,
) {
  if (!mayHoldLimit(response, hint, isUsual)) return null;
  return limitInResponse(response, hint, wallTime);
}

test('a compressed error body is read, and plain text too', () => {
  const body = JSON.stringify({ message: 'You have exceeded a secondary rate limit.' });
  const packed = respond(403, body, { 'content-encoding': 'gzip' });
  assert.deepEqual(foundLimit(packed, noHint, false, 0)?.pause, {
    kind: 'pause',
    waitMs: 60_000,
    waitFrom: 'body',
    reason: '403 Forbidden (secondary rate limit)',
    hint: { waitMs: 60_000, limits: [] },
  });
  const plain = respond(503, 'Rate limit exceeded\n');
  assert.equal(foundLimit(plain, noHint, false, 0)?.pause?.waitMs, null);
});

test('a body that cannot be decoded, or says nothing, is no limit', () => {
  const cut = { ...respond(403, '{}', { 'content-encoding': 'gzip' }), chunks: [Buffer.from('x')] };
  assert.equal(foundLimit(cut, noHint, false, 0), null);
  assert.equal(foundLimit(respond(403, '{"message":"no"}'), noHint, false, 0), null);
  assert.equal(foundLimit(respond(403, ''), noHint, false, 0), null);
});

test('an error body that unpacks to megabytes is left alone', () => {
  const body = `{"message":"rate limit exceeded","pad":"${' '.repeat(2_000_000)}"}`;
  const bomb = respond(403, body, { 'content-encoding': 'gzip' });
  assert.ok(bomb.bodyBytes < 16_384);
  assert.equal(foundLimit(bomb, noHint, false, 0), null);
});

test('a page is looked into only where the API is known for it, and may add to its hint', () => {
  const page = respond(
    200,
    JSON.stringify({
      data: {},
      extensions: {
        cost: {
          requestedQueryCost: 10,
          actualQueryCost: 10,
          throttleStatus: { maximumAvailable: 1000, currentlyAvailable: 990, restoreRate: 50 },
        },
      },
    }),
  );
  assert.equal(foundLimit(page, noHint, false, 0), null);
  assert.deepEqual(foundLimit(page, noHint, true, 0), {
    pause: null,
    hint: {
      waitMs: null,
      limits: [{ policy: 'cost', quota: 100, remaining: 99, resetMs: null, windowMs: 20_000 }],
    },
  });
});
