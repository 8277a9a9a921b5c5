import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classifyFault, classifyResponse, describeStatus } from '../../src/http/outcome.ts';
import { TransportError, type TransportFault } from '../../src/http/transport.ts';

const kindOf = (status: number, headers = {}) => classifyResponse(status, headers, 0).kind;

test('transient statuses are tried again, that page alone', () => {
  for (const status of [408, 425, 500, 502, 503, 504, 520, 524, 529]) {
    assert.equal(kindOf(status), 'retry', String(status));
  }
});

test('429, and 503 with a Retry-After, pause the bucket', () => {
  assert.deepEqual(classifyResponse(429, { 'retry-after': '7' }, 0), {
    kind: 'pause',
    waitMs: 7000,
    reason: '429 Too Many Requests',
  });
  assert.deepEqual(classifyResponse(429, {}, 0), {
    kind: 'pause',
    waitMs: null,
    reason: '429 Too Many Requests',
  });
  assert.equal(kindOf(503, { 'retry-after': '7' }), 'pause');
  assert.equal(kindOf(503, { 'retry-after': 'soon' }), 'retry');
});

test('other client errors fail the page, 401 stops the bucket', () => {
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

test('a redirect needs a Location', () => {
  assert.equal(kindOf(302, { location: '/x' }), 'redirect');
  assert.deepEqual(classifyResponse(302, {}, 0), {
    kind: 'fail',
    reason: '302 without a Location',
  });
});

test('every fault has an outcome: unprocessed is not an attempt, a certificate is never retried', () => {
  const faults: Record<TransportFault, string> = {
    dns: 'retry',
    refused: 'retry',
    'connect-timeout': 'retry',
    certificate: 'unsafe',
    tls: 'retry',
    proxy: 'retry',
    protocol: 'retry',
    reset: 'retry',
    truncated: 'retry',
    unprocessed: 'unprocessed',
    calm: 'pause',
    'idle-timeout': 'retry',
    timeout: 'retry',
    'too-slow': 'retry',
    'too-large': 'fail',
    closed: 'retry',
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
