import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compactRange, copyCompact, copyRange } from '../../src/decode/json-tokens.ts';

const numRuns = Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 400);

function compacted(text: string): string {
  const bytes = Buffer.from(text);
  return Buffer.from(compactRange(bytes, 0, bytes.length)).toString();
}

test('white space goes between tokens and stays in strings', () => {
  assert.equal(compacted(' { "a b" :\t[ 1 ,\r\n " \\" , " ] }\n'), '{"a b":[1," \\" , "]}');
  assert.equal(compacted('[ "\\\\" , "" , "\\\\\\"" ]'), '["\\\\","","\\\\\\""]');
});

test('literals stay as the server wrote them', () => {
  const literals = '12345678901234567890,1.0,-0,1E+2,"\\u0041\\/","é",true';
  assert.equal(compacted(`[${literals.replaceAll(',', ' , ')}]`), `[${literals}]`);
  assert.equal(compacted('{"b":1, "a":2, "b":3}'), '{"b":1,"a":2,"b":3}');
});

test('indented JSON becomes what it was before it was indented', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(' ', '\t', '    '), (value, indent) => {
      assert.equal(compacted(JSON.stringify(value, null, indent)), JSON.stringify(value));
    }),
    { numRuns },
  );
});

test('a copy stays within its range and says where it ends', () => {
  const source = Buffer.from(`xx[1, "${'long '.repeat(50)}"]yy`);
  for (const copy of [copyRange, copyCompact]) {
    for (const end of [6, source.length - 2]) {
      const target = new Uint8Array(source.length + 10).fill(7);
      const start = end === 6 ? 3 : 2;
      const after = copy(target, 5, source, start, end);
      const expected = source
        .subarray(start, end)
        .toString()
        .replace(', ', copy === copyRange ? ', ' : ',');
      assert.equal(Buffer.from(target.subarray(5, after)).toString().trim(), expected.trim());
      assert.ok(target.subarray(0, 5).every((byte) => byte === 7));
      assert.ok(target.subarray(after).every((byte) => byte === 7));
    }
  }
});
