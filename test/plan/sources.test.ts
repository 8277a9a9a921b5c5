import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sourceOf } from '../../src/plan/written-url.ts';

test('an argument is standard input, a list, a template, or with -g a literal', () => {
  assert.deepEqual(sourceOf('-', false), { kind: 'stdin' });
  assert.deepEqual(sourceOf('@-', true), { kind: 'stdin' });
  assert.deepEqual(sourceOf('@urls.txt', true), { kind: 'file', path: 'urls.txt' });
  assert.deepEqual(sourceOf('http://a/[1-2]', false), { kind: 'template', text: 'http://a/[1-2]' });
  assert.deepEqual(sourceOf('http://a/[1-2]', true), { kind: 'literal', text: 'http://a/[1-2]' });
});

test('an @ without a path and an empty argument are refused', () => {
  assert.throws(() => sourceOf('@', false), { code: 'USAGE', message: /@urls\.txt/ });
  assert.throws(() => sourceOf('', false), { code: 'USAGE', message: /empty/ });
});
