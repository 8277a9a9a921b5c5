import assert from 'node:assert/strict';
import { test } from 'node:test';
import { policyName } from '../../../src/http/limits/hint-reader.ts';

test('GitHub’s resource and Discord’s bucket name the limit that a request counted in', () => {
  assert.equal(policyName({ 'x-ratelimit-resource': 'search' }), 'search');
  assert.equal(
    policyName({ 'x-ratelimit-bucket': 'abcd1234', 'x-ratelimit-scope': 'user' }),
    'abcd1234',
  );
});

test('a limit on everything has no name', () => {
  assert.equal(
    policyName({ 'x-ratelimit-bucket': 'abcd1234', 'x-ratelimit-scope': 'global' }),
    null,
  );
  assert.equal(
    policyName({ 'x-ratelimit-bucket': 'abcd1234', 'x-ratelimit-global': 'true' }),
    null,
  );
});

test('what no name can be is none', () => {
  for (const value of ['', 'a b', '"core"', '\u001b[0m', 'x'.repeat(101), ['core', 'search']]) {
    assert.equal(policyName({ 'x-ratelimit-resource': value }), null);
  }
  assert.equal(policyName({}), null);
});
