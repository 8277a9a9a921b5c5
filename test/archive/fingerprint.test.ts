import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differences, fingerprintOf } from '../../src/archive/kept-run.ts';
import { specification } from './sample-pages.ts';

const hex = (...args: Parameters<typeof fingerprintOf>) =>
  Buffer.from(fingerprintOf(...args)).toString('hex');

test('equal questions have equal fingerprints, whatever the order of their headers', () => {
  assert.equal(fingerprintOf(specification).length, 32);
  const headers = [
    ['accept', 'a'],
    ['x-version', '2'],
  ] as const;
  assert.equal(
    hex({ ...specification, headers }),
    hex({ ...specification, headers: headers.toReversed() }),
  );
});

test('any other question has another fingerprint, and the difference is named', () => {
  const cases: [Partial<typeof specification>, string[]][] = [
    [
      { sources: ['https://b.example'] },
      ['URL: was https://api.example.com/items?page=[1-500], is https://b.example'],
    ],
    [{ method: 'POST' }, ['method: was GET, is POST']],
    [{ bodyDigest: 'ab12' }, ['body: was not given, is SHA-256 ab12']],
    [{ headers: [] }, ['header accept: was application/json, is not given']],
    [
      {
        headers: [
          ['accept', 'text/csv'],
          ['x-version', '2'],
        ],
      },
      ['header accept: was application/json, is text/csv', 'header x-version: was not given, is 2'],
    ],
  ];
  for (const [change, lines] of cases) {
    const wanted = { ...specification, ...change };
    assert.notEqual(hex(wanted), hex(specification));
    assert.deepEqual(differences(specification, wanted), lines);
  }
  assert.deepEqual(differences(specification, { ...specification }), []);
});

test('texts cannot be moved from one part of a question to another unseen', () => {
  const a = { ...specification, sources: ['a', 'b'], headers: [] };
  assert.notEqual(hex(a), hex({ ...a, sources: ['a","b'] }));
  assert.notEqual(hex(a), hex({ ...a, sources: ['ab'] }));
  assert.notEqual(hex(a), hex({ ...a, sources: ['b', 'a'] }));
  const one = { ...specification, headers: [['accept', 'a, b']] as const };
  const two = {
    ...specification,
    headers: [
      ['accept', 'a'],
      ['accept', 'b'],
    ] as const,
  };
  assert.notEqual(hex(one), hex(two));
  assert.deepEqual(differences(one, two), ['header accept: was a, b, is ["a","b"]']);
});

test('many different URLs are named in a few lines', () => {
  const sources = (letter: string) => Array.from({ length: 40 }, (_, index) => `${letter}${index}`);
  const lines = differences(
    { ...specification, sources: sources('a') },
    { ...specification, sources: sources('b') },
  );
  assert.equal(lines[0], 'URL 1: was a0, is b0');
  assert.equal(lines.length, 6);
  assert.equal(lines.at(-1), 'and 35 more URLs');
});
