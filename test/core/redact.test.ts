import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSecretHeader, redactUrl, secretParamsOfList } from '../../src/core/redact.ts';

const numRuns = Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 1_000);

for (const name of [
  ...['access_token', 'api_key', 'apikey', 'API-Key', 'key', 'token', 'auth', 'auth_token'],
  ...['authorization', 'client_secret', 'password', 'passwd', 'secret', 'sig', 'Signature'],
  ...['private_token', 'X-Amz-Signature', 'X-Amz-Credential', 'X-Amz-Security-Token', 'sas'],
  ...['%61pi%5Fkey', 'auth[token]', 'auth%5Btoken%5D', 'to%6ben', 'KEY'],
]) {
  test(`the value of ${name} is redacted and nothing else changes`, () => {
    assert.equal(
      redactUrl(`https://a.example/x%2F?a=1&${name}=h%20u;sh=?&b=%zz;c#d`),
      `https://a.example/x%2F?a=1&${name}=REDACTED&b=%zz;c#d`,
    );
    assert.equal(redactUrl(`https://a.example?${name}=hush`), `https://a.example?${name}=REDACTED`);
  });
}

for (const url of [
  'https://a.example/token/key=1/',
  'https://a.example/@scope/x?user=@me&email=a@b.example',
  'https://a.example/?page_token=a&next_token=b&pageToken=c&continuationToken=d&cursor=e',
  'https://a.example/?filter[key]=x&keyword=y&tokens=z&monkey=a&design=b',
  'https://a.example/?token&key=&a=token=x&%zz=1&=2&_=3',
  'https://a.example/?a=1;token=2',
  'https://a.example/#',
  '?',
  '',
  '/users/@me',
]) {
  test(`nothing is redacted in ${JSON.stringify(url)}`, () => {
    assert.equal(redactUrl(url), url);
  });
}

test('a secret after a second question mark or in the fragment is redacted too', () => {
  assert.equal(
    redactUrl('https://a/?next=https://b/?token=hush&c=1'),
    'https://a/?next=https://b/?token=REDACTED&c=1',
  );
  assert.equal(redactUrl('https://a/#access_token=hush'), 'https://a/#access_token=REDACTED');
});

test('user info is removed, up to the last @ of the authority', () => {
  assert.equal(redactUrl('https://me:hush@a.example:8/x@y?z=@'), 'https://a.example:8/x@y?z=@');
  assert.equal(redactUrl('https://me:hu@sh@a.example'), 'https://a.example');
  assert.equal(redactUrl('me:hush@a.example/x'), 'a.example/x');
  assert.equal(redactUrl('//me:hush@a.example/x'), '//a.example/x');
  assert.equal(redactUrl('https:me:hush@a.example?key=1'), 'https:a.example?key=REDACTED');
});

test('further names are taken without regard to case, punctuation and script', () => {
  const names = ['My-Param', 'schlüssel', '_'];
  assert.equal(
    redactUrl('https://a/?my_param=1&myparam=2&Schl%C3%BCssel=3&_=4&-=5&key=6&other=7', names),
    'https://a/?my_param=REDACTED&myparam=REDACTED&Schl%C3%BCssel=REDACTED&_=REDACTED&-=5&key=REDACTED&other=7',
  );
  assert.equal(redactUrl('https://a/?myparam=2', []), 'https://a/?myparam=2');
  assert.equal(redactUrl('https://a/?myparam=2'), 'https://a/?myparam=2');
});

/** Writes each letter as it is, in the other case, or percent-encoded. */
const disguised = (name: string) =>
  fc.tuple(...[...name].map((letter) => fc.tuple(fc.constant(letter), fc.nat(2)))).map((letters) =>
    letters
      .map(([letter, how]) => {
        if (how === 0) return letter;
        if (how === 1) return letter.toUpperCase();
        return `%${letter.charCodeAt(0).toString(16)}`;
      })
      .join(''),
  );

