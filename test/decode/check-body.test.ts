import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createBodyCheck } from '../../src/decode/check-body.ts';
import { readSelection } from '../../src/decode/read-selection.ts';
import { parseSelection } from '../../src/decode/selection.ts';

function check(
  body: string | Uint8Array,
  selection: string | null,
  encoding: string | null = null,
) {
  return createBodyCheck(parseSelection(selection), 1_000_000)(
    Buffer.from(body as string),
    encoding,
  );
}

function refusal(body: string | Uint8Array, selection: string | null = null, encoding?: string) {
  const verdict = check(body, selection, encoding ?? null);
  assert.ok(!verdict.ok);
  return `${verdict.kind}: ${verdict.reason}`;
}

test('a good page has its decoded size, the hash of its decoded bytes and its records', () => {
  const body = '{"data":[1,2,3]}\n';
  const hash = createHash('sha256').update(body).digest();
  for (const [wire, encoding] of [
    [body, null],
    [gzipSync(body), 'gzip'],
  ] as const) {
    const verdict = check(wire, 'data', encoding);
    assert.ok(verdict.ok);
    assert.deepEqual([verdict.decoded.length, verdict.records], [body.length, 3]);
    assert.ok(hash.equals(verdict.hash));
  }
});

test('records are not counted where the whole page was selected', () => {
  const verdict = check('[1,2]', null);
  assert.ok(verdict.ok);
  assert.equal(verdict.records, null);
});

test('records are counted where the page itself is the array', () => {
  const verdict = check('[1,2]', '@');
  assert.ok(verdict.ok);
  assert.deepEqual([verdict.records, verdict.found.count], [2, 2]);
});

test('an expression is applied to valid JSON; a page that it does not fit is refused', () => {
  const selection = readSelection('sum(a[].n) && a[?n > `1`].{n: n}');
  const bodyCheck = createBodyCheck(selection, 1_000_000);
  const verdict = bodyCheck(gzipSync('{"a":[{"n":1.0},{"n":2.0},{"n":3}]}'), 'gzip');
  assert.ok(verdict.ok);
  assert.equal(verdict.records, 2);
  const { spans, source } = verdict.found;
  assert.equal(Buffer.from(source!.subarray(spans[0], spans[3])).toString(), '{"n":2.0},{"n":3}');

  const unfit = bodyCheck(Buffer.from('{"a":[{"n":"x"}]}'), null);
  assert.ok(!unfit.ok && unfit.kind === 'selection');
  assert.match(
    unfit.reason,
    /does not fit this page: at character 1, sum\(\) takes an array of numbers/,
  );
  const invalid = bodyCheck(Buffer.from('{"a":['), null);
  assert.ok(!invalid.ok && invalid.kind === 'json');
});

test('an empty array is a good page with zero records', () => {
  const verdict = check('{"data":[]}', 'data');
  assert.ok(verdict.ok);
  assert.equal(verdict.records, 0);
});

test('an empty body is refused as empty, compressed or not', () => {
  assert.equal(refusal(''), 'empty: the body is empty');
  assert.equal(refusal('', null, 'gzip'), 'empty: the body is empty');
  assert.equal(refusal(gzipSync(''), null, 'gzip'), 'empty: the body is empty once decoded');
});

test('a body that is not JSON is refused with the offset of the fault', () => {
  assert.equal(
    refusal('<!doctype html><p>Finding in'),
    'json: the body is not JSON (byte 0: it looks like HTML)',
  );
  assert.equal(refusal('\n <html>'), 'json: the body is not JSON (byte 2: it looks like HTML)');
  for (const xml of ['<?xml version="1.0"?><error/>', '<error><code>7</code></error>']) {
    assert.equal(refusal(xml), 'json: the body is not JSON (byte 0: it looks like XML)');
  }
  assert.equal(refusal('{"a":<b>}'), 'json: the body is not JSON (byte 5: unexpected character <)');
  assert.equal(refusal('{"a":1'), 'json: the body is not JSON (byte 6: it ends early)');
  assert.equal(refusal('  '), 'json: the body is not JSON (byte 2: it ends early)');
  assert.equal(
    refusal(gzipSync('[]')),
    'json: the body is not JSON (byte 0: unexpected character \\x1f)',
  );
});

