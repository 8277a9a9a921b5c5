import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EverypageError } from '../../src/core/errors.ts';
import { isExpression, parseSelection, pathOf } from '../../src/decode/selection.ts';

function namesOf(text: string | null): string[] {
  return parseSelection(text).keys.map((key) => key.name);
}

test('a selection is keys with dots between them', () => {
  assert.deepEqual(namesOf('data'), ['data']);
  assert.deepEqual(namesOf('hits.hits'), ['hits', 'hits']);
  assert.deepEqual(namesOf('data.0.é -_$'), ['data', '0', 'é -_$']);
  assert.equal(parseSelection('a.b').text, 'a.b');
  assert.deepEqual(parseSelection('é').keys[0]?.utf8, new Uint8Array([0xc3, 0xa9]));
});

test('an empty selection and none mean the whole page', () => {
  assert.deepEqual(namesOf(null), []);
  assert.deepEqual(namesOf(''), []);
});

test('a backslash takes a dot or a backslash into the key', () => {
  assert.deepEqual(namesOf('a\\.b.c'), ['a.b', 'c']);
  assert.deepEqual(namesOf('a\\\\.b'), ['a\\', 'b']);
  assert.deepEqual(namesOf('\\.'), ['.']);
});

test('@ has no keys and is not the whole page', () => {
  assert.deepEqual(parseSelection('@'), { text: '@', keys: [] });
  assert.deepEqual(namesOf('@graph'), ['@graph']);
  assert.deepEqual(namesOf('\\@'), ['@']);
});

test('a character of expressions makes an expression, unless a backslash stands before it', () => {
  for (const text of [
    'a[0]',
    'a[*].b',
    '{a: b}',
    'a | b',
    "a == 'b'",
    '"a b".c',
    'length(a)',
    '*',
  ]) {
    assert.ok(isExpression(text), text);
  }
  for (const text of [
    '',
    '@',
    'a.b',
    'a\\[0\\]',
    '@odata\\.nextLink',
    'my items.é-1_$',
    '$values',
    'a:b',
  ]) {
    assert.ok(!isExpression(text), text);
  }
  assert.deepEqual(namesOf('page\\[size\\].a'), ['page[size]', 'a']);
});

test('any keys can be written as a path that is not taken for an expression', () => {
  const name = fc.string({
    unit: fc.constantFrom(...'ab@.\\[]{}|*"\'`=é '),
    minLength: 1,
    maxLength: 6,
  });
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), (names) => {
      const path = pathOf(names);
      assert.deepEqual(namesOf(path), names);
      assert.ok(!isExpression(path));
    }),
  );
});

for (const [text, reason] of [
  ['a..b', /two dots in a row/],
  ['.a', /begins with a dot/],
  ['a.', /ends with a dot/],
  ['.', /begins with a dot/],
  ['a\\', /a backslash may only stand/],
  ['a\\b', /a backslash may only stand/],
] as const) {
  test(`the selection ${text} is refused with the reason and an example`, () => {
    assert.throws(
      () => parseSelection(text),
      (error) => {
        assert.ok(error instanceof EverypageError);
        assert.equal(error.code, 'SELECTION');
        assert.match(error.message, reason);
        assert.match(error.message, /data\.items/);
        return true;
      },
    );
  });
}
