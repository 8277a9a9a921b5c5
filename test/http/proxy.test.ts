import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseProxy, proxyAuthorization } from '../../src/http/proxy.ts';

type Env = Readonly<Record<string, string>>;

function proxyOf(origin: string, env: Env, proxy: string | null = null): string | null {
  return chooseProxy({ proxy, env })(origin)?.href ?? null;
}

test('the environment names a proxy by scheme, in lower or upper case', () => {
  const https = 'https://api.example.com';
  const http = 'http://api.example.com';
  assert.equal(proxyOf(https, {}), null);
  assert.equal(proxyOf(https, { HTTPS_PROXY: 'http://p:3128' }), 'http://p:3128/');
  assert.equal(proxyOf(https, { https_proxy: 'p:3128' }), 'http://p:3128/');
  assert.equal(proxyOf(https, { https_proxy: 'http://a', HTTPS_PROXY: 'http://b' }), 'http://a/');
  assert.equal(proxyOf(https, { http_proxy: 'http://p' }), null);
  assert.equal(proxyOf(http, { http_proxy: 'http://p' }), 'http://p/');
  assert.equal(proxyOf(http, { HTTPS_PROXY: 'http://p' }), null);
  assert.equal(proxyOf(http, { ALL_PROXY: 'https://p' }), 'https://p/');
});

test('upper-case HTTP_PROXY is not trusted, since a CGI client could set it', () => {
  assert.equal(proxyOf('http://api.example.com', { HTTP_PROXY: 'http://evil' }), null);
});

test('a named proxy holds for every origin, and an empty one for none', () => {
  const env = { HTTPS_PROXY: 'http://b' };
  assert.equal(proxyOf('https://a.example', env, 'http://n:1'), 'http://n:1/');
  assert.equal(proxyOf('http://a.example', env, 'http://n:1'), 'http://n:1/');
  assert.equal(proxyOf('https://a.example', env, ''), null);
  assert.equal(proxyOf('https://a.example', { no_proxy: 'a.example' }, 'http://n:1'), null);
});

const EXEMPTIONS: readonly [string, string, boolean][] = [
  ['*', 'https://anything.example', true],
  ['', 'https://a.example', false],
  ['example.com', 'https://example.com', true],
  ['example.com', 'https://api.example.com', true],
  ['example.com', 'https://notexample.com', false],
  ['.example.com', 'https://api.example.com', true],
  ['.example.com', 'https://example.com', true],
  ['*.example.com', 'https://api.example.com', true],
  ['EXAMPLE.com.', 'https://example.com', true],
  ['other.org, example.com', 'https://example.com', true],
  ['other.org example.com', 'https://example.com', true],
  ['example.com:8443', 'https://example.com:8443', true],
  ['example.com:8443', 'https://example.com', false],
  ['example.com:443', 'https://example.com', true],
  ['127.0.0.1', 'https://127.0.0.1:9000', true],
  ['127.0.0.1:9000', 'https://127.0.0.1:9001', false],
  ['0.0.1', 'https://127.0.0.1', false],
  ['10.0.0.0/8', 'https://10.1.2.3', true],
  ['10.0.0.0/8', 'https://11.1.2.3', false],
  ['10.0.0.0/8', 'https://api.example.com', false],
  ['10.0.0.0/99', 'https://10.1.2.3', false],
  ['10.0.0.0/', 'https://11.1.2.3', false],
  ['10.0.0.5', 'https://[::ffff:10.0.0.5]', true],
  ['::1', 'https://[::1]:8443', true],
  ['[::1]', 'https://[::1]', true],
  ['[::1]:8443', 'https://[::1]', false],
  ['fe80::/10', 'https://[fe80::1]', true],
  ['fe80::/10', 'https://[fd00::1]', false],
  ['localhost', 'http://localhost:80', true],
];

for (const [list, origin, exempt] of EXEMPTIONS) {
  test(`NO_PROXY '${list}' ${exempt ? 'exempts' : 'does not exempt'} ${origin}`, () => {
    const env = { ALL_PROXY: 'http://p', NO_PROXY: list };
    assert.equal(proxyOf(origin, env), exempt ? null : 'http://p/');
  });
}

test('a proxy that is no http URL is refused without repeating what it holds', () => {
  for (const bad of ['socks5://user:hush@p', 'http://user:hush@', 'http://user:hush@p:99999']) {
    assert.throws(
      () => chooseProxy({ proxy: bad, env: {} }),
      (error: Error) => !error.message.includes('hush') && /http:\/\//.test(error.message),
    );
  }
});

test('user info becomes Basic credentials, percent-decoded where it can be', () => {
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
  assert.equal(proxyAuthorization(new URL('http://p')), null);
  assert.equal(proxyAuthorization(new URL('http://me:p%40ss@p')), basic('me:p@ss'));
  assert.equal(proxyAuthorization(new URL('http://me:100%@p')), basic('me:100%'));
  assert.equal(proxyAuthorization(new URL('http://token@p')), basic('token:'));
});
