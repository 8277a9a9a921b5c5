import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  describeHint,
  describeWait,
  type Limit,
  noHint,
  tightestLimit,
} from '../../src/core/hint.ts';

const limit = (said: Partial<Limit>): Limit => ({
  policy: '',
  quota: null,
  remaining: null,
  resetMs: null,
  windowMs: null,
  ...said,
});
const describe = (...limits: Partial<Limit>[]) =>
  describeHint({ waitMs: null, limits: limits.map(limit) });

test('what is left of a window, and when it ends', () => {
  const said = { quota: 100, remaining: 12, resetMs: 31_000 };
  assert.equal(describe(said), 'server says 12 of 100 left, window ends in 31 s');
  assert.equal(describe({ remaining: 4987 }), 'server says 4,987 left');
  assert.equal(
    describe({ ...said, policy: 'core', remaining: 0, resetMs: 3_540_000 }),
    'server says 0 of 100 left (core), window ends in 59 min',
  );
  assert.equal(describe({ remaining: 0 }), 'server says nothing left');
});

test('a rate', () => {
  assert.equal(describe({ quota: 50, windowMs: 1_000 }), 'server says at most 50 a second');
  assert.equal(
    describe({ quota: 50, windowMs: 1_000, remaining: 40, resetMs: 1_000 }),
    'server says at most 50 a second',
  );
  assert.equal(describe({ quota: 5000, windowMs: 3_600_000 }), 'server says at most 5,000 an hour');
  assert.equal(describe({ quota: 190, windowMs: 10_000 }), 'server says at most 190 in 10 s');
  assert.equal(describe({ quota: 1, windowMs: 2_000 }), 'server says at most 0.5 a second');
  assert.equal(describe({ quota: 60 }), 'server says at most 60 a window');
});

test('of several limits the tightest is told', () => {
  const second = { policy: 'second', quota: 10, remaining: 9, windowMs: 1_000 };
  const day = { policy: 'day', quota: 10_000, remaining: 20, resetMs: 3_600_000 };
  assert.equal(describe(second, day), 'server says 20 of 10,000 left (day), window ends in 1 h');
  assert.equal(tightestLimit([limit(second), limit({ ...day, remaining: 0 })])?.policy, 'day');
  assert.equal(tightestLimit([limit({ resetMs: 5 })]), null);
});

test('a wait comes before all', () => {
  assert.equal(
    describeHint({ waitMs: 7_000, limits: [limit({ quota: 5, remaining: 0 })] }),
    'server says wait 7 s',
  );
  assert.equal(describeHint(noHint), null);
});

test('a name that could do harm on a terminal is left out', () => {
  assert.equal(describe({ policy: '\u001b[31m', remaining: 3 }), 'server says 3 left');
});

test('a wait says where it was read', () => {
  assert.equal(describeWait(7_000, 'retry-after'), 'Retry-After 7 s');
  assert.equal(describeWait(31_000, 'reset'), 'its window ends in 31 s');
  assert.equal(describeWait(60_000, 'body'), 'its body asks for 1 min');
  assert.equal(describeWait(30_000, 'preset'), '30 s as the preset says');
  assert.equal(describeWait(null, null), 'without a time to wait');
});
