import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Limit } from '../../../src/core/hint.ts';
import { createHintReader } from '../../../src/http/limits/hint-reader.ts';
import type { HeaderValues } from '../../../src/http/transport.ts';

const NOW = Date.UTC(2026, 0, 15, 12, 0, 0);
const DATE = 'Thu, 15 Jan 2026 12:00:00 GMT';
const EPOCH_S = NOW / 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;

const read = (headers: HeaderValues, wallTime = NOW, status = 200) =>
  createHintReader().read(status, headers, 0, wallTime);
const limitsOf = (headers: HeaderValues, wallTime = NOW) => read(headers, wallTime).limits;
const limit = (said: Partial<Limit>): Limit => ({
  policy: '',
  quota: null,
  remaining: null,
  resetMs: null,
  windowMs: null,
  ...said,
});

test('the draft’s RateLimit and RateLimit-Policy are one limit for each name', () => {
  assert.deepEqual(
    limitsOf({
      'ratelimit-policy': '"burst";q=100;w=60, "daily";q=5000;w=86400;pk=:dXNlcg==:',
      ratelimit: '"burst";r=50;t=30',
    }),
    [
      limit({ policy: 'burst', quota: 100, remaining: 50, resetMs: 30_000, windowMs: MINUTE }),
      limit({ policy: 'daily', quota: 5000, windowMs: DAY }),
    ],
  );
  assert.deepEqual(limitsOf({ ratelimit: '"default";r=0;t=12, "other";r=7' }), [
    limit({ policy: 'default', remaining: 0, resetMs: 12_000 }),
    limit({ policy: 'other', remaining: 7 }),
  ]);
});

test('the draft’s quotas of bytes and of requests at once are no limits of requests', () => {
  assert.deepEqual(
    limitsOf({
      'ratelimit-policy':
        '"bytes";q=65535;w=10;qu="content-bytes", "once";q=4;qu="concurrent-requests", "req";q=9;w=1;qu="requests"',
      ratelimit: '"bytes";r=0;t=9, "once";r=0',
    }),
    [limit({ policy: 'req', quota: 9, windowMs: 1_000 })],
  );
});

test('the forms of the older drafts', () => {
  assert.deepEqual(
    limitsOf({
      ratelimit: 'limit=100, remaining=50, reset=30',
      'ratelimit-policy': '100;w=60, 1000;w=3600',
    }),
    [
      limit({ quota: 100, remaining: 50, resetMs: 30_000, windowMs: MINUTE }),
      limit({ policy: '#2', quota: 1000, windowMs: HOUR }),
    ],
  );
  assert.deepEqual(
    limitsOf({
      'ratelimit-limit': '100, 100;w=60, 1000;w=3600;comment="day"',
      'ratelimit-remaining': '98',
      'ratelimit-reset': '3',
    }),
    [
      limit({ quota: 100, remaining: 98, resetMs: 3_000, windowMs: MINUTE }),
      limit({ policy: '#2', quota: 1000, windowMs: HOUR }),
    ],
  );
  assert.deepEqual(
    limitsOf({
      'ratelimit-limit': '10',
      'ratelimit-remaining': '4',
      'ratelimit-reset': '1',
      'ratelimit-policy': '10;w=1',
    }),
    [limit({ quota: 10, remaining: 4, resetMs: 1_000, windowMs: 1_000 })],
  );
});

test('WHOOP writes window=, Envoy w= and a name', () => {
  assert.deepEqual(
    limitsOf({
      'x-ratelimit-limit': '100, 100;window=60, 10000;window=86400',
      'x-ratelimit-remaining': '98',
      'x-ratelimit-reset': '3',
    }),
    [
      limit({ quota: 100, remaining: 98, resetMs: 3_000, windowMs: MINUTE }),
      limit({ policy: '#2', quota: 10000, windowMs: DAY }),
    ],
  );
  assert.deepEqual(
    limitsOf({
      'x-ratelimit-limit': '10, 10;w=1;name="per-ip", 1000;w=3600',
      'x-ratelimit-remaining': '9',
      'x-ratelimit-reset': '1',
    }),
    [
      limit({ policy: 'per-ip', quota: 10, remaining: 9, resetMs: 1_000, windowMs: 1_000 }),
      limit({ quota: 1000, windowMs: HOUR }),
    ],
  );
});

