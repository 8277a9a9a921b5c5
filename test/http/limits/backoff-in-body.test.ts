import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { BackoffReader } from '../../../src/http/limits/backoff-in-body.ts';
import type { RawResponse } from '../../../src/http/transport.ts';

function answer(body: unknown, { status = 200, isZipped = false } = {}): RawResponse {
  const text = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const wire = isZipped ? gzipSync(text) : text;
  const headers = isZipped ? { 'content-encoding': 'gzip' } : {};
  const chunks = [wire.subarray(0, 7), wire.subarray(7)];
  return { status, headers, chunks, bodyBytes: wire.length, protocol: 'HTTP/1.1' };
}

const items = [{ id: 1 }];

test('a backoff beside the records is a wait in seconds', () => {
  const reader = new BackoffReader();
  assert.equal(reader.read(answer({ items, backoff: 4 })), 4000);
  assert.equal(reader.read(answer({ items, backoff: '10' })), 10_000);
  assert.equal(reader.read(answer({ items, has_more: true })), null);
});

test('what is no order to wait is none', () => {
  const reader = new BackoffReader();
  for (const body of [
    { items, backoff: 0 },
    { items, backoff: -1 },
    { items, backoff: null },
    { items, backoff: 'soon' },
    { items: [{ backoff: 5 }] },
    // One thing and its properties.
    { name: 'job', backoff: 5 },
    [{ backoff: 5 }],
    '"backoff"',
    '{"items":[],"backoff":5',
  ]) {
    assert.equal(reader.read(answer(body)), null, JSON.stringify(body));
  }
  assert.equal(reader.read(answer({ items, backoff: 5 }, { status: 500 })), null);
});

test('packed bodies are read on where the first of them speak of limits', () => {
  const isZipped = true;
  const speaks = new BackoffReader();
  const silent = new BackoffReader();
  for (let page = 0; page < 10; page += 1) {
    assert.equal(speaks.read(answer({ items, quota_remaining: 250 }, { isZipped })), null);
    assert.equal(silent.read(answer({ items }, { isZipped })), null);
  }
  const late = answer({ items, backoff: 4 }, { isZipped });
  assert.equal(speaks.read(late), 4000);
  assert.equal(silent.read(late), null);
  assert.equal(new BackoffReader().read(late), 4000);
});

test('a backoff is found where the pieces of a body meet, after many bodies without one', () => {
  const reader = new BackoffReader();
  for (let read = 0; read < 10; read += 1) assert.equal(reader.read(answer({ items })), null);
  const whole = answer({ items, backoff: 4 });
  const text = Buffer.concat(whole.chunks);
  for (let size = 1; size <= text.length; size += 1) {
    const chunks: Buffer[] = [];
    for (let at = 0; at < text.length; at += size) chunks.push(text.subarray(at, at + size));
    const fresh = new BackoffReader();
    for (let read = 0; read < 10; read += 1) fresh.read(answer({ items }));
    assert.equal(fresh.read({ ...whole, chunks }), 4000, `pieces of ${size} bytes`);
  }
});