test('what is no JSON is named as what it is', () => {
  const named = (body: string) => refusal(body).replace('json: the body is not JSON ', '');
  assert.equal(
    named('{"id":1}\n{"id":2}\n'),
    '(byte 9: another value begins on a line of its own: it looks like JSON Lines)',
  );
  assert.equal(named('{"id":1}{"id":2}'), '(byte 8: unexpected character {)');
  assert.equal(named('{"id":1}\nOK'), '(byte 9: unexpected character O)');
  for (const body of ['callback({"id":1})', '/**/ jQuery.cb_1([1]);', 'typeOf({});', ' f()']) {
    assert.match(named(body), /^\(byte \d+: it looks like JSONP\)$/);
  }
  assert.equal(named('Sorry (try later)'), '(byte 0: unexpected character S)');
  assert.equal(named('[1, 2 , ]'), '(byte 8: a comma stands before ])');
  assert.equal(named('{"id":1,}'), '(byte 8: a comma stands before })');
  assert.equal(named('[,]'), '(byte 1: unexpected character ,)');
  assert.equal(named('[]]'), '(byte 2: unexpected character ])');
  assert.equal(named('{"n":NaN}'), '(byte 5: NaN is not JSON)');
  assert.equal(named('{"n":-Infinity}'), '(byte 6: Infinity is not JSON)');
  assert.equal(named('<rss><channel/></rss>'), '(byte 0: it looks like XML)');
});

test('a cut or unknown encoding is refused as such', () => {
  assert.equal(
    refusal(gzipSync('[]').subarray(0, -1), null, 'gzip'),
    'encoding: the gzip body ends early',
  );
  assert.match(refusal('[]', null, 'compress'), /^encoding: .*"compress" is not known/);
});

test('a page without the selection is refused with what it has instead', () => {
  const missing = (body: string, selection: string): string =>
    refusal(body, selection).replace('selection: ', '');
  assert.equal(
    missing('{"error":"no","code":7,"deep":{"x":1}}', 'data.items'),
    'data.items is not in this page (it has: error, code, deep)',
  );
  assert.equal(
    missing('{"data":{"rows":[{"a":1}],"total":1},"next":null}', 'data.items'),
    'data.items is not in this page (data has: rows, total)',
  );
  assert.equal(
    missing('{"data":[{"items":1}]}', 'data.items'),
    'data.items is not in this page (data is no object)',
  );
  assert.equal(
    missing('{"data":[]}', 'data.items'),
    'data.items is not in this page (data is no object)',
  );
  assert.equal(
    missing('{"data":"x"}', 'data.items'),
    'data.items is not in this page (data is no object)',
  );
  assert.equal(missing(' [1]', 'data'), 'data is not in this page (it is an array)');
  assert.equal(missing('{}', 'data'), 'data is not in this page (it has: no keys)');
  assert.equal(missing('\ufeff"x"', 'data'), 'data is not in this page (it is a string)');
  assert.equal(missing('7', 'data'), 'data is not in this page (it is a number)');
  assert.equal(missing('null', 'data'), 'data is not in this page (it is null)');
});

test('keys from a server are shown escaped, short and few', () => {
  const body = JSON.stringify(
    Object.fromEntries([
      ['\u001b[31mred\u202e', 1],
      ['k'.repeat(200), { inner: 'x"y' }],
      ...Array.from({ length: 20 }, (_, index) => [`key${index}`, 'a:b']),
    ]),
  );
  const reason = refusal(body, 'data');
  assert.match(reason, /it has: \\x1b\[31mred\\u202e, k{39}…, key0, key1, .*key5, …\)$/);
});

test('one check serves bodies of any order and size', () => {
  const bodyCheck = createBodyCheck(parseSelection('d'), 1_000_000);
  for (const count of [3, 0, 5000, 1]) {
    assert.ok(!bodyCheck(Buffer.from('{"d":[1,{"d":'), null).ok);
    const verdict = bodyCheck(Buffer.from(JSON.stringify({ d: new Array(count).fill(1) })), null);
    assert.ok(verdict.ok);
    assert.equal(verdict.records, count);
  }
});