test('lists of as many numbers in every header are as many limits', () => {
  assert.deepEqual(
    limitsOf({
      'x-ratelimit-limit': '1, 15000',
      'x-ratelimit-policy': '1;w=1, 15000;w=2592000',
      'x-ratelimit-remaining': '0, 1000',
      'x-ratelimit-reset': '1, 1419704',
    }),
    [
      limit({ quota: 1, remaining: 0, resetMs: 1_000, windowMs: 1_000 }),
      limit({
        policy: '#2',
        quota: 15000,
        remaining: 1000,
        resetMs: 1_419_704_000,
        windowMs: 30 * DAY,
      }),
    ],
  );
  // Strava, without windows.
  assert.deepEqual(limitsOf({ 'x-ratelimit-limit': '200,2000', 'x-ratelimit-usage': '20,1000' }), [
    limit({ quota: 200, remaining: 180 }),
    limit({ policy: '#2', quota: 2000, remaining: 1000 }),
  ]);
  // The server’s and its proxy’s, one field each.
  assert.deepEqual(
    limitsOf({ 'x-ratelimit-limit': ['100', '10'], 'x-ratelimit-remaining': ['99', '3'] }),
    [limit({ quota: 100, remaining: 99 }), limit({ policy: '#2', quota: 10, remaining: 3 })],
  );
});

test('GitHub names its resource, and its reset is epoch seconds', () => {
  assert.deepEqual(
    limitsOf({
      date: DATE,
      'x-ratelimit-limit': '5000',
      'x-ratelimit-remaining': '4987',
      'x-ratelimit-reset': String(EPOCH_S + 1800),
      'x-ratelimit-used': '13',
      'x-ratelimit-resource': 'core',
    }),
    [limit({ policy: 'core', quota: 5000, remaining: 4987, resetMs: 1_800_000 })],
  );
});

test('Discord’s reset-after is preferred to its reset', () => {
  assert.deepEqual(
    limitsOf({
      date: DATE,
      'x-ratelimit-limit': '5',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(EPOCH_S + 500),
      'x-ratelimit-reset-after': '0.465',
      'x-ratelimit-bucket': 'abcd1234',
    }),
    [limit({ policy: 'abcd1234', quota: 5, remaining: 0, resetMs: 465 })],
  );
});

test('epochs in seconds and milliseconds, ISO 8601, HTTP-dates and durations name the same end', () => {
  for (const reset of [
    String(EPOCH_S + 90),
    `${EPOCH_S + 90}.5`,
    String(NOW + 90_000),
    '90',
    '2026-01-15T12:01:30Z',
    '2026-01-15T12:01:30.250Z',
    '2026-01-15T14:01:30+02:00',
    '2026-01-15T07:01:30-0500',
    '2026-01-15T12:01:30',
    '2026-01-15 12:01:30 UTC',
    'Thu, 15 Jan 2026 12:01:30 GMT',
    '1m30s',
    '90s',
    '90000ms',
  ]) {
    for (const skewMs of [-HOUR, 0, HOUR]) {
      const headers = { date: DATE, 'x-rate-limit-remaining': '7', 'x-rate-limit-reset': reset };
      const [found] = limitsOf(headers, NOW + skewMs);
      assert.equal(Math.floor(found!.resetMs! / 1_000), 90, reset);
    }
  }
});

test('Jira’s reset has no seconds', () => {
  const headers = {
    date: DATE,
    'x-ratelimit-limit': '350',
    'x-ratelimit-reset': '2026-01-15T12:02Z',
  };
  assert.deepEqual(limitsOf(headers), [limit({ quota: 350, resetMs: 120_000 })]);
});

