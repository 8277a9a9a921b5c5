import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSfDictionary, parseSfList } from '../../../src/http/limits/structured-fields.ts';

const bareItems = (text: string) => parseSfList(text)?.map(({ bare }) => bare?.value ?? null);

test('a list holds every type of item, with parameters', () => {
  assert.deepEqual(
    bareItems('1, -2, 1.5, "a \\"b\\\\", tok/en, :aGk=:, ?1, ?0, @1659578233, %"f%c3"'),
    [...[1, -2, 1.5, 'a "b\\', 'tok/en', 'aGk=', true, false, 1659578233, 'f%c3']],
  );
  const [item] = parseSfList('"burst";q=100;  w=60;pk=:Y2E=:;flag;b=?0')!;
  assert.deepEqual(
    [...item!.parameters].map(([key, { value }]) => [key, value]),
    [
      ['q', 100],
      ['w', 60],
      ['pk', 'Y2E='],
      ['flag', true],
      ['b', false],
    ],
  );
});

test('inner lists and optional white space are let through', () => {
  assert.deepEqual(bareItems(' ("a" 1;x);y=2 \t,\t 7 '), [null, 7]);
  assert.deepEqual(bareItems('()'), [null]);
});

test('a dictionary keeps the last of each key', () => {
  const members = parseSfDictionary('limit=100, remaining=50;x, reset=30, on, limit=7')!;
  assert.deepEqual(
    [...members].map(([key, { bare }]) => [key, bare?.value]),
    [
      ['limit', 7],
      ['remaining', 50],
      ['reset', 30],
      ['on', true],
    ],
  );
});

test('a field that breaks the grammar anywhere is no list', () => {
  for (const text of [
    '',
    ',',
    '1,',
    '1,,2',
    '1 2',
    '"open',
    '"bad \\n escape"',
    '"ctl\u0001"',
    '"\u00fc"',
    '1.',
    '1.2345',
    '1.2.3',
    '1234567890123456',
    '1234567890123.5',
    '--1',
    '-',
    '+1',
    '1e3',
    '?2',
    '?',
    '@1.5',
    '@',
    ':not base64!:',
    ':open',
    '%"%C3"',
    'a;Q=1',
    'a;=1',
    'a;q=',
    'a; q = 1',
    '(1',
    '("a""b")',
    '1\t',
    '=',
    '{"a":1}',
  ]) {
    assert.equal(parseSfList(text), null, JSON.stringify(text));
  }
  for (const text of ['', 'A=1', 'a=', 'a=1,', 'a==1', '1=a', '"a"=1']) {
    assert.equal(parseSfDictionary(text), null, JSON.stringify(text));
  }
});
