import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { EverypageError } from '../../src/core/errors.ts';
import { createBodyCheck } from '../../src/decode/check-body.ts';
import { readCondition } from '../../src/decode/read-selection.ts';
import { parseSelection } from '../../src/decode/selection.ts';
import { presets } from '../../src/plan/presets.ts';

function isMet(condition: string, page: string): boolean {
  return readCondition(condition)!.isMet(Buffer.from(page));
}

test('null and an empty text are no condition', () => {
  assert.equal(readCondition(null), null);
  assert.equal(readCondition(''), null);
});

test('false, true and null are values wherever a condition compares', () => {
  for (const [condition, met, unmet] of [
    ['ok == false', '{"ok":false}', '{"ok":true}'],
    ['ok != true', '{}', '{"ok":true}'],
    ['`false` == ok', '{"ok":false}', '{"ok":null}'],
    ['data == null', '{"data":null}', '{"data":[]}'],
    ['!ok', '{"ok":false}', '{"ok":true}'],
    ['error', '{"error":{"code":1}}', '{"error":null}'],
    ['errors', '{"errors":[{}]}', '{"errors":[]}'],
    ['ok == false || code > `0`', '{"ok":true,"code":1}', '{"ok":true,"code":0}'],
    ['(ok == false && retry == true)', '{"ok":false,"retry":true}', '{"ok":false,"retry":false}'],
    ['data[?ok == false]', '{"data":[{"ok":true},{"ok":false}]}', '{"data":[{"ok":true}]}'],
    ['@.false', '{"false":1}', '{"true":1}'],
    ["contains(status, 'error')", '{"status":"an error"}', '{"status":"fine"}'],
  ] as const) {
    assert.equal(isMet(condition, met), true, `${condition} of ${met}`);
    assert.equal(isMet(condition, unmet), false, `${condition} of ${unmet}`);
  }
});

test('a condition that cannot be read is refused with the place of the fault', () => {
  assert.throws(
    () => readCondition('ok == '),
    (error) => {
      assert.ok(error instanceof EverypageError && error.code === 'SELECTION');
      assert.match(error.message, /^The condition "ok == " cannot be read: at character \d/);
      return true;
    },
  );
});

test('a page of which a condition is true is refused with its beginning; one that it does not fit is refused too', () => {
  const check = createBodyCheck(parseSelection('items'), 1000, readCondition('ok == false'));
  const refused = check(Buffer.from(' {"ok":false,"error":"busy"}'), null);
  assert.deepEqual(refused, {
    ok: false,
    kind: 'fail-when',
    reason: 'the page says that it failed (--fail-when "ok == false")',
    beginning: ' {"ok":false,"error":"busy"}',
    digest: hash('sha256', ' {"ok":false,"error":"busy"}'),
  });
  assert.ok(check(Buffer.from('{"ok":true,"items":[]}'), null).ok);
  const missing = check(Buffer.from('{"ok":true,"error":"busy"}'), null);
  assert.ok(!missing.ok && missing.kind === 'selection');
  const unfit = createBodyCheck(parseSelection(null), 1000, readCondition('sum(ok) > `1`'));
  const verdict = unfit(Buffer.from('{"ok":"x"}'), null);
  assert.ok(!verdict.ok && verdict.kind === 'fail-when');
  assert.match(verdict.reason, /^The condition .* does not fit this page: at character 1/);
});

test('a page whose values nest too deeply to be compared is refused, without a crash', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const check = createBodyCheck(parseSelection(null), 1e9, readCondition('a == b'));
  const verdict = check(Buffer.from(`{"a":${deep},"b":${deep}}`), null);
  assert.ok(!verdict.ok);
  assert.match(verdict.reason, /does not fit this page: it nests too deeply/);
});

test('names such as __proto__ and constructor are fields like any other', () => {
  assert.equal(isMet('constructor', '{"a":1}'), false);
  assert.equal(isMet('__proto__.polluted', '{"__proto__":{"polluted":true}}'), true);
  assert.equal(isMet('polluted', '{"__proto__":{"polluted":true}}'), false);
  assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false);
});

test('every condition of a preset can be read, and is not true of an ordinary page', () => {
  const conditions = presets.flatMap(({ failWhen }) => failWhen ?? []);
  assert.ok(conditions.length >= 4);
  for (const condition of conditions) {
    assert.equal(isMet(condition, '{"ok":true,"success":true,"timed_out":false}'), false);
  }
});