test('without a Date the machine’s clock has to do; a cache’s Age adds to it', () => {
  const headers = { 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': String(EPOCH_S + 90) };
  assert.equal(limitsOf(headers)[0]?.resetMs, 90_000);
  assert.equal(limitsOf({ ...headers, date: DATE, age: '30' })[0]?.resetMs, 60_000);
});

test('a reset of beyond 31 days, or long past, is no reset; one just past is now', () => {
  for (const [reset, resetMs] of [
    [String(EPOCH_S + 32 * 86_400), null],
    [String(EPOCH_S - 3600), null],
    [String(EPOCH_S - 1), 0],
    ['2700000', null],
    ['2678400', 31 * DAY],
    ['99999999999999999999', null],
    ['-5', null],
    ['1e3', null],
    ['soon', null],
    ['2026-13-15T12:00:00Z', null],
  ] as const) {
    const headers = { date: DATE, 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': reset };
    assert.equal(limitsOf(headers)[0]?.resetMs, resetMs, reset);
  }
});

test('Kong’s limits by minute and hour, with the draft’s beside', () => {
  assert.deepEqual(
    limitsOf({
      'x-ratelimit-limit-minute': '5',
      'x-ratelimit-remaining-minute': '4',
      'x-ratelimit-limit-hour': '100',
      'x-ratelimit-remaining-hour': '99',
      'ratelimit-limit': '5',
      'ratelimit-remaining': '4',
      'ratelimit-reset': '40',
    }),
    [
      limit({ policy: 'minute', quota: 5, remaining: 4, resetMs: 40_000, windowMs: MINUTE }),
      limit({ policy: 'hour', quota: 100, remaining: 99, windowMs: HOUR }),
    ],
  );
});

const vendors: Readonly<Record<string, readonly [HeaderValues, readonly Limit[]]>> = {
  Crossref: [
    { 'x-rate-limit-limit': '50', 'x-rate-limit-interval': '1s' },
    [limit({ quota: 50, windowMs: 1_000 })],
  ],
  HubSpot: [
    {
      'x-hubspot-ratelimit-max': '190',
      'x-hubspot-ratelimit-remaining': '180',
      'x-hubspot-ratelimit-interval-milliseconds': '10000',
      'x-hubspot-ratelimit-daily': '650000',
      'x-hubspot-ratelimit-daily-remaining': '649000',
      'x-hubspot-ratelimit-secondly': '19',
      'x-hubspot-ratelimit-secondly-remaining': '18',
    },
    [
      limit({ quota: 190, remaining: 180, windowMs: 10_000 }),
      limit({ policy: 'day', quota: 650000, remaining: 649000, windowMs: DAY }),
      limit({ policy: 'second', quota: 19, remaining: 18, windowMs: 1_000 }),
    ],
  ],
  Shopify: [
    { 'x-shopify-shop-api-call-limit': '32/40' },
    [limit({ quota: 40, remaining: 8, windowMs: 20_000 })],
  ],
  Salesforce: [
    { 'sforce-limit-info': 'api-usage=18/5000; per-app-api-usage=17/250(appName=sample)' },
    [
      limit({ policy: 'api-usage', quota: 5000, remaining: 4982, windowMs: DAY }),
      limit({ policy: 'per-app-api-usage', quota: 250, remaining: 233, windowMs: DAY }),
    ],
  ],
  Zendesk: [
    { 'x-rate-limit': '700', 'x-rate-limit-remaining': '699' },
    [limit({ quota: 700, remaining: 699 })],
  ],
  Reddit: [
    { 'x-ratelimit-used': '2', 'x-ratelimit-remaining': '598.0', 'x-ratelimit-reset': '393' },
    [limit({ quota: 600, remaining: 598, resetMs: 393_000 })],
  ],
  'Jira Data Center': [
    {
      'x-ratelimit-limit': '50',
      'x-ratelimit-remaining': '49',
      'x-ratelimit-interval-seconds': '60',
      'x-ratelimit-fillrate': '10',
      'retry-after': '0',
    },
    // 10 a minute: 50 take five minutes.
    [limit({ quota: 50, remaining: 49, windowMs: 5 * MINUTE })],
  ],
  'Spring Cloud Gateway': [
    {
      'x-ratelimit-remaining': '19',
      'x-ratelimit-burst-capacity': '20',
      'x-ratelimit-replenish-rate': '10',
      'x-ratelimit-requested-tokens': '1',
    },
    [limit({ quota: 20, remaining: 19, windowMs: 2_000 })],
  ],
  BigCommerce: [
    {
      'x-rate-limit-requests-left': '149',
      'x-rate-limit-requests-quota': '150',
      'x-rate-limit-time-window-ms': '30000',
      'x-rate-limit-time-reset-ms': '15000',
    },
    [limit({ quota: 150, remaining: 149, resetMs: 15_000, windowMs: 30_000 })],
  ],
  Trello: [
    {
      'x-rate-limit-api-token-interval-ms': '10000',
      'x-rate-limit-api-token-max': '100',
      'x-rate-limit-api-token-remaining': '99',
      'x-rate-limit-api-key-interval-ms': '10000',
      'x-rate-limit-api-key-max': '300',
      'x-rate-limit-api-key-remaining': '299',
    },
    [
      limit({ policy: 'api-token', quota: 100, remaining: 99, windowMs: 10_000 }),
      limit({ policy: 'api-key', quota: 300, remaining: 299, windowMs: 10_000 }),
    ],
  ],
  Etsy: [
    {
      'x-limit-per-second': '150',
      'x-remaining-this-second': '149',
      'x-limit-per-day': '100000',
      'x-remaining-today': '99998',
    },
    [
      limit({ policy: 'second', quota: 150, remaining: 149, windowMs: 1_000 }),
      limit({ policy: 'day', quota: 100000, remaining: 99998, windowMs: DAY }),
    ],
  ],
  Contentful: [
    {
      'x-contentful-ratelimit-second-limit': '10',
      'x-contentful-ratelimit-second-remaining': '9',
      'x-contentful-ratelimit-reset': '0',
    },
    [limit({ policy: 'second', quota: 10, remaining: 9, windowMs: 1_000 }), limit({ resetMs: 0 })],
  ],
  'Amazon Selling Partner': [
    { 'x-amzn-ratelimit-limit': '0.5' },
    [limit({ quota: 1, windowMs: 2_000 })],
  ],
  Riot: [
    { 'x-app-rate-limit': '20:1,100:120', 'x-app-rate-limit-count': '1:1,13:120' },
    [
      limit({ quota: 20, remaining: 19, windowMs: 1_000 }),
      limit({ policy: '#2', quota: 100, remaining: 87, windowMs: 2 * MINUTE }),
    ],
  ],
  OpenAI: [
    {
      'x-ratelimit-limit-requests': '60',
      'x-ratelimit-remaining-requests': '59',
      'x-ratelimit-reset-requests': '6m0s',
      'x-ratelimit-limit-tokens': '150000',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '6h',
    },
    [limit({ quota: 60, remaining: 59, resetMs: 6 * MINUTE })],
  ],
  Anthropic: [
    {
      date: DATE,
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-requests-remaining': '49',
      'anthropic-ratelimit-requests-reset': '2026-01-15T12:00:02Z',
      'anthropic-ratelimit-input-tokens-remaining': '0',
    },
    [limit({ quota: 50, remaining: 49, resetMs: 2_000 })],
  ],
  Akamai: [
    {
      date: DATE,
      'x-ratelimit-limit': '60',
      'x-ratelimit-remaining': '59',
      'x-ratelimit-next': '2026-01-15T12:00:10.000Z',
    },
    [limit({ quota: 60, remaining: 59, resetMs: 10_000 })],
  ],
  Xero: [
    { 'x-daylimit-remaining': '4999', 'x-minlimit-remaining': '58' },
    [
      limit({ policy: 'day', remaining: 4999, windowMs: DAY }),
      limit({ policy: 'minute', remaining: 58, windowMs: MINUTE }),
    ],
  ],
  MailerLite: [
    { 'x-ratelimit-limit': '60', 'x-ratelimit-remaining': '0', 'x-ratelimit-retry-after': '59' },
    [limit({ quota: 60, remaining: 0, resetMs: 59_000 })],
  ],
};

for (const [vendor, [headers, limits]] of Object.entries(vendors)) {
  test(`${vendor}’s headers are understood`, () => {
    assert.deepEqual(read(headers), { waitMs: null, limits });
  });
}

test('names with words that are not known say nothing', () => {
  for (const name of [
    'x-ratelimit-limit-tokens',
    'x-ratelimit-remaining-search',
    'x-ratelimit-complexity-remaining',
    'x-ratelimit-limit-remaining',
    'x-ratelimit-rapid-free-plans-hard-limit-remaining',
    'x-other-ratelimit-remaining',
    'x-ratelimit',
    'x-ratelimit-',
    'x-ratelimit-minute-hour-remaining',
    'x-ratelimited-remaining',
    'ratelimit-reason',
    'access-control-expose-headers',
    '__proto__',
    'constructor',
  ]) {
    assert.deepEqual(limitsOf(JSON.parse(`{"${name}":"0"}`)), [], name);
  }
});

test('malformed values are ignored, each for itself', () => {
  for (const value of [
    '',
    ' ',
    '-1',
    '1e5',
    '0x10',
    'NaN',
    'Infinity',
    'unlimited',
    '5/',
    '1;2',
    '9'.repeat(40),
  ]) {
    assert.deepEqual(limitsOf({ 'x-ratelimit-limit': value, 'x-ratelimit-remaining': '7' }), [
      limit({ remaining: 7 }),
    ]);
  }
  for (const headers of [
    { ratelimit: '"default;r=50;t=30' },
    { ratelimit: '"default";r=50;t=30,' },
    { ratelimit: '"default";r=half;t=soon' },
    { 'ratelimit-policy': '"p";q=1.5;w=60' },
    { 'x-shopify-shop-api-call-limit': '32' },
    { 'sforce-limit-info': 'api-usage=many' },
    { 'x-app-rate-limit': '20:1:3,a:b,' },
  ]) {
    assert.deepEqual(limitsOf(headers), [], JSON.stringify(headers));
  }
});

test('a limit of zero is how servers write that there is none', () => {
  assert.deepEqual(limitsOf({ 'x-ratelimit-limit': '0', 'x-ratelimit-remaining': '0' }), []);
});

test('Retry-After wins over finer and vendor’s forms, and counts in refusals alone', () => {
  const headers = { 'retry-after': '7', 'retry-after-ms': '6500', 'x-retry-after': '9' };
  assert.equal(read(headers, NOW, 429).waitMs, 7_000);
  assert.equal(read({ 'retry-after-ms': '6500' }, NOW, 429).waitMs, 6_500);
  assert.equal(read({ 'x-ms-retry-after-ms': '300' }, NOW, 429).waitMs, 300);
  assert.equal(read({ 'x-retry-after': '9' }, NOW, 503).waitMs, 9_000);
  assert.equal(read({ 'retry-after': '2', 'x-ratelimit-remaining': '19' }, NOW, 200).waitMs, null);
});

test('no two limits of a response have the same name', () => {
  const headers = {
    'x-ratelimit-limit-minute': '5',
    'x-ratelimit-limit-hour': '100',
    'x-ratelimit-resource': 'core',
    'x-ratelimit-limit': '40, 30, 20',
    'ratelimit-limit': '10',
  };
  assert.deepEqual(
    limitsOf(headers).map(({ policy }) => policy),
    ['core-minute', 'core-hour', 'core', '', '#2', 'core#2'],
  );
});

test('a server’s own name with a number sign is no trouble', () => {
  const { limits } = read({ ratelimit: '"a#2";r=1, "a";r=2, "a";r=3' });
  assert.equal(new Set(limits.map(({ policy }) => policy)).size, 3);
});
