import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Limit } from '../../../src/core/hint.ts';
import { createHintReader } from '../../../src/http/limits/hint-reader.ts';

/** What one reader makes of answers that came at those seconds: reset and what is left. */
function readAll(
  answers: readonly (readonly [atS: number, reset: number, left: number])[],
): Limit[] {
  const reader = createHintReader();
  return answers.map(([atS, reset, left]) => {
    const headers = {
      'x-ratelimit-limit': '100',
      'x-ratelimit-remaining': String(left),
      'x-ratelimit-reset': String(reset),
    };
    return reader.read(200, headers, atS * 1_000, 0).limits[0]!;
  });
}
const resets = (answers: Parameters<typeof readAll>[0]) =>
  readAll(answers).map(({ resetMs }) => resetMs);

test('a number that falls by one a second is seconds', () => {
  assert.deepEqual(
    resets([
      [0, 60, 90],
      [3, 57, 80],
      [30, 30, 10],
    ]),
    [60_000, 57_000, 30_000],
  );
});

test('a number that falls by a thousand a second is milliseconds, small or large', () => {
  assert.deepEqual(
    resets([
      [0, 600_000, 90],
      [2, 598_000, 80],
    ]),
    [600_000_000, 598_000],
  );
  // Too large for seconds at first sight.
  assert.deepEqual(
    resets([
      [0, 3_600_000, 90],
      [1, 3_599_010, 80],
    ]),
    [null, 3_599_010],
  );
});

test('once milliseconds, it stays so in the next window', () => {
  assert.deepEqual(
    resets([
      [0, 60_000, 90],
      [10, 50_000, 80],
      [61, 59_000, 99],
    ]).slice(1),
    [50_000, 59_000],
  );
});

test('a number that stays while requests are counted is the length of the window', () => {
  const [first, , last, spent] = readAll([
    [0, 60, 90],
    [3, 60, 80],
    [8, 60, 70],
    [9, 60, 0],
  ]);
  assert.deepEqual([first!.resetMs, first!.windowMs], [60_000, null]);
  assert.deepEqual([last!.resetMs, last!.windowMs], [null, 60_000]);
  // With nothing left, a whole window is the longest it can take.
  assert.deepEqual([spent!.resetMs, spent!.windowMs], [60_000, 60_000]);
});

test('a number that stays while nothing is counted settles nothing', () => {
  assert.deepEqual(
    resets([
      [0, 60, 90],
      [20, 60, 90],
    ]),
    [60_000, 60_000],
  );
});

test('a countdown that only seemed to stand still is seconds after all', () => {
  assert.deepEqual(
    resets([
      [0, 60, 90],
      [6, 60, 80],
      [20, 42, 60],
      [40, 22, 50],
    ]).slice(2),
    [42_000, 22_000],
  );
});

test('answers that overtake each other and windows that begin anew settle nothing wrong', () => {
  assert.deepEqual(
    resets([
      [0, 2, 5],
      [0.1, 1, 4],
      [0.2, 2, 6],
      [1, 1, 2],
      [1.5, 60, 99],
      [2, 59, 98],
    ]),
    [2_000, 1_000, 2_000, 1_000, 60_000, 59_000],
  );
});

test('an epoch stays where it is while the time to it falls', () => {
  const reader = createHintReader();
  const at = (date: string, now: number) =>
    reader.read(
      200,
      { date, 'x-ratelimit-remaining': '5', 'x-ratelimit-reset': '1768478490' },
      now,
      0,
    ).limits[0]!.resetMs;
  assert.equal(at('Thu, 15 Jan 2026 12:00:00 GMT', 0), 90_000);
  assert.equal(at('Thu, 15 Jan 2026 12:01:00 GMT', 60_000), 30_000);
});

test('each header of a bucket is settled for itself', () => {
  const reader = createHintReader();
  const read = (api: number, plain: number, now: number) =>
    reader
      .read(
        200,
        {
          'x-rate-limit-api-key-remaining': '5',
          'x-rate-limit-api-key-reset': String(api),
          'x-ratelimit-remaining': '9',
          'x-ratelimit-reset': String(plain),
        },
        now,
        0,
      )
      .limits.map(({ resetMs }) => resetMs);
  read(9_000, 60, 0);
  assert.deepEqual(read(6_000, 57, 3_000), [6_000, 57_000]);
});
