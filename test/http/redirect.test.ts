import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classifyRedirect } from '../../src/fetch/follow-redirect.ts';

const from = (url: string, location: string) => {
  const redirect = classifyRedirect(new URL(url), location);
  return 'url' in redirect ? `${redirect.kind} ${redirect.url}` : redirect.kind;
};

test('relative and absolute targets within the origin are followed', () => {
  assert.equal(from('https://a.example/x/y?q=1', '../z'), 'same-origin https://a.example/z');
  assert.equal(from('https://a.example/x', '?page=2'), 'same-origin https://a.example/x?page=2');
  assert.equal(
    from('https://a.example/x', 'https://A.example:443/z'),
    'same-origin https://a.example/z',
  );
});

test('another host, port or scheme is another origin', () => {
  assert.match(from('https://a.example/x', '//b.example/x'), /^other-origin/);
  assert.match(from('https://a.example/x', 'https://a.example:8443/x'), /^other-origin/);
  assert.match(from('http://a.example:8080/x', 'https://a.example/x'), /^other-origin/);
});

test('http to https on the same host with default ports is an upgrade, the reverse a downgrade', () => {
  assert.equal(from('http://a.example/x', 'https://a.example/x'), 'upgrade https://a.example/x');
  assert.match(from('https://a.example/x', 'http://a.example/x'), /^downgrade/);
  assert.match(from('https://a.example/x', 'http://b.example/x'), /^downgrade/);
});

test('user info and fragment of a target are dropped', () => {
  assert.equal(
    from('https://a.example/x', 'https://me:pw@a.example/y#z'),
    'same-origin https://a.example/y',
  );
});

test('what is no http URL is invalid', () => {
  for (const location of ['javascript:alert(1)', 'file:///etc/passwd', 'https://', 'http://[']) {
    assert.equal(from('https://a.example/x', location), 'invalid', location);
  }
});
