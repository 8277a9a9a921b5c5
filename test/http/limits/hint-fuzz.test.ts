import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { describeHint, type Hint, tightestLimit } from '../../../src/core/hint.ts';
import { createHintReader } from '../../../src/http/limits/hint-reader.ts';
import { parseSfDictionary, parseSfList } from '../../../src/http/limits/ietf-fields.ts';
import { limitInBody } from '../../../src/http/limits/limit-in-body.ts';
import { classifyResponse } from '../../../src/http/outcome.ts';

const numRuns = Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 1000);
const NOW = Date.UTC(2026, 0, 15, 12, 0, 0);

const words = [
  'limit',
  'remaining',
  'reset',
  'used',
  'after',
  'retry',
  'interval',
  'window',
  'max',
];
const more = ['minute', 'day', 'daily', 'requests', 'ms', 'policy', 'fillrate', 'tokens', 'next'];
const name = fc.oneof(
  fc.constantFrom(
    ...['date', 'age', 'retry-after', 'retry-after-ms', 'x-ms-retry-after-ms', 'ratelimit'],
    ...['ratelimit-policy', 'ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'],
    ...['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset', 'x-rate-limit'],
    ...['x-ratelimit-reset-after', 'x-ratelimit-resource', 'x-ratelimit-bucket'],
    ...['x-shopify-shop-api-call-limit', 'sforce-limit-info', 'x-app-rate-limit'],
    ...['x-app-rate-limit-count', 'x-amzn-ratelimit-limit', 'x-ratelimit-burst-capacity'],
    ...['x-ratelimit-replenish-rate', '__proto__', 'constructor'],
  ),
  fc
    .tuple(
      fc.constantFrom('x-ratelimit', 'x-rate-limit', 'ratelimit', 'x-hubspot-ratelimit'),
      fc.array(fc.constantFrom(...words, ...more), { maxLength: 4 }),
    )
    .map((parts) => parts.flat().join('-')),
);
const latin1 = fc
  .array(fc.integer({ min: 0, max: 255 }), { maxLength: 60 })
  .map((bytes) => String.fromCharCode(...bytes));
const number = fc.oneof(
  fc.integer({ min: -5, max: 100 }).map(String),
  fc.integer({ min: 0, max: 2e12 }).map(String),
  fc.double({ noNaN: true, min: 0, max: 1e6 }).map((value) => value.toFixed(4)),
  fc.constantFrom('0', '-0', '1e309', 'Infinity', 'NaN', '9'.repeat(400), '0.000000001'),
);
const value = fc.oneof(
  latin1,
  number,
  fc.array(number, { maxLength: 12 }).map((all) => all.join(', ')),
  fc.tuple(number, number).map(([quota, window]) => `${quota}, ${quota};w=${window}`),
  fc.tuple(number, number).map(([used, quota]) => `${used}/${quota}`),
  fc.tuple(number, number).map(([used, quota]) => `api-usage=${used}/${quota}`),
  fc.tuple(number, number).map(([r, t]) => `"a";r=${r};t=${t};q=${r};w=${t}`),
  fc.tuple(number, number).map(([limit, reset]) => `limit=${limit}, remaining=1, reset=${reset}`),
  fc.stringMatching(/^[0-9"a-z;=, .:()?@%-]{0,40}$/),
  fc.constantFrom('Thu, 15 Jan 2026 12:00:30 GMT', '2026-01-15T12:00:30Z', '6m0s', 'core'),
);
const headers = fc.dictionary(name, fc.oneof(value, fc.array(value, { maxLength: 3 })), {
  maxKeys: 12,
});

function assertSane(hint: Hint): void {
  const { waitMs, limits } = hint;
  assert.equal(new Set(limits.map(({ policy }) => policy)).size, limits.length);
  assert.ok(waitMs === null || (waitMs > 0 && Number.isFinite(waitMs)));
  for (const { policy, ...numbers } of limits) {
    assert.equal(typeof policy, 'string');
    for (const each of Object.values(numbers)) {
      assert.ok(each === null || (each >= 0 && Number.isFinite(each)), JSON.stringify(numbers));
    }
  }
  const said = describeHint(hint) ?? '';
  assert.ok(said.length < 200 && /^[ -~]*$/.test(said), said);
  const numbers = said.replace(/ \(.*\)/, '');
  assert.ok(!/NaN|Infinity|undefined|null|unknown/.test(numbers), said);
  tightestLimit(limits);
}

test('no headers crash the reader, and what it makes of them are numbers that can be', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(headers, fc.nat(200_000), fc.constantFrom(200, 403, 429, 503)), {
        minLength: 1,
        maxLength: 4,
      }),
      (answers) => {
        const reader = createHintReader();
        let now = 0;
        for (const [each, laterMs, status] of answers) {
          now += laterMs;
          const hint = reader.read(status, each, now, NOW + now);
          assertSane(hint);
          const outcome = classifyResponse(status, each, NOW, hint);
          if (outcome.kind !== 'pause') continue;
          assert.equal(outcome.waitMs === null, outcome.waitFrom === null);
          assert.ok(
            outcome.waitMs === null || (outcome.waitMs > 0 && Number.isFinite(outcome.waitMs)),
          );
        }
      },
    ),
    { numRuns },
  );
});

