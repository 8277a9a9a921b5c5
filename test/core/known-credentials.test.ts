import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KnownCredentials } from '../../src/core/known-credentials.ts';

/** What a header may hold. */
const secret = fc
  .string({ minLength: 8, maxLength: 30, unit: 'binary' })
  .map((text) => text.replaceAll(/[\p{Cc}\p{Cs}]/gu, '/'))
  .filter((text) => text.trim() === text);
const around = fc.string({ maxLength: 20 });

/** In the forms that a server may repeat it in, within a text. */
function writingsOf(value: string, before: string, behind: string): readonly string[] {
  const base64 = Buffer.from(`${before}${value}${behind}`).toString('base64');
  const forUrls = Buffer.from(`${before}${value}`).toString('base64url');
  const plain = [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)];
  return [...plain, base64, forUrls, encodeURIComponent(base64)];
}

test('no text shows a credential, and what is sealed opens to what it was', () => {
  fc.assert(
    fc.property(secret, around, around, (value, before, behind) => {
      const known = new KnownCredentials([{ name: 'a-0', value }], []);
      const inner = Buffer.from(`  ${value}  `).toString('base64').slice(4, -4);
      for (const written of writingsOf(value, before, behind)) {
        const text = `${before}<${written}>${behind}`;
        assert.notEqual(known.withhold(text), text);
        assert.equal(known.withhold(written).includes(value), false);
        assert.equal(known.seal(written).includes(value), false);
        assert.equal(inner.length > 0 && known.withhold(written).includes(inner), false);
      }
      for (const exact of [value, encodeURIComponent(value), before, behind]) {
        assert.equal(known.open(known.seal(exact)), exact);
      }
    }),
    { numRuns: 200 },
  );
});

test('two texts that differ are sealed as two', () => {
  const known = new KnownCredentials([{ name: 'a-0', value: 'canary/123' }], []);
  const texts = [
    ...['canary/123', 'canary%2F123', 'canary%2f123', 'canary%252F123', 'REDACTED~a-0-p~'],
    ...['REDACTED', 'REDACTED~', 'REDACTED~~a-0-p~', 'REDACTED~a-0-pe1~'],
  ];
  assert.equal(new Set(texts.map((text) => known.seal(text))).size, texts.length);
  for (const text of texts) assert.equal(known.open(known.seal(text)), text);
  for (const text of texts.slice(0, 4)) {
    assert.doesNotMatch(known.withhold(known.seal(text)), /canary|~/);
  }
});

test('short words are withheld only from what a server says of a failure', () => {
  const known = new KnownCredentials([{ name: 'a-0', value: 'demo' }], []);
  assert.equal(known.url('https://demo.example/'), 'https://demo.example/');
  assert.equal(known.forSaid().withhold('demo is wrong'), 'REDACTED is wrong');
});

test('our own words and paths in an event stay, and an event without a credential is itself', () => {
  const known = new KnownCredentials([{ name: 'a-0', value: 'fetching' }], []);
  const event = { type: 'phase', phase: 'fetching', archivePath: '/fetching' };
  assert.equal(known.withholdIn(event), event);
  const shown = known.withholdIn({ type: 'warning', message: 'no fetching', list: ['fetching'] });
  assert.deepEqual(shown, { type: 'warning', message: 'no REDACTED', list: ['REDACTED'] });
});

test('a long text is searched in a moment', () => {
  const value = '/'.repeat(200);
  const known = new KnownCredentials([{ name: 'a-0', value }], []);
  for (const part of ['\\\\', '/', '%2', '%25', 'REDACTED~', '\\u002']) {
    assert.ok(known.withhold(part.repeat(30_000)).length > 0);
  }
});
