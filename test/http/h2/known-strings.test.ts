import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KnownStrings } from '../../../src/http/h2/hpack.ts';

test('a string is known by all of its bytes, whatever stands in its place besides', () => {
  const strings = new KnownStrings();
  const texts = Array.from({ length: 1000 }, (_, n) => 'v'.repeat(n % 70) + n);
  for (const text of texts) {
    const bytes = Buffer.from(`<${text}>`);
    assert.equal(strings.find(bytes, 1, bytes.length - 1), undefined);
    strings.keep(bytes, 1, bytes.length - 1, text);
    const known = strings.find(bytes, 1, bytes.length - 1);
    assert.equal(known, text.length > 64 ? undefined : text);
    // The next that comes is written over this one.
    bytes.fill(0);
  }
});
