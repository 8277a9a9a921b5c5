import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elementsIn, pageValue } from '../../src/decode/page-value.ts';

const PADDING = 'x'.repeat(4 * 1024 * 1024);

/** A page that is too large to be made into values whole. */
const large = (value: unknown): Uint8Array => Buffer.from(JSON.stringify([value, PADDING]));

function shortenedValue(given: unknown): unknown {
  const [value, padding] = pageValue(large(given)) as [unknown, string];
  assert.equal(padding, PADDING);
  return value;
}

const numbers = (length: number) => Array.from({ length }, (_, index) => index);

test('a page is what JSON.parse makes of it, a large one too where its lists are short', () => {
  const value = { a: [1, { b: ['"', '\\', '],['] }], c: {}, d: [], e: numbers(1000) };
  assert.deepEqual(pageValue(Buffer.from(`\u{feff}${JSON.stringify(value)}`)), value);
  assert.deepEqual(shortenedValue(value), value);
  assert.equal((pageValue(Buffer.from(JSON.stringify(numbers(2000)))) as []).length, 2000);
});

test('of a large page lists keep their lengths, and their first thousand elements', () => {
  for (const length of [1001, 5000]) {
    const { data, after } = shortenedValue({ data: numbers(length), after: 7 }) as {
      data: unknown[];
      after: number;
    };
    assert.deepEqual([data.length, after], [length, 7]);
    assert.deepEqual(
      data.filter(() => true),
      numbers(1000),
    );
  }
});

test('lists within lists and objects are shortened each by itself', () => {
  const rows = numbers(1200).map((row) => ({ row, tags: numbers(row === 3 ? 1500 : 2) }));
  const value = shortenedValue({ rows, [`${1}`]: rows.length }) as { rows: typeof rows };
  assert.equal(value.rows.length, 1200);
  assert.equal(value.rows[3]!.tags.length, 1500);
  assert.deepEqual(value.rows[999], rows[999]);
  assert.equal(Object.keys(value.rows).length, 1000);
});

test('only the elements that are there are passed over, however long the list', () => {
  const value = shortenedValue(numbers(50_000)) as number[];
  assert.deepEqual(elementsIn(value), numbers(1000));
  assert.deepEqual(elementsIn([3, null, 1]), [3, null, 1]);
});
