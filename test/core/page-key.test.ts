import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { PAGE_KEY_BYTES, pageKey } from '../../src/core/page-request.ts';
import { redactUrl } from '../../src/core/redact.ts';

const request = { method: 'GET', url: 'https://a.example/?page=1', body: null } as const;
const hex = (key: Uint8Array) => Buffer.from(key).toString('hex');

test('a key is the beginning of the SHA-256 of the framed request, in memory of its own', () => {
  const text = `GET\n${request.url.length}\n${request.url}\n-\n`;
  const key = pageKey(request);
  assert.equal(key.length, PAGE_KEY_BYTES);
  assert.equal(key.buffer.byteLength, PAGE_KEY_BYTES);
  assert.equal(hex(key), createHash('sha256').update(text).digest('hex').slice(0, 32));
});

test('method, URL and body each change the key', () => {
  const { url } = request;
  const keys = [
    request,
    { ...request, url: `${url}0` },
    { ...request, method: 'POST' } as const,
    { method: 'POST', url, body: Buffer.alloc(0) } as const,
    { method: 'POST', url, body: Buffer.from('{}') } as const,
    { method: 'POST', url, body: Buffer.from('{ }') } as const,
  ].map((each) => hex(pageKey(each)));
  assert.equal(new Set(keys).size, keys.length);
});

test('a credential in the URL may be renewed without changing the key', () => {
  const keyWith = (name: string, token: string, secretParams?: readonly string[]) =>
    pageKey({ ...request, url: redactUrl(`${request.url}&${name}=${token}`, secretParams) });
  assert.deepEqual(keyWith('token', 'old'), keyWith('token', 'new'));
  assert.notDeepEqual(keyWith('cursor', 'a'), keyWith('cursor', 'b'));
  assert.deepEqual(keyWith('t', 'a', ['t']), keyWith('t', 'b', ['t']));
});
