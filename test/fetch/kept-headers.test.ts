import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KnownCredentials } from '../../src/core/known-credentials.ts';
import { keptHeaders } from '../../src/fetch/kept-headers.ts';

const known = new KnownCredentials([], ['sid']);

test('a credential in a kept header is redacted wherever a link may stand', () => {
  for (const [name, value] of [
    [
      'link',
      '<https://a.example/?page=2&api_key=canary>; rel="next", </?api_key=canary>; rel=last',
    ],
    ['x-next-page', 'https://a.example/?api_key=canary&page=2'],
    ['x-next-page', '/items?page=2&sid=canary'],
    ['x-pagination', '{"next":"\\/items?page=2&api_key=canary","prev":"?token=canary"}'],
    ['x-pagination', 'next=/items?api_key=canary'],
  ] as const) {
    const kept = keptHeaders({ [name]: value }, known) ?? '';
    assert.ok(!kept.includes('canary'), kept);
    assert.match(kept, /=REDACTED/);
  }
});

test('what is no credential stays byte for byte, and cookies are never kept', () => {
  const headers = { 'x-total': '12', link: '</?page=2&page_token=a=b>; rel="next"', date: 'now' };
  assert.deepEqual(JSON.parse(keptHeaders(headers, known) ?? ''), headers);
  assert.equal(keptHeaders({ 'set-cookie': ['sid=canary'], 'content-length': '3' }, known), null);
});

test('a long header is read in a moment', () => {
  const value = `=${'a'.repeat(60_000)}${'<'.repeat(30_000)}${'?'.repeat(30_000)}`;
  assert.ok(keptHeaders({ 'x-next': value }, known) !== null);
});