test('no text crashes the structured fields', () => {
  fc.assert(
    fc.property(fc.oneof(latin1, value), (text) => {
      for (const item of parseSfList(text) ?? []) {
        const [bare] = item;
        if (typeof bare === 'number') assert.ok(Number.isFinite(bare));
      }
      parseSfDictionary(text);
    }),
    { numRuns },
  );
});

const key = fc.constantFrom(
  ...['ok', 'error', 'errors', 'message', 'code', 'type', 'status', 'extensions', 'cost'],
  ...['throttleStatus', 'maximumAvailable', 'currentlyAvailable', 'restoreRate', 'details'],
  ...['requestedQueryCost', 'actualQueryCost', 'retry_after', 'wait_seconds', 'parameters'],
  ...['retryDelay', '__proto__', 'success'],
);
const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(
      fc.constantFrom(
        'ratelimited',
        'RATE_LIMITED',
        'THROTTLED',
        'maxlag',
        '30s',
        'rate limit exceeded',
      ),
      fc.string(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
    ),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(key, tie('json'), { maxKeys: 6 }),
  ),
}));

test('no body crashes the search for a limit in it', () => {
  fc.assert(
    fc.property(json, fc.boolean(), (body, isSuccess) => {
      const found = limitInBody(body, isSuccess);
      if (found === null) return;
      assert.ok(/^[\w .-]{0,60}$/.test(found.reason), found.reason);
      assertSane({ waitMs: found.waitMs, limits: found.limits });
    }),
    { numRuns },
  );
});

test('values that are long and of one kind are read in one pass', () => {
  const reader = createHintReader();
  const long = 100_000;
  const texts = [
    '1',
    '(',
    '((',
    'a',
    '"',
    '"\\',
    ' ',
    ',',
    '1,',
    '1, ',
    ';a',
    ':',
    '%"',
    '1s',
    'a=1,',
  ];
  for (const text of texts) {
    const each = text.repeat(long / text.length);
    const short = text.repeat(900 / text.length);
    parseSfList(each);
    parseSfDictionary(each);
    limitInBody(`exceeded ${each}`, false);
    limitInBody({ message: `rate limit ${each}` }, false);
    for (const field of [
      'ratelimit',
      'ratelimit-policy',
      'x-ratelimit-limit',
      'x-ratelimit-reset',
    ]) {
      reader.read(429, { [field]: each, date: each, 'retry-after': each }, 0, 0);
      reader.read(429, { [field]: short, date: short }, 0, 0);
    }
    for (const field of [
      'sforce-limit-info',
      'x-app-rate-limit',
      'x-shopify-shop-api-call-limit',
    ]) {
      reader.read(429, { [field]: short }, 0, 0);
    }
    reader.read(429, { [`x-ratelimit-${each}`]: '1', [`x-ratelimit-${short}`]: '1' }, 0, 0);
  }
  // A grammar that goes back over them would not come to this end.
  assert.deepEqual(reader.read(200, {}, 0, 0), { waitMs: null, limits: [] });
});
