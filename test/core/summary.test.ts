import assert from 'node:assert/strict';
import { test } from 'node:test';
import { strictOf } from '../../src/core/resolve-options.ts';
import { isWhole, type VerdictName } from '../../src/core/summary.ts';

const names = ['proven', 'complete', 'unverified', 'incomplete', 'drifted', 'capped'] as const;

const wholeFor = (strict: Parameters<typeof isWhole>[1]): readonly VerdictName[] =>
  names.filter((name) => isWhole(name, strict));

test('a run has everything at the level that is asked for, and at each above it', () => {
  assert.deepEqual(wholeFor(null), ['proven', 'complete', 'unverified']);
  assert.deepEqual(wholeFor('complete'), ['proven', 'complete']);
  assert.deepEqual(wholeFor('proven'), ['proven']);
});

test('strict alone means complete, and what is no level is refused', () => {
  assert.deepEqual(
    [true, false, undefined, 'complete', 'proven'].map((value) => strictOf(value as boolean)),
    ['complete', null, null, 'complete', 'proven'],
  );
  assert.throws(() => strictOf('bad' as 'proven'), {
    code: 'USAGE',
    message: 'strict: expected complete or proven, got "bad"',
  });
});
