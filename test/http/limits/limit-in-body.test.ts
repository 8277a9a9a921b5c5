import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitInBody } from '../../../src/http/limits/limit-in-body.ts';

/** Wait and reason of a refusal, or null. */
function refusal(json: unknown, isSuccess: boolean): readonly [number | null, string] | null {
  const found = limitInBody(json, isSuccess);
  return found?.isRefusal === true ? [found.waitMs, found.reason] : null;
}

test('errors with a code for limits, in a success too', () => {
  for (const [json, reason] of [
    [{ ok: false, error: 'ratelimited' }, 'ratelimited'],
    [{ ok: false, error: 'rate_limited' }, 'rate_limited'],
    [{ data: null, errors: [{ type: 'RATE_LIMITED', message: 'x' }] }, 'RATE_LIMITED'],
    [{ errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED' } }] }, 'THROTTLED'],
    [{ error: { code: 'ratelimited', info: 'x' } }, 'ratelimited'],
    [{ error: { code: 429, status: 'RESOURCE_EXHAUSTED' } }, '429'],
    [{ success: false, error: 'Too Many Requests' }, 'Too Many Requests'],
  ] as const) {
    assert.deepEqual(refusal(json, true), [null, reason], JSON.stringify(json));
    assert.deepEqual(refusal(json, false), [null, reason], JSON.stringify(json));
  }
});

test('codes that come with 403 and 429', () => {
  const google = {
    error: {
      code: 403,
      message: 'x',
      errors: [{ domain: 'usageLimits', reason: 'rateLimitExceeded' }],
    },
  };
  assert.deepEqual(refusal(google, false), [null, 'rateLimitExceeded']);
  const salesforce = [
    { message: 'TotalRequests Limit exceeded.', errorCode: 'REQUEST_LIMIT_EXCEEDED' },
  ];
  assert.deepEqual(refusal(salesforce, false), [null, 'REQUEST_LIMIT_EXCEEDED']);
  assert.deepEqual(refusal({ type: 'about:blank', title: 'x', status: 429 }, false), [null, '429']);
});

test('a refusal of Stack Exchange, and its time in words', () => {
  const named = { error_id: 502, error_name: 'throttle_violation', error_message: 'x' };
  assert.deepEqual(refusal(named, false), [null, 'throttle_violation']);
  const error_message = 'too many requests from this IP, more requests available in 30 seconds';
  assert.deepEqual(refusal({ error_id: 502, error_message }, false), [30_000, 'rate limit']);
});

test('the time to wait, in all places it stands in', () => {
  const error = 'ratelimited';
  for (const [fields, waitMs] of [
    [{ retry_after: 1.5 }, 1_500],
    [{ retry_after: '30' }, 30_000],
    [{ retryAfter: 4 }, 4_000],
    [{ retry_after_ms: 250 }, 250],
    [{ wait_seconds: 12 }, 12_000],
    [{ parameters: { retry_after: 35 } }, 35_000],
    [{ retry_after: 0 }, null],
    [{ retry_after: -1 }, null],
    [{ retry_after: 'soon' }, null],
    [{ retry_after: 1e12 }, null],
  ] as const) {
    assert.deepEqual(refusal({ ok: false, error, ...fields }, true), [waitMs, error]);
  }
  const google = { code: 429, details: [{ '@type': 'ErrorInfo' }, { retryDelay: '30s' }] };
  assert.deepEqual(refusal({ error: google }, false), [30_000, '429']);
  assert.deepEqual(
    refusal({ ok: false, error_code: 429, parameters: { retry_after: 35 } }, false),
    [35_000, '429'],
  );
});

test('messages count in errors', () => {
  for (const message of [
    'API rate limit exceeded for 192.0.2.1. (But here is the good news: …)',
    'Rate limit has been exceeded',
    'You have exceeded your per-minute rate limit',
    '429 Too Many Requests',
    'User request limit reached',
    'Quota exceeded for quota metric',
  ]) {
    assert.deepEqual(refusal({ message }, false), [null, 'rate limit'], message);
    assert.deepEqual(refusal({ error: { message } }, false), [null, 'rate limit'], message);
    assert.deepEqual(
      refusal({ errors: [{ detail: message }] }, false),
      [null, 'rate limit'],
      message,
    );
    assert.deepEqual(refusal(message, false), [null, 'rate limit'], message);
    assert.equal(refusal({ message }, true), null, message);
    assert.equal(refusal(message, true), null, message);
  }
  const abuse = { message: 'You have triggered an abuse detection mechanism.' };
  assert.deepEqual(refusal(abuse, false), [60_000, 'secondary rate limit']);
});

test('errors of another kind are no limits', () => {
  for (const json of [
    { message: 'Not Found' },
    { message: 'Upgrade your plan for higher rate limits' },
    { error: 'invalid_grant' },
    { errors: [{ message: 'Field "limit" does not exist' }] },
    { error: null },
    [],
    null,
    17,
    '<html>Forbidden</html>',
  ]) {
    assert.equal(refusal(json, false), null, JSON.stringify(json));
  }
});

test('a page of records is no error, whatever its records say', () => {
  for (const json of [
    [{ code: 'ratelimited', retry_after: 5 }],
    { items: [{ error: 'ratelimited' }], code: 'ratelimited', status: '429' },
    { retry_after: 5, wait_seconds: 5, message: 'rate limit exceeded' },
    { data: [{ type: 'RATE_LIMITED' }], errors: [] },
    { ok: true, error: 'ratelimited' },
  ]) {
    assert.equal(refusal(json, true), null, JSON.stringify(json));
  }
});

const cost = (fields: object, available: number) => ({
  extensions: {
    cost: {
      requestedQueryCost: 202,
      ...fields,
      throttleStatus: {
        maximumAvailable: 1000,
        currentlyAvailable: available,
        restoreRate: 50,
      },
    },
  },
});

test('Shopify’s cost of a query becomes a limit of requests like it', () => {
  assert.deepEqual(limitInBody({ data: {}, ...cost({ actualQueryCost: 100 }, 650) }, true), {
    isRefusal: false,
    waitMs: null,
    limits: [{ policy: 'cost', quota: 10, remaining: 6, resetMs: null, windowMs: 20_000 }],
    reason: '',
  });
  const throttled = {
    errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED' } }],
    ...cost({ actualQueryCost: null }, 102),
  };
  // 100 points are missing, and 50 come each second.
  assert.deepEqual(refusal(throttled, true), [2_000, 'THROTTLED']);
});
