import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { endOfString, endOfValue } from '../../src/decode/decode.ts';

const numRuns = Math.ceil(Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 800) / 2);

test('strings of any length end at the quote that no backslash escapes', () => {
  const piece = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.constantFrom('"', '\\', '\\"', '\\\\"', '\\\\', '\\\\\\"', 'x'.repeat(24), 'y'.repeat(100)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = JSON.stringify(pieces.join(''));
      const bytes = Buffer.from(`[${text}, "\\"" , "${'z'.repeat(40)}"]`);
      const end = 1 + Buffer.byteLength(text);
      assert.equal(endOfString(bytes, 2), end);
      assert.equal(endOfValue(bytes, 1), end);
      assert.equal(endOfValue(bytes, 0), bytes.length);
    }),
    { numRuns },
  );
});
