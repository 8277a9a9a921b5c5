import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createJsonScanner, parseSelection, withoutRecords } from '../../src/decode/decode.ts';

function cut(text: string, path: string, left: readonly number[]): string {
  const page = Buffer.from(text);
  const scan = createJsonScanner(parseSelection(path)).scan(page);
  assert.ok(scan.valid);
  return Buffer.from(withoutRecords(page, scan, new Set(left))).toString();
}

test('a page keeps all but the records that are left out', () => {
  const page = '{ "n": 1.0, "items": [ {"a":1} , 2,\n"c" ], "next": null }';
  assert.equal(cut(page, 'items', [0]), '{ "n": 1.0, "items": [ 2,"c" ], "next": null }');
  assert.equal(cut(page, 'items', [2]), '{ "n": 1.0, "items": [ {"a":1},2 ], "next": null }');
  assert.equal(cut(page, 'items', [0, 1, 2]), '{ "n": 1.0, "items": [  ], "next": null }');
  assert.equal(cut('[1,2]', '@', [1]), '[1]');
});

test('what is no element of an array stays', () => {
  assert.equal(cut('{"items": {"id": 1}}', 'items', [0]), '{"items": {"id": 1}}');
  assert.equal(cut('{"items": []}', 'items', [0]), '{"items": []}');
});

test('whatever is left out, what stays is the same list without it', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.array(fc.nat(20)), fc.nat(3), (items, left, space) => {
      const text = JSON.stringify({ before: [1], items, after: {} }, null, space);
      const kept = items.filter((_, index) => !left.includes(index));
      // As JSON writes them: -0 is 0.
      const expected = JSON.parse(JSON.stringify({ before: [1], items: kept, after: {} }));
      assert.deepEqual(JSON.parse(cut(text, 'items', left)), expected);
    }),
  );
});
