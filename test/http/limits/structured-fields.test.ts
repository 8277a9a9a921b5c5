import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSfDictionary, parseSfList } from '../../../src/http/limits/ietf-fields.ts';

const bareItems = (text: string) => parseSfList(text)?.map(([bare]) => bare);

test('a list of items of the types that limits use, with parameters', () => {
  assert.deepEqual(bareItems('1, -2, 1.5, "a \\"b\\\\", ?1, ?0'), [
    1,
    -2,
    1.5,
    'a "b\\',
    true,
    false,
  ]);
  assert.deepEqual(bareItems('tok/en')?.map(String), ['tok/en']);
  const [item] = parseSfList('"burst";q=100;  w=60;pk=:Y2E=:;flag;b=?0')!;
  const { pk, ...others } = Object.fromEntries(item![1]);
  assert.deepEqual(others, { q: 100, w: 60, flag: true, b: false });
  assert.equal(Buffer.from(pk as ArrayBuffer).toString(), 'ca');
});

test('inner lists and optional white space are allowed', () => {
  assert.equal(bareItems(' ("a" 1;x);y=2 \t,\t 7 ')?.[1], 7);
});

test('a dictionary keeps the last of each key', () => {
  const members = parseSfDictionary('limit=100, remaining=50;x, reset=30, on, limit=7')!;
  assert.deepEqual(Object.fromEntries([...members].map(([key, [bare]]) => [key, bare])), {
    limit: 7,
    remaining: 50,
    reset: 30,
    on: true,
  });
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
    '=',
    '{"a":1}',
  ]) {
    assert.equal(parseSfList(text), null, JSON.stringify(text));
  }
  for (const text of ['', 'A=1', 'a=', 'a=1,', 'a==1', '1=a', '"a"=1']) {
    assert.equal(parseSfDictionary(text), null, JSON.stringify(text));
  }
});
