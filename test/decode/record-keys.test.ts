import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shortKey } from '../../src/core/page-info.ts';
import { createJsonScanner } from '../../src/decode/json-scan.ts';
import { recordsDigest } from '../../src/decode/pick-values.ts';
import { readSelection } from '../../src/decode/read-selection.ts';
import {
  createKeyLister,
  createKeyReader,
  eachKey,
  KEY_PART_BYTES,
  type KeyPart,
  type RecordKeys,
} from '../../src/decode/record-keys.ts';

function scanned(page: string, selection: string | null) {
  const body = Buffer.from(page);
  const scan = createJsonScanner(readSelection(selection)).scan(body);
  assert.ok(scan.valid && scan.found === 'records');
  return { body, scan };
}

function keysOf(records: string, key: string, selection = '@'): string[] {
  const { body, scan } = scanned(records, selection);
  const keys = createKeyReader(key)(body, scan);
  checkList(keys, createKeyLister(key)(body, scan));
  return keys;
}

/** The list that is kept says the same, and where each key stands. */
function checkList(keys: readonly string[], kept: RecordKeys | null): void {
  if (kept === null) {
    assert.deepEqual(keys, []);
    return;
  }
  const { parts, first, last, hasUnnamed } = kept;
  const lists = parts.map(({ list }) => JSON.parse(Buffer.from(list).toString()));
  assert.deepEqual(lists.flat(), keys.map(shortKey));
  assert.deepEqual(
    parts.map((part) => part.first),
    lists.map((_, at) => lists.slice(0, at).flat().length),
  );
  assert.deepEqual([first, last, hasUnnamed], [keys[0], keys.at(-1), keys.includes('')]);
  const each: string[] = [];
  for (const part of parts) {
    const text = Buffer.from(part.list);
    eachKey(part, (start, end, index) => {
      each[index] = JSON.parse(text.toString('utf8', start, end));
    });
  }
  assert.deepEqual(each, keys.map(shortKey));
}

function digestOf(page: string, selection: string | null): string | null {
  const { body, scan } = scanned(page, selection);
  return recordsDigest(body, scan);
}

test('a key is the literal of a number, true or false', () => {
  const records = '[{"id":9007199254740992},{"id":9007199254740993},{ "id" : 1.0 },{"id":true}]';
  assert.deepEqual(keysOf(records, 'id'), ['9007199254740992', '9007199254740993', '1.0', 'true']);
});

test('a key that is a string differs from a number, and not by how it is escaped', () => {
  const records = '[{"id":"1"},{"id":1},{"id":"\\u0061\\/é"},{"id":"a/\\u00e9"},{"id":"\\\\"}]';
  assert.deepEqual(keysOf(records, 'id'), ['"1"', '1', '"a/é"', '"a/é"', '"\\\\"']);
});

test('a key may be an object, whose white space does not count', () => {
  const records = '[{"_id":{"$oid": "ab"}},{"_id":{ "$oid":"ab" }},{"_id":[1, 2]}]';
  assert.deepEqual(keysOf(records, '_id'), ['{"$oid":"ab"}', '{"$oid":"ab"}', '[1,2]']);
});

test('a record without a key, or with null, has none', () => {
  assert.deepEqual(keysOf('[{"x":1},{"id":null},7,null,[],{"id":""}]', 'id'), [
    '',
    '',
    '',
    '',
    '',
    '""',
  ]);
});

test('a key may stand deeper, and a record may be its own key', () => {
  const edges = '{"edges":[{"node":{"id":"MQ=="}},{"node":null},{"cursor":{"id":1}}]}';
  assert.deepEqual(keysOf(edges, 'node.id', 'edges'), ['"MQ=="', '', '']);
  assert.deepEqual(keysOf('["a", 2 ,{"b": 1}]', '@'), ['"a"', '2', '{"b":1}']);
  assert.deepEqual(keysOf('"a"', '@'), ['"a"']);
});

test('a key is that of the last of equal keys, and of no other record', () => {
  assert.deepEqual(keysOf('[{"id":1,"id":2},{"x":{"id":3}},{"id":4}]', 'id'), ['2', '', '4']);
});

test('keys are kept as they are compared, however long, and whatever stands in them', () => {
  const odd = [
    'é'.repeat(19),
    'é'.repeat(20),
    'a'.repeat(38),
    'a'.repeat(39),
    'a"b',
    ',""',
    '\u2028',
  ];
  const records = odd.map((id) => JSON.stringify({ id })).join();
  assert.equal(keysOf(`[${records},{"id":"\\ud800"},{"id":{"a":"\\\\"}}]`, 'id').length, 9);
  assert.deepEqual(keysOf('[]', 'id'), []);
});

test('the keys of a large page are kept like those of a small one', () => {
  const ids = Array.from({ length: 60_000 }, (_, index) => `{"id":"record ${index}"}`);
  assert.equal(keysOf(`[${ids.join()}]`, 'id').length, 60_000);
  assert.equal(keysOf(`[${[...ids, ids[7]].join()}]`, 'id').length, 60_001);
});

test('keys of more than a mebibyte stand in parts, which begin alike where the keys do', () => {
  const ids = Array.from({ length: 70_000 }, (_, index) => `{"id":"record ${index}"}`);
  const lists = [ids, [...ids, '{"id":0}']].map((records) => {
    const { body, scan } = scanned(`[${records.join()}]`, '@');
    return createKeyLister('id')(body, scan)!.parts;
  });
  const [own, longer] = lists as [readonly KeyPart[], readonly KeyPart[]];
  assert.ok(own.length > 1);
  assert.deepEqual(longer[0], own[0]);
  assert.ok(own.every(({ list }) => list.length < KEY_PART_BYTES + 200));
});

test('keys are read from what an expression made, too', () => {
  const page = '{"d":[{"a":{"id":9007199254740993}},{"a":{"id":2}}]}';
  assert.deepEqual(keysOf(page, 'key', 'd[].{key: a.id}'), ['9007199254740993', '2']);
});

test('a digest is that of the records, whatever stands around them', () => {
  const digest = digestOf('{"d":[{"a":1},{"a":2}],"page":1}', 'd');
  assert.match(digest!, /^[0-9a-f]{16}$/);
  assert.equal(digestOf('{"page":2,"d":[{"a":1},{"a":2}]}', 'd'), digest);
  assert.equal(digestOf('[{"a":1},{"a":2}]', '@'), digest);
  assert.equal(digestOf('{"d":[{"a":1},{"a":2}],"page":3}', 'd[?a]'), digest);
  assert.notEqual(digestOf('{"d":[{"a":1},{"a":2.0}],"page":1}', 'd'), digest);
  assert.notEqual(digestOf('{"d":[{"a":2},{"a":1}],"page":1}', 'd'), digest);
});

test('a page without records has no digest', () => {
  assert.equal(digestOf('{"d":[]}', 'd'), null);
  assert.equal(digestOf('{"d":null}', 'd[]'), null);
});
