import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NextStep } from '../../src/core/page-info.ts';
import { nextByField } from '../../src/plan/next-by-field.ts';
import { nextDrops } from '../../src/plan/next-drops.ts';
import { readSkips } from '../../src/plan/next-skips.ts';
import { paginationOf } from './simulated-list.ts';

const byCursor = paginationOf({ style: 'cursor', param: 'cursor', nextPath: 'next' });
const toUrl = (query: string): NextStep => ({ kind: 'url', url: `https://a.example/?${query}` });
const toCursor = (value: string): NextStep => ({ kind: 'cursor', value });
const base64 = (text: string) => Buffer.from(text).toString('base64url');
const skips = (own: string, step: NextStep, said: { lastKey?: string; echoedSize?: number } = {}) =>
  readSkips(
    step,
    {
      url: `https://a.example/?${own}`,
      recordCount: 50,
      lastKey: said.lastKey ?? null,
      echoedSize: said.echoedSize ?? null,
    },
    byCursor,
  );

test('a step that is longer than the page is seen in links and tokens', () => {
  assert.deepEqual(skips('offset=100&limit=100', toUrl('offset=200&limit=100')), { skips: 50 });
  assert.deepEqual(skips('', toUrl('offset=100')), { skips: 50 });
  assert.deepEqual(skips('limit=100', toUrl('limit=100&startIndex=101')), { skips: 50 });
  assert.deepEqual(skips('limit=100&x=100', toUrl('limit=100&x=200')), { skips: 50 });
  assert.deepEqual(skips('limit=100', toCursor('100')), { skips: 50 });
  assert.deepEqual(skips('cursor=100', toCursor('200'), { echoedSize: 100 }), { skips: 50 });
  const tokens = [100, 200].map((at) => base64(`{"offset":${at},"v":1}`));
  assert.deepEqual(skips(`cursor=${tokens[0]}`, toCursor(tokens[1]!)), { skips: 50 });
  const named = [99, 199].map((at) => base64(`arrayconnection:${at}`));
  assert.deepEqual(skips(`limit=100&cursor=${named[0]}`, toCursor(named[1]!)), { skips: 50 });
  assert.deepEqual(skips('per_page=100', toUrl('per_page=100&page=2')), { shortOf: 100 });
});

test('a step as long as the page, an id, a time and what nobody can read are none', () => {
  for (const [own, step] of [
    ['offset=100&limit=100', toUrl('offset=150&limit=100')],
    ['', toUrl('offset=51')],
    ['limit=50', toUrl('limit=50&page=2')],
    ['limit=100&since_id=1000', toUrl('limit=100&since_id=1077')],
    ['start=1700000000', toUrl('start=1700003600')],
    ['limit=100&cursor=1000', toCursor('1077')],
    ['limit=100', toCursor('b3BhcXVl')],
    ['limit=100', toCursor(Buffer.from([1, 100, 255]).toString('base64'))],
  ] as const) {
    assert.deepEqual(skips(own, step), {}, own);
  }
  assert.deepEqual(
    skips('limit=100&after=1', toUrl('limit=100&after=101'), { lastKey: '101' }),
    {},
  );
  const echoed = skips('per_page=100', toUrl('per_page=100&page=2'), { echoedSize: 50 });
  assert.deepEqual(echoed, {});
});

test('a property of the last record that others may share is seen, and none beside its key', () => {
  const [first, second] = ['2024-01-01T00:00:05Z', '2024-01-01T00:00:06Z'];
  const by = (step: NextStep, last: object, before: object = { id: 6, at: first }) =>
    nextByField(step, { url: 'https://a.example/', lastKey: '7', last, before: () => before });
  const last = { id: 7, at: second, name: 'b', created_at: 1_704_067_206 };
  assert.equal(by(toUrl(`since=${second}`), last), 'at');
  assert.equal(by(toCursor(base64(second!)), last), 'at');
  assert.equal(by(toCursor(base64(`{"t":"${second}"}`)), last), 'at');
  assert.equal(by(toUrl('since=1704067206'), last), 'created_at');
  assert.equal(by(toUrl('after=b'), last, { id: 6, name: 'b' }), 'name');
  for (const step of [
    toUrl('after=b'),
    toUrl('after=7'),
    toUrl(`since=${second}&after=7`),
    toCursor(base64(`${second}|7`)),
    toCursor(base64(`{"t":"${second}","id":7}`)),
    toCursor('opaque'),
  ]) {
    assert.equal(by(step, last), null, JSON.stringify(step));
  }
});

test('a link that counts on tells which parameter of the page it lacks', () => {
  const drops = (own: string, step: NextStep) => nextDrops(step, `https://a.example/?${own}`);
  assert.equal(drops('status=open', toUrl('page=2')), 'status');
  assert.equal(drops('status=open&limit=20', toUrl('offset=20&limit=20')), 'status');
  assert.equal(drops('page=1&q=x', toUrl('page=2')), 'q');
  for (const [own, step] of [
    ['status=open', toUrl('status=open&page=2')],
    ['status=open&page=1', toUrl('page=2&status=open')],
    ['per_page=20&format=json&q=', toUrl('page=2')],
    ['api_key=abc', toUrl('page=2')],
    ['status=open', toUrl('cursor=abc')],
    ['status=open', toUrl('page=2&cursor=abc')],
    ['status=open', toCursor('2')],
    ['status=open', { kind: 'url', url: 'https://a.example/open?page=2' }],
  ] as const) {
    assert.equal(drops(own, step), null, `${own} ${JSON.stringify(step)}`);
  }
});