const secretName = fc
  .constantFrom('api_key', 'access-token', 'password', 'sig', 'mine')
  .chain(disguised);
const noise = fc.array(fc.constantFrom('a=1', 'b', '=', 'c=%zz', 'cursor=x', 'd=?', '', 'e=é'), {
  maxLength: 3,
});
// Digits and signs that the noise and the rest of the URL cannot spell.
const secretValue = fc
  .string({ unit: fc.constantFrom(...'789XYZ?=;:/@%+'), minLength: 6, maxLength: 20 })
  .map((text) => `XX99${text}`);

test('wherever a secret stands among the parameters, it does not stay', () => {
  fc.assert(
    fc.property(noise, secretName, secretValue, noise, (before, name, value, after) => {
      const url = (shown: string) =>
        `https://a.example/p?${[...before, `${name}=${shown}`, ...after].join('&')}#f`;
      const redacted = redactUrl(url(value), ['mine']);
      assert.equal(redacted, url('REDACTED'));
      assert.ok(!redacted.includes('XX99'));
      assert.equal(redactUrl(redacted, ['mine']), redacted);
    }),
    { numRuns },
  );
});

test('whatever user info a valid URL has, it does not stay', () => {
  fc.assert(
    fc.property(fc.webUrl({ withQueryParameters: true }), secretValue, (url, value) => {
      const { host } = new URL(url);
      const given = new URL(url);
      given.username = 'me';
      given.password = value;
      const redacted = redactUrl(given.href);
      assert.ok(!redacted.slice(0, redacted.indexOf(host)).includes('99'), redacted);
      given.username = '';
      given.password = '';
      assert.equal(redacted, redactUrl(given.href));
    }),
    { numRuns },
  );
});

test('any text comes through without a fault', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.webUrl(), (text, url) => {
      redactUrl(text);
      redactUrl(`${url}?${text}`);
      redactUrl(`${text}@${url}`);
    }),
    { numRuns },
  );
});

test('long URLs are redacted in linear time', () => {
  const params = Array.from({ length: 50_000 }, (_, index) => `key=${index}?a&b`).join('&');
  assert.doesNotMatch(redactUrl(`https://a/?${params}`), /=\d/);
  assert.equal(redactUrl(`${'/'.repeat(200_000)}@`), '/'.repeat(200_000));
});

test('headers that carry credentials are told by their names', () => {
  for (const name of [
    ...['Authorization', 'proxy-authorization', 'Cookie', 'set-cookie', 'x-api-key', 'api-key'],
    ...['apikey', 'X-ApiKey', 'x-auth-token', 'private-token', 'x-github-token', 'my-secret'],
    ...['x-client-secret', 'ocp-apim-subscription-key', 'x-goog-api-key', 'x-auth', 'x-password'],
    ...['x-amz-security-token', 'x-functions-key', 'X_Auth_Key', 'x-session-id', 'x-accesstoken'],
  ]) {
    assert.equal(isSecretHeader(name), true, name);
  }
  for (const name of [
    ...['accept', 'content-type', 'user-agent', 'x-request-id', 'x-tenant', 'if-none-match'],
    ...['x-author', 'x-page-token', 'idempotency-key', 'accept-language', 'prefer', 'x-monkeys'],
  ]) {
    assert.equal(isSecretHeader(name), false, name);
  }
});

test('a token that only next links have is a cursor, and one of the start URL a secret', () => {
  const next = 'https://a.example/search?limit=5&token=next:b&sig=x';
  const free = secretParamsOfList('https://a.example/search?limit=5', []);
  assert.equal(redactUrl(next, free), 'https://a.example/search?limit=5&token=next:b&sig=REDACTED');
  for (const [start, extra] of [
    ['https://a.example/search?limit=5&token=mine', []],
    ['https://a.example/search', ['to-ken']],
  ] as const) {
    assert.match(redactUrl(next, secretParamsOfList(start, extra)), /token=REDACTED/);
  }
});
