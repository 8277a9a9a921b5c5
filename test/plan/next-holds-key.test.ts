import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextHoldsKey } from '../../src/plan/next-holds-key.ts';

const url = 'https://a.example/items?limit=10&after=k10';

const byUrl = (next: string, lastKey: string | null, own = url): boolean =>
  nextHoldsKey({ kind: 'url', url: next }, { url: own, lastKey });
const byCursor = (value: string, lastKey: string | null): boolean =>
  nextHoldsKey({ kind: 'cursor', value }, { url, lastKey });
const byParameters = (values: Readonly<Record<string, string>>, lastKey: string): boolean =>
  nextHoldsKey({ kind: 'parameters', values }, { url, lastKey });

test('a cursor holds the key where it is the key, with quotes or without', () => {
  assert.equal(byCursor('k20', '"k20"'), true);
  assert.equal(byCursor('20', '20'), true);
  assert.equal(byCursor('20', '"20"'), true);
  assert.equal(byCursor('9007199254740993', '9007199254740993'), true);
  assert.equal(byCursor('9007199254740992', '9007199254740993'), false);
  assert.equal(byCursor('{"id":"k20"}', '"k20"'), false);
  assert.equal(byCursor('azIw', '"k20"'), false);
  // Elasticsearch sorts by several values, which are the key together.
  assert.equal(byCursor('[20,"k20"]', '[20,"k20"]'), true);
});

test('a next URL holds the key where all that changes is one parameter that is the key', () => {
  assert.equal(byUrl('https://a.example/items?limit=10&after=k20', '"k20"'), true);
  assert.equal(byUrl('https://a.example/items?after=k20&limit=10', '"k20"'), true);
  assert.equal(byUrl('https://a.example/items?limit=10&after=k20&from=k20', '"k20"'), true);
  assert.equal(byUrl('https://a.example/items?limit=10&after=a%20b%2Fc', '"a b/c"'), true);
  assert.equal(byUrl('https://a.example/items?after=20', '20', 'https://a.example/items'), true);
});

test('it does not where another parameter changes too, or the key stands in none', () => {
  assert.equal(byUrl('https://a.example/items?limit=10&after=k20&offset=10', '"k20"'), false);
  assert.equal(byUrl('https://a.example/items?limit=20&after=k20', '"k20"'), false);
  assert.equal(byUrl('https://a.example/items?limit=10&after=k19', '"k20"'), false);
  assert.equal(byUrl('https://a.example/items?limit=10&after=K20', '"k20"'), false);
});

test('it does not where nothing changes, or the path does', () => {
  assert.equal(byUrl(url, '"k10"'), false);
  assert.equal(byUrl('https://a.example/items/next?limit=10&after=k20', '"k20"'), false);
  assert.equal(byUrl('https://a.example/items/k20', '"k20"', 'https://a.example/items/k10'), false);
});

test('parameters hold the key where each of them is the key', () => {
  assert.equal(byParameters({ after: 'k20' }, '"k20"'), true);
  assert.equal(byParameters({ after: 'k20', from: 'k20' }, '"k20"'), true);
  assert.equal(byParameters({ continue: '-||', after: 'k20' }, '"k20"'), false);
  assert.equal(byParameters({}, '"k20"'), false);
});

test('without a key, with one that is empty, or without a next page there is nothing to hold', () => {
  assert.equal(byCursor('', '""'), false);
  assert.equal(byCursor('null', null), false);
  assert.equal(byUrl('https://a.example/items?limit=10&after=', '""'), false);
  assert.equal(nextHoldsKey(null, { url, lastKey: '"k20"' }), false);
});
