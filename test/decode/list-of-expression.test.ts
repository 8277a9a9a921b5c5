import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listOfExpression, parseSelection, readSelection } from '../../src/decode/decode.ts';

test('the list of an expression is what it takes its records from, before it leaves any out', () => {
  const lists = {
    'items[]': 'items',
    'items[*].id': 'items',
    "data.items[?state == 'open'].{id: id}": 'data.items',
    'items[:10]': 'items',
    'data | items[?a].b': 'data.items',
    'items[].tags[]': 'items',
    '[].id': '@',
    '[?id < `5`]': '@',
    'query.pages.*': 'query.pages.*',
    'query.pages.*.title | [?@]': 'query.pages.*',
    '"a b".*.id': '"a b".*',
    '"a.b"[].id': 'a\\.b',
    '*.id': '*',
  };
  for (const [text, list] of Object.entries(lists)) {
    assert.equal(listOfExpression(text), list, text);
    assert.doesNotThrow(() => readSelection(list));
  }
  assert.deepEqual(
    parseSelection('a\\.b').keys.map(({ name }) => name),
    ['a.b'],
  );
});

test('an expression that does not begin with one list has none', () => {
  for (const text of ['{id: id}', '[a, b]', 'sort_by(items, &id)', 'a || b', 'items[0]', '`[]`']) {
    assert.equal(listOfExpression(text), null, text);
  }
});
