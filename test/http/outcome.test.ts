import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Hint, noHint } from '../../src/core/hint.ts';
import { classifyFault, classifyResponse, describeStatus } from '../../src/http/outcome.ts';
import {
  type HeaderValues,
  TransportError,
  type TransportFault,
} from '../../src/http/transport.ts';

const kindOf = (status: number, headers = {}) => classifyResponse(status, headers, 0).kind;

test('transient statuses are tried again, that page alone', () => {
  for (const status of [408, 425, 500, 502, 503, 504, 520, 524, 529]) {
    assert.equal(kindOf(status), 'retry', String(status));
  }
});

test('429, and 503 with a Retry-After, pause the limiter', () => {
  assert.deepEqual(classifyResponse(429, { 'retry-after': '7' }, 0), {
    kind: 'pause',
    waitMs: 7000,
    waitFrom: 'retry-after',
    reason: '429 Too Many Requests',
    hint: { waitMs: 7000, limits: [] },
  });
  assert.deepEqual(classifyResponse(429, {}, 0), {
    kind: 'pause',
    waitMs: null,
    waitFrom: null,
    reason: '429 Too Many Requests',
    hint: noHint,
  });
  assert.equal(kindOf(503, { 'retry-after': '7' }), 'pause');
  assert.equal(kindOf(503, { 'retry-after': 'soon' }), 'retry');
});

const waitOf = (status: number, headers: HeaderValues) => {
  const outcome = classifyResponse(status, headers, 0);
  return outcome.kind === 'pause' ? [outcome.waitMs, outcome.waitFrom] : outcome.kind;
};

test('a 403 is a limit where its headers say so, and a refusal of rights else', () => {
  const left = (remaining: string) => ({
    date: 'Thu, 15 Jan 2026 12:00:00 GMT',
    'x-ratelimit-limit': '60',
    'x-ratelimit-remaining': remaining,
    'x-ratelimit-reset': '1768479600',
  });
  assert.deepEqual(waitOf(403, left('0')), [1_200_000, 'reset']);
  assert.equal(waitOf(403, left('1')), 'fail');
  assert.deepEqual(waitOf(403, { ...left('12'), 'retry-after': '60' }), [60_000, 'retry-after']);
  assert.equal(waitOf(403, {}), 'fail');
});

test('503 and its like are limits where nothing is left, and trouble else', () => {
  for (const status of [420, 430, 503, 509, 529]) {
    const headers = { 'ratelimit-remaining': '0', 'ratelimit-reset': '4' };
    assert.deepEqual(waitOf(status, headers), [4_000, 'reset'], String(status));
    assert.notEqual(
      kindOf(status, { 'ratelimit-remaining': '9', 'ratelimit-reset': '4' }),
      'pause',
    );
  }
  for (const status of [400, 401, 404, 500, 502]) {
    assert.notEqual(kindOf(status, { 'ratelimit-remaining': '0', 'retry-after': '4' }), 'pause');
  }
});

test('a 429 waits for the last of the limits with nothing left', () => {
  const headers = { ratelimit: '"a";r=0;t=4, "b";r=0;t=9, "c";r=5;t=500' };
  assert.deepEqual(waitOf(429, headers), [9_000, 'reset']);
  // It was a limit that is not stated.
  assert.deepEqual(waitOf(429, { ratelimit: '"c";r=5;t=500' }), [null, null]);
  // One that never says what is left.
  assert.deepEqual(waitOf(429, { 'x-ratelimit-reset': '20' }), [20_000, 'reset']);
  assert.deepEqual(waitOf(429, { ratelimit: '"a";r=0;t=0' }), [null, null]);
  assert.deepEqual(waitOf(429, { ...headers, 'retry-after': '2' }), [2_000, 'retry-after']);
});

test('a short window without a stated end is waited out, a long one is not', () => {
  const hubspot = (intervalMs: string) => ({
    'x-hubspot-ratelimit-max': '190',
    'x-hubspot-ratelimit-remaining': '0',
    'x-hubspot-ratelimit-interval-milliseconds': intervalMs,
  });
  assert.deepEqual(waitOf(429, hubspot('10000')), [10_000, 'reset']);
  assert.deepEqual(waitOf(429, hubspot('86400000')), [null, null]);
});

test('nothing left in a good response is no failure', () => {
  assert.equal(kindOf(200, { 'x-ratelimit-remaining': '0', 'retry-after': '9' }), 'body');
});

test('what the reader of the limiter made of the response is not read again', () => {
  const known: Hint = { waitMs: 5, limits: [] };
  const outcome = classifyResponse(403, {}, 0, known);
  assert.deepEqual(outcome, {
    kind: 'pause',
    waitMs: 5,
    waitFrom: 'retry-after',
    reason: '403 Forbidden',
    hint: known,
  });
});

test('other client errors fail the page, 401 stops the limiter', () => {
  for (const status of [400, 402, 403, 404, 405, 409, 410, 422, 451, 501, 505, 304, 600]) {
    assert.equal(kindOf(status), 'fail', String(status));
  }
  assert.equal(kindOf(401), 'credentials');
});

test('2xx carries a body to check, but an answer without one may heal', () => {
  assert.equal(kindOf(200), 'body');
  assert.equal(kindOf(203), 'body');
  assert.equal(kindOf(204), 'retry');
});

test('a part of the bytes is not the page, a range of records is', () => {
  const ranged = (range: string) => kindOf(206, { 'content-range': range });
  assert.equal(ranged('bytes 0-1/10'), 'retry');
  assert.equal(ranged('bytes 8-9/10'), 'retry');
  assert.equal(ranged('bytes 0-9/*'), 'retry');
  assert.equal(ranged('bytes 0-9/10'), 'body');
  assert.equal(ranged('items 0-9/100'), 'body');
  assert.equal(ranged('0-24/3573458'), 'body');
  assert.equal(kindOf(206), 'body');
});

test('a redirect needs a Location', () => {
  assert.equal(kindOf(302, { location: '/x' }), 'redirect');
  assert.deepEqual(classifyResponse(302, {}, 0), {
    kind: 'fail',
    reason: '302 without a Location',
  });
});

test('unprocessed is not an attempt, a certificate and an address are never retried, a cut body is', () => {
  const faults: Partial<Record<TransportFault, string>> = {
    unprocessed: 'unprocessed',
    calm: 'pause',
    address: 'unsafe',
    certificate: 'unsafe',
    'proxy-credentials': 'credentials',
    'proxy-denied': 'fail',
    'too-large': 'fail',
    truncated: 'retry',
    reset: 'retry',
    timeout: 'retry',
  };
  for (const [fault, kind] of Object.entries(faults)) {
    const outcome = classifyFault(new TransportError(fault as TransportFault, 'why'));
    assert.equal(outcome.kind, kind, fault);
  }
});

test('a status is shown with its phrase where it has one', () => {
  assert.equal(describeStatus(404), '404 Not Found');
  assert.equal(describeStatus(299), '299');
});
