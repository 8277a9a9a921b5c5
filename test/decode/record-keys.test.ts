import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createJsonScanner } from '../../src/decode/json-scan.ts';
import { createKeyReader, recordsDigest } from '../../src/decode/pick-values.ts';
import { readSelection } from '../../src/decode/read-selection.ts';

function scanned(page: string, selection: string | null) {
  const body = Buffer.from(page);
  const scan = createJsonScanner(readSelection(selection)).scan(body);
  assert.ok(scan.valid && scan.found === 'records');
  return { body, scan };
}

function keysOf(records: string, key: string, selection = '@'): string[] {
  const { body, scan } = scanned(records, selection);
  return createKeyReader(key)(body, scan);
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
