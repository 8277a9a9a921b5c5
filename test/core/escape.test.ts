import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { escapeText } from '../../src/core/escape.ts';

const numRuns = Number(process.env['EVERYPAGE_FUZZ_RUNS'] ?? 1_000);

test('controls, direction marks and line separators are shown, not sent', () => {
  assert.equal(
    escapeText('a\x1b[31mb\r\n\t\0\x7f\x9b'),
    'a\\x1b[31mb\\x0d\\x0a\\x09\\x00\\x7f\\x9b',
  );
  assert.equal(escapeText('x\u202ey\u2066\u200f\u061c'), 'x\\u202ey\\u2066\\u200f\\u061c');
  assert.equal(escapeText('\u2028\u2029\u200b\ufeff'), '\\u2028\\u2029\\u200b\\ufeff');
  assert.equal(escapeText('\ud800x\udc00'), '\\ud800x\\udc00');
});

test('ordinary text of any script stays as it is', () => {
  for (const text of ['', 'a b\\x', 'Füße 漢字 עברית العربية नमस्ते', '👩‍👩‍👧 🏳️‍🌈 e\u0301']) {
    assert.equal(escapeText(text), text);
    assert.equal(escapeText(text, 100), text);
  }
});

test('long text ends in an ellipsis, with no character and no escape cut in half', () => {
  assert.equal(escapeText('abcdef', 6), 'abcdef');
  assert.equal(escapeText('abcdefg', 6), 'abcde…');
  assert.equal(escapeText('ab\x1bcd', 5), 'ab…');
  assert.equal(escapeText('ab\x1b', 6), 'ab\\x1b');
  assert.equal(escapeText('ab\x1bc', 6), 'ab…');
  assert.equal(escapeText('a🎉🎉', 4), 'a🎉…');
  assert.equal(escapeText('a🎉🎉', 3), 'a…');
  assert.equal(escapeText('abc', 1), '…');
  assert.equal(escapeText('abc', 0), '');
});

test('of very long text only the beginning is read', () => {
  assert.equal(escapeText('\x1b'.repeat(20_000_000), 10), '\\x1b\\x1b…');
});

const nasty = fc.string({
  unit: fc.oneof(
    fc.nat(0xffff).map((code) => String.fromCharCode(code)),
    fc.constantFrom('\x1b', '\u202e', '\ud83c', '\udf89', 'a', '\n', '\x9b', '\u2067'),
  ),
});

test('no text, however cut, brings an unsafe character or exceeds its length', () => {
  fc.assert(
    fc.property(nasty, fc.nat(40), (text, maxLength) => {
      const cut = escapeText(text, maxLength);
      const whole = escapeText(text);
      for (const shown of [cut, whole]) {
        for (const character of shown) {
          const code = character.codePointAt(0)!;
          assert.ok(code >= 0x20 && !(code >= 0x7f && code <= 0x9f), `control ${code}`);
          assert.ok(!(code >= 0xd800 && code <= 0xdfff), `surrogate ${code}`);
          assert.ok(!(code >= 0x2028 && code <= 0x202e), `separator or override ${code}`);
          assert.ok(!(code >= 0x2066 && code <= 0x2069), `isolate ${code}`);
        }
      }
      assert.ok(cut.length <= maxLength);
      if (whole.length <= maxLength) assert.equal(cut, whole);
      else if (maxLength > 0) {
        assert.ok(cut.endsWith('…'));
        assert.ok(whole.startsWith(cut.slice(0, -1)));
      }
    }),
    { numRuns },
  );
});
