import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  differInOneNumber,
  getQueryParameter,
  mergeParameters,
  setQueryParameter,
} from '../../src/plan/query-parameter.ts';
import { getBodyMember, setBodyMember, setHeader, setPart } from '../../src/plan/request-parts.ts';

const h = 'https://a.example/';

function body(before: string | null, path: string, literal: string): string | null {
  const changed = setBodyMember(before === null ? null : Buffer.from(before), path, literal);
  return changed === null ? null : Buffer.from(changed).toString();
}

test('a parameter is added behind the others and before the fragment', () => {
  assert.equal(setQueryParameter(h, 'page', '2'), `${h}?page=2`);
  assert.equal(setQueryParameter(`${h}?`, 'page', '2'), `${h}?page=2`);
  assert.equal(setQueryParameter(`${h}?a=1`, 'page', '2'), `${h}?a=1&page=2`);
  assert.equal(setQueryParameter(`${h}?a=1&`, 'page', '2'), `${h}?a=1&page=2`);
  assert.equal(setQueryParameter(`${h}?a#f?page=1`, 'page', '2'), `${h}?a&page=2#f?page=1`);
});

test('a parameter is replaced where it stands, and all other bytes stay', () => {
  const odd = 'q=a+b%2fc&&x&=&%zz=%';
  assert.equal(
    setQueryParameter(`${h}?${odd}&page=1&z=%E9`, 'page', '2'),
    `${h}?${odd}&page=2&z=%E9`,
  );
  assert.equal(setQueryParameter(`${h}?page&a=1`, 'page', '2'), `${h}?page=2&a=1`);
  assert.equal(setQueryParameter(`${h}?page=&a=1`, 'page', ''), `${h}?page=&a=1`);
});

test('of several of one name the first is set and the others go', () => {
  assert.equal(setQueryParameter(`${h}?p=1&a=1&p=2&p=3#x`, 'p', '9'), `${h}?p=9&a=1#x`);
});

test('page[size] and page%5Bsize%5D are one name, and stay as they are written', () => {
  assert.equal(setQueryParameter(`${h}?page[size]=1`, 'page%5Bsize%5D', '2'), `${h}?page[size]=2`);
  assert.equal(
    setQueryParameter(`${h}?page%5bsize%5d=1`, 'page[size]', '2'),
    `${h}?page%5bsize%5d=2`,
  );
  assert.equal(setQueryParameter(h, 'page[size]', '2'), `${h}?page[size]=2`);
  assert.equal(setQueryParameter(h, '$top', '2'), `${h}?$top=2`);
  assert.equal(getQueryParameter(`${h}?page%5Bsize%5D=7`, 'page[size]'), '7');
});

test('a value comes through whole, whatever it holds', () => {
  for (const value of ['a+b/c==', 'a b&c=d#e?', "'%27", 'é😀', '%2B', '*', '{"id":1}', '']) {
    const url = setQueryParameter(`${h}?a=1`, 'cursor', value);
    assert.equal(getQueryParameter(url, 'cursor'), value);
    assert.equal(new URL(url).searchParams.get('cursor'), value);
    assert.equal(new URL(url).href, url, 'the URL standard leaves it as it is');
  }
  assert.equal(setQueryParameter(h, 'c', 'a+b'), `${h}?c=a%2Bb`);
  assert.equal(getQueryParameter(setQueryParameter(h, 'c', '\ud800'), 'c'), '\ufffd');
});

test('a value that is there already leaves the URL as it is', () => {
  const url = `${h}?cursor=a%2fb+c`;
  assert.equal(setQueryParameter(url, 'cursor', 'a/b c'), url);
});

test('reading decodes as servers do, and null is no parameter', () => {
  assert.equal(getQueryParameter(`${h}?q=a+b%20c&q=2`, 'q'), 'a b c');
  assert.equal(getQueryParameter(`${h}?q=%zz%41`, 'q'), '%zzA');
  assert.equal(getQueryParameter(`${h}?q`, 'q'), '');
  assert.equal(getQueryParameter(`${h}#?q=1`, 'q'), null);
});

test('parameters are merged, names of the language among them', () => {
  const values = JSON.parse('{"continue":"-||","__proto__":"x","apcontinue":"A&B"}');
  assert.equal(
    mergeParameters(`${h}?continue=&list=a`, values),
    `${h}?continue=-%7C%7C&list=a&__proto__=x&apcontinue=A%26B`,
  );
});

test('a body member is replaced, and big numbers and layout elsewhere stay', () => {
  assert.equal(
    body('{ "id": 12345678901234567890, "page" : 1 ,"x":1.0}', 'page', '2'),
    '{ "id": 12345678901234567890, "page" : 2 ,"x":1.0}',
  );
  assert.equal(body('{"a":{"b":[1,2]},"c":-0}', 'a.b', '"x"'), '{"a":{"b":"x"},"c":-0}');
  assert.equal(body('{"a":1,"a":2}', 'a', '3'), '{"a":1,"a":3}', 'the last of equal keys counts');
  assert.equal(body('{"\\u0061":1}', 'a', '3'), '{"\\u0061":3}');
  assert.equal(body('{"ü":"ü","b":"é"}', 'ü', '"😀"'), '{"ü":"😀","b":"é"}');
});

