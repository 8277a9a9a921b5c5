import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readRecordExpressions } from '../../src/decode/decode.ts';
import { fieldsUsed } from '../../src/decode/jmespath/fields-used.ts';
import { parseExpression } from '../../src/decode/jmespath/parse.ts';
import { oddJson } from './odd-json.ts';

test('an expression looks at the members that it names, or may look at all', () => {
  for (const [text, names] of [
    ["at.city == 'Ulm' && price > `1`", ['at', 'price']],
    ['!a || b[?c].d | [0]', ['a', 'b']],
    ['{x: a, y: [b, c.d]}', ['a', 'b', 'c']],
    ['sort_by(list, &id)[].id', ['list']],
    ['length(a) == `2`', ['a']],
    ['a.*.b', ['a']],
    ['a[::2]', ['a']],
    ["'text'", []],
    ['[0]', null],
    ['@', null],
    ['keys(@)', null],
    ['*.a', null],
    ['a == @', null],
    ['{all: @}', null],
  ] as const) {
    const used = fieldsUsed(parseExpression(text));
    assert.deepEqual(used === null ? null : [...used], names, text);
  }
});

test('with no other members a record gives the same', () => {
  const fields = '{"a": a, b: b.a, c: [a, b], p: "__proto__", none: none}';
  const some = readRecordExpressions({ where: null, fields });
  // It takes the whole record, so that no member is left out before.
  const all = readRecordExpressions({ where: null, fields: `[@, ${fields}][1]` });
  fc.assert(
    fc.property(oddJson, (json) => {
      const record = Buffer.from(json.trim());
      assert.equal(String(some!(record)), String(all!(record)));
    }),
    { numRuns: Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 600) },
  );
});
