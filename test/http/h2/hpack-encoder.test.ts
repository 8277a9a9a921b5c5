import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FieldKind, HpackEncoder } from '../../../src/http/h2/hpack.ts';

function encode(
  encoder: HpackEncoder,
  fields: readonly (readonly [string, string])[],
  kind: FieldKind = 'indexed',
): string {
  const out: number[] = [];
  encoder.begin(out);
  for (const [name, value] of fields) encoder.field(out, name, value, kind);
  return Buffer.from(out).toString('hex');
}

const FIRST = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'www.example.com'],
] as const;

test('RFC 7541 C.3, requests without Huffman coding, encode as printed', () => {
  const encoder = new HpackEncoder();
  assert.equal(encode(encoder, FIRST), '828684410f7777772e6578616d706c652e636f6d');
  const second = [...FIRST, ['cache-control', 'no-cache']] as const;
  assert.equal(encode(encoder, second), '828684be58086e6f2d6361636865');
});

test('a field that repeats costs one byte', () => {
  const encoder = new HpackEncoder();
  const fields = [
    ['user-agent', 'test/1'],
    ['x-tenant', 'seven'],
  ] as const;
  encode(encoder, fields);
  assert.equal(encode(encoder, fields).length, 4);
});

test('a secret is marked never indexed each time, and gets no place in the table', () => {
  const encoder = new HpackEncoder();
  const secret = [['authorization', 'Bearer x']] as const;
  const bytes = `1f08${'08'}${Buffer.from('Bearer x').toString('hex')}`;
  assert.equal(encode(encoder, secret, 'secret'), bytes);
  assert.equal(encode(encoder, secret, 'secret'), bytes);
  assert.equal(encode(encoder, [['x-key', 'k']], 'secret'), '1005782d6b6579016b');
});

test('a peer without room for a table is told so, and gets no index of one', () => {
  const encoder = new HpackEncoder();
  encode(encoder, FIRST);
  encoder.limitTable(0);
  assert.equal(encode(encoder, [['x-a', '1']]), '2000' + '03782d610131');
  assert.equal(encode(encoder, [['x-a', '1']]), '0003782d610131');
});

test('a table that shrank and grew between two requests is announced by both sizes', () => {
  const encoder = new HpackEncoder();
  encode(encoder, FIRST);
  encoder.limitTable(0);
  encoder.limitTable(100);
  assert.equal(encode(encoder, [[':method', 'GET']]), '203f4582');
});

test('an unchanged table size is not announced, and more than 4,096 bytes not used', () => {
  const encoder = new HpackEncoder();
  encoder.limitTable(4096);
  encoder.limitTable(1_000_000);
  assert.equal(encode(encoder, [[':method', 'GET']]), '82');
});

test('headers that change without end keep the encoder small and right', () => {
  const encoder = new HpackEncoder();
  for (let n = 0; n < 5000; n += 1) encode(encoder, [['x-n', String(n)]]);
  assert.equal(encode(encoder, [['x-n', '4999']]), 'be');
  assert.ok(encode(encoder, [['x-n', '0']]).length > 2);
});