test('what is missing on the way is made', () => {
  assert.equal(body(null, 'cursor', '"x"'), '{"cursor":"x"}');
  assert.equal(body('', 'a.b', '1'), '{"a":{"b":1}}');
  assert.equal(body('{\n  "a": 1\n}', 'b.c', '2'), '{\n  "a": 1,"b":{"c":2}\n}');
  assert.equal(body('{"variables":null}', 'variables.after', '"x"'), '{"variables":{"after":"x"}}');
  assert.equal(body('{"variables":{ }}', 'variables.after', '1'), '{"variables":{"after":1 }}');
  assert.equal(body('{}', 'a\\.b', '1'), '{"a.b":1}');
});

test('an element of an array is named by its number', () => {
  assert.equal(
    body('{"requests":[{"p":0},{"p":0}]}', 'requests.1.p', '7'),
    '{"requests":[{"p":0},{"p":7}]}',
  );
  assert.equal(body('{"a":[1]}', 'a.1', '7'), null);
});

test('what is no JSON, or stands in the way, is left alone', () => {
  for (const before of ['query=x', '{"a":', '\ufeff{}', '{"a":"text"}', '{"a":1}', '[1]', '"a"']) {
    assert.equal(body(before, 'a.b', '1'), null, before);
  }
  assert.equal(setBodyMember(Buffer.from([0x22, 0xff, 0x22]), 'a', '1'), null);
  assert.equal(body('{}', '', '1'), null);
});

test('a body member is read as its literal text', () => {
  const bytes = Buffer.from('{"a":{"b":1.0,"c":"\\u0061ü"},"d":[ 1 ]}');
  assert.equal(getBodyMember(bytes, 'a.b'), '1.0');
  assert.equal(getBodyMember(bytes, 'a.c'), '"\\u0061ü"');
  assert.equal(getBodyMember(bytes, 'd'), '[ 1 ]');
  assert.equal(getBodyMember(bytes, 'x'), null);
  assert.equal(getBodyMember(null, 'x'), null);
});

test('a header is set by its lower-case name, unless HTTP cannot carry the value', () => {
  assert.deepEqual(setHeader({ range: 'items=0-9', x: '1' }, 'Range', 'items=10-19'), {
    range: 'items=10-19',
    x: '1',
  });
  for (const value of ['a\r\nx-evil: 1', 'a\nb', '\0', '€']) {
    assert.equal(setHeader(undefined, 'x-cursor', value), null);
  }
});

test('a number goes into a body bare, but as a string where a string stood', () => {
  const request = { method: 'POST', url: h, source: null } as const;
  const set = (before: string, isLiteral: boolean) => {
    const start = { ...request, body: Buffer.from(before) };
    return String(setPart(start, 'body', 'after', { text: '9007199254740993', isLiteral })?.body);
  };
  assert.equal(set('{"after":1}', true), '{"after":9007199254740993}');
  assert.equal(set('{"after":"1"}', true), '{"after":"9007199254740993"}');
  assert.equal(set('{}', false), '{"after":"9007199254740993"}');
});

test('two URLs differ in one number, in a parameter or in the path', () => {
  const differ = (a: string, b: string) => differInOneNumber(h + a, h + b);
  assert.deepEqual(differ('?page=1&a=x', '?a=%78&page=9'), { param: 'page', a: 1, b: 9 });
  assert.deepEqual(differ('?a=x', '?a=x&page=0'), { param: 'page', a: null, b: 0 });
  assert.deepEqual(differ('?page[n]=2', '?page%5Bn%5D=1'), { param: 'page[n]', a: 2, b: 1 });
  assert.deepEqual(differ('items/page/2', 'items/page/10'), { segment: 2, a: 2, b: 10 });
  assert.deepEqual(differ('3?q=1', '4?q=1#x'), { segment: 0, a: 3, b: 4 });
});

test('URLs that are equal, or differ in more or in other than a number, do not', () => {
  for (const [a, b] of [
    ['?page=1', '?page=1'],
    ['?page=1&size=1', '?page=2&size=2'],
    ['?page=1', '?page=x'],
    ['?page=', '?page=2'],
    ['?page=1', ''],
    ['?page=01', '?page=02'],
    ['?p=1&p=2', '?p=1&p=3'],
    ['1?page=1', '2?page=2'],
    ['a/1', 'a/1/2'],
    ['1/1', '2/2'],
    ['a', 'b'],
    ['?page=99999999999999999999', '?page=2'],
  ]) {
    assert.equal(differInOneNumber(h + a, h + b), null, `${a} ${b}`);
  }
  assert.equal(differInOneNumber('http://a.example/?p=1', 'https://a.example/?p=2'), null);
  assert.equal(differInOneNumber('rubbish', `${h}?p=2`), null);
});
