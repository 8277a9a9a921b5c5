import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noHint } from '../../../src/core/hint.ts';
import { createHintReader } from '../../../src/http/limits/hint-reader.ts';
import { limitInBody } from '../../../src/http/limits/limit-in-body.ts';
import { pauseByBody } from '../../../src/http/limits/limit-in-response.ts';
import { mayHoldLimit } from '../../../src/http/outcome.ts';
import type { HeaderValues } from '../../../src/http/transport.ts';

const NOW = Date.UTC(2026, 0, 15, 12, 0, 0);

/** As a caller does it: headers first, then the body. */
function pauseOf(status: number, headers: HeaderValues, body: unknown, isUsual = false) {
  const response = { status, headers, bodyBytes: JSON.stringify(body).length };
  const hint = createHintReader().read(status, headers, 0, NOW);
  if (!mayHoldLimit(response, hint, isUsual)) return 'not looked at';
  const said = limitInBody(body, status >= 200 && status < 300);
  if (said === null || !said.isRefusal) return 'no refusal';
  const { waitMs, waitFrom, reason } = pauseByBody(response, hint, said, NOW);
  return [waitMs, waitFrom, reason];
}

const SECONDARY = {
  message:
    'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
};

test('GitHub’s secondary limit: Retry-After, else the reset, else a minute', () => {
  const left = (remaining: string) => ({
    date: 'Thu, 15 Jan 2026 12:00:00 GMT',
    'x-ratelimit-remaining': remaining,
    'x-ratelimit-reset': String(NOW / 1_000 + 600),
  });
  assert.deepEqual(pauseOf(403, left('4000'), SECONDARY), [
    60_000,
    'body',
    '403 Forbidden (secondary rate limit)',
  ]);
  assert.deepEqual(pauseOf(403, { ...left('4000'), 'retry-after': '30' }, SECONDARY).slice(0, 2), [
    30_000,
    'retry-after',
  ]);
  assert.deepEqual(pauseOf(403, left('0'), SECONDARY).slice(0, 2), [600_000, 'reset']);
});

test('a 403 about rights is none about limits', () => {
  assert.equal(
    pauseOf(403, {}, { message: 'Resource not accessible by integration' }),
    'no refusal',
  );
});

test('a success is looked into where headers or the preset give a reason', () => {
  const slack = { ok: false, error: 'ratelimited' };
  assert.equal(pauseOf(200, {}, slack), 'not looked at');
  assert.deepEqual(pauseOf(200, {}, slack, true), [null, null, '200 with the error ratelimited']);
  assert.deepEqual(pauseOf(200, { 'retry-after': '30' }, slack, true).slice(0, 2), [
    30_000,
    'retry-after',
  ]);
  const limited = { errors: [{ type: 'RATE_LIMITED', message: 'API rate limit exceeded' }] };
  const spent = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '90' };
  assert.deepEqual(pauseOf(200, spent, limited), [
    90_000,
    'reset',
    '200 with the error RATE_LIMITED',
  ]);
});

test('MediaWiki names its error in a header, and the wait in Retry-After', () => {
  const headers = { 'mediawiki-api-error': 'maxlag', 'retry-after': '5' };
  const body = {
    error: { code: 'maxlag', info: 'Waiting for host: 7.2 seconds lagged', lag: 7.2 },
  };
  assert.deepEqual(pauseOf(200, headers, body), [
    5_000,
    'retry-after',
    '200 with the error maxlag',
  ]);
  assert.deepEqual(pauseOf(200, { 'mediawiki-api-error': 'maxlag' }, body).slice(0, 2), [
    5_000,
    'body',
  ]);
});

test('Discord’s float in a 429', () => {
  const body = { message: 'You are being rate limited.', retry_after: 64.57, global: false };
  assert.deepEqual(pauseOf(429, {}, body).slice(0, 2), [64_570, 'body']);
});

test('only small bodies of statuses that say limits are looked into', () => {
  const look = (status: number, bodyBytes: number, headers = {}) =>
    mayHoldLimit({ status, headers, bodyBytes }, noHint, true);
  assert.ok(look(403, 16_384) && look(200, 4_096) && look(503, 1));
  assert.ok(!look(403, 16_385) && !look(200, 4_097) && !look(403, 0));
  for (const status of [301, 401, 404, 410, 422, 502])
    assert.ok(!look(status, 100), String(status));
});
