import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunOptions } from '../../src/core/options.ts';
import type { PlanSource } from '../../src/plan/plan.ts';
import { sourceOf, takeUserInfo } from '../../src/plan/written-url.ts';

test('an argument is standard input, a list, a template, or with -g a literal', () => {
  assert.deepEqual(sourceOf('-', false), { kind: 'stdin' });
  assert.deepEqual(sourceOf('@-', true), { kind: 'stdin' });
  assert.deepEqual(sourceOf('@urls.txt', true), { kind: 'file', path: 'urls.txt' });
  assert.deepEqual(sourceOf('http://a/[1-2]', false), { kind: 'template', text: 'http://a/[1-2]' });
  assert.deepEqual(sourceOf('http://a/[1-2]', true), { kind: 'literal', text: 'http://a/[1-2]' });
});

test('an @ without a path and an empty argument are refused', () => {
  assert.throws(() => sourceOf('@', false), { code: 'USAGE', message: /@urls\.txt/ });
  assert.throws(() => sourceOf('', false), { code: 'USAGE', message: /empty/ });
});

const template = (text: string): PlanSource => ({ kind: 'template', text });

for (const [what, url, user, left] of [
  [
    'a user and password',
    'https://me:pw@a.example/?p=[1-3]',
    'me:pw',
    'https://a.example/?p=[1-3]',
  ],
  ['a user alone', 'http://me@a.example', 'me:', 'http://a.example'],
  ['a token as password', 'https://:tok@a.example/', ':tok', 'https://a.example/'],
  ['encoded ones', 'https://a%40b:p%3aw%2F@a.example/', 'a@b:p:w/', 'https://a.example/'],
  ['a lone per cent sign', 'https://me:100%@a.example/', 'me:100%', 'https://a.example/'],
  ['an @ in the password', 'https://me:p@w@a.example/', 'me:p@w', 'https://a.example/'],
  ['brackets in the password', 'https://me:[1-2]@a.example/', 'me:[1-2]', 'https://a.example/'],
  ['a scheme in capitals', ' HTTPS://me:pw@a.example/', 'me:pw', ' HTTPS://a.example/'],
] as const) {
  test(`${what} in a URL are the credentials of the run`, () => {
    const taken = takeUserInfo([template(url)], { retries: 1 });
    assert.deepEqual(taken, { sources: [template(left)], options: { retries: 1, user } });
  });
}

test('an @ after the host is none of it, and URLs without user info stay as they are', () => {
  const sources = ['https://a.example/@me', 'https://a.example?u=me@b', 'a.example/x@y'].map(
    template,
  );
  assert.deepEqual(takeUserInfo(sources, { user: 'me:pw' }), {
    sources,
    options: { user: 'me:pw' },
  });
  assert.deepEqual(takeUserInfo([], {}), { sources: [], options: {} });
});

test('credentials that are unclear are refused, without being shown', () => {
  const one = template('https://me:canary@a.example/');
  const cases: readonly (readonly [readonly PlanSource[], object])[] = [
    [[one, template('https://b.example/')], {}],
    [[one, template('https://me:other@a.example/')], {}],
    [[one, { kind: 'file', path: 'urls.txt' }], {}],
    [[one], { user: 'you:pw' }],
    [[one], { headers: { Authorization: 'Bearer t' } }],
    [[one], { headers: [['authorization', 'Bearer t']] }],
    [[template('https://m%3Ae:canary@a.example/')], {}],
  ];
  for (const [sources, options] of cases) {
    assert.throws(
      () => takeUserInfo(sources, options),
      (error: Error & { code?: string }) =>
        error.code === 'USAGE' && !error.message.includes('canary'),
    );
  }
  const same = [one, template('https://me:canary@a.example/2')];
  assert.equal(takeUserInfo<RunOptions>(same, {}).options.user, 'me:canary');
});
